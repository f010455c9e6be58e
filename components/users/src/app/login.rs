//! Logins with a password.

use capability::DbError;
use identity::hasher::{HashingFailed, Verdict};
use identity::{Password, RefreshToken};

use crate::app::admission::AdmissionError;
use crate::app::passwords::{HashPermit, hash_permit};
use crate::app::sessions::{self, PendingSession};
use crate::domain::client::Client;
use crate::domain::credentials::{Credentials, Login, VerifiedPassword};
use crate::domain::session::{SessionTokens, SigningFailed};
use crate::domain::throttle::Admission;
use crate::{App, Host, store};

#[derive(Debug, thiserror::Error)]
pub(crate) enum LoginError {
    #[error("the address or the password is wrong, or the account is disabled")]
    InvalidCredentials,
    #[error(transparent)]
    Hashing(#[from] HashingFailed),
    #[error(transparent)]
    Signing(#[from] SigningFailed),
    #[error(transparent)]
    Database(#[from] DbError),
}

/// A login that the throttle admits.
pub(crate) struct AdmittedLogin<'a, H> {
    /// The client's attempts, not the account's.
    pub(crate) admission: Admission,
    permit: HashPermit<'a, H>,
    password: Password,
    credentials: Option<Credentials>,
}

/// Counts a login for the client and for the account.
pub(crate) async fn admit<'a, H: Host>(
    app: &'a App<H>,
    login: Login,
    client: &Client,
) -> Result<AdmittedLogin<'a, H>, AdmissionError> {
    let permit = hash_permit(app).await?;
    let (key, limit) = (client.throttle_key(), app.config.logins);
    let answer = store::admit_login(&app.host, login.email.as_ref(), &key, limit).await?;
    answer.client.check("logins from this address")?;
    if let Some(account) = answer.account {
        account.check("wrong passwords for this account")?;
    }
    let (admission, credentials) = (answer.client, answer.credentials);
    Ok(AdmittedLogin { admission, permit, password: login.password, credentials })
}

impl<H: Host> AdmittedLogin<'_, H> {
    /// Starts a session if the password is right.
    pub(crate) async fn log_in(mut self, client: &Client) -> Result<SessionTokens, LoginError> {
        let app = self.permit.app;
        let pending = PendingSession::new(app, client);
        let session = match self.verify()? {
            Some(password) => store::start_session(&app.host, &password, &pending.session).await?,
            None => None,
        };
        let Some(session) = session else {
            let user = self.credentials.map(|credentials| credentials.user);
            store::record_failed_login(&app.host, user, &pending.session.device).await?;
            return Err(LoginError::InvalidCredentials);
        };
        let refresh = RefreshToken::new(session.id, 0, pending.random);
        Ok(sessions::issue(app, session, refresh)?)
    }

    /// Compares the password. Always hashes, with or without an account: constant time prevents user enumeration.
    fn verify(&mut self) -> Result<Option<VerifiedPassword>, HashingFailed> {
        let enabled = self.credentials.as_ref().filter(|credentials| !credentials.is_disabled);
        let stored = enabled.map(|credentials| &credentials.password_hash);
        let rehashed = match self.permit.compare(&self.password, stored)? {
            Verdict::Wrong => return Ok(None),
            Verdict::Right => None,
            Verdict::Outdated => Some(self.permit.hash(&self.password)?),
        };
        let verified = |credentials: &Credentials| VerifiedPassword {
            user: credentials.user,
            version: credentials.password_version,
            rehashed,
        };
        Ok(enabled.map(verified))
    }
}
