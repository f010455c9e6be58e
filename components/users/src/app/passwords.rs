//! Password hashing: the only place of the service that hashes.

use capability::DbError;
use capability::retry::poll_until;
use futures_util::lock::MutexGuard;
use identity::hasher::{HashingFailed, Verdict};
use identity::{Password, PasswordHash, PasswordHasher};
use kernel::UserId;

use crate::domain::credentials::Credentials;
use crate::domain::limits::{HASH_PERMIT_POLL, HASH_PERMIT_WAIT};
use crate::domain::throttle::TooManyAttempts;
use crate::{App, Host, store};

/// The request waited too long for the hash permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no hash permit within the time")]
pub(crate) struct Overloaded;

/// Why a password was not verified.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PasswordError {
    #[error("wrong password")]
    Wrong,
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    #[error(transparent)]
    TooManyAttempts(#[from] TooManyAttempts),
    #[error(transparent)]
    Hashing(#[from] HashingFailed),
    #[error(transparent)]
    Database(#[from] DbError),
}

/// The permit to hash, which one request of an instance has at a time.
///
/// A request holds it from the statement that admits the attempt to the statement that stores the result. Otherwise the
/// hashes of sixteen requests in a row would delay each statement beyond its timeout. A later request also sees the
/// result of an earlier one.
pub(crate) struct HashPermit<'a, H> {
    pub(crate) app: &'a App<H>,
    hasher: MutexGuard<'a, PasswordHasher>,
}

/// Waits for the hash permit.
// Polls, because one request of an instance cannot wake another: wit-bindgen 0.57 panics, and with its feature
// `inter-task-wakeup` Wasmtime 48 traps ("waitable cannot be used synchronously").
pub(crate) async fn hash_permit<H: Host>(app: &App<H>) -> Result<HashPermit<'_, H>, Overloaded> {
    let take = async || app.passwords.try_lock();
    let hasher = poll_until(&app.host, HASH_PERMIT_POLL, HASH_PERMIT_WAIT, take).await;
    Ok(HashPermit { app, hasher: hasher.ok_or(Overloaded)? })
}

impl<H: Host> HashPermit<'_, H> {
    pub(crate) fn hash(&mut self, password: &Password) -> Result<PasswordHash, HashingFailed> {
        self.hasher.hash(password, self.app.host.bytes())
    }

    /// Compares a password with a stored hash. Takes the same time without a hash.
    pub(crate) fn compare(
        &mut self,
        password: &Password,
        stored: Option<&PasswordHash>,
    ) -> Result<Verdict, HashingFailed> {
        self.hasher.compare(password, stored)
    }

    /// Verifies the password of an authenticated client, so that a stolen access token is not sufficient. Attempts count
    /// together with logins.
    pub(crate) async fn verify_password(
        &mut self,
        user: UserId,
        password: &Password,
    ) -> Result<Credentials, PasswordError> {
        let admission = store::admit_password_check(&self.app.host, user).await?;
        let admission = admission.ok_or(PasswordError::Wrong)?;
        admission.account.check("wrong passwords for this account")?;
        match self.compare(password, Some(&admission.credentials.password_hash))? {
            Verdict::Right | Verdict::Outdated => Ok(admission.credentials),
            Verdict::Wrong => Err(PasswordError::Wrong),
        }
    }
}
