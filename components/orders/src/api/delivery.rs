//! Empties the outbox. Called again and again by whoever runs the shop; any number of calls at once are safe.

use std::time::Duration;

use firestore::Document;
use http::HeaderMap;
use kernel::Limit;
use serde_json::{Value, json};
use web::{Problem, Reply};
use webhook::Receiver;

use crate::checkout::store_problem;
use crate::event::{Event, State};
use crate::store::Store;
use crate::{App, Host};

/// For how long one call goes on taking events.
const BUDGET: Duration = Duration::from_secs(15);

pub(super) async fn deliver_events<H: Host>(app: &App<H>, trace: &HeaderMap) -> Result<Reply, Problem> {
    let store = Store::new(app, trace);
    let receiver = &app.config.receiver;
    let end = app.host.now().checked_add(BUDGET);
    let mut sent = Sent::default();
    let has_time = || end.is_none_or(|end| app.host.now() < end);
    while has_time() {
        let due = match receiver {
            Receiver::Nobody => Vec::new(),
            _ => store.due_events(app.host.now(), Limit::default()).await.map_err(store_problem)?,
        };
        if due.is_empty() {
            break;
        }
        for event in due {
            if has_time() {
                deliver(app, &store, event, &mut sent).await;
            }
        }
    }
    let Sent { delivered, failed, dead, logged } = sent;
    let told = json!({ "receiver": receiver.name(), "delivered": delivered, "failed": failed, "dead": dead });
    let has_sent = delivered > 0 || failed > 0 || dead > 0;
    let reply = Reply::ok(&told)?;
    let note = json!({ "delivered": delivered, "failed": failed, "dead": dead, "events": logged });
    Ok(if has_sent { reply.noted(note) } else { reply })
}

/// What one call has sent.
#[derive(Default)]
struct Sent {
    delivered: u64,
    failed: u64,
    dead: u64,
    /// For a developer, in the place of a receiver.
    logged: Vec<Value>,
}

/// Sends an event, unless somebody else is sending it, and writes down what became of it.
async fn deliver<H: Host>(app: &App<H>, store: &Store<'_, H>, due: Document<Event>, sent: &mut Sent) {
    let event = due.value.taken(app.host.now());
    let Ok(version) = store.save_event(&event, due.update_time).await else { return };
    let outcome = send(app, &event, &mut sent.logged).await;
    let event = event.sent(outcome, app.host.now());
    // If this is not written, the event is sent once more when its lease is over: at least once, not exactly once.
    let _ = store.save_event(&event, version).await;
    let count = match event.state {
        State::Delivered => &mut sent.delivered,
        State::Waiting => &mut sent.failed,
        State::Dead => &mut sent.dead,
    };
    *count = count.saturating_add(1);
}

async fn send<H: Host>(app: &App<H>, event: &Event, logged: &mut Vec<Value>) -> Result<(), String> {
    match &app.config.receiver {
        Receiver::Nobody => Err("there is no receiver".to_owned()),
        Receiver::Log => {
            logged.push(json!({ "eventId": event.event_id, "kind": event.kind }));
            Ok(())
        }
        Receiver::Webhook(webhook) => {
            let body = serde_json::to_vec(&event.message()).map_err(|error| error.to_string())?;
            webhook.post(&app.host, &event.event_id, body).await
        }
    }
}
