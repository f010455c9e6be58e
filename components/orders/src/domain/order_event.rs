//! Events of orders: stored in the same commit as the change, and delivered to the receiver later, at least once.

use std::time::Duration;

use kernel::{OrderId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::limits::{DELIVERED_EVENT_LIFETIME, DELIVERY_LEASE, FIRST_DELIVERY_PAUSE, MAX_DELIVERY_ATTEMPTS};
use super::order::{Order, Status};
use super::order_response::OrderResponse;

/// An event as it is stored. It contains the order of that moment, so that each delivery sends the same message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderEvent {
    /// The order's id and the sequence.
    pub event_id: String,
    /// `order.created` and the like.
    pub kind: String,
    /// The position among the events of the order, from 1: events may be delivered in another order.
    pub sequence: i64,
    pub order: Order,
    pub created_at: Timestamp,
    pub state: DeliveryState,
    pub attempts: i64,
    /// The time of the next delivery.
    pub due_at: Timestamp,
    pub last_error: Option<String>,
    /// From then on Firestore's TTL policy removes the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    Waiting,
    Delivered,
    /// All attempts have failed. An admin can requeue the event.
    Dead,
}

impl DeliveryState {
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_value(Value::from(text)).ok()
    }
}

/// The message to the receiver.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventMessage<'a> {
    event_id: &'a str,
    kind: &'a str,
    sequence: i64,
    created_at: Timestamp,
    order: OrderResponse<'a>,
}

/// The event as an admin sees it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventResponse<'a> {
    event_id: &'a str,
    kind: &'a str,
    order_id: &'a OrderId,
    sequence: i64,
    state: DeliveryState,
    attempts: i64,
    last_error: Option<&'a str>,
    due_at: Timestamp,
    created_at: Timestamp,
}

impl OrderEvent {
    /// Creates the event of the order's latest change.
    #[must_use]
    pub fn new(order: &Order) -> Self {
        let sequence = i64::try_from(order.history.len()).unwrap_or(i64::MAX);
        Self {
            event_id: format!("{}-{sequence}", order.order_id),
            kind: kind(order.status).to_owned(),
            sequence,
            order: order.clone(),
            created_at: order.updated_at,
            state: DeliveryState::Waiting,
            attempts: 0,
            due_at: order.updated_at,
            last_error: None,
            expires_at: None,
        }
    }

    /// Returns the event with a lease for one delivery attempt.
    #[must_use]
    pub fn leased(mut self, now: Timestamp) -> Self {
        self.attempts = self.attempts.saturating_add(1);
        self.due_at = now.checked_add(DELIVERY_LEASE).unwrap_or(now);
        self
    }

    /// Returns the event after a delivery attempt.
    #[must_use]
    pub fn record_outcome(mut self, outcome: Result<(), String>, now: Timestamp) -> Self {
        match outcome {
            Ok(()) => {
                self.state = DeliveryState::Delivered;
                self.last_error = None;
                self.expires_at = now.checked_add(DELIVERED_EVENT_LIFETIME);
            }
            Err(error) => {
                self.last_error = Some(error);
                self.due_at = now.checked_add(pause(self.attempts)).unwrap_or(now);
                if self.attempts >= MAX_DELIVERY_ATTEMPTS {
                    self.state = DeliveryState::Dead;
                }
            }
        }
        self
    }

    /// Returns the event as new, for an admin who wants it to be delivered again.
    #[must_use]
    pub fn requeued(mut self, now: Timestamp) -> Self {
        self.state = DeliveryState::Waiting;
        self.attempts = 0;
        self.due_at = now;
        self.expires_at = None;
        self
    }

    #[must_use]
    pub fn to_message(&self) -> EventMessage<'_> {
        EventMessage {
            event_id: &self.event_id,
            kind: &self.kind,
            sequence: self.sequence,
            created_at: self.created_at,
            order: self.order.to_response(),
        }
    }

    #[must_use]
    pub fn to_response(&self) -> EventResponse<'_> {
        EventResponse {
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

fn kind(status: Status) -> &'static str {
    match status {
        Status::Pending => "order.created",
        Status::Confirmed => "order.confirmed",
        Status::Shipped => "order.shipped",
        Status::Delivered => "order.delivered",
        Status::Cancelled => "order.cancelled",
    }
}

fn pause(attempts: i64) -> Duration {
    let exponent = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(5);
    FIRST_DELIVERY_PAUSE.saturating_mul(4_u32.saturating_pow(exponent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::order::Actor;

    fn at(second: u64) -> Timestamp {
        Timestamp::default().checked_add(Duration::from_secs(second)).unwrap()
    }

    #[test]
    fn a_delivery_is_abandoned_after_five_attempts_and_can_be_requeued() {
        let order = Order::tombstone(OrderId::of_cart("c", 1), at(0));
        let mut event = OrderEvent::new(&order);
        assert_eq!((event.sequence, event.kind.as_str()), (1, "order.cancelled"));
        let mut pauses = Vec::new();
        for attempt in 1..=MAX_DELIVERY_ATTEMPTS {
            assert_eq!(event.state, DeliveryState::Waiting, "before attempt {attempt}");
            event = event.leased(at(100)).record_outcome(Err("no".to_owned()), at(100));
            pauses.push(event.due_at.unix_seconds() - 100);
        }
        assert_eq!((event.state, pauses.as_slice()), (DeliveryState::Dead, &[10, 40, 160, 640, 2560][..]));
        let event = event.requeued(at(200)).leased(at(200)).record_outcome(Ok(()), at(201));
        assert_eq!((event.state, event.attempts, event.last_error), (DeliveryState::Delivered, 1, None));
    }

    #[test]
    fn an_event_contains_the_order_of_its_moment() {
        let order = Order { status: Status::Pending, ..Order::tombstone(OrderId::of_cart("c", 1), at(0)) };
        let event = OrderEvent::new(&order);
        let confirmed = order.transition(Status::Confirmed, Actor::Admin, at(9)).unwrap();
        assert_eq!(event.order.status, Status::Pending);
        assert_eq!(OrderEvent::new(&confirmed).event_id, format!("{}-2", confirmed.order_id));
    }
}
