//! `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10).

use http::header::{HeaderName, HeaderValue};
use web::{Problem, Reply};

use crate::domain::throttle::Admission;

pub(super) fn headers(admission: &Admission) -> Vec<(HeaderName, HeaderValue)> {
    let policy = format!("\"default\";q={};w={}", admission.limit, admission.window_s);
    let state = format!("\"default\";r={};t={}", admission.remaining, admission.reset_s);
    let header =
        |name, value: String| Some((HeaderName::from_static(name), HeaderValue::try_from(value).ok()?));
    [header("ratelimit-policy", policy), header("ratelimit", state)].into_iter().flatten().collect()
}

/// Adds the remaining attempts to a response of any kind.
pub(super) fn add_headers(result: Result<Reply, Problem>, admission: &Admission) -> Result<Reply, Problem> {
    let headers = headers(admission).into_iter();
    match result {
        Ok(reply) => Ok(headers
            .fold(reply, |reply, (name, value)| reply.with_header(name, value.to_str().unwrap_or_default()))),
        Err(problem) => Err(headers.fold(problem, |problem, (name, value)| problem.with_header(name, value))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exceeded_limit_is_429_with_the_time_to_wait() {
        let admission = Admission { is_admitted: false, limit: 30, window_s: 60, remaining: 0, reset_s: 17 };
        let problem = Problem::from(admission.check("logins").unwrap_err());
        assert_eq!((problem.status().as_u16(), problem.code()), (429, "too-many-attempts"));
        let headers = headers(&admission);
        let values: Vec<_> = headers.iter().map(|(_, value)| value.to_str().unwrap()).collect();
        assert_eq!(values, ["\"default\";q=30;w=60", "\"default\";r=0;t=17"]);
    }
}
