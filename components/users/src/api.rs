//! The routes. The stories are in `api/`, one file for each thing that people do.

mod account;
mod addresses;
mod admin;
mod caller;
mod delivery;
mod passwords;
mod recovery;
mod sessions;

use capability::{Clock, Entropy};
use http::{Method, StatusCode};
use serde::Serialize;
use web::{Call, Health, Origins, Problem, Reply, Route, Service, page_json, route};

use crate::store::{self, Change, PageOf, RegisterError, Rule};
use crate::{App, Host};

/// What each route is called.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the table below says what they are")]
pub enum Name {
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
    Me,
    Rename,
    Erase,
    ChangePassword,
    Export,
    Sessions,
    RevokeSession,
    Addresses,
    AddAddress,
    Address,
    ChangeAddress,
    RemoveAddress,
    Accounts,
    Account,
    Administer,
    AuditLog,
    Jwks,
    Health,
    DeliverNotifications,
}

impl<H: Host> Service for App<H> {
    const NAME: &'static str = "users";
    type Name = Name;
    const ROUTES: &'static [Route<Name>] = &[
        // For shoppers: in, out, and back in.
        route(&Method::POST, "/users/register", Name::Register),
        route(&Method::POST, "/users/login", Name::LogIn),
        route(&Method::POST, "/users/token/refresh", Name::Refresh),
        route(&Method::POST, "/users/logout", Name::LogOut),
        route(&Method::POST, "/users/logout-all", Name::LogOutEverywhere),
        route(&Method::POST, "/users/password-reset", Name::RequestPasswordReset),
        route(&Method::POST, "/users/password-reset/confirm", Name::ResetPassword),
        route(&Method::POST, "/users/email-verification", Name::RequestEmailVerification),
        route(&Method::POST, "/users/email-verification/confirm", Name::VerifyEmail),
        // For shoppers: what is theirs.
        route(&Method::GET, "/users/me", Name::Me),
        route(&Method::PATCH, "/users/me", Name::Rename),
        route(&Method::DELETE, "/users/me", Name::Erase),
        route(&Method::PUT, "/users/me/password", Name::ChangePassword),
        route(&Method::GET, "/users/me/export", Name::Export),
        route(&Method::GET, "/users/me/sessions", Name::Sessions),
        route(&Method::DELETE, "/users/me/sessions/{id}", Name::RevokeSession),
        route(&Method::GET, "/users/me/addresses", Name::Addresses),
        route(&Method::POST, "/users/me/addresses", Name::AddAddress),
        route(&Method::GET, "/users/me/addresses/{id}", Name::Address),
        route(&Method::PUT, "/users/me/addresses/{id}", Name::ChangeAddress),
        route(&Method::DELETE, "/users/me/addresses/{id}", Name::RemoveAddress),
        // For the other services.
        route(&Method::GET, "/users/verify-token", Name::VerifyToken),
        route(&Method::GET, "/users/.well-known/jwks.json", Name::Jwks),
        // For operators.
        route(&Method::GET, "/users/health", Name::Health),
        route(&Method::POST, "/internal/users/notifications/deliver", Name::DeliverNotifications),
        // For admins. Below the names that /users/{id} would take for an id.
        route(&Method::GET, "/users", Name::Accounts),
        route(&Method::GET, "/users/{id}", Name::Account),
        route(&Method::PATCH, "/users/{id}", Name::Administer),
        route(&Method::GET, "/users/{id}/audit-log", Name::AuditLog),
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
            Name::Register => sessions::register(self, call).await,
            Name::LogIn => sessions::log_in(self, call).await,
            Name::Refresh => sessions::refresh(self, call).await,
            Name::LogOut => sessions::log_out(self, &call).await,
            Name::LogOutEverywhere => sessions::log_out_everywhere(self, &call).await,
            Name::Sessions => sessions::list(self, &call).await,
            Name::RevokeSession => sessions::revoke(self, &call).await,
            Name::RequestPasswordReset => recovery::request_password_reset(self, call).await,
            Name::ResetPassword => recovery::reset_password(self, call).await,
            Name::RequestEmailVerification => recovery::request_email_verification(self, &call).await,
            Name::VerifyEmail => recovery::verify_email(self, call).await,
            Name::Me => account::me(self, &call).await,
            Name::Rename => account::rename(self, call).await,
            Name::Erase => account::erase(self, call).await,
            Name::ChangePassword => account::change_password(self, call).await,
            Name::Export => account::export(self, &call).await,
            Name::Addresses => addresses::list(self, &call).await,
            Name::AddAddress => addresses::add(self, call).await,
            Name::Address => addresses::show(self, &call).await,
            Name::ChangeAddress => addresses::change(self, call).await,
            Name::RemoveAddress => addresses::remove(self, &call).await,
            Name::VerifyToken => caller::verify_token(self, &call).await,
            Name::Jwks => caller::jwks(self),
            Name::Health => Health::default().check("database", store::ping(&self.host).await).reply(),
            Name::DeliverNotifications => delivery::deliver(self, &call).await,
            Name::Accounts => admin::list(self, &call).await,
            Name::Account => admin::show(self, &call).await,
            Name::Administer => admin::administer(self, call).await,
            Name::AuditLog => admin::audit_log(self, &call).await,
        }
    }
}

/// The page that a request asks for. `list` is in the cursor, so that one of another list is refused.
fn page_of<H>(app: &App<H>, call: &Call, list: &str) -> Result<PageOf, Problem> {
    let query = call.query();
    let limit = query.limit()?.get();
    let cursor: Option<(String, i64)> = query.cursor(&app.config.cursors)?;
    match cursor {
        Some((of, after)) if of == list => Ok(PageOf { after: Some(after), limit: limit.saturating_add(1) }),
        Some(_) => Err(Problem::invalid_parameter("cursor", "is the nextCursor of another list")),
        None => Ok(PageOf { after: None, limit: limit.saturating_add(1) }),
    }
}

/// A page in its envelope: `rows` has one more than the page if there is another one.
fn page<H, R, T: Serialize>(
    app: &App<H>,
    list: &str,
    page: PageOf,
    mut rows: Vec<R>,
    id: impl Fn(&R) -> i64,
    show: impl Fn(R) -> T,
) -> Result<Reply, Problem> {
    let limit = usize::try_from(page.limit.saturating_sub(1)).unwrap_or(0);
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().filter(|_| has_more).map(id);
    let next = app.config.cursors.next(last.map(|last| (list, last)));
    let items: Vec<T> = rows.into_iter().map(show).collect();
    let items = serde_json::to_string(&items).map_err(Problem::internal)?;
    Ok(Reply::finished(page_json(list, &items, next, "")))
}

/// What a change came to, as an answer. `what` is what may not be there.
fn changed<T>(change: Change<T>, what: &str) -> Result<T, Problem> {
    match change {
        Change::Made(value) => Ok(value),
        Change::Absent => Err(Problem::not_found(what)),
        Change::Stale => Err(Problem::stale()),
        Change::Refused(rule) => Err(rule.into()),
    }
}

impl From<Rule> for Problem {
    fn from(rule: Rule) -> Self {
        let (code, detail) = match rule {
            Rule::AtMostSoManyAddresses => {
                ("too-many-addresses", "an account has 100 addresses at most; remove one first")
            }
            Rule::OneAdminAtLeast => {
                ("last-admin", "the shop would have no admin any more; make somebody else an admin first")
            }
        };
        Self::new(StatusCode::CONFLICT, code, detail)
    }
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::EmailTaken => Problem::new(
                StatusCode::CONFLICT,
                "email-taken",
                "there is an account with this e-mail address already; log in instead",
            ),
            RegisterError::Database(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests;
