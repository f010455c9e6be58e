//! Routes as data: one table for each service, which is matched, listed, and compared with the API description.

use http::Method;

/// One row of a service's table.
#[derive(Debug, Clone, Copy)]
pub struct Route<R: 'static> {
    /// The method. HEAD is served by GET, OPTIONS by the edge.
    pub method: &'static Method,
    /// A path with named placeholders for whole segments: `/users/me/sessions/{id}`.
    pub pattern: &'static str,
    /// The service's identifier of the route.
    pub id: R,
    /// Whether the edge requires the service token.
    pub is_service_only: bool,
    /// Whether the route changes what the service may have cached.
    pub is_write: bool,
}

/// Declares a route.
pub const fn route<R>(method: &'static Method, pattern: &'static str, id: R) -> Route<R> {
    Route { method, pattern, id, is_service_only: false, is_write: false }
}

impl<R: Copy> Route<R> {
    /// Restricts the route to the other services and the jobs, which know the service token.
    #[must_use]
    pub const fn service_only(self) -> Self {
        Self { is_service_only: true, ..self }
    }

    /// Declares that the route changes what the service may have cached: the edge invalidates the caches.
    #[must_use]
    pub const fn writes(self) -> Self {
        Self { is_write: true, ..self }
    }
}

/// The placeholders of a route and the segments of the path at their places, percent-decoded.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Params(Vec<(&'static str, String)>);

impl Params {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

/// The result of matching a method and a path with the table.
#[derive(Debug)]
pub(crate) enum RouteMatch<'t, R: 'static> {
    Route(&'t Route<R>, Params),
    /// The path has these methods only.
    OtherMethods(Vec<&'static Method>),
    None,
}

/// Finds the route of a method among the routes of the first pattern that matches the path.
///
/// A literal segment stands before a placeholder in the table and hides it: `/users/login` has no GET, although
/// `/users/{id}` has.
pub(crate) fn find<'t, R>(table: &'t [Route<R>], method: &Method, path: &str) -> RouteMatch<'t, R> {
    let method = if method == Method::HEAD { &Method::GET } else { method };
    let mut first_match = None;
    let mut others = Vec::new();
    for route in table {
        if first_match.is_some_and(|pattern| pattern != route.pattern) {
            continue;
        }
        if let Some(params) = match_path(route.pattern, path) {
            if route.method == method {
                return RouteMatch::Route(route, params);
            }
            first_match = Some(route.pattern);
            others.push(route.method);
        }
    }
    if others.is_empty() { RouteMatch::None } else { RouteMatch::OtherMethods(others) }
}

fn match_path(pattern: &'static str, path: &str) -> Option<Params> {
    let mut segments = path.split('/');
    let mut params = Vec::new();
    for expected in pattern.split('/') {
        let segment = segments.next()?;
        match expected.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) => params.push((name, decode(segment)?)),
            None if segment == expected => {}
            None => return None,
        }
    }
    segments.next().is_none().then_some(Params(params))
}

/// Removes the percent-encoding of a segment. An empty segment and one that is not UTF-8 match no placeholder.
fn decode(segment: &str) -> Option<String> {
    if segment.is_empty() {
        return None;
    }
    let value = percent_encoding::percent_decode_str(segment).decode_utf8().ok()?;
    (!value.contains(['\0', '/'])).then(|| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[Route<&str>] = &[
        route(&Method::GET, "/parts", "list"),
        route(&Method::POST, "/parts", "create").writes(),
        route(&Method::GET, "/parts/special", "special"),
        route(&Method::GET, "/parts/{id}", "read"),
        route(&Method::DELETE, "/parts/{id}", "remove").writes(),
        route(&Method::DELETE, "/parts/{id}/screws/{screwId}", "remove screw").writes().service_only(),
    ];

    #[track_caller]
    fn check(method: Method, path: &str, expected: &str) {
        let found = match find(TABLE, &method, path) {
            RouteMatch::Route(route, params) => format!("{} {:?}", route.id, params.0),
            RouteMatch::OtherMethods(methods) => format!("only {methods:?}"),
            RouteMatch::None => "none".to_owned(),
        };
        assert_eq!(found, expected, "{method} {path}");
    }

    #[test]
    fn a_path_is_matched_segment_by_segment() {
        check(Method::GET, "/parts", "list []");
        check(Method::HEAD, "/parts", "list []");
        check(Method::GET, "/parts/special", "special []");
        check(Method::GET, "/parts/7", r#"read [("id", "7")]"#);
        check(Method::DELETE, "/parts/7/screws/a%20b", r#"remove screw [("id", "7"), ("screwId", "a b")]"#);
    }

    #[test]
    fn another_method_yields_the_methods_of_the_path() {
        check(Method::PUT, "/parts", "only [GET, POST]");
        check(Method::POST, "/parts/7", "only [GET, DELETE]");
        check(Method::DELETE, "/parts/special", "only [GET]");
    }

    #[test]
    fn near_misses_match_no_route() {
        for path in
            ["", "/", "/parts/", "//parts", "/Parts", "/parts/7/", "/parts//7", "/parts/%2F", "/parts/%ff"]
        {
            check(Method::GET, path, "none");
        }
    }

    #[test]
    fn a_route_has_the_properties_of_its_row() {
        let properties = TABLE.iter().map(|route| (route.is_service_only, route.is_write));
        let expected =
            [(false, false), (false, true), (false, false), (false, false), (false, true), (true, true)];
        assert!(properties.eq(expected));
    }
}
