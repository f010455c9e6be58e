//! The question that the other services ask the users service: whose token is this, and is it still good?

use bytes::Bytes;
use capability::{Http, HttpError};
use http::header::{AUTHORIZATION, HeaderValue};
use http::{HeaderMap, Request};

use crate::Principal;

/// Why the caller is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentifyError {
    /// The users service refuses the token.
    #[error("the access token is not valid; log in or refresh it")]
    Refused,
    /// The users service did not answer, or not as it should. Nothing is known about the token.
    #[error("the users service: {0}")]
    Unavailable(String),
}

impl From<HttpError> for IdentifyError {
    fn from(error: HttpError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

/// Asks `GET {users_url}/users/verify-token` about a bearer token. `headers` carries the request's trace.
///
/// # Errors
/// [`IdentifyError`]; a users service that is down never makes anybody known.
pub async fn identify(
    http: &impl Http,
    users_url: &str,
    token: &str,
    headers: HeaderMap,
) -> Result<Principal, IdentifyError> {
    let mut request = Request::new(Bytes::new());
    *request.headers_mut() = headers;
    // A token that cannot stand in a header is not one of ours.
    let bearer = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| IdentifyError::Refused)?;
    request.headers_mut().insert(AUTHORIZATION, bearer);
    *request.uri_mut() = format!("{users_url}/users/verify-token")
        .parse()
        .map_err(|error| IdentifyError::Unavailable(format!("users_url: {error}")))?;
    let response = http.send(request).await?;
    match response.status().as_u16() {
        200 => serde_json::from_slice(response.body())
            .map_err(|error| IdentifyError::Unavailable(format!("its answer is not a principal: {error}"))),
        401 => Err(IdentifyError::Refused),
        status => Err(IdentifyError::Unavailable(format!("it answered {status}"))),
    }
}

#[cfg(test)]
mod tests {
    use capability::scripted::Scripted;
    use http::Response;
    use kernel::Timestamp;

    use super::*;
    use crate::Role;

    fn ask(answer: Result<(u16, &str), HttpError>) -> Result<Principal, IdentifyError> {
        let answer = answer.map(|(status, body)| {
            let body = Bytes::copy_from_slice(body.as_bytes());
            Response::builder().status(status).body(body).unwrap()
        });
        let host = Scripted::at(Timestamp::default()).http_answers(answer);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(identify(&host, "http://users.test", "token", HeaderMap::new()))
    }

    #[test]
    fn a_known_caller_has_the_role_that_the_users_service_tells() {
        let body = r#"{"userId":7,"email":"ada@example.com","fullName":"Ada Lovelace","role":"admin","sessionId":9,"expiresAt":"2026-01-01T00:15:00Z"}"#;
        let principal = ask(Ok((200, body))).unwrap();
        assert_eq!((principal.user.get(), principal.role, principal.session.get()), (7, Role::Admin, 9));
    }

    #[test]
    fn what_is_not_a_clear_answer_is_neither_a_yes_nor_a_no() {
        assert_eq!(ask(Ok((401, ""))), Err(IdentifyError::Refused));
        for answer in
            [Ok((200, "{}")), Ok((503, "")), Ok((404, "")), Err(HttpError::NotSent("down".to_owned()))]
        {
            assert!(matches!(ask(answer), Err(IdentifyError::Unavailable(_))));
        }
    }
}
