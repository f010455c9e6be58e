//! Parses `allowed_outbound_hosts` and matches destinations against it.

use anyhow::{Context as _, bail};

/// The destinations that a component may connect to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AllowedHosts(Vec<Entry>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    scheme: String,
    host: String,
    /// `None` allows every port.
    port: Option<u16>,
}

impl AllowedHosts {
    /// Parses entries whose templates are expanded: `scheme://host[:port]`. The host may be `*` or `*.example.com`.
    pub(crate) fn parse(entries: &[String]) -> anyhow::Result<Self> {
        entries.iter().map(|entry| Entry::parse(entry)).collect::<anyhow::Result<_>>().map(Self)
    }

    /// Returns whether an entry covers this destination.
    pub(crate) fn allows(&self, scheme: &str, host: &str, port: u16) -> bool {
        self.0.iter().any(|entry| entry.covers(scheme, host, port))
    }
}

impl Entry {
    fn parse(entry: &str) -> anyhow::Result<Self> {
        let parse = || {
            let (scheme, rest) = entry.split_once("://").context("it has no scheme")?;
            let authority = rest.strip_suffix('/').unwrap_or(rest);
            if authority.is_empty() || authority.contains('/') {
                bail!("it must have a host and no path");
            }
            let (host, port) = match authority.rsplit_once(':') {
                Some((host, "*")) => (host, None),
                Some((host, port)) => (host, Some(port.parse().context("its port is not a number")?)),
                None => (authority, default_port(scheme)),
            };
            if host != "*" && host.strip_prefix("*.").unwrap_or(host).contains('*') {
                bail!("* must be the whole host or its first label");
            }
            Ok(Entry { scheme: scheme.to_owned(), host: host.to_ascii_lowercase(), port })
        };
        parse().with_context(|| format!("allowed_outbound_hosts: {entry:?} is not scheme://host[:port]"))
    }

    fn covers(&self, scheme: &str, host: &str, port: u16) -> bool {
        let host = host.to_ascii_lowercase();
        let covers_host = match self.host.strip_prefix('*') {
            Some("") => true,
            Some(suffix) => host.ends_with(suffix) && host.len() > suffix.len(),
            None => self.host == host,
        };
        (self.scheme == "*" || self.scheme == scheme)
            && covers_host
            && self.port.is_none_or(|allowed| allowed == port)
    }
}

/// Returns the port that a scheme uses unless the address has one.
pub(crate) fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        "postgres" => Some(5432),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(entry: &str, (scheme, host, port): (&str, &str, u16), expected: bool) {
        let allowed = AllowedHosts::parse(&[entry.to_owned()]).unwrap();
        assert_eq!(allowed.allows(scheme, host, port), expected, "{entry} and {scheme}://{host}:{port}");
    }

    #[test]
    fn scheme_host_and_port_must_all_agree() {
        check("http://a.test", ("http", "a.test", 80), true);
        check("http://a.test", ("http", "A.Test", 80), true);
        check("http://a.test", ("https", "a.test", 443), false);
        check("http://a.test", ("http", "a.test", 8080), false);
        check("http://a.test", ("http", "b.a.test", 80), false);
        check("http://a.test:8080", ("http", "a.test", 8080), true);
        check("postgres://127.0.0.1:5499", ("postgres", "127.0.0.1", 5499), true);
        check("postgres://127.0.0.1:5499", ("postgres", "127.0.0.1", 5432), false);
        check("https://*.a.test", ("https", "b.a.test", 443), true);
        check("https://*.a.test", ("https", "a.test", 443), false);
        check("https://*.a.test", ("https", "evila.test", 443), false);
        check("*://*:*", ("redis", "anything", 1), true);
    }

    #[test]
    fn an_entry_that_cannot_be_read_is_named() {
        for entry in [
            "a.test",
            "http://",
            "http://a.test/path",
            "http://a.test:http",
            "http://*a.test",
            "http://a.*.test",
        ] {
            let error = AllowedHosts::parse(&[entry.to_owned()]).unwrap_err();
            assert!(error.to_string().contains(entry), "{error}");
        }
    }
}
