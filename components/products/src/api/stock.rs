//! The ledger, as admins see and write it.

use http::StatusCode;
use kernel::{ProductId, VariantId};
use web::{Call, Problem, Reply, page_json};

use super::refusals::refused;
use crate::movement::NewMovement;
use crate::{App, Host, store};

pub(super) async fn list_movements<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    app.config.identification.admin(&app.host, call).await?;
    let id: ProductId = call.id(0, "product")?;
    let query = call.query();
    let variant = query.read("variantId", "must be the id of a variant", VariantId::parse)?;
    let (after, limit) = (query.cursor(&app.config.cursors)?, query.limit()?);
    let page = store::list_movements(&app.host, id, variant, after, limit).await?;
    let page = page.ok_or_else(|| Problem::not_found("product"))?;
    Ok(Reply::finished(page_json("movements", &page.items, app.config.cursors.next(page.next), "")))
}

pub(super) async fn add_movement<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let admin = app.config.identification.admin(&app.host, &call).await?;
    let movement = NewMovement::read(call.json().await?)?;
    let id: ProductId = call.id(0, "product")?;
    let moved = store::adjust_stock(&app.host, admin.user, id, &movement).await;
    let units = moved.map_err(|error| refused(error, "product"))?;
    Ok(Reply::finished(format!(r#"{{"stockQuantity":{units}}}"#)).with_status(StatusCode::CREATED))
}
