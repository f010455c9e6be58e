//! Delivers the messages in the outbox. Concurrent calls are safe: each claims different messages.

use capability::DbError;
use webhook::Receiver;

use crate::domain::limits::{DELIVERY_CALL_S, MAX_DELIVERY_ATTEMPTS};
use crate::domain::notification::{ClaimedNotification, DeliveryOutcome, Message};
use crate::{App, Host, store};

/// What one call has delivered.
#[derive(Default)]
pub(crate) struct DeliveryReport {
    pub(crate) delivered: i64,
    pub(crate) failed: i64,
    pub(crate) abandoned: i64,
    /// The messages for the log of a development environment.
    pub(crate) logged: Vec<Message>,
}

impl DeliveryReport {
    fn count(&mut self, outcome: DeliveryOutcome) {
        let count = match outcome {
            DeliveryOutcome::Delivered => &mut self.delivered,
            DeliveryOutcome::Failed => &mut self.failed,
            DeliveryOutcome::Abandoned => &mut self.abandoned,
        };
        *count = count.saturating_add(1);
    }
}

/// Delivers messages until none is due or the time of the call is up.
pub(crate) async fn deliver<H: Host>(app: &App<H>) -> Result<DeliveryReport, DbError> {
    let mut report = DeliveryReport::default();
    let started = app.host.now().unix_seconds();
    let has_time = || app.host.now().unix_seconds().saturating_sub(started) < DELIVERY_CALL_S;
    while app.config.receiver != Receiver::Disabled && has_time() {
        let Some(claimed) = store::claim_notification(&app.host).await? else { break };
        let outcome = deliver_one(app, claimed, &mut report.logged).await?;
        report.count(outcome);
    }
    Ok(report)
}

/// Sends a claimed message and records the outcome in the outbox.
async fn deliver_one<H: Host>(
    app: &App<H>,
    claimed: ClaimedNotification,
    logged: &mut Vec<Message>,
) -> Result<DeliveryOutcome, DbError> {
    let (id, attempts) = (claimed.id, claimed.attempts);
    let sent = match claimed.message(app.config.tokens.signing_keys()) {
        Some(message) => send(app, message, logged).await.map(|()| DeliveryOutcome::Delivered),
        None => Ok(DeliveryOutcome::Abandoned),
    };
    let outcome = match sent {
        Ok(outcome) => outcome,
        Err(_) if attempts >= MAX_DELIVERY_ATTEMPTS => DeliveryOutcome::Abandoned,
        Err(_) => DeliveryOutcome::Failed,
    };
    store::finish_notification(&app.host, id, outcome, sent.err().as_deref()).await?;
    Ok(outcome)
}

/// Hands a message to the receiver. The error is for the outbox.
async fn send<H: Host>(app: &App<H>, message: Message, logged: &mut Vec<Message>) -> Result<(), String> {
    match &app.config.receiver {
        Receiver::Disabled => Err("there is no receiver".to_owned()),
        Receiver::Log => {
            logged.push(message);
            Ok(())
        }
        Receiver::Webhook(webhook) => {
            let body = serde_json::to_vec(&message).map_err(|error| error.to_string())?;
            webhook.post(&app.host, &message.event_id, body).await
        }
    }
}
