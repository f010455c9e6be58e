//! Orders that an earlier or concurrent attempt of the same checkout has placed.

use firestore::Versioned;
use futures_util::join;
use kernel::OrderId;

use super::{AttemptResult, Checkout, CheckoutError, PlacedOrder, Retry};
use crate::Host;
use crate::app::failure::Failure;
use crate::domain::idempotency::IdempotencyRecord;
use crate::domain::order::{Order, Status};
use crate::store::carts::LoadedCart;
use crate::store::{idempotency, orders};

impl<H: Host> Checkout<'_, H> {
    /// Returns the order if another attempt has placed it, and otherwise how to continue.
    pub(super) async fn resolve(
        &self,
        id: &OrderId,
        otherwise: Retry,
    ) -> Result<AttemptResult, CheckoutError> {
        let documents = &self.context.documents;
        let (order, record) =
            join!(orders::find(documents, id), idempotency::find(documents, self.key.as_ref()));
        if let Some(record) = self.unexpired(record?.as_ref()) {
            return self.replay(record).await.map(AttemptResult::Placed);
        }
        match order?.map(|found| found.value) {
            Some(order) if order.user_id == Some(self.user) => {
                Ok(AttemptResult::Placed(self.adopt(order).await))
            }
            // A tombstone: reconciliation has released the reservation of this checkout.
            Some(_) => Ok(AttemptResult::Retry(Retry::GenerationLost)),
            None => Ok(AttemptResult::Retry(otherwise)),
        }
    }

    /// Completes the steps after the commit of another attempt, which may have died, and returns its order.
    async fn adopt(&self, order: Order) -> PlacedOrder {
        let id = &order.order_id;
        if order.status != Status::Cancelled {
            let _ = self.context.products.confirm(id).await;
        }
        if let Some(key) = &self.key {
            // From now on this key, too, identifies the order.
            let record = key.record(id, self.context.now());
            let _ = idempotency::create(&self.context.documents, key, &record).await;
        }
        PlacedOrder { order: order.as_placed(), is_replayed: true }
    }

    /// Returns the order of a concurrent attempt that has emptied the cart since this request arrived.
    pub(super) async fn find_concurrent_order(
        &self,
        loaded: &LoadedCart,
    ) -> Result<AttemptResult, CheckoutError> {
        let record = idempotency::find(&self.context.documents, self.key.as_ref()).await?;
        if let Some(record) = self.unexpired(record.as_ref()) {
            return self.replay(record).await.map(AttemptResult::Placed);
        }
        let is_concurrent = loaded.version.is_some_and(|emptied| emptied >= self.context.arrived_at);
        let id = loaded.cart.previous_order_id().filter(|_| is_concurrent);
        let id = id.ok_or(CheckoutError::CartEmpty)?;
        match self.resolve(&id, Retry::CartChanged).await? {
            AttemptResult::Placed(placed) => Ok(AttemptResult::Placed(placed)),
            AttemptResult::Retry(_) => Err(CheckoutError::CartEmpty),
        }
    }

    pub(super) fn unexpired<'r>(
        &self,
        record: Option<&'r Versioned<IdempotencyRecord>>,
    ) -> Option<&'r IdempotencyRecord> {
        let now = self.context.now();
        record.map(|record| &record.value).filter(|record| now < record.expires_at)
    }

    /// Returns the order that was placed with the client's key.
    pub(super) async fn replay(&self, record: &IdempotencyRecord) -> Result<PlacedOrder, CheckoutError> {
        if !self.key.as_ref().is_some_and(|key| key.matches(record)) {
            return Err(CheckoutError::KeyReused);
        }
        let id = &record.order_id;
        let lost = || Failure::Defect(format!("the order {id} of an idempotency record does not exist"));
        let order = orders::find(&self.context.documents, id).await?.ok_or_else(lost)?.value;
        if order.may_be_unconfirmed(self.context.now()) {
            let _ = self.context.products.confirm(id).await;
        }
        Ok(PlacedOrder { order: order.as_placed(), is_replayed: true })
    }
}
