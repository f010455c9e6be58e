//! The headers of rate limits (draft-ietf-httpapi-ratelimit-headers-10).

use http::StatusCode;
use http::header::{HeaderName, HeaderValue};

use crate::{Problem, Reply};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STATE: HeaderName = HeaderName::from_static("ratelimit");

/// The state of a rate limit after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// The number of attempts in a window.
    pub limit: i64,
    /// The length of the window in seconds.
    pub window_s: i64,
    /// The number of attempts that are left in this window.
    pub remaining: i64,
    /// The number of seconds until the window ends.
    pub reset_s: i64,
}

impl RateLimit {
    /// Creates the problem of an attempt above the limit: 429 with `Retry-After`. `attempts` names what is limited.
    #[must_use]
    pub fn exceeded(&self, attempts: &str) -> Problem {
        let seconds = self.reset_s;
        let detail = format!("too many {attempts}; try again in {seconds} seconds");
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-attempts", detail)
            .with_retry_after(u32::try_from(seconds).unwrap_or(u32::MAX));
        self.headers().into_iter().fold(problem, |problem, (name, value)| problem.with_header(name, value))
    }

    fn headers(&self) -> [(HeaderName, HeaderValue); 2] {
        // Numbers, quotes and semicolons are always valid in a header.
        let value = |text: String| HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
        [
            (POLICY, value(format!("\"default\";q={};w={}", self.limit, self.window_s))),
            (STATE, value(format!("\"default\";r={};t={}", self.remaining, self.reset_s))),
        ]
    }
}

/// Adds `RateLimit-Policy` and `RateLimit` to a response.
///
/// # Errors
/// Returns the problem that was passed in, with the headers.
pub fn add_headers(response: Result<Reply, Problem>, limit: &RateLimit) -> Result<Reply, Problem> {
    let headers = limit.headers().into_iter();
    match response {
        Ok(mut reply) => {
            reply.headers.extend(headers);
            Ok(reply)
        }
        Err(problem) => Err(headers.fold(problem, |problem, (name, value)| problem.with_header(name, value))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: RateLimit = RateLimit { limit: 30, window_s: 60, remaining: 0, reset_s: 17 };

    #[test]
    fn an_attempt_above_the_limit_is_429_with_the_time_to_wait() {
        let problem = LIMIT.exceeded("logins");
        assert_eq!((problem.status().as_u16(), problem.code()), (429, "too-many-attempts"));
        let (headers, _) = problem.into_parts("r");
        assert_eq!(headers["retry-after"], "17");
        assert_eq!(headers["ratelimit-policy"], "\"default\";q=30;w=60");
        assert_eq!(headers["ratelimit"], "\"default\";r=0;t=17");
    }

    #[test]
    fn any_response_reports_the_attempts_that_are_left() {
        let reply = add_headers(Ok(Reply::no_content()), &LIMIT).unwrap();
        assert_eq!(reply.headers["ratelimit"], "\"default\";r=0;t=17");
        let problem = add_headers(Err(Problem::not_found("user")), &LIMIT).unwrap_err();
        assert_eq!(problem.into_parts("r").0["ratelimit-policy"], "\"default\";q=30;w=60");
    }
}
