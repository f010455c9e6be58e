//! The stock and its ledger.

use http::StatusCode;
use kernel::{ProductId, VariantId};
use web::{Call, Problem, Reply};

use super::problems::rejected;
use crate::domain::movement::NewMovement;
use crate::{App, Host, app};

pub(super) async fn find<H: Host>(service: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let product: ProductId = call.id("id", "product")?;
    let variant =
        call.query().read("variantId", "must be the id of a variant", |text| text.parse::<i64>().ok())?;
    let variant = variant.map(VariantId::try_from).transpose().map_err(|_| Problem::not_found("product"))?;
    let found = app::find_stock(&service.host, product, variant).await?;
    found.map(Reply::from_json).ok_or_else(|| Problem::not_found("product"))
}

pub(super) async fn list_movements<H: Host>(service: &App<H>, call: &Call) -> Result<Reply, Problem> {
    call.authenticate_admin(&service.config.authentication, &service.host).await?;
    let product: ProductId = call.id("id", "product")?;
    let variant = call.query().read("variantId", "must be the id of a variant", VariantId::parse)?;
    let request = call.page("movements", &(product, variant))?;
    let page = app::list_movements(&service.host, product, variant, &request).await?;
    let page = page.ok_or_else(|| Problem::not_found("product"))?;
    Reply::page(call, "movements", &(product, variant), &page)
}

pub(super) async fn add_movement<H: Host>(service: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let admin = call.authenticate_admin(&service.config.authentication, &service.host).await?;
    let movement = NewMovement::read(call.json().await?)?;
    let product: ProductId = call.id("id", "product")?;
    let quantity = app::adjust_stock(&service.host, admin.user, product, &movement).await;
    let quantity = quantity.map_err(|error| rejected(error, "product"))?;
    Ok(Reply::from_json(format!(r#"{{"stockQuantity":{quantity}}}"#)).with_status(StatusCode::CREATED))
}

pub(super) async fn check_ledger<H: Host>(service: &App<H>) -> Result<Reply, Problem> {
    Ok(Reply::from_json(app::check_ledger(&service.host).await?))
}
