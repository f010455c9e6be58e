//! Who is calling: the token's signature here, its session at the users service.

use capability::{Clock, Http};
use http::HeaderMap;
use identity::client::IdentifyError;
use identity::{Principal, Role, TokenVerifier, identify};
use kernel::UserId;

use crate::{Call, Problem};

/// How a service other than users gets to know its callers.
#[derive(Debug)]
pub struct Identification {
    tokens: TokenVerifier,
    users_url: String,
}

/// A caller whose token is signed by us. Whether it is still good is not known yet.
#[derive(Debug)]
pub struct Claimed {
    /// Who they say they are.
    pub user: UserId,
    token: String,
}

impl Identification {
    /// Asks the users service at `users_url`, which has no slash at its end, about tokens that `tokens` does not refuse.
    #[must_use]
    pub fn new(tokens: TokenVerifier, users_url: String) -> Self {
        Self { tokens, users_url }
    }

    /// The cheap half: no other service is asked about garbage.
    ///
    /// # Errors
    /// 401
    pub fn claimed(&self, clock: &impl Clock, call: &Call) -> Result<Claimed, Problem> {
        let token = call.bearer()?;
        let claims = self.tokens.verify(token, clock.now()).map_err(|_| refused())?;
        Ok(Claimed { user: claims.user().ok_or_else(refused)?, token: token.to_owned() })
    }

    /// The other half: the users service knows whether the session is still good, and what its owner may do.
    ///
    /// # Errors
    /// 401, or 503 if the users service does not say.
    pub async fn identified(
        &self,
        http: &impl Http,
        claimed: &Claimed,
        trace: &HeaderMap,
    ) -> Result<Principal, Problem> {
        let known = identify(http, &self.users_url, &claimed.token, trace.clone()).await;
        let principal = known.map_err(|error| match error {
            IdentifyError::Refused => refused(),
            IdentifyError::Unavailable(cause) => Problem::unavailable("the users service", cause),
        })?;
        // What was read for the claimed user must not be shown to another.
        if principal.user == claimed.user { Ok(principal) } else { Err(refused()) }
    }

    /// Both halves.
    ///
    /// # Errors
    /// 401 or 503
    pub async fn caller(&self, host: &(impl Http + Clock), call: &Call) -> Result<Principal, Problem> {
        let claimed = self.claimed(host, call)?;
        self.identified(host, &claimed, &call.trace_headers()).await
    }

    /// A caller who is an admin now, whatever the token says.
    ///
    /// # Errors
    /// 401, 403 or 503
    pub async fn admin(&self, host: &(impl Http + Clock), call: &Call) -> Result<Principal, Problem> {
        let principal = self.caller(host, call).await?;
        match principal.role {
            Role::Admin => Ok(principal),
            Role::Customer => Err(Problem::admin_only(principal.user)),
        }
    }
}

fn refused() -> Problem {
    Problem::unauthorized("invalid-token", IdentifyError::Refused.to_string())
}
