//! The routes.

mod catalog;
mod categories;
mod health;
mod problems;
mod products;
mod reservations;
mod reviews;
mod stock;
mod transfer;
mod variants;

#[cfg(test)]
mod tests;

use capability::{Clock, Entropy};
use http::Method;
use web::{Call, EdgeConfig, Problem, Reply, Route, Service, route};

use crate::{App, Host};

/// The identifiers of the routes.
#[derive(Debug, Clone, Copy)]
pub enum RouteId {
    ListProducts,
    CreateProduct,
    Suggest,
    Import,
    Export,
    ListCategories,
    AddCategory,
    FindCategory,
    ChangeCategory,
    DeleteCategory,
    Health,
    FindProduct,
    ChangeProduct,
    ArchiveProduct,
    FindStock,
    ListReviews,
    WriteReview,
    DeleteReview,
    AddVariant,
    ChangeVariant,
    ArchiveVariant,
    ListMovements,
    AddMovement,
    Reserve,
    ListExpiredReservations,
    FindReservation,
    Confirm,
    Release,
    Quote,
    CheckLedger,
}

impl<H: Host> Service for App<H> {
    const NAME: &'static str = "products";
    type RouteId = RouteId;
    const ROUTES: &'static [Route<RouteId>] = &[
        route(&Method::GET, "/products", RouteId::ListProducts),
        route(&Method::POST, "/products", RouteId::CreateProduct).writes(),
        route(&Method::GET, "/products/suggest", RouteId::Suggest),
        route(&Method::POST, "/products/import", RouteId::Import).writes(),
        route(&Method::GET, "/products/export", RouteId::Export),
        route(&Method::GET, "/products/categories", RouteId::ListCategories),
        route(&Method::POST, "/products/categories", RouteId::AddCategory).writes(),
        route(&Method::GET, "/products/categories/{slug}", RouteId::FindCategory),
        route(&Method::PATCH, "/products/categories/{slug}", RouteId::ChangeCategory).writes(),
        route(&Method::DELETE, "/products/categories/{slug}", RouteId::DeleteCategory).writes(),
        // Before /products/{id}, which would match it.
        route(&Method::GET, "/products/health", RouteId::Health),
        route(&Method::GET, "/products/{id}", RouteId::FindProduct),
        route(&Method::PATCH, "/products/{id}", RouteId::ChangeProduct).writes(),
        route(&Method::DELETE, "/products/{id}", RouteId::ArchiveProduct).writes(),
        route(&Method::GET, "/products/{id}/stock", RouteId::FindStock),
        route(&Method::GET, "/products/{id}/reviews", RouteId::ListReviews),
        route(&Method::POST, "/products/{id}/reviews", RouteId::WriteReview).writes(),
        route(&Method::DELETE, "/products/{id}/reviews/{reviewId}", RouteId::DeleteReview).writes(),
        route(&Method::POST, "/products/{id}/variants", RouteId::AddVariant).writes(),
        route(&Method::PATCH, "/products/{id}/variants/{variantId}", RouteId::ChangeVariant).writes(),
        route(&Method::DELETE, "/products/{id}/variants/{variantId}", RouteId::ArchiveVariant).writes(),
        route(&Method::GET, "/products/{id}/stock/movements", RouteId::ListMovements),
        route(&Method::POST, "/products/{id}/stock/movements", RouteId::AddMovement).writes(),
        route(&Method::POST, "/internal/products/reservations", RouteId::Reserve).service_only().writes(),
        route(&Method::GET, "/internal/products/reservations", RouteId::ListExpiredReservations)
            .service_only(),
        route(&Method::GET, "/internal/products/reservations/{orderId}", RouteId::FindReservation)
            .service_only(),
        route(&Method::POST, "/internal/products/reservations/{orderId}/confirm", RouteId::Confirm)
            .service_only()
            .writes(),
        route(&Method::POST, "/internal/products/reservations/{orderId}/release", RouteId::Release)
            .service_only()
            .writes(),
        route(&Method::POST, "/internal/products/prices", RouteId::Quote).service_only(),
        route(&Method::GET, "/internal/products/ledger/check", RouteId::CheckLedger).service_only(),
    ];

    fn host(&self) -> &(impl Clock + Entropy) {
        &self.host
    }

    fn edge(&self) -> &EdgeConfig {
        &self.config.edge
    }

    fn invalidate_caches(&self) {
        self.cache.clear();
    }

    async fn dispatch(&self, route: RouteId, call: Call) -> Result<Reply, Problem> {
        match route {
            RouteId::ListProducts => catalog::list_products(self, &call).await,
            RouteId::ListCategories => catalog::list_categories(self, &call).await,
            RouteId::FindCategory => catalog::find_category(self, &call).await,
            RouteId::FindProduct => catalog::find_product(self, &call).await,
            RouteId::Suggest => catalog::suggest(self, &call).await,
            RouteId::CreateProduct => products::create(self, call).await,
            RouteId::ChangeProduct => products::change(self, call).await,
            RouteId::ArchiveProduct => products::archive(self, &call).await,
            RouteId::AddVariant => variants::add(self, call).await,
            RouteId::ChangeVariant => variants::change(self, call).await,
            RouteId::ArchiveVariant => variants::archive(self, &call).await,
            RouteId::AddCategory => categories::add(self, call).await,
            RouteId::ChangeCategory => categories::change(self, call).await,
            RouteId::DeleteCategory => categories::delete(self, &call).await,
            RouteId::Import => transfer::import(self, call).await,
            RouteId::Export => transfer::export(self, &call).await,
            RouteId::ListReviews => reviews::list(self, &call).await,
            RouteId::WriteReview => reviews::write(self, call).await,
            RouteId::DeleteReview => reviews::delete(self, &call).await,
            RouteId::FindStock => stock::find(self, &call).await,
            RouteId::ListMovements => stock::list_movements(self, &call).await,
            RouteId::AddMovement => stock::add_movement(self, call).await,
            RouteId::CheckLedger => stock::check_ledger(self).await,
            RouteId::Reserve => reservations::reserve(self, call).await,
            RouteId::ListExpiredReservations => reservations::list_expired(self, &call).await,
            RouteId::FindReservation => reservations::find(self, &call).await,
            RouteId::Confirm => reservations::confirm(self, &call).await,
            RouteId::Release => reservations::release(self, &call).await,
            RouteId::Quote => reservations::quote(self, call).await,
            RouteId::Health => health::health(self).await,
        }
    }
}
