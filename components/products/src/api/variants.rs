//! Variants as admins write them.

use kernel::{ProductId, VariantId};
use web::{Call, Problem, Reply};

use super::problems::rejected;
use super::products::{created_reply, resource_reply};
use crate::app::administration;
use crate::domain::variant::{read_new_variant, read_variant_change};
use crate::{App, Host};

pub(super) async fn add<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let admin = call.authenticate_admin(&app.config.authentication, &app.host).await?;
    let variant = read_new_variant(call.json().await?)?;
    let product: ProductId = call.id("id", "product")?;
    let added = administration::add_variant(&app.host, admin.user, product, &variant).await;
    let added = added.map_err(|error| rejected(error, "product"))?;
    Ok(created_reply(added, &format!("/products/{product}/variants")))
}

pub(super) async fn change<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let admin = call.authenticate_admin(&app.config.authentication, &app.host).await?;
    let changes = read_variant_change(call.json().await?)?;
    let product: ProductId = call.id("id", "product")?;
    let (id, expected) = (variant_id(&call)?, call.expected_version());
    let changed =
        administration::change_variant(&app.host, admin.user, product, id, &expected, &changes).await;
    changed.map(resource_reply).map_err(|error| rejected(error, "variant"))
}

pub(super) async fn archive<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let admin = call.authenticate_admin(&app.config.authentication, &app.host).await?;
    let product: ProductId = call.id("id", "product")?;
    let (id, expected) = (variant_id(call)?, call.expected_version());
    let archived = administration::archive_variant(&app.host, admin.user, product, id, &expected).await;
    archived.map(|()| Reply::no_content()).map_err(|error| rejected(error, "variant"))
}

fn variant_id(call: &Call) -> Result<VariantId, Problem> {
    call.id("variantId", "variant")
}
