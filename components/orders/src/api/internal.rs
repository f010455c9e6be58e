//! Routes of the other services, of jobs and of probes.

use kernel::ProductId;
use serde_json::json;
use web::{Call, Health, Problem, Reply};

use super::requests;
use crate::Host;
use crate::app::context::Context;
use crate::app::event_delivery::{self, DeliveryReport};
use crate::app::orders;
use crate::app::reconciliation::{self, ReconciliationReport};

pub(super) async fn health<H: Host>(context: &Context<'_, H>) -> Result<Reply, Problem> {
    Health::default().check("firestore", context.check_firestore().await).reply()
}

pub(super) async fn purchases<H: Host>(context: &Context<'_, H>, call: &Call) -> Result<Reply, Problem> {
    let query = call.query();
    let missing = |name| move || Problem::invalid_parameter(name, "must be an id");
    let user = requests::user_filter(&query)?.ok_or_else(missing("userId"))?;
    let product = query.read("productId", "must be an id", ProductId::parse)?;
    let product = product.ok_or_else(missing("productId"))?;
    let purchased = orders::has_purchased(context, user, product).await?;
    Reply::ok(&json!({ "purchased": purchased }))
}

pub(super) async fn reconcile<H: Host>(context: &Context<'_, H>) -> Result<Reply, Problem> {
    let report = reconciliation::reconcile(context).await?;
    let reply = Reply::ok(&report)?;
    let is_idle = report == ReconciliationReport::default();
    Ok(if is_idle { reply } else { reply.with_log_fields(json!(report)) })
}

pub(super) async fn deliver_events<H: Host>(context: &Context<'_, H>) -> Result<Reply, Problem> {
    let DeliveryReport { delivered, failed, dead, logged } = event_delivery::deliver(context).await?;
    let receiver = context.config.receiver.name();
    let counts = json!({ "receiver": receiver, "delivered": delivered, "failed": failed, "dead": dead });
    let reply = Reply::ok(&counts)?;
    let is_idle = delivered == 0 && failed == 0 && dead == 0;
    let fields = json!({ "delivered": delivered, "failed": failed, "dead": dead, "events": logged });
    Ok(if is_idle { reply } else { reply.with_log_fields(fields) })
}
