//! Authentication of the caller of a request.

use capability::{Clock, Http};
use identity::{Authentication, Principal, Role, VerifiedToken};

use crate::{Call, Problem};

impl Call {
    /// Verifies the signature of the bearer token, the first step of authentication.
    ///
    /// # Errors
    /// 401
    pub fn verified_token(
        &self,
        authentication: &Authentication,
        clock: &impl Clock,
    ) -> Result<VerifiedToken, Problem> {
        Ok(authentication.verify(self.bearer()?, clock.now())?)
    }

    /// Authenticates the caller.
    ///
    /// # Errors
    /// 401, or 503 if the users service does not respond.
    pub async fn authenticate(
        &self,
        authentication: &Authentication,
        host: &(impl Http + Clock),
    ) -> Result<Principal, Problem> {
        let token = self.verified_token(authentication, host)?;
        Ok(authentication.authenticate(host, &token, &self.trace_context()).await?)
    }

    /// Authenticates the caller, who must be an admin at present.
    ///
    /// # Errors
    /// 401, 403 or 503
    pub async fn authenticate_admin(
        &self,
        authentication: &Authentication,
        host: &(impl Http + Clock),
    ) -> Result<Principal, Problem> {
        let principal = self.authenticate(authentication, host).await?;
        match principal.role {
            Role::Admin => Ok(principal),
            Role::Customer => Err(Problem::admin_only(principal.user)),
        }
    }
}
