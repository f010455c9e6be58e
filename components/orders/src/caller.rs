//! Who is calling: the token's signature here, its session at the users service.

use http::HeaderMap;
use identity::client::IdentifyError;
use identity::{Principal, identify};
use kernel::UserId;
use web::{Call, Problem};

use crate::{App, Host};

/// A caller whose token is signed by us. Whether it is still good is not known yet.
pub(crate) struct Claimed {
    pub(crate) user: UserId,
    token: String,
}

/// The headers that carry this request's identity to other services.
pub(crate) fn trace(call: &Call) -> HeaderMap {
    let mut headers = HeaderMap::new();
    call.trace.apply(&mut headers);
    headers
}

/// The cheap half: no other service is asked about garbage.
pub(crate) fn claimed<H: Host>(app: &App<H>, call: &Call) -> Result<Claimed, Problem> {
    let token = call.bearer()?;
    let claims = app.config.tokens.verify(token, app.host.now()).map_err(|_| refused())?;
    Ok(Claimed { user: claims.user().ok_or_else(refused)?, token: token.to_owned() })
}

/// The other half: the users service knows whether the session is still good, and what its owner may do.
pub(crate) async fn identified<H: Host>(
    app: &App<H>,
    claimed: &Claimed,
    trace: &HeaderMap,
) -> Result<Principal, Problem> {
    let known = identify(&app.host, &app.config.users_url, &claimed.token, trace.clone()).await;
    let principal = known.map_err(|error| match error {
        IdentifyError::Refused => refused(),
        IdentifyError::Unavailable(cause) => Problem::unavailable("the users service", cause),
    })?;
    // What was read for the claimed user must not be shown to another.
    if principal.user == claimed.user { Ok(principal) } else { Err(refused()) }
}

fn refused() -> Problem {
    Problem::unauthorized("invalid-token", IdentifyError::Refused.to_string())
}
