//! How often something may be tried. Counting is done by the database, for all instances together, before the costly deed.

use std::net::IpAddr;

use http::StatusCode;
use http::header::{HeaderName, HeaderValue};
use serde::Deserialize;
use web::{Problem, Reply};

/// So many attempts in so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// How many.
    pub attempts: i64,
    /// In how many seconds from the first one on.
    pub window_s: i64,
}

/// Wrong passwords for one account, from wherever they come. It opens again by itself, so that nobody can lock out an owner
/// for good.
pub const FAILURES_PER_ACCOUNT: Limit = Limit { attempts: 10, window_s: 600 };

/// Messages to one account: a mailbox is not flooded in our name.
pub const MESSAGES_PER_ACCOUNT: Limit = Limit { attempts: 5, window_s: 3600 };

/// What the database says to an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Admission {
    is_admitted: bool,
    limit: i64,
    window_s: i64,
    remaining: i64,
    reset_s: i64,
}

impl Admission {
    /// Lets the attempt pass if there are not too many.
    ///
    /// # Errors
    /// 429 with `Retry-After` and the RateLimit headers; `what` is what was tried too often.
    pub fn require(&self, what: &str) -> Result<(), Problem> {
        if self.is_admitted {
            return Ok(());
        }
        let seconds = self.reset_s;
        let detail = format!("too many {what}; try again in {seconds} seconds");
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-attempts", detail)
            .with_retry_after(u32::try_from(seconds).unwrap_or(u32::MAX));
        Err(self
            .headers()
            .into_iter()
            .fold(problem, |problem, (name, value)| problem.with_header(name, value)))
    }

    /// Tells on any answer how many attempts are left.
    ///
    /// # Errors
    /// The error that was passed in.
    pub fn report(&self, answer: Result<Reply, Problem>) -> Result<Reply, Problem> {
        let headers = self.headers();
        match answer {
            Ok(reply) => Ok(headers.into_iter().fold(reply, |reply, (name, value)| {
                reply.with_header(name, value.to_str().unwrap_or_default())
            })),
            Err(problem) => Err(headers
                .into_iter()
                .fold(problem, |problem, (name, value)| problem.with_header(name, value))),
        }
    }

    /// `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10).
    fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        let policy = format!("\"default\";q={};w={}", self.limit, self.window_s);
        let state = format!("\"default\";r={};t={}", self.remaining, self.reset_s);
        let header =
            |name, value: String| Some((HeaderName::from_static(name), HeaderValue::try_from(value).ok()?));
        [header("ratelimit-policy", policy), header("ratelimit", state)].into_iter().flatten().collect()
    }
}

/// Whom a client's attempts are counted for. An IPv6 client has a whole /64 to itself, so that counts as one
/// (RFC 6177). Without an address, all share one counter.
#[must_use]
pub fn client(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        None => "unknown".to_owned(),
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_an_ipv4_address_or_an_ipv6_network() {
        for (address, expected) in [
            ("203.0.113.7", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ] {
            assert_eq!(client(address.parse().ok()), expected);
        }
        assert_eq!(client(None), "unknown");
    }

    #[test]
    fn what_is_too_much_is_429_with_the_time_to_wait() {
        let admission = Admission { is_admitted: false, limit: 30, window_s: 60, remaining: 0, reset_s: 17 };
        let problem = admission.require("logins").unwrap_err();
        assert_eq!((problem.status().as_u16(), problem.code()), (429, "too-many-attempts"));
        let headers = admission.headers();
        let values: Vec<_> = headers.iter().map(|(_, value)| value.to_str().unwrap()).collect();
        assert_eq!(values, ["\"default\";q=30;w=60", "\"default\";r=0;t=17"]);
    }
}
