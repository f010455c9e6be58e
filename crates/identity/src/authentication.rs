//! Authentication of callers in the services other than users.
//!
//! It has two steps: the signature of the access token is verified locally, so that garbage costs no request, and then
//! the users service is asked whether the session is still valid and which role its owner has now.

use bytes::Bytes;
use capability::{Http, HttpError, Settings, TraceContext};
use http::header::{AUTHORIZATION, HeaderValue};
use http::{Request, Response, Uri};
use kernel::{Timestamp, UserId};

use crate::{Principal, TokenVerifier, VerificationKeys};

/// The verification of access tokens, with the users service behind it.
#[derive(Debug)]
pub struct Authentication {
    tokens: TokenVerifier,
    users_url: String,
}

/// An access token with a valid signature. Whether its session is still valid is not known yet.
pub struct VerifiedToken {
    user: UserId,
    token: String,
}

/// Why a caller is not authenticated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticationError {
    /// The token or its session is not valid. Which check failed is not reported.
    #[error("the access token is not valid; log in or refresh it")]
    Rejected,
    /// The users service did not respond, or its response is unexpected: nothing is known about the session.
    #[error("the users service: {0}")]
    Unavailable(String),
}

impl From<HttpError> for AuthenticationError {
    fn from(error: HttpError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl VerifiedToken {
    /// Returns the user for whom the token was issued.
    #[must_use]
    pub fn user(&self) -> UserId {
        self.user
    }
}

impl std::fmt::Debug for VerifiedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VerifiedToken(user {}, ..)", self.user)
    }
}

impl Authentication {
    /// The variables of [`Authentication::read`].
    pub const KEYS: &'static [&'static str] =
        &["users_url", "token_verification_keys", "token_issuer", "token_audience"];

    /// Creates an authentication with the users service at `users_url`, which has no slash at its end.
    #[must_use]
    pub fn new(tokens: TokenVerifier, users_url: String) -> Self {
        Self { tokens, users_url }
    }

    /// Reads the variables. Faults are reported by [`Settings::finish`].
    pub fn read(settings: &mut Settings) -> Option<Self> {
        let users_url = settings.base_url("users_url");
        let keys = settings.parsed("token_verification_keys", VerificationKeys::parse);
        let issuer = settings.required("token_issuer");
        let audience = settings.required("token_audience");
        Some(Self::new(TokenVerifier::new(keys?, &issuer?, &audience?), users_url?))
    }

    /// Verifies the signature, the issuer, the audience and the time of an access token.
    ///
    /// # Errors
    /// Fails with [`AuthenticationError::Rejected`] only.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<VerifiedToken, AuthenticationError> {
        let claims = self.tokens.verify(token, now).map_err(|_| AuthenticationError::Rejected)?;
        let user = claims.user().ok_or(AuthenticationError::Rejected)?;
        Ok(VerifiedToken { user, token: token.to_owned() })
    }

    /// Asks the users service whether the token's session is still valid, and returns its owner.
    ///
    /// # Errors
    /// Fails closed: without a clear response of the users service the caller is not authenticated.
    pub async fn authenticate(
        &self,
        http: &impl Http,
        token: &VerifiedToken,
        trace: &TraceContext,
    ) -> Result<Principal, AuthenticationError> {
        let request = verify_token_request(&self.users_url, &token.token, trace)?;
        let principal = read_principal(&http.send(request).await?)?;
        // The use case has read data of the token's user, which must not be shown to another one.
        if principal.user == token.user { Ok(principal) } else { Err(AuthenticationError::Rejected) }
    }
}

fn verify_token_request(
    users_url: &str,
    token: &str,
    trace: &TraceContext,
) -> Result<Request<Bytes>, AuthenticationError> {
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = format!("{users_url}/users/verify-token")
        .parse::<Uri>()
        .map_err(|error| AuthenticationError::Unavailable(format!("users_url: {error}")))?;
    // A token that cannot stand in a header was not issued by the users service.
    let bearer = HeaderValue::try_from(format!("Bearer {token}"));
    request.headers_mut().insert(AUTHORIZATION, bearer.map_err(|_| AuthenticationError::Rejected)?);
    trace.apply(request.headers_mut());
    Ok(request)
}

fn read_principal(response: &Response<Bytes>) -> Result<Principal, AuthenticationError> {
    match response.status().as_u16() {
        200 => serde_json::from_slice(response.body()).map_err(|error| {
            AuthenticationError::Unavailable(format!("its response is not a principal: {error}"))
        }),
        401 => Err(AuthenticationError::Rejected),
        status => Err(AuthenticationError::Unavailable(format!("it responded {status}"))),
    }
}

#[cfg(test)]
mod tests {
    use capability::scripted::Scripted;

    use super::*;
    use crate::Role;
    use crate::token::tests::{issuer, public_key, sign};

    const ADA: &str = r#"{"userId":7,"email":"ada@example.com","fullName":"Ada Lovelace","role":"admin","sessionId":9,"expiresAt":"2026-01-01T00:15:00Z"}"#;

    fn now() -> Timestamp {
        Timestamp::parse("2026-01-01T00:00:00Z").unwrap()
    }

    fn authentication() -> Authentication {
        let variables = [
            ("users_url", "http://users.test/"),
            ("token_verification_keys", &public_key("k1", 1)),
            ("token_issuer", "cartwheel"),
            ("token_audience", "shop"),
        ];
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Authentication::read(&mut variables.into_iter().map(owned).collect()).unwrap()
    }

    fn authenticate(response: Result<(u16, &str), HttpError>) -> Result<Principal, AuthenticationError> {
        let response = response.map(|(status, body)| {
            let body = Bytes::copy_from_slice(body.as_bytes());
            Response::builder().status(status).body(body).unwrap()
        });
        let host = Scripted::at(now()).http_answers(response);
        let authentication = authentication();
        let token = authentication.verify(&sign(&issuer("k1", 1, "shop")), now()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let outcome = runtime.block_on(authentication.authenticate(&host, &token, &TraceContext::default()));
        assert_eq!(host.calls(), ["GET http://users.test/users/verify-token"]);
        outcome
    }

    #[test]
    fn a_principal_has_the_role_of_the_users_service_and_not_of_the_token() {
        let principal = authenticate(Ok((200, ADA))).unwrap();
        assert_eq!((principal.user.get(), principal.role, principal.session.get()), (7, Role::Admin, 9));
    }

    #[test]
    fn an_unclear_response_neither_authenticates_nor_rejects() {
        assert_eq!(authenticate(Ok((401, ""))), Err(AuthenticationError::Rejected));
        for response in
            [Ok((200, "{}")), Ok((503, "")), Ok((404, "")), Err(HttpError::NotSent("down".to_owned()))]
        {
            assert!(matches!(authenticate(response), Err(AuthenticationError::Unavailable(_))));
        }
    }

    #[test]
    fn a_principal_other_than_the_user_of_the_token_is_rejected() {
        let other = ADA.replace(r#""userId":7"#, r#""userId":8"#);
        assert_eq!(authenticate(Ok((200, &other))), Err(AuthenticationError::Rejected));
    }

    #[test]
    fn a_token_without_a_valid_signature_is_rejected_locally() {
        let forged = sign(&issuer("k1", 2, "shop"));
        assert!(authentication().verify(&forged, now()).is_err());
        assert!(authentication().verify("garbage", now()).is_err());
    }
}
