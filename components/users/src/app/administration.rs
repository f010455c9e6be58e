//! What admins read and change.

use capability::DbError;
use kernel::UserId;

use crate::app::authentication::Caller;
use crate::app::resource::{Resource, ResourceError, applied};
use crate::domain::account::Account;
use crate::domain::administration::{AccountUpdate, AuditEntry, search_pattern};
use crate::{App, Host, store};
use kernel::ExpectedVersion;
use kernel::page::{PageItems, PageRequest};

/// Returns the accounts whose address or name contains `search`, newest first.
pub(crate) async fn list<H: Host>(
    app: &App<H>,
    search: Option<&str>,
    page: &PageRequest<i64>,
) -> Result<PageItems<Account, i64>, DbError> {
    let pattern = search.map(search_pattern);
    store::list_accounts(&app.host, pattern.as_deref(), page).await
}

pub(crate) async fn find<H: Host>(app: &App<H>, user: UserId) -> Result<Account, ResourceError> {
    let account = store::find_account(&app.host, user).await?;
    account.ok_or(ResourceError::NotFound(Resource::User))
}

pub(crate) async fn update<H: Host>(
    app: &App<H>,
    admin: &Caller,
    user: UserId,
    expected: &ExpectedVersion,
    update: AccountUpdate,
) -> Result<Account, ResourceError> {
    let change = store::administer_account(&app.host, admin.id(), user, expected, update).await?;
    applied(change, Resource::User)
}

/// Returns the audit log of an account, newest first.
pub(crate) async fn audit_log<H: Host>(
    app: &App<H>,
    user: UserId,
    page: &PageRequest<i64>,
) -> Result<PageItems<AuditEntry, i64>, ResourceError> {
    let entries = store::list_audit_log(&app.host, user, page).await?;
    if entries.items.is_empty() {
        find(app, user).await?;
    }
    Ok(entries)
}
