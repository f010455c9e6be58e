//! The routes. The stories are in the modules below.

mod admin;
mod cart;
mod cart_owner;
mod delivery;
mod orders;
mod transition;

use std::time::Duration;

use capability::{Clock, Entropy};
use http::Method;
use web::{Call, Health, Origins, Problem, Reply, Route, Service, route};

use self::admin::{list_all_orders, list_events, retry_event, set_status};
use self::cart::{add_to_cart, clear_cart, merge_cart, remove_line, set_line, view_cart};
use self::delivery::deliver_events;
use self::orders::{cancel_order, list_orders, place_order, purchases, view_order};
use crate::store::Store;
use crate::{App, Host, reconcile};

/// How often a change starts over because somebody else was faster: with the pauses between, for some five seconds. Fifty at
/// once get through.
const ATTEMPTS: u32 = 40;

/// What each route is called.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the table below says what they are")]
pub enum Name {
    ViewCart,
    AddToCart,
    ClearCart,
    MergeCart,
    SetLine,
    RemoveLine,
    PlaceOrder,
    ListOrders,
    ViewOrder,
    CancelOrder,
    ListAllOrders,
    SetStatus,
    ListEvents,
    RetryEvent,
    Health,
    Purchases,
    Reconcile,
    DeliverEvents,
}

impl<H: Host> Service for App<H> {
    const NAME: &'static str = "orders";
    type Name = Name;
    const ROUTES: &'static [Route<Name>] = &[
        // Carts.
        route(&Method::GET, "/orders/cart", Name::ViewCart),
        route(&Method::POST, "/orders/cart", Name::AddToCart),
        route(&Method::DELETE, "/orders/cart", Name::ClearCart),
        route(&Method::PUT, "/orders/cart/items/{productId}", Name::SetLine),
        route(&Method::DELETE, "/orders/cart/items/{productId}", Name::RemoveLine),
        route(&Method::POST, "/orders/cart/merge", Name::MergeCart),
        // For operators and admins. Above /orders/{orderId}, which would take them for ids.
        route(&Method::GET, "/orders/health", Name::Health),
        route(&Method::GET, "/orders/all", Name::ListAllOrders),
        route(&Method::GET, "/orders/events", Name::ListEvents),
        route(&Method::POST, "/orders/events/{eventId}/retry", Name::RetryEvent),
        // Orders.
        route(&Method::POST, "/orders", Name::PlaceOrder),
        route(&Method::GET, "/orders", Name::ListOrders),
        route(&Method::GET, "/orders/{orderId}", Name::ViewOrder),
        route(&Method::POST, "/orders/{orderId}/cancel", Name::CancelOrder),
        route(&Method::PATCH, "/orders/{orderId}/status", Name::SetStatus),
        // For the products service.
        route(&Method::GET, "/internal/orders/purchases", Name::Purchases),
        // For the jobs that run all the time.
        route(&Method::POST, "/internal/orders/reconcile", Name::Reconcile),
        route(&Method::POST, "/internal/orders/events/deliver", Name::DeliverEvents),
    ];

    fn host(&self) -> &(impl Clock + Entropy) {
        &self.host
    }

    fn gcp_project(&self) -> &str {
        &self.config.gcp_project
    }

    fn origins(&self) -> &Origins {
        &self.config.origins
    }

    async fn answer(&self, name: Name, call: Call) -> Result<Reply, Problem> {
        match name {
            Name::ViewCart => view_cart(self, &call).await,
            Name::AddToCart => add_to_cart(self, call).await,
            Name::ClearCart => clear_cart(self, &call).await,
            Name::MergeCart => merge_cart(self, call).await,
            Name::SetLine => set_line(self, call).await,
            Name::RemoveLine => remove_line(self, &call).await,
            Name::PlaceOrder => place_order(self, call).await,
            Name::ListOrders => list_orders(self, &call).await,
            Name::ViewOrder => view_order(self, &call).await,
            Name::CancelOrder => cancel_order(self, &call).await,
            Name::ListAllOrders => list_all_orders(self, &call).await,
            Name::SetStatus => set_status(self, call).await,
            Name::ListEvents => list_events(self, &call).await,
            Name::RetryEvent => retry_event(self, &call).await,
            Name::Health => {
                let firestore = Store::new(self, &call.trace_headers()).ping().await;
                Health::default().check("firestore", firestore).reply()
            }
            Name::Purchases => {
                call.require_service(&self.config.service_token)?;
                purchases(self, &call).await
            }
            Name::Reconcile => {
                call.require_service(&self.config.service_token)?;
                let done = reconcile::reconcile(self, &call.trace_headers(), &call.headers).await?;
                let reply = Reply::ok(&done)?;
                Ok(match done.note() {
                    Some(note) => reply.noted(note),
                    None => reply,
                })
            }
            Name::DeliverEvents => {
                call.require_service(&self.config.service_token)?;
                deliver_events(self, &call.trace_headers()).await
            }
        }
    }
}

/// Up to 15 ms at first, up to 400 ms in the end: those who collided shall not come back together.
pub(crate) fn contention_pause(attempt: u32, entropy: &impl Entropy) -> Duration {
    let [random] = entropy.bytes::<1>();
    let longest_ms = attempt.saturating_add(1).saturating_mul(15).min(400);
    Duration::from_millis(longest_ms.into()).saturating_mul(random.into()) / 256
}
