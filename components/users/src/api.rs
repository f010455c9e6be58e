//! The route table. The handlers are in `api/`, one file for each resource.

mod account;
mod addresses;
mod admin;
mod operations;
mod problems;
mod recovery;
mod requests;
mod sessions;
mod tokens;

use capability::{Clock, Entropy};
use http::Method;
use web::{Call, EdgeConfig, Problem, Reply, Route, Service, route};

use crate::{App, Host};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteId {
    Register,
    LogIn,
    VerifyToken,
    Refresh,
    LogOut,
    LogOutEverywhere,
    RequestPasswordReset,
    ResetPassword,
    RequestEmailVerification,
    VerifyEmail,
    ShowAccount,
    RenameAccount,
    EraseAccount,
    ChangePassword,
    ExportAccount,
    ListSessions,
    RevokeSession,
    ListAddresses,
    AddAddress,
    ShowAddress,
    ReplaceAddress,
    RemoveAddress,
    ListUsers,
    ShowUser,
    UpdateUser,
    ListAuditLog,
    ShowJwks,
    CheckHealth,
    DeliverNotifications,
}

impl<H: Host> Service for App<H> {
    const NAME: &'static str = "users";
    type RouteId = RouteId;
    const ROUTES: &'static [Route<RouteId>] = &[
        // Authentication of shoppers.
        route(&Method::POST, "/users/register", RouteId::Register),
        route(&Method::POST, "/users/login", RouteId::LogIn),
        route(&Method::POST, "/users/token/refresh", RouteId::Refresh),
        route(&Method::POST, "/users/logout", RouteId::LogOut),
        route(&Method::POST, "/users/logout-all", RouteId::LogOutEverywhere),
        route(&Method::POST, "/users/password-reset", RouteId::RequestPasswordReset),
        route(&Method::POST, "/users/password-reset/confirm", RouteId::ResetPassword),
        route(&Method::POST, "/users/email-verification", RouteId::RequestEmailVerification),
        route(&Method::POST, "/users/email-verification/confirm", RouteId::VerifyEmail),
        // The account of the authenticated shopper.
        route(&Method::GET, "/users/me", RouteId::ShowAccount),
        route(&Method::PATCH, "/users/me", RouteId::RenameAccount),
        route(&Method::DELETE, "/users/me", RouteId::EraseAccount),
        route(&Method::PUT, "/users/me/password", RouteId::ChangePassword),
        route(&Method::GET, "/users/me/export", RouteId::ExportAccount),
        route(&Method::GET, "/users/me/sessions", RouteId::ListSessions),
        route(&Method::DELETE, "/users/me/sessions/{id}", RouteId::RevokeSession),
        route(&Method::GET, "/users/me/addresses", RouteId::ListAddresses),
        route(&Method::POST, "/users/me/addresses", RouteId::AddAddress),
        route(&Method::GET, "/users/me/addresses/{id}", RouteId::ShowAddress),
        route(&Method::PUT, "/users/me/addresses/{id}", RouteId::ReplaceAddress),
        route(&Method::DELETE, "/users/me/addresses/{id}", RouteId::RemoveAddress),
        // For the other services.
        route(&Method::GET, "/users/verify-token", RouteId::VerifyToken),
        route(&Method::GET, "/users/.well-known/jwks.json", RouteId::ShowJwks),
        // For operators.
        route(&Method::GET, "/users/health", RouteId::CheckHealth),
        route(&Method::POST, "/internal/users/notifications/deliver", RouteId::DeliverNotifications)
            .service_only(),
        // For admins. After the literal paths that also match /users/{id}.
        route(&Method::GET, "/users", RouteId::ListUsers),
        route(&Method::GET, "/users/{id}", RouteId::ShowUser),
        route(&Method::PATCH, "/users/{id}", RouteId::UpdateUser),
        route(&Method::GET, "/users/{id}/audit-log", RouteId::ListAuditLog),
    ];

    fn host(&self) -> &(impl Clock + Entropy) {
        &self.host
    }

    fn edge(&self) -> &EdgeConfig {
        &self.config.edge
    }

    async fn dispatch(&self, route: RouteId, call: Call) -> Result<Reply, Problem> {
        match route {
            RouteId::Register => sessions::register(self, call).await,
            RouteId::LogIn => sessions::log_in(self, call).await,
            RouteId::Refresh => sessions::refresh(self, call).await,
            RouteId::LogOut => sessions::log_out(self, &call).await,
            RouteId::LogOutEverywhere => sessions::log_out_everywhere(self, &call).await,
            RouteId::ListSessions => sessions::list(self, &call).await,
            RouteId::RevokeSession => sessions::revoke(self, &call).await,
            RouteId::RequestPasswordReset => recovery::request_password_reset(self, call).await,
            RouteId::ResetPassword => recovery::reset_password(self, call).await,
            RouteId::RequestEmailVerification => recovery::request_email_verification(self, &call).await,
            RouteId::VerifyEmail => recovery::verify_email(self, call).await,
            RouteId::ShowAccount => account::show(self, &call).await,
            RouteId::RenameAccount => account::rename(self, call).await,
            RouteId::EraseAccount => account::erase(self, call).await,
            RouteId::ChangePassword => account::change_password(self, call).await,
            RouteId::ExportAccount => account::export(self, &call).await,
            RouteId::ListAddresses => addresses::list(self, &call).await,
            RouteId::AddAddress => addresses::add(self, call).await,
            RouteId::ShowAddress => addresses::show(self, &call).await,
            RouteId::ReplaceAddress => addresses::replace(self, call).await,
            RouteId::RemoveAddress => addresses::remove(self, &call).await,
            RouteId::VerifyToken => tokens::verify(self, &call).await,
            RouteId::ShowJwks => tokens::jwks(self),
            RouteId::CheckHealth => operations::health(self).await,
            RouteId::DeliverNotifications => operations::deliver_notifications(self).await,
            RouteId::ListUsers => admin::list(self, &call).await,
            RouteId::ShowUser => admin::show(self, &call).await,
            RouteId::UpdateUser => admin::update(self, call).await,
            RouteId::ListAuditLog => admin::audit_log(self, &call).await,
        }
    }
}

#[cfg(test)]
mod tests;
