//! The routes for operators: health, and the delivery of messages.

use serde_json::json;
use web::{Health, Problem, Reply};

use crate::app::{health, notification_delivery};
use crate::{App, Host};

pub(super) async fn health<H: Host>(app: &App<H>) -> Result<Reply, Problem> {
    Health::default().check("database", health::check_database(app).await).reply()
}

pub(super) async fn deliver_notifications<H: Host>(app: &App<H>) -> Result<Reply, Problem> {
    let report = notification_delivery::deliver(app).await?;
    let reply = Reply::ok(&json!({
        "receiver": app.config.receiver.name(),
        "delivered": report.delivered,
        "failed": report.failed,
        "abandoned": report.abandoned,
    }))?;
    if report.logged.is_empty() {
        return Ok(reply);
    }
    Ok(reply.with_log_fields(serde_json::to_value(&report.logged).map_err(Problem::internal)?))
}
