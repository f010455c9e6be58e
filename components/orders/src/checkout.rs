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

use std::time::Duration;

use firestore::{CommitError, Error};
use futures_util::join;
use http::StatusCode;
use kernel::{Currency, Money, OrderId, UserId};
use serde_json::Value;
use web::{Call, Problem};

use crate::cart::Item;
use crate::catalog::{Catalog, Reservation, ReserveError, WantedLine};
use crate::idempotency::{document_id, fingerprint};
use crate::order::{Actor, Change, Order, OrderLine, Status};
use crate::place_order::PlaceOrder;
use crate::store::{Idempotency, Seen, Store};
use crate::{App, Host};

/// How often a checkout starts over because its cart changed under it.
const ATTEMPTS: usize = 5;

/// How long an idempotency key is remembered.
const KEY_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// An order that was placed, now or by an earlier try of the same checkout.
#[derive(Debug)]
pub struct Placed {
    /// The order.
    pub order: Order,
    /// Whether an earlier try placed it.
    pub is_replayed: bool,
}

/// Places the order of the caller's cart.
///
/// # Errors
/// What the client can do about it is in the problem.
pub async fn place<H: Host>(app: &App<H>, mut call: Call) -> Result<Placed, Problem> {
    let trace = call.trace_headers();
    let claimed = app.config.identification.claimed(&app.host, &call)?;
    let key = document_id(&call.headers, claimed.user)?;
    let body = call.optional_json().await?;
    let wanted = body.map(PlaceOrder::read).transpose()?.unwrap_or_default();
    let checkout = Checkout {
        app,
        store: Store::new(app, &trace),
        catalog: Catalog::new(&app.host, &app.config, &trace),
        user: claimed.user,
        fingerprint: fingerprint(&wanted),
        wanted,
        key,
    };
    let (principal, seen, earlier) = join!(
        app.config.identification.identified(&app.host, &claimed, &trace),
        checkout.store.cart(claimed.user),
        checkout.store.idempotency(checkout.key.as_deref()),
    );
    principal?;
    if let Some(earlier) = earlier.map_err(store_problem)? {
        return checkout.replay(earlier).await;
    }
    checkout.run(seen.map_err(store_problem)?).await
}

/// A checkout under way.
struct Checkout<'a, H> {
    app: &'a App<H>,
    store: Store<'a, H>,
    catalog: Catalog<'a, H>,
    user: UserId,
    wanted: PlaceOrder,
    fingerprint: String,
    key: Option<String>,
}

/// What a try came to, if it placed no order.
enum Again {
    /// The cart is another one now: read it and start over.
    CartChanged,
    /// This generation can become no order any more: count on and start over.
    GenerationLost,
}

impl<H: Host> Checkout<'_, H> {
    async fn run(&self, mut seen: Seen) -> Result<Placed, Problem> {
        for _ in 0..ATTEMPTS {
            let again = match self.attempt(&seen).await? {
                Ok(placed) => return Ok(placed),
                Err(again) => again,
            };
            if let Again::GenerationLost = again {
                // Stale means that somebody else counted on: as good.
                self.advance_generation(&seen).await?;
            }
            seen = self.store.cart(self.user).await.map_err(store_problem)?;
        }
        Err(Problem::new(
            StatusCode::CONFLICT,
            "cart-busy",
            "the cart keeps changing; send the same request again",
        )
        .with_retry_after(1))
    }

    async fn attempt(&self, seen: &Seen) -> Result<Result<Placed, Again>, Problem> {
        let lines = wanted_lines(seen);
        if lines.is_empty() {
            return Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "cart-empty",
                "the cart is empty; add something to it first",
            ));
        }
        let order_id = OrderId::of_cart(&seen.cart.id, seen.cart.generation);
        let revision = seen.version.map_or(0, kernel::Timestamp::unix_micros);
        let reservation = match self.catalog.reserve(&order_id, revision, &lines).await {
            Ok(reservation) => reservation,
            Err(ReserveError::Short(short_lines)) => return Err(insufficient_stock(short_lines)),
            // Another try of this checkout was faster, or its order was given up.
            Err(ReserveError::Superseded) => return self.find_placed(&order_id, Again::CartChanged).await,
            Err(ReserveError::Released) => return self.find_placed(&order_id, Again::GenerationLost).await,
            Err(ReserveError::Unavailable(cause)) => {
                return Err(Problem::unavailable("the products service", cause));
            }
        };
        if let Some(expected) =
            self.wanted.expected_total.filter(|expected| *expected != reservation.total_amount)
        {
            return self.refuse_price(seen, &order_id, expected, &reservation).await;
        }
        self.commit(seen, order_id, &reservation).await
    }

    async fn commit(
        &self,
        seen: &Seen,
        order_id: OrderId,
        reservation: &Reservation,
    ) -> Result<Result<Placed, Again>, Problem> {
        let order = self.order(order_id, reservation);
        let now = order.created_at;
        let record = Idempotency {
            order_id: order.order_id.clone(),
            fingerprint: self.fingerprint.clone(),
            expires_at: now.checked_add(KEY_LIFETIME).unwrap_or(now),
        };
        let idempotency = self.key.as_deref().map(|key| (key, &record));
        let emptied = seen.cart.next_generation(now);
        match self.store.place(&order, self.user, (&emptied, seen.version), idempotency).await {
            Ok(()) => {
                // The order counts, whatever comes of this: reconciling confirms what is left unconfirmed.
                let _ = self.catalog.confirm(&order.order_id).await;
                Ok(Ok(Placed { order, is_replayed: false }))
            }
            Err(CommitError::AlreadyExists | CommitError::Stale) => {
                self.find_placed(&order.order_id, Again::CartChanged).await
            }
            Err(CommitError::OutcomeUnknown(cause)) => Err(Problem::unavailable("Firestore", cause)),
            Err(CommitError::Refused(cause)) => Err(Problem::internal(cause)),
        }
    }

    /// The order, if this very checkout placed it in another try; else what to do.
    async fn find_placed(&self, id: &OrderId, otherwise: Again) -> Result<Result<Placed, Again>, Problem> {
        match self.store.order(id).await.map_err(store_problem)? {
            Some(found) if found.value.user_id == Some(self.user) => {
                // The try that placed it may have died before this.
                if found.value.status != Status::Cancelled {
                    let _ = self.catalog.confirm(id).await;
                }
                Ok(Ok(Placed { order: found.value, is_replayed: true }))
            }
            // A tombstone: this checkout took so long that it was given up.
            Some(_) => Ok(Err(Again::GenerationLost)),
            None => Ok(Err(otherwise)),
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
    ) -> Result<Result<Placed, Again>, Problem> {
        if !self.advance_generation(seen).await? {
            return self.find_placed(order_id, Again::CartChanged).await;
        }
        // If this fails, the reservation runs out and reconciling gives it back.
        let _ = self.catalog.release(order_id).await;
        let detail = format!(
            "the total is {} {}, not {expected}; show it to the customer and send it as expectedTotal",
            reservation.total_amount,
            currency(reservation.currency),
        );
        Err(Problem::new(StatusCode::CONFLICT, "price-changed", detail)
            .with("totalAmount", reservation.total_amount)
            .with("currency", reservation.currency)
            .with("items", reservation.lines.iter().map(quoted_line).collect::<Vec<_>>()))
    }

    /// Makes this generation of the cart impossible to order. False if the cart is not the one that was seen any more.
    async fn advance_generation(&self, seen: &Seen) -> Result<bool, Problem> {
        match self.store.save_cart(self.user, &seen.cart.retry_generation(), seen.version).await {
            Ok(()) => Ok(true),
            Err(CommitError::Stale | CommitError::AlreadyExists) => Ok(false),
            Err(CommitError::OutcomeUnknown(cause)) => Err(Problem::unavailable("Firestore", cause)),
            Err(CommitError::Refused(cause)) => Err(Problem::internal(cause)),
        }
    }

    async fn replay(&self, earlier: Idempotency) -> Result<Placed, Problem> {
        if earlier.fingerprint != self.fingerprint {
            return Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency-key-reused",
                "this Idempotency-Key came with another body before; use a new key for a new order",
            ));
        }
        match self.find_placed(&earlier.order_id, Again::CartChanged).await? {
            Ok(placed) => Ok(placed),
            Err(_) => Err(Problem::internal(format!(
                "no order {} although its key stands for it",
                earlier.order_id
            ))),
        }
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

fn quoted_line(line: &crate::catalog::ReservedLine) -> Value {
    serde_json::json!({
        "productId": line.product_id, "variantId": line.variant_id, "productName": line.product_name, "sku": line.sku,
        "quantity": line.quantity, "price": line.price, "lineTotal": line.line_total,
    })
}

fn currency(currency: Currency) -> String {
    format!("{currency:?}").to_uppercase()
}

fn insufficient_stock(short_lines: Value) -> Problem {
    let detail = "there is too little of some lines; shortLines names them with what is available";
    Problem::new(StatusCode::CONFLICT, "insufficient-stock", detail).with("shortLines", short_lines)
}

/// What a failed read means to the client.
pub(crate) fn store_problem(error: Error) -> Problem {
    match error {
        Error::Unavailable(cause) => Problem::unavailable("Firestore", cause),
        Error::Refused(cause) | Error::Unexpected(cause) => Problem::internal(format!("Firestore: {cause}")),
    }
}

/// `Idempotent-Replayed: true`
pub(crate) const REPLAYED: (http::HeaderName, &str) =
    (http::HeaderName::from_static("idempotent-replayed"), "true");
