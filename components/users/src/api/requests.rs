//! What several routes read from a request.

use web::{Call, Problem};

use crate::app::authentication::{Caller, authenticate};
use crate::domain::client::Client;
use crate::{App, Host};

pub(super) async fn caller<H: Host>(app: &App<H>, call: &Call) -> Result<Caller, Problem> {
    Ok(authenticate(app, call.bearer()?).await?)
}

pub(super) async fn admin<H: Host>(app: &App<H>, call: &Call) -> Result<Caller, Problem> {
    Ok(caller(app, call).await?.require_admin()?)
}

pub(super) fn client(call: &Call) -> Client {
    let user_agent = call.headers.get(http::header::USER_AGENT).and_then(|value| value.to_str().ok());
    Client { address: call.client_address(), user_agent: user_agent.map(str::to_owned) }
}
