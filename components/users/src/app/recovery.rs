//! Messages that verify an address or reset a password.

use capability::DbError;
use identity::hasher::HashingFailed;
use identity::one_time::Purpose;
use kernel::Email;

use crate::app::admission::AdmissionError;
use crate::app::passwords::{HashPermit, hash_permit};
use crate::domain::client::Client;
use crate::domain::credentials::PasswordReset;
use crate::domain::notification::MailedToken;
use crate::domain::throttle::Admission;
use crate::{App, Host, store};

/// A failure of the service: no input of the client causes it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResetError {
    #[error(transparent)]
    Hashing(#[from] HashingFailed),
    #[error(transparent)]
    Database(#[from] DbError),
}

/// A password reset that the throttle admits.
pub(crate) struct AdmittedReset<'a, H> {
    pub(crate) admission: Admission,
    permit: HashPermit<'a, H>,
    reset: PasswordReset,
    is_token_valid: bool,
}

/// Queues a message with a token. Returns the same admission whether the account exists or not; `email` is `None` if no
/// account can have the address.
pub(crate) async fn request_message<H: Host>(
    app: &App<H>,
    client: &Client,
    email: Option<&Email>,
    purpose: Purpose,
) -> Result<Admission, AdmissionError> {
    let (key, limit) = (client.throttle_key(), app.config.registrations);
    let admission = store::admit_message(&app.host, &key, limit).await?;
    admission.check("requests for messages from this address")?;
    if let Some(email) = email {
        let token = MailedToken::new(app.config.tokens.signing_keys(), purpose, app.host.bytes());
        store::request_token(&app.host, email, purpose, &token).await?;
    }
    Ok(admission)
}

/// Counts a password reset of this client.
pub(crate) async fn admit_reset<'a, H: Host>(
    app: &'a App<H>,
    reset: PasswordReset,
    client: &Client,
) -> Result<AdmittedReset<'a, H>, AdmissionError> {
    let permit = hash_permit(app).await?;
    let (key, limit) = (client.throttle_key(), app.config.registrations);
    let answer = store::admit_password_reset(&app.host, &key, limit, &reset.token_hash).await?;
    answer.client.check("password resets from this address")?;
    let (admission, is_token_valid) = (answer.client, answer.is_token_valid);
    Ok(AdmittedReset { admission, permit, reset, is_token_valid })
}

impl<H: Host> AdmittedReset<'_, H> {
    /// Sets the new password and ends all sessions. Returns false if the token is not valid, without hashing if that is
    /// known already.
    pub(crate) async fn reset_password(mut self) -> Result<bool, ResetError> {
        if !self.is_token_valid {
            return Ok(false);
        }
        let hash = self.permit.hash(&self.reset.new)?;
        Ok(store::reset_password(&self.permit.app.host, &self.reset.token_hash, &hash).await?)
    }
}

/// Redeems a token that verifies an address. Returns false if the token is not valid.
pub(crate) async fn verify_email<H: Host>(app: &App<H>, token_hash: &str) -> Result<bool, DbError> {
    store::verify_email(&app.host, token_hash).await
}
