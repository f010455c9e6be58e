//! Empties the outbox. Called again and again by whoever runs the shop; any number of calls at once are safe.

use serde_json::{Value, json};
use web::{Call, Problem, Reply};
use webhook::Receiver;

use crate::domain::notification::{Claimed, MAX_ATTEMPTS};
use crate::store::{self, Delivery};
use crate::{App, Host};

/// For how long one call goes on taking messages, in seconds.
const BUDGET_S: i64 = 15;

pub(super) async fn deliver<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    call.require_service(&app.config.service_token)?;
    let receiver = &app.config.receiver;
    let started = app.host.now().unix_seconds();
    let (mut counts, mut logged) = ([0_i64; 3], Vec::new());
    while *receiver != Receiver::Nobody && app.host.now().unix_seconds().saturating_sub(started) < BUDGET_S {
        let Some(claimed) = store::claim_notification(&app.host).await? else { break };
        let (id, attempts) = (claimed.id, claimed.attempts);
        let sent = send(app, claimed, &mut logged).await;
        let delivery = match &sent {
            Ok(true) => Delivery::Delivered,
            Ok(false) => Delivery::Abandoned,
            Err(_) if attempts >= MAX_ATTEMPTS => Delivery::Abandoned,
            Err(_) => Delivery::Failed,
        };
        store::finish_notification(&app.host, id, delivery, sent.err().as_deref()).await?;
        let [delivered, failed, abandoned] = &mut counts;
        let count = match delivery {
            Delivery::Delivered => delivered,
            Delivery::Failed => failed,
            Delivery::Abandoned => abandoned,
        };
        *count = count.saturating_add(1);
    }
    let [delivered, failed, abandoned] = counts;
    let told = json!({
        "receiver": receiver.name(), "delivered": delivered, "failed": failed, "abandoned": abandoned
    });
    let reply = Reply::ok(&told)?;
    Ok(if logged.is_empty() { reply } else { reply.noted(Value::Array(logged)) })
}

/// Hands one message to its carrier; `false` if there is nothing to say any more. The error is for the outbox.
async fn send<H: Host>(app: &App<H>, claimed: Claimed, logged: &mut Vec<Value>) -> Result<bool, String> {
    let Some(message) = claimed.message(app.config.tokens.signing_keys()) else { return Ok(false) };
    match &app.config.receiver {
        Receiver::Nobody => Err("there is no receiver".to_owned()),
        Receiver::Log => {
            logged.push(serde_json::to_value(&message).map_err(|error| error.to_string())?);
            Ok(true)
        }
        Receiver::Webhook(webhook) => {
            let body = serde_json::to_vec(&message).map_err(|error| error.to_string())?;
            webhook.post(&app.host, &message.event_id, body).await.map(|()| true)
        }
    }
}
