//! Categories as admins write them.

use web::{Call, Problem, Reply};

use super::problems::rejected;
use super::products::resource_reply;
use crate::app::administration;
use crate::domain::category::{read_category_change, read_new_category};
use crate::{App, Host};

pub(super) async fn add<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let admin = call.authenticate_admin(&app.config.authentication, &app.host).await?;
    let category = read_new_category(call.json().await?)?;
    let added = administration::add_category(&app.host, admin.user, &category).await;
    let added = added.map_err(|error| rejected(error, "category"))?;
    let location = format!("/products/categories/{}", added.slug.as_deref().unwrap_or_default());
    Ok(resource_reply(added).created_at(&location))
}

pub(super) async fn change<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let admin = call.authenticate_admin(&app.config.authentication, &app.host).await?;
    let changes = read_category_change(call.json().await?)?;
    let (key, expected) = (call.param("slug"), call.expected_version());
    let changed = administration::change_category(&app.host, admin.user, key, &expected, &changes).await;
    changed.map(resource_reply).map_err(|error| rejected(error, "category"))
}

pub(super) async fn delete<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let admin = call.authenticate_admin(&app.config.authentication, &app.host).await?;
    let (key, expected) = (call.param("slug"), call.expected_version());
    let deleted = administration::delete_category(&app.host, admin.user, key, &expected).await;
    deleted.map(|()| Reply::no_content()).map_err(|error| rejected(error, "category"))
}
