//! The caller's own account.

use capability::DbError;
use identity::Password;

use crate::app::authentication::Caller;
use crate::app::passwords::{Overloaded, PasswordError, hash_permit};
use crate::app::resource::{Resource, ResourceError, applied};
use crate::domain::account::Account;
use crate::domain::credentials::PasswordChange;
use crate::store::Erasure;
use crate::{App, Host, store};
use kernel::ExpectedVersion;

#[derive(Debug, thiserror::Error)]
pub(crate) enum EraseError {
    #[error("the shop would have no admin")]
    LastAdmin,
    #[error(transparent)]
    Password(#[from] PasswordError),
}

impl From<DbError> for EraseError {
    fn from(error: DbError) -> Self {
        Self::Password(error.into())
    }
}

impl From<Overloaded> for EraseError {
    fn from(error: Overloaded) -> Self {
        Self::Password(error.into())
    }
}

pub(crate) async fn rename<H: Host>(
    app: &App<H>,
    caller: &Caller,
    expected: &ExpectedVersion,
    full_name: &str,
) -> Result<Account, ResourceError> {
    let change = store::rename_account(&app.host, caller.id(), expected, full_name).await?;
    applied(change, Resource::Account)
}

/// Erases the account permanently.
pub(crate) async fn erase<H: Host>(
    app: &App<H>,
    caller: &Caller,
    password: &Password,
) -> Result<(), EraseError> {
    let verified = hash_permit(app).await?.verify_password(caller.id(), password).await?;
    match store::erase_account(&app.host, caller.id(), verified.password_version).await? {
        Erasure::Erased => Ok(()),
        Erasure::Rejected => Err(PasswordError::Wrong.into()),
        Erasure::LastAdmin => Err(EraseError::LastAdmin),
    }
}

/// Changes the password and ends all other sessions.
pub(crate) async fn change_password<H: Host>(
    app: &App<H>,
    caller: &Caller,
    change: &PasswordChange,
) -> Result<(), PasswordError> {
    let mut permit = hash_permit(app).await?;
    let version = permit.verify_password(caller.id(), &change.current).await?.password_version;
    let hash = permit.hash(&change.new)?;
    let is_changed = store::change_password(&app.host, caller.id(), caller.session, version, &hash).await?;
    // False if a concurrent request changed the password between the two statements.
    if is_changed { Ok(()) } else { Err(PasswordError::Wrong) }
}

/// Returns all data about the caller as finished JSON.
pub(crate) async fn export<H: Host>(app: &App<H>, caller: &Caller) -> Result<String, ResourceError> {
    let export = store::export_account(&app.host, caller.id()).await?;
    export.ok_or(ResourceError::NotFound(Resource::Account))
}
