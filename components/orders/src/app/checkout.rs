//! The checkout: a cart becomes exactly one order, even if processes die at any step.
//!
//! 1. Authenticates the caller and reads the cart, concurrently.
//! 2. Derives the order's id from the cart and its generation, so that every retry is the same order.
//! 3. Reserves the stock: one request returns prices, names and availability, idempotent by the order's id.
//! 4. Commits the order and the emptied cart of the next generation together. This is the point of no return.
//! 5. Confirms the reservation. If that fails, [`super::reconciliation`] confirms it later.
//!
//! A reservation is released only after its order has become impossible: because the cart has a new generation, or because a
//! tombstone has the order's id. So no order exists without its stock.

mod attempt;
mod concurrent;

use capability::retry::retry_on_conflict;
use firestore::Versioned;
use futures_util::join;
use identity::{AuthenticationError, VerifiedToken};
use kernel::{Money, UserId};
use serde_json::Value;

use super::context::Context;
use super::failure::{Failure, contains_failure};
use super::retry;
use crate::Host;
use crate::domain::cart::OrderRateExceeded;
use crate::domain::cart_owner::CartOwner;
use crate::domain::checkout_options::CheckoutOptions;
use crate::domain::idempotency::{CheckoutKey, IdempotencyRecord};
use crate::domain::order::Order;
use crate::domain::reservation::Reservation;
use crate::store::carts::{self, LoadedCart};
use crate::store::idempotency;

#[derive(Debug)]
pub(crate) struct PlacedOrder {
    /// The order as it was placed, whatever its status is now.
    pub(crate) order: Order,
    /// Whether an earlier or concurrent attempt has placed it.
    pub(crate) is_replayed: bool,
}

/// Why no order was placed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckoutError {
    #[error(transparent)]
    Authentication(#[from] AuthenticationError),
    #[error("the cart is empty")]
    CartEmpty,
    #[error("the idempotency key belongs to another request body")]
    KeyReused,
    #[error("too many orders; the next is allowed in {} s", .0.retry_after_s)]
    TooManyOrders(OrderRateExceeded),
    #[error("insufficient stock")]
    InsufficientStock { short_lines: Value },
    #[error("the total is not {expected}")]
    PriceChanged { expected: Money, reservation: Reservation },
    #[error("concurrent requests keep changing the cart")]
    InProgress,
    #[error(transparent)]
    Failure(#[from] Failure),
}

contains_failure!(CheckoutError);

/// Places the caller's cart as an order, at most once per cart generation.
///
/// Returns the existing order if an earlier or concurrent attempt has already placed it. The reservation is confirmed after
/// the commit; if that call fails, reconciliation confirms it later.
pub(crate) async fn place<H: Host>(
    context: &Context<'_, H>,
    caller: VerifiedToken,
    options: CheckoutOptions,
) -> Result<PlacedOrder, CheckoutError> {
    let key =
        CheckoutKey::new(caller.user(), &options).map_err(|error| Failure::Defect(error.to_string()))?;
    let checkout = Checkout { context, user: caller.user(), key, options };
    let (principal, state) = join!(context.authenticate(&caller), checkout.read());
    principal?;
    let state = state?;
    context.crash_point("checkout-read").await;
    checkout.run(state).await
}

struct Checkout<'a, H> {
    context: &'a Context<'a, H>,
    user: UserId,
    key: Option<CheckoutKey>,
    options: CheckoutOptions,
}

/// The documents that an attempt starts from.
struct CheckoutState {
    cart: LoadedCart,
    /// The record of the client's key, which may be expired.
    record: Option<Versioned<IdempotencyRecord>>,
}

#[allow(clippy::large_enum_variant, reason = "it is matched at once; its size depends on the target")]
enum AttemptResult {
    Placed(PlacedOrder),
    Retry(Retry),
}

/// Why an attempt has placed no order although another one may.
#[derive(Clone, Copy)]
enum Retry {
    /// The cart has changed.
    CartChanged,
    /// This generation of the cart can no longer become an order.
    GenerationLost,
}

impl<H: Host> Checkout<'_, H> {
    async fn run(&self, state: CheckoutState) -> Result<PlacedOrder, CheckoutError> {
        let mut first = Some(state);
        let placed = retry_on_conflict(self.context.host, retry::CHECKOUT, async |_| {
            let state = match first.take() {
                Some(state) => state,
                None => self.read().await?,
            };
            self.attempt(&state).await
        });
        placed.await?.ok_or(CheckoutError::InProgress)
    }

    /// Reads the cart and the record of the key concurrently.
    async fn read(&self) -> Result<CheckoutState, CheckoutError> {
        let documents = &self.context.documents;
        let owner = CartOwner::User(self.user);
        let (cart, record) =
            join!(carts::load(documents, owner), idempotency::find(documents, self.key.as_ref()));
        Ok(CheckoutState { cart: cart?, record: record? })
    }
}
