//! The limits of this service. How many orders a user may place in a minute is configured (`orders_per_minute`).

use std::time::Duration;

use kernel::Limit;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The most lines of a cart.
pub const MAX_CART_LINES: usize = 100;

/// How many of its last changes a cart remembers, so that a repeated request does not change it again.
pub const REMEMBERED_CHANGES: usize = 64;

/// How long the cart of a guest is kept after its last change.
pub const GUEST_CART_LIFETIME: Duration = Duration::from_secs(30 * DAY.as_secs());

/// The period over which the orders of a user are limited.
pub const ORDER_WINDOW: Duration = Duration::from_secs(60);

/// The most characters of the notes on an order.
pub const MAX_NOTES_LENGTH: usize = 1000;

/// The most characters of the name and the street in a shipping address.
pub const MAX_ADDRESS_LINE_LENGTH: usize = 200;

/// The most characters of the city and the region in a shipping address.
pub const MAX_CITY_LENGTH: usize = 100;

/// The most characters of the postal code in a shipping address.
pub const MAX_POSTAL_CODE_LENGTH: usize = 20;

/// How long a checkout holds its stock, in seconds: far longer than a checkout takes, short enough for the next shopper.
pub const HOLD_S: i64 = 15 * 60;

/// The age at which the checkout of a pending order has certainly ended.
pub const MAX_CHECKOUT_DURATION: Duration = Duration::from_secs(60);

/// How long an idempotency key is remembered.
pub const IDEMPOTENCY_LIFETIME: Duration = DAY;

/// The most bytes of an idempotency key.
pub const MAX_IDEMPOTENCY_KEY_LENGTH: usize = 255;

/// How many of a user's orders are searched for a purchase, the newest first.
pub const SEARCHED_ORDERS: Limit = Limit::MAX;

/// How many reservations and how many cancelled orders one reconciliation takes at most.
pub const RECONCILIATION_BATCH: Limit = Limit::MAX;

/// How long one reconciliation starts new work.
pub const RECONCILIATION_BUDGET: Duration = Duration::from_secs(20);

/// How often an event is sent before its delivery is abandoned.
pub const MAX_DELIVERY_ATTEMPTS: i64 = 5;

/// How long a delivery has the exclusive right to send an event. Longer than a call may take.
pub const DELIVERY_LEASE: Duration = Duration::from_secs(60);

/// The pause after the first failed delivery; each further one is four times as long. Five attempts take a quarter of an hour.
pub const FIRST_DELIVERY_PAUSE: Duration = Duration::from_secs(10);

/// How long one delivery call starts to send events.
pub const DELIVERY_BUDGET: Duration = Duration::from_secs(15);

/// How long a delivered event is kept.
pub const DELIVERED_EVENT_LIFETIME: Duration = Duration::from_secs(30 * DAY.as_secs());
