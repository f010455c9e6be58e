//! `/users/password-reset` and `/users/email-verification`

use http::StatusCode;
use identity::one_time::Purpose;
use kernel::Email;
use web::rate_limit::add_headers;
use web::{Call, Problem, Reply};

use super::problems::{invalid_one_time_token, rate_limit};
use super::requests;
use crate::app::recovery;
use crate::domain::credentials::{PasswordReset, read_email, read_one_time_token};
use crate::{App, Host};

pub(super) async fn request_password_reset<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let email = read_email(call.json().await?)?;
    request(app, &call, email.as_ref(), Purpose::PasswordReset).await
}

pub(super) async fn request_email_verification<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let caller = requests::caller(app, call).await?;
    let email = Email::parse(&caller.account.email).map_err(Problem::internal)?;
    request(app, call, Some(&email), Purpose::EmailVerification).await
}

/// Returns 202 whether the account exists or not.
async fn request<H: Host>(
    app: &App<H>,
    call: &Call,
    email: Option<&Email>,
    purpose: Purpose,
) -> Result<Reply, Problem> {
    let client = requests::client(call);
    let admission = recovery::request_message(app, &client, email, purpose).await?;
    let accepted = Reply::ok(&serde_json::json!({ "status": "accepted" }))?;
    add_headers(Ok(accepted.with_status(StatusCode::ACCEPTED)), &rate_limit(&admission))
}

pub(super) async fn reset_password<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let reset = PasswordReset::read(call.json().await?)?;
    let client = requests::client(&call);
    let admitted = recovery::admit_reset(app, reset, &client).await?;
    let admission = admitted.admission;
    let is_reset = admitted.reset_password().await?;
    add_headers(no_content_if(is_reset), &rate_limit(&admission))
}

pub(super) async fn verify_email<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let token_hash = read_one_time_token(call.json().await?)?;
    no_content_if(recovery::verify_email(app, &token_hash).await?)
}

fn no_content_if(is_redeemed: bool) -> Result<Reply, Problem> {
    if is_redeemed { Ok(Reply::no_content()) } else { Err(invalid_one_time_token()) }
}
