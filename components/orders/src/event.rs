//! What happened to orders, for whoever is to know: written in the same commit as the change, delivered later, at least once.

use std::time::Duration;

use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::order::{Order, OrderBody, Status};

/// How often an event is sent before it is given up.
pub const MAX_ATTEMPTS: i64 = 5;

/// For how long an event that is being sent is left alone by the others. Longer than a call may take.
const LEASE: Duration = Duration::from_secs(60);

/// The pause after the first failure; each further one is four times as long. Five tries take a quarter of an hour.
const FIRST_PAUSE_S: u64 = 10;

/// How long a delivered event is kept.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// An event as it is kept. It holds the order as it was then, so it says the same however often it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// The order's id and the event's sequence.
    pub event_id: String,
    /// `order.created` and the like.
    pub kind: String,
    /// Which of the order's events it is, from 1: they may arrive in another order.
    pub sequence: i64,
    /// The order as it was then.
    pub order: Order,
    /// When it happened.
    pub created_at: Timestamp,
    /// What became of it.
    pub state: State,
    /// How often it was sent.
    pub attempts: i64,
    /// When it is to be sent.
    pub due_at: Timestamp,
    /// Why it did not arrive.
    pub last_error: Option<String>,
    /// When Firestore's TTL policy may remove it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is to be sent.
    Waiting,
    /// The receiver has it.
    Delivered,
    /// It was given up. An admin can have it sent again.
    Dead,
}

impl State {
    /// Reads a state.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_value(Value::from(text)).ok()
    }
}

/// An event as its receiver gets it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Message<'a> {
    event_id: &'a str,
    kind: &'a str,
    sequence: i64,
    created_at: Timestamp,
    order: OrderBody<'a>,
}

/// An event as an admin sees it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventBody<'a> {
    event_id: &'a str,
    kind: &'a str,
    order_id: &'a kernel::OrderId,
    sequence: i64,
    state: State,
    attempts: i64,
    last_error: Option<&'a str>,
    due_at: Timestamp,
    created_at: Timestamp,
}

impl Event {
    /// What has just happened to an order.
    #[must_use]
    pub fn of(order: &Order) -> Self {
        let sequence = i64::try_from(order.history.len()).unwrap_or(i64::MAX);
        let kind = match order.status {
            Status::Pending => "order.created",
            Status::Confirmed => "order.confirmed",
            Status::Shipped => "order.shipped",
            Status::Delivered => "order.delivered",
            Status::Cancelled => "order.cancelled",
        };
        Self {
            event_id: format!("{}-{sequence}", order.order_id),
            kind: kind.to_owned(),
            sequence,
            order: order.clone(),
            created_at: order.updated_at,
            state: State::Waiting,
            attempts: 0,
            due_at: order.updated_at,
            last_error: None,
            expires_at: None,
        }
    }

    /// The event while it is being sent: nobody else takes it, for a while.
    #[must_use]
    pub fn taken(mut self, now: Timestamp) -> Self {
        self.attempts = self.attempts.saturating_add(1);
        self.due_at = now.checked_add(LEASE).unwrap_or(now);
        self
    }

    /// The event after it was sent.
    #[must_use]
    pub fn sent(mut self, outcome: Result<(), String>, now: Timestamp) -> Self {
        match outcome {
            Ok(()) => {
                self.state = State::Delivered;
                self.last_error = None;
                self.expires_at = now.checked_add(KEPT);
            }
            Err(error) => {
                self.last_error = Some(error);
                let doublings = u32::try_from(self.attempts.saturating_sub(1)).unwrap_or(0).min(5);
                let pause =
                    Duration::from_secs(FIRST_PAUSE_S.saturating_mul(4_u64.saturating_pow(doublings)));
                self.due_at = now.checked_add(pause).unwrap_or(now);
                if self.attempts >= MAX_ATTEMPTS {
                    self.state = State::Dead;
                }
            }
        }
        self
    }

    /// The event when an admin wants it sent again.
    #[must_use]
    pub fn revived(mut self, now: Timestamp) -> Self {
        (self.state, self.attempts, self.due_at, self.expires_at) = (State::Waiting, 0, now, None);
        self
    }

    /// As its receiver gets it.
    #[must_use]
    pub fn message(&self) -> Message<'_> {
        Message {
            event_id: &self.event_id,
            kind: &self.kind,
            sequence: self.sequence,
            created_at: self.created_at,
            order: self.order.wire(),
        }
    }

    /// As an admin sees it.
    #[must_use]
    pub fn wire(&self) -> EventBody<'_> {
        EventBody {
            event_id: &self.event_id,
            kind: &self.kind,
            order_id: &self.order.order_id,
            sequence: self.sequence,
            state: self.state,
            attempts: self.attempts,
            last_error: self.last_error.as_deref(),
            due_at: self.due_at,
            created_at: self.created_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::OrderId;

    use super::*;
    use crate::order::Actor;

    fn at(second: u64) -> Timestamp {
        Timestamp::default().checked_add(Duration::from_secs(second)).unwrap()
    }

    #[test]
    fn an_event_is_given_up_after_five_tries_and_can_be_revived() {
        let order = Order::tombstone(OrderId::of_cart("c", 1), at(0));
        let mut event = Event::of(&order);
        assert_eq!((event.sequence, event.kind.as_str()), (1, "order.cancelled"));
        let mut pauses = Vec::new();
        for attempt in 1..=MAX_ATTEMPTS {
            assert_eq!(event.state, State::Waiting, "before attempt {attempt}");
            event = event.taken(at(100)).sent(Err("no".to_owned()), at(100));
            pauses.push(event.due_at.unix_seconds() - 100);
        }
        assert_eq!((event.state, pauses.as_slice()), (State::Dead, &[10, 40, 160, 640, 2560][..]));
        let event = event.revived(at(200)).taken(at(200)).sent(Ok(()), at(201));
        assert_eq!((event.state, event.attempts, event.last_error), (State::Delivered, 1, None));
    }

    #[test]
    fn an_event_keeps_the_order_as_it_was_and_is_read_back() {
        let order = Order {
            user_id: None,
            status: Status::Pending,
            ..Order::tombstone(OrderId::of_cart("c", 1), at(0))
        };
        let event = Event::of(&order);
        let confirmed = order.change(Status::Confirmed, Actor::Admin, at(9)).unwrap();
        assert_eq!(event.order.status, Status::Pending);
        assert_eq!(Event::of(&confirmed).event_id, format!("{}-2", confirmed.order_id));
        let fields = firestore::value::to_fields(&event).unwrap();
        assert_eq!(firestore::value::from_fields::<Event>(fields).unwrap(), event);
    }
}
