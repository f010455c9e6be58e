//! Products as admins write them.

use kernel::ProductId;
use web::{Call, Problem, Reply};

use super::problems::rejected;
use crate::app::administration::{self, Resource};
use crate::domain::product::{read_new_product, read_product_change};
use crate::{App, Host};

pub(super) async fn create<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let admin = call.authenticate_admin(&app.config.authentication, &app.host).await?;
    let product = read_new_product(call.json().await?)?;
    let created = administration::create_product(&app.host, admin.user, &product).await;
    let created = created.map_err(|error| rejected(error, "product"))?;
    Ok(created_reply(created, "/products"))
}

pub(super) async fn change<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let admin = call.authenticate_admin(&app.config.authentication, &app.host).await?;
    let changes = read_product_change(call.json().await?)?;
    let (id, expected) = (call.id::<ProductId>("id", "product")?, call.expected_version());
    let changed = administration::change_product(&app.host, admin.user, id, &expected, &changes).await;
    changed.map(resource_reply).map_err(|error| rejected(error, "product"))
}

pub(super) async fn archive<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let admin = call.authenticate_admin(&app.config.authentication, &app.host).await?;
    let (id, expected) = (call.id::<ProductId>("id", "product")?, call.expected_version());
    let archived = administration::archive_product(&app.host, admin.user, id, &expected).await;
    archived.map(|()| Reply::no_content()).map_err(|error| rejected(error, "product"))
}

/// Replies with a resource and its version as the ETag.
pub(super) fn resource_reply(resource: Resource) -> Reply {
    Reply::from_json(resource.json).with_etag(&resource.version.to_string())
}

/// Replies with a new resource of a collection.
pub(super) fn created_reply(resource: Resource, collection: &str) -> Reply {
    let location = format!("{collection}/{}", resource.id);
    resource_reply(resource).created_at(&location)
}
