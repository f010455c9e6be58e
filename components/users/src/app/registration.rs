//! Registration: an account, its first session, and the message that verifies its address.

use capability::DbError;
use identity::RefreshToken;
use identity::hasher::HashingFailed;
use identity::one_time::Purpose;

use crate::app::admission::AdmissionError;
use crate::app::passwords::{HashPermit, hash_permit};
use crate::app::sessions::{self, PendingSession};
use crate::domain::account::NewAccount;
use crate::domain::client::Client;
use crate::domain::credentials::Registration;
use crate::domain::notification::MailedToken;
use crate::domain::session::{SessionTokens, SigningFailed};
use crate::domain::throttle::Admission;
use crate::{App, Host, store};

#[derive(Debug, thiserror::Error)]
pub(crate) enum RegistrationError {
    #[error("another account has the address")]
    EmailTaken,
    #[error(transparent)]
    Hashing(#[from] HashingFailed),
    #[error(transparent)]
    Signing(#[from] SigningFailed),
    #[error(transparent)]
    Database(#[from] DbError),
}

impl From<store::RegisterError> for RegistrationError {
    fn from(error: store::RegisterError) -> Self {
        match error {
            store::RegisterError::EmailTaken => Self::EmailTaken,
            store::RegisterError::Database(error) => Self::Database(error),
        }
    }
}

/// A registration that the throttle admits.
pub(crate) struct AdmittedRegistration<'a, H> {
    pub(crate) admission: Admission,
    permit: HashPermit<'a, H>,
    registration: Registration,
    is_email_taken: bool,
}

/// Counts a registration of this client.
pub(crate) async fn admit<'a, H: Host>(
    app: &'a App<H>,
    registration: Registration,
    client: &Client,
) -> Result<AdmittedRegistration<'a, H>, AdmissionError> {
    let permit = hash_permit(app).await?;
    let (key, limit) = (client.throttle_key(), app.config.registrations);
    let answer = store::admit_registration(&app.host, &registration.email, &key, limit).await?;
    answer.client.check("registrations from this address")?;
    let (admission, is_email_taken) = (answer.client, answer.is_taken);
    Ok(AdmittedRegistration { admission, permit, registration, is_email_taken })
}

impl<H: Host> AdmittedRegistration<'_, H> {
    /// Creates the account and starts its first session. Does not hash the password if the address is taken.
    pub(crate) async fn register(mut self, client: &Client) -> Result<SessionTokens, RegistrationError> {
        if self.is_email_taken {
            return Err(RegistrationError::EmailTaken);
        }
        let app = self.permit.app;
        let password_hash = self.permit.hash(&self.registration.password)?;
        let Registration { email, full_name, .. } = self.registration;
        let account = NewAccount { email, full_name, password_hash };
        let pending = PendingSession::new(app, client);
        let keys = app.config.tokens.signing_keys();
        let verification = MailedToken::new(keys, Purpose::EmailVerification, app.host.bytes());
        let session = store::register(&app.host, &account, &pending.session, &verification).await?;
        let refresh = RefreshToken::new(session.id, 0, pending.random);
        Ok(sessions::issue(app, session, refresh)?)
    }
}
