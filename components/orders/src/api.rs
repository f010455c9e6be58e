//! The routes.

mod admin;
mod cart;
mod internal;
mod orders;
mod problems;
mod requests;
#[cfg(test)]
mod tests;

use capability::{Clock, Entropy};
use http::Method;
use web::{Call, EdgeConfig, Problem, Reply, Route, Service, route};

use crate::{App, Host};

#[derive(Debug, Clone, Copy)]
pub enum RouteId {
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
    type RouteId = RouteId;
    const ROUTES: &'static [Route<RouteId>] = &[
        // Carts.
        route(&Method::GET, "/orders/cart", RouteId::ViewCart),
        route(&Method::POST, "/orders/cart", RouteId::AddToCart),
        route(&Method::DELETE, "/orders/cart", RouteId::ClearCart),
        route(&Method::PUT, "/orders/cart/items/{productId}", RouteId::SetLine),
        route(&Method::DELETE, "/orders/cart/items/{productId}", RouteId::RemoveLine),
        route(&Method::POST, "/orders/cart/merge", RouteId::MergeCart),
        // Operators and admins. Before /orders/{orderId}, whose placeholder matches these paths too.
        route(&Method::GET, "/orders/health", RouteId::Health),
        route(&Method::GET, "/orders/all", RouteId::ListAllOrders),
        route(&Method::GET, "/orders/events", RouteId::ListEvents),
        route(&Method::POST, "/orders/events/{eventId}/retry", RouteId::RetryEvent),
        // Orders.
        route(&Method::POST, "/orders", RouteId::PlaceOrder),
        route(&Method::GET, "/orders", RouteId::ListOrders),
        route(&Method::GET, "/orders/{orderId}", RouteId::ViewOrder),
        route(&Method::POST, "/orders/{orderId}/cancel", RouteId::CancelOrder),
        route(&Method::PATCH, "/orders/{orderId}/status", RouteId::SetStatus),
        // The products service.
        route(&Method::GET, "/internal/orders/purchases", RouteId::Purchases).service_only(),
        // Jobs.
        route(&Method::POST, "/internal/orders/reconcile", RouteId::Reconcile).service_only(),
        route(&Method::POST, "/internal/orders/events/deliver", RouteId::DeliverEvents).service_only(),
    ];

    fn host(&self) -> &(impl Clock + Entropy) {
        &self.host
    }

    fn edge(&self) -> &EdgeConfig {
        &self.config.edge
    }

    async fn dispatch(&self, route: RouteId, call: Call) -> Result<Reply, Problem> {
        let context = &requests::context(self, &call);
        match route {
            RouteId::ViewCart => cart::view(context, &call).await,
            RouteId::AddToCart => cart::add(context, call).await,
            RouteId::ClearCart => cart::clear(context, &call).await,
            RouteId::MergeCart => cart::merge(context, call).await,
            RouteId::SetLine => cart::set_line(context, call).await,
            RouteId::RemoveLine => cart::remove_line(context, &call).await,
            RouteId::PlaceOrder => orders::place(context, call).await,
            RouteId::ListOrders => orders::list(context, &call).await,
            RouteId::ViewOrder => orders::view(context, &call).await,
            RouteId::CancelOrder => orders::cancel(context, &call).await,
            RouteId::ListAllOrders => admin::list_orders(context, &call).await,
            RouteId::SetStatus => admin::set_status(context, call).await,
            RouteId::ListEvents => admin::list_events(context, &call).await,
            RouteId::RetryEvent => admin::retry_event(context, &call).await,
            RouteId::Health => internal::health(context).await,
            RouteId::Purchases => internal::purchases(context, &call).await,
            RouteId::Reconcile => internal::reconcile(context).await,
            RouteId::DeliverEvents => internal::deliver_events(context).await,
        }
    }
}
