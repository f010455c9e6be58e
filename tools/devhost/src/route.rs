//! Matches the routes of HTTP triggers: exact ones and those that end in `/...`.

use anyhow::ensure;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    raw: String,
    prefix: String,
    is_wildcard: bool,
}

impl Pattern {
    /// Returns `/...`, the route that Spin reports for a request of a sibling.
    pub(crate) fn any() -> Self {
        Self { raw: "/...".to_owned(), prefix: String::new(), is_wildcard: true }
    }

    pub(crate) fn parse(raw: &str) -> anyhow::Result<Self> {
        ensure!(raw.starts_with('/'), "route {raw:?} does not start with /");
        ensure!(!raw.contains(':'), "route {raw:?}: single-segment wildcards are not understood");
        let (prefix, is_wildcard) = match raw.strip_suffix("/...") {
            Some(prefix) => (prefix, true),
            None => (raw.strip_suffix('/').unwrap_or(raw), false),
        };
        Ok(Self { raw: raw.to_owned(), prefix: prefix.to_owned(), is_wildcard })
    }

    /// Returns the path after the prefix if the route matches.
    pub(crate) fn rest<'p>(&self, path: &'p str) -> Option<&'p str> {
        let rest = path.strip_prefix(&self.prefix)?;
        match rest {
            "" => Some(""),
            "/" if !self.is_wildcard => Some(""),
            _ => (self.is_wildcard && rest.starts_with('/')).then_some(rest),
        }
    }

    /// Returns the route as the manifest has it.
    pub(crate) fn raw(&self) -> &str {
        &self.raw
    }

    /// Returns the route without its wildcard.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }
}

/// Returns the most specific route that matches a path.
pub(crate) fn find<'r, T>(routes: &'r [(Pattern, T)], path: &str) -> Option<&'r (Pattern, T)> {
    let matches = routes.iter().filter(|(pattern, _)| pattern.rest(path).is_some());
    matches.max_by_key(|(pattern, _)| (pattern.prefix.len(), !pattern.is_wildcard))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expected: Option<(&str, &str)>) {
        let routes: Vec<_> = ["/...", "/users/...", "/users/health", "/internal/users/..."]
            .iter()
            .map(|raw| (Pattern::parse(raw).unwrap(), ()))
            .collect();
        let found = find(&routes, path).map(|(pattern, ())| (pattern.raw(), pattern.rest(path).unwrap()));
        assert_eq!(found, expected, "{path}");
    }

    #[test]
    fn the_longest_route_wins() {
        check("/users", Some(("/users/...", "")));
        check("/users/", Some(("/users/...", "/")));
        check("/users/7/x", Some(("/users/...", "/7/x")));
        check("/users/health", Some(("/users/health", "")));
        check("/internal/users/x", Some(("/internal/users/...", "/x")));
        check("/usersx", Some(("/...", "/usersx")));
        check("/", Some(("/...", "/")));
    }
}
