//! The checkout: from a cart to exactly one order, wherever a process dies.
//!
//! 1. Who is it, and what is in the cart? Both are asked at once.
//! 2. The order's id follows from the cart and its generation. Whatever is retried, it is the same order.
//! 3. Reserve: prices, names and stock in one answer, idempotent by the order's id.
//! 4. One commit: the order comes to be and the cart counts on, or neither. This is the point of no return.
//! 5. Confirm the reservation. If that fails, [`crate::reconcile`] does it later: the order counts.
//!
//! A reservation is given back only after the order has been made impossible: by a cart that counted on, or by a tombstone in
//! the order's place. So no order is ever without its stock.

mod refusals;

use firestore::{CommitError, Document};
use futures_util::join;
use kernel::{Money, OrderId, Timestamp, UserId};
use web::{Call, Problem};

pub(crate) use self::refusals::store_problem;
use self::refusals::{
    cart_empty, in_progress, insufficient_stock, key_reused, price_changed, too_many_orders,
};
use crate::api::contention_pause;
use crate::cart::Item;
use crate::catalog::{Catalog, Reservation, ReserveError, WantedLine};
use crate::idempotency::{Idempotency, Key};
use crate::order::{Actor, Change, Order, OrderLine, Status};
use crate::owner::Owner;
use crate::place_order::PlaceOrder;
use crate::steps::{Step, Steps};
use crate::store::{Placement, Seen, Store};
use crate::{App, Host};

/// How often a checkout starts over because its cart changed under it.
const ATTEMPTS: u32 = 8;

/// An order that was placed, now or by an earlier try of the same checkout.
#[derive(Debug)]
pub struct Placed {
    /// The order, as it was placed.
    pub order: Order,
    /// Whether an earlier try placed it.
    pub is_replayed: bool,
}

/// Places the order of the caller's cart.
///
/// # Errors
/// What the client can do about it is in the problem.
pub async fn place<H: Host>(app: &App<H>, mut call: Call) -> Result<Placed, Problem> {
    let arrived = app.host.now();
    let trace = call.trace_headers();
    let claimed = app.config.identification.claimed(&app.host, &call)?;
    let body = call.optional_json().await?;
    let wanted = body.map(PlaceOrder::read).transpose()?.unwrap_or_default();
    let checkout = Checkout {
        app,
        store: Store::new(app, &trace),
        catalog: Catalog::new(&app.host, &app.config, &trace),
        user: claimed.user,
        key: Key::of_checkout(&call.headers, claimed.user, &wanted)?,
        wanted,
        arrived,
        steps: Steps::of(&call.headers),
    };
    let (principal, known) =
        join!(app.config.identification.identified(&app.host, &claimed, &trace), checkout.read());
    principal?;
    let known = known?;
    checkout.steps.done(&app.host, Step::CheckoutRead).await;
    checkout.run(known).await
}

/// A checkout under way.
struct Checkout<'a, H> {
    app: &'a App<H>,
    store: Store<'a, H>,
    catalog: Catalog<'a, H>,
    user: UserId,
    key: Option<Key>,
    wanted: PlaceOrder,
    /// When the request came.
    arrived: Timestamp,
    steps: Steps,
}

/// What a try begins with.
struct Known {
    seen: Seen,
    /// What the client's key stands for, or stood for long ago.
    record: Option<Document<Idempotency>>,
}

/// Why a try placed no order, if another one may.
#[derive(Clone, Copy)]
enum Again {
    /// The cart is another one now: read it and start over.
    CartChanged,
    /// This generation can become no order any more: count on and start over.
    GenerationLost,
}

type Tried = Result<Result<Placed, Again>, Problem>;

impl<H: Host> Checkout<'_, H> {
    async fn run(&self, mut known: Known) -> Result<Placed, Problem> {
        for attempt in 0..ATTEMPTS {
            if let Some(record) = self.live(known.record.as_ref()) {
                return self.replay(record).await;
            }
            match self.attempt(&known).await? {
                Ok(placed) => return Ok(placed),
                Err(Again::CartChanged) => {
                    self.app.host.sleep(contention_pause(attempt, &self.app.host)).await;
                }
                // If the cart is another one already, somebody else counted on: as good.
                Err(Again::GenerationLost) => {
                    self.advance_generation(&known.seen).await?;
                }
            }
            known = self.read().await?;
        }
        Err(in_progress())
    }

    /// The cart, and what the key stands for. Both are asked for at once.
    async fn read(&self) -> Result<Known, Problem> {
        let owner = Owner::User(self.user);
        let (seen, record) = join!(self.store.cart(&owner), self.store.idempotency(self.key.as_ref()));
        Ok(Known { seen: seen.map_err(store_problem)?, record: record.map_err(store_problem)? })
    }

    async fn attempt(&self, known: &Known) -> Tried {
        let seen = &known.seen;
        let lines = wanted_lines(seen);
        if lines.is_empty() {
            return self.overtaken(seen).await;
        }
        let now = self.app.host.now();
        seen.cart.may_order(self.app.config.orders_per_minute, now).map_err(too_many_orders)?;
        let order_id = OrderId::of_cart(&seen.cart.id, seen.cart.generation);
        let revision = seen.version.map_or(0, Timestamp::unix_micros);
        let reservation = match self.catalog.reserve(&order_id, revision, &lines).await {
            Ok(reservation) => reservation,
            Err(ReserveError::Short(short_lines)) => return Err(insufficient_stock(short_lines)),
            // Another try of this checkout was faster, or its order was given up.
            Err(ReserveError::Superseded) => return self.resolve(&order_id, Again::CartChanged).await,
            Err(ReserveError::Released) => return self.resolve(&order_id, Again::GenerationLost).await,
            Err(ReserveError::Unavailable(cause)) => {
                return Err(Problem::unavailable("the products service", cause));
            }
        };
        self.steps.done(&self.app.host, Step::CheckoutReserved).await;
        match self.wanted.expected_total.filter(|expected| *expected != reservation.total_amount) {
            Some(expected) => self.refuse_price(seen, &order_id, expected, &reservation).await,
            None => self.commit(known, order_id, &reservation).await,
        }
    }

    async fn commit(&self, known: &Known, order_id: OrderId, reservation: &Reservation) -> Tried {
        let (order, seen) = (self.order(order_id, reservation), &known.seen);
        let now = order.created_at;
        let record = self.key.as_ref().map(|key| key.record(&order.order_id, now));
        let expired = known.record.as_ref().map(|record| record.update_time);
        let placement = Placement {
            order: &order,
            user: self.user,
            emptied: &seen.cart.next_generation(now),
            seen: seen.version,
            key: self.key.as_ref().zip(record.as_ref()).map(|(key, record)| (key, record, expired)),
        };
        match self.store.place(placement).await {
            Ok(()) => {
                self.steps.done(&self.app.host, Step::CheckoutCommitted).await;
                // The order counts, whatever comes of this: reconciling confirms what is left unconfirmed.
                let _ = self.catalog.confirm(&order.order_id).await;
                self.steps.done(&self.app.host, Step::CheckoutConfirmed).await;
                Ok(Ok(Placed { order, is_replayed: false }))
            }
            Err(CommitError::AlreadyExists | CommitError::Stale) => {
                self.resolve(&order.order_id, Again::CartChanged).await
            }
            Err(CommitError::OutcomeUnknown(cause)) => Err(Problem::unavailable("Firestore", cause)),
            Err(CommitError::Refused(cause)) => Err(Problem::internal(cause)),
        }
    }

    /// Another try was faster. The order, if it placed it; else what to do.
    async fn resolve(&self, id: &OrderId, otherwise: Again) -> Tried {
        let (order, record) = join!(self.store.order(id), self.store.idempotency(self.key.as_ref()));
        if let Some(record) = self.live(record.map_err(store_problem)?.as_ref()) {
            return self.replay(record).await.map(Ok);
        }
        match order.map_err(store_problem)?.map(|found| found.value) {
            Some(order) if order.user_id == Some(self.user) => {
                // The try that placed it may have died before this.
                if order.status != Status::Cancelled {
                    let _ = self.catalog.confirm(id).await;
                }
                if let Some(key) = &self.key {
                    // So that this key, too, always answers with the order that it was told.
                    let _ = self.store.remember(key, &key.record(id, self.app.host.now())).await;
                }
                Ok(Ok(Placed { order: order.as_placed(), is_replayed: true }))
            }
            // A tombstone: this checkout took so long that it was given up.
            Some(_) => Ok(Err(Again::GenerationLost)),
            None => Ok(Err(otherwise)),
        }
    }

    /// The cart is empty. If another try of this checkout emptied it while this one was under way, its order is this one's.
    async fn overtaken(&self, seen: &Seen) -> Tried {
        let record = self.store.idempotency(self.key.as_ref()).await.map_err(store_problem)?;
        if let Some(record) = self.live(record.as_ref()) {
            return self.replay(record).await.map(Ok);
        }
        let is_overtaken = seen.version.is_some_and(|emptied| emptied >= self.arrived);
        let Some(id) = seen.cart.last_order().filter(|_| is_overtaken) else { return Err(cart_empty()) };
        match self.resolve(&id, Again::CartChanged).await? {
            Ok(placed) => Ok(Ok(placed)),
            Err(_) => Err(cart_empty()),
        }
    }

    /// The price is not what the client expects: nothing is bought. The cart counts on before the stock is given back, so
    /// that another try of the same generation cannot still become an order.
    async fn refuse_price(
        &self,
        seen: &Seen,
        order_id: &OrderId,
        expected: Money,
        reservation: &Reservation,
    ) -> Tried {
        if !self.advance_generation(seen).await? {
            return self.resolve(order_id, Again::CartChanged).await;
        }
        self.steps.done(&self.app.host, Step::PriceRefused).await;
        // If this fails, the reservation runs out and reconciling gives it back.
        let _ = self.catalog.release(order_id).await;
        Err(price_changed(expected, reservation))
    }

    /// Makes this generation of the cart impossible to order. False if the cart is not the one that was seen any more.
    async fn advance_generation(&self, seen: &Seen) -> Result<bool, Problem> {
        let owner = Owner::User(self.user);
        match self.store.save_cart(&owner, &seen.cart.retry_generation(), seen.version).await {
            Ok(()) => Ok(true),
            Err(CommitError::Stale | CommitError::AlreadyExists) => Ok(false),
            Err(CommitError::OutcomeUnknown(cause)) => Err(Problem::unavailable("Firestore", cause)),
            Err(CommitError::Refused(cause)) => Err(Problem::internal(cause)),
        }
    }

    /// What the key stands for, if its time is not over.
    fn live<'r>(&self, record: Option<&'r Document<Idempotency>>) -> Option<&'r Idempotency> {
        let now = self.app.host.now();
        record.map(|record| &record.value).filter(|record| now < record.expires_at)
    }

    async fn replay(&self, record: &Idempotency) -> Result<Placed, Problem> {
        if !self.key.as_ref().is_some_and(|key| key.is_of(record)) {
            return Err(key_reused());
        }
        let id = &record.order_id;
        let found = self.store.order(id).await.map_err(store_problem)?;
        let lost = || Problem::internal(format!("no order {id} although its key stands for it"));
        let order = found.ok_or_else(lost)?.value;
        if order.status == Status::Pending && order.is_stale(self.app.host.now()) {
            let _ = self.catalog.confirm(id).await;
        }
        Ok(Placed { order: order.as_placed(), is_replayed: true })
    }

    fn order(&self, order_id: OrderId, reservation: &Reservation) -> Order {
        let now = self.app.host.now();
        let line = |line: &crate::catalog::ReservedLine| OrderLine {
            product_id: line.product_id,
            variant_id: line.variant_id,
            product_name: line.product_name.clone(),
            sku: line.sku.clone(),
            quantity: line.quantity,
            price_minor: line.price.minor(),
            line_total_minor: line.line_total.minor(),
        };
        Order {
            order_id,
            user_id: Some(self.user),
            status: Status::Pending,
            items: reservation.lines.iter().map(line).collect(),
            total_minor: reservation.total_amount.minor(),
            currency: reservation.currency,
            shipping_address: self.wanted.shipping_address.clone(),
            notes: self.wanted.notes.clone(),
            created_at: now,
            updated_at: now,
            history: vec![Change { status: Status::Pending, at: now, actor: Actor::Customer }],
            awaits_release: false,
        }
    }
}

fn wanted_lines(seen: &Seen) -> Vec<WantedLine> {
    let line = |line: &&crate::cart::Line| {
        let Item { product_id, variant_id } = line.item();
        WantedLine { product_id, variant_id, quantity: line.quantity }
    };
    seen.cart.lines().iter().map(line).collect()
}
