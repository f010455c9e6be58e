//! The client of a request, as far as the service records it.

use std::net::IpAddr;

use crate::domain::limits::MAX_USER_AGENT_CHARACTERS;
use crate::domain::session::Device;

/// The address and the user agent of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Client {
    /// `None` if the host does not know it.
    pub address: Option<IpAddr>,
    pub user_agent: Option<String>,
}

impl Client {
    /// Returns the subject under which this client's attempts are counted.
    ///
    /// An IPv6 client has a whole /64 to itself, which therefore counts as one client (RFC 6177). Clients without an
    /// address share one counter.
    #[must_use]
    pub fn throttle_key(&self) -> String {
        match self.address.map(|address| address.to_canonical()) {
            None => "unknown".to_owned(),
            Some(IpAddr::V4(address)) => address.to_string(),
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }

    /// Returns what the list of sessions shows about this client.
    #[must_use]
    pub fn device(&self) -> Device {
        let cut = |text: &String| text.chars().take(MAX_USER_AGENT_CHARACTERS).collect();
        Device {
            user_agent: self.user_agent.as_ref().map(cut),
            ip: self.address.map(|address| address.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(address: &str) -> String {
        Client { address: address.parse().ok(), user_agent: None }.throttle_key()
    }

    #[test]
    fn a_client_is_an_ipv4_address_or_an_ipv6_network() {
        for (address, expected) in [
            ("203.0.113.7", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ] {
            assert_eq!(key(address), expected);
        }
        assert_eq!(Client::default().throttle_key(), "unknown");
    }
}
