//! The address of the connection's other end.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;

/// Reads the address that Spin appends to the request as `spin-client-addr`.
///
/// Spin appends its header after those that the client has sent, so the last value is the trustworthy one.
pub(crate) fn peer_address(headers: &HeaderMap) -> Option<IpAddr> {
    let value = headers.get_all("spin-client-addr").iter().next_back()?.to_str().ok()?;
    let address = value.rsplit(',').next()?.trim();
    address.parse::<SocketAddr>().map(|socket| socket.ip()).or_else(|_| address.parse()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("spin-client-addr", value.parse().unwrap());
        }
        peer_address(&headers).map(|address| address.to_string())
    }

    #[test]
    fn the_peer_is_the_last_address() {
        assert_eq!(peer(&["198.51.100.9:4242"]).as_deref(), Some("198.51.100.9"));
        assert_eq!(peer(&["6.6.6.6:6", "[2001:db8::1]:4242"]).as_deref(), Some("2001:db8::1"));
        assert_eq!(peer(&["6.6.6.6:6, 198.51.100.9"]).as_deref(), Some("198.51.100.9"));
        assert_eq!(peer(&["198.51.100.9:4242", "garbage"]), None);
        assert_eq!(peer(&[]), None);
    }
}
