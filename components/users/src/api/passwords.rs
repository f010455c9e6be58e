//! Passwords are hashed here and nowhere else in the service.

use std::time::Duration;

use futures_util::lock::MutexGuard;
use http::StatusCode;
use identity::hasher::Verdict;
use identity::{Password, PasswordHash, PasswordHasher};
use kernel::UserId;
use web::Problem;

use crate::domain::account::Credentials;
use crate::{App, Host, store};

/// How long a request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long it waits before it asks again: half a hash. Two hundred requests that ask every 5 ms are half a core of asking.
const PAUSE: Duration = Duration::from_millis(20);

/// The right to hash. One request of an instance has it at a time, from the statement that admits it to the one that keeps
/// the result: hashes of sixteen requests in a row would make each of their statements wait for longer than a statement
/// may take, and whoever comes later sees what the one before has done.
pub(super) struct Turn<'a, H> {
    app: &'a App<H>,
    hasher: MutexGuard<'a, PasswordHasher>,
}

/// Waits for the right to hash, by asking again and again: one request of an instance cannot wake another. (wit-bindgen 0.57
/// panics, and with its feature `inter-task-wakeup` Wasmtime 48 traps: "waitable cannot be used synchronously".)
pub(super) async fn turn<H: Host>(app: &App<H>) -> Result<Turn<'_, H>, Problem> {
    let begun = app.host.now();
    loop {
        if let Some(hasher) = app.passwords.try_lock() {
            return Ok(Turn { app, hasher });
        }
        if app.host.now() >= begun.checked_add(PATIENCE).unwrap_or(begun) {
            let detail = "too many passwords are being checked; \
                          send the same request again after the time in retry-after";
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", detail)
                .with_retry_after(5)
                .caused_by("no turn to hash within the time"));
        }
        app.host.sleep(PAUSE).await;
    }
}

impl<H: Host> Turn<'_, H> {
    /// The hash to keep.
    pub(super) fn hash(&mut self, password: &Password) -> Result<PasswordHash, Problem> {
        self.hasher.hash(password, self.app.host.bytes()).map_err(Problem::internal)
    }

    /// Whether this is the password behind a hash. Takes as long without one.
    pub(super) fn compare(
        &mut self,
        password: &Password,
        kept: Option<&PasswordHash>,
    ) -> Result<Verdict, Problem> {
        self.hasher.compare(password, kept).map_err(Problem::internal)
    }

    /// Lets only the owner of an account pass, who is logged in and shows the password again. A stolen token is not enough,
    /// and guesses are counted with those of logins.
    pub(super) async fn prove(&mut self, user: UserId, password: &Password) -> Result<Credentials, Problem> {
        let admission = store::admit_password_check(&self.app.host, user).await?;
        let admission = admission.ok_or_else(wrong_password)?;
        admission.account.require("wrong passwords for this account")?;
        match self.compare(password, Some(&admission.credentials.password_hash))? {
            Verdict::Right | Verdict::Outdated => Ok(admission.credentials),
            Verdict::Wrong => Err(wrong_password()),
        }
    }
}

/// It was the password a moment ago, or it never was.
pub(super) fn wrong_password() -> Problem {
    Problem::forbidden("wrong-password", "this is not the password of your account")
}
