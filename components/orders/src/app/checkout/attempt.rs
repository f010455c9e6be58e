//! One attempt to place the order of a cart generation.

use capability::retry::Attempt;
use kernel::{Money, OrderId, Timestamp};

use super::{AttemptResult, Checkout, CheckoutError, CheckoutState, PlacedOrder, Retry};
use crate::Host;
use crate::app::retry::unless_conflict;
use crate::clients::products::ReserveError;
use crate::domain::order::Order;
use crate::domain::reservation::{RequestedLine, Reservation};
use crate::store::carts::{self, LoadedCart};
use crate::store::idempotency::RecordWrite;
use crate::store::orders::{self, OrderCommit};

impl<H: Host> Checkout<'_, H> {
    pub(super) async fn attempt(&self, state: &CheckoutState) -> Result<Attempt<PlacedOrder>, CheckoutError> {
        if let Some(record) = self.unexpired(state.record.as_ref()) {
            return self.replay(record).await.map(Attempt::Done);
        }
        match self.place(state).await? {
            AttemptResult::Placed(placed) => Ok(Attempt::Done(placed)),
            AttemptResult::Retry(Retry::CartChanged) => Ok(Attempt::Conflict),
            AttemptResult::Retry(Retry::GenerationLost) => {
                // If the cart has changed meanwhile, another request has advanced it.
                self.advance_generation(&state.cart).await?;
                Ok(Attempt::RetryNow)
            }
        }
    }

    async fn place(&self, state: &CheckoutState) -> Result<AttemptResult, CheckoutError> {
        let cart = &state.cart.cart;
        if cart.items.is_empty() {
            return self.find_concurrent_order(&state.cart).await;
        }
        let limit = self.context.config.orders_per_minute;
        cart.check_order_rate(limit, self.context.now()).map_err(CheckoutError::TooManyOrders)?;
        match self.reserve(&state.cart).await {
            Ok(reservation) => self.reserved(state, &reservation).await,
            Err(ReserveError::InsufficientStock { short_lines }) => {
                Err(CheckoutError::InsufficientStock { short_lines })
            }
            // Another attempt has advanced further, or reconciliation has released this one.
            Err(ReserveError::Superseded) => self.resolve(&cart.order_id(), Retry::CartChanged).await,
            Err(ReserveError::Released) => self.resolve(&cart.order_id(), Retry::GenerationLost).await,
            Err(ReserveError::Failed(error)) => Err(error.into()),
        }
    }

    async fn reserve(&self, loaded: &LoadedCart) -> Result<Reservation, ReserveError> {
        let line = |line: &&crate::domain::cart::CartLine| RequestedLine {
            product_id: line.product_id,
            variant_id: line.variant_id,
            quantity: line.quantity,
        };
        let lines: Vec<RequestedLine> = loaded.cart.lines().iter().map(line).collect();
        let revision = loaded.version.map_or(0, Timestamp::unix_micros);
        self.context.products.reserve(&loaded.cart.order_id(), revision, &lines).await
    }

    async fn reserved(
        &self,
        state: &CheckoutState,
        reservation: &Reservation,
    ) -> Result<AttemptResult, CheckoutError> {
        self.context.crash_point("checkout-reserved").await;
        match self.options.expected_total.filter(|expected| *expected != reservation.total_amount) {
            Some(expected) => self.reject_price(&state.cart, expected, reservation).await,
            None => self.commit(state, reservation).await,
        }
    }

    async fn commit(
        &self,
        state: &CheckoutState,
        reservation: &Reservation,
    ) -> Result<AttemptResult, CheckoutError> {
        let (loaded, now) = (&state.cart, self.context.now());
        let order = Order::new(loaded.cart.order_id(), self.user, reservation, &self.options, now);
        let record = self.key.as_ref().map(|key| RecordWrite {
            key,
            record: key.record(&order.order_id, now),
            replaces: state.record.as_ref().map(|record| record.update_time),
        });
        let emptied = &loaded.cart.after_order(now);
        let commit = OrderCommit { order: &order, cart: loaded, emptied, record };
        match unless_conflict(orders::place(&self.context.documents, &commit).await)? {
            Some(()) => {
                self.confirm(&order.order_id).await;
                Ok(AttemptResult::Placed(PlacedOrder { order, is_replayed: false }))
            }
            None => self.resolve(&order.order_id, Retry::CartChanged).await,
        }
    }

    async fn confirm(&self, order: &OrderId) {
        self.context.crash_point("checkout-committed").await;
        // The order is placed. If the call fails, reconciliation confirms the reservation.
        let _ = self.context.products.confirm(order).await;
        self.context.crash_point("checkout-confirmed").await;
    }

    /// Rejects the checkout because the total is not the expected one. The cart's generation is advanced before the stock is
    /// released, so that a concurrent attempt of the same generation cannot place its order.
    async fn reject_price(
        &self,
        loaded: &LoadedCart,
        expected: Money,
        reservation: &Reservation,
    ) -> Result<AttemptResult, CheckoutError> {
        let order_id = loaded.cart.order_id();
        if !self.advance_generation(loaded).await? {
            return self.resolve(&order_id, Retry::CartChanged).await;
        }
        self.context.crash_point("price-refused").await;
        // If the call fails, the reservation expires and reconciliation releases it.
        let _ = self.context.products.release(&order_id).await;
        Err(CheckoutError::PriceChanged { expected, reservation: reservation.clone() })
    }

    /// Makes an order of this generation impossible. Returns false if the cart has changed since it was loaded.
    async fn advance_generation(&self, loaded: &LoadedCart) -> Result<bool, CheckoutError> {
        let advanced = loaded.cart.after_failed_checkout();
        let outcome = carts::save(&self.context.documents, loaded, &advanced).await;
        Ok(unless_conflict(outcome)?.is_some())
    }
}
