//! What a message proves: that somebody reads the mail of an address.

use http::StatusCode;
use identity::one_time::Purpose;
use kernel::Email;
use web::{Call, Problem, Reply};

use super::{caller, passwords};
use crate::domain::account::{PasswordReset, read_email, read_token};
use crate::domain::throttle;
use crate::store::{self, MailedToken};
use crate::{App, Host};

pub(super) async fn request_password_reset<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let email = read_email(call.json().await?)?;
    request(app, &call, email.as_ref(), Purpose::PasswordReset).await
}

pub(super) async fn request_email_verification<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let caller = caller::identified(app, call).await?;
    let email = Email::parse(&caller.account.email).map_err(Problem::internal)?;
    request(app, call, Some(&email), Purpose::EmailVerification).await
}

/// 202, whether there is such an account or not.
async fn request<H: Host>(
    app: &App<H>,
    call: &Call,
    email: Option<&Email>,
    purpose: Purpose,
) -> Result<Reply, Problem> {
    let client = throttle::client(call.client_address(app.config.trusted_hops));
    let limit = app.config.registrations;
    let admission = store::admit_message(&app.host, &client, limit).await?;
    admission.require("requests for messages from this address")?;
    if let Some(email) = email {
        let token = MailedToken::new(app.config.tokens.signing_keys(), purpose, app.host.bytes());
        store::request_token(&app.host, email, purpose, &token).await?;
    }
    let accepted = Reply::ok(&serde_json::json!({ "status": "accepted" }))?;
    admission.report(Ok(accepted.with_status(StatusCode::ACCEPTED)))
}

pub(super) async fn reset_password<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let reset = PasswordReset::read(call.json().await?)?;
    let client = throttle::client(call.client_address(app.config.trusted_hops));
    let limit = app.config.registrations;
    let mut turn = passwords::turn(app).await?;
    let admission = store::admit_password_reset(&app.host, &client, limit, &reset.token_hash).await?;
    admission.client.require("password resets from this address")?;
    if !admission.is_good {
        // Nothing is hashed for a token that is worth nothing.
        return admission.client.report(Err(invalid_token()));
    }
    let hash = turn.hash(&reset.new)?;
    let is_reset = store::reset_password(&app.host, &reset.token_hash, &hash).await?;
    admission.client.report(if is_reset { Ok(Reply::no_content()) } else { Err(invalid_token()) })
}

pub(super) async fn verify_email<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let token_hash = read_token(call.json().await?)?;
    if store::verify_email(&app.host, &token_hash).await? {
        Ok(Reply::no_content())
    } else {
        Err(invalid_token())
    }
}

fn invalid_token() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "invalid-one-time-token",
        "the token is not valid, was used, or has expired; ask for a new message",
    )
}
