//! Routes as data: one table per service, which is matched, listed, and compared with the API description.

use http::Method;

/// One row of a service's table.
#[derive(Debug, Clone, Copy)]
pub struct Route<R: 'static> {
    /// The method. HEAD is served by GET, OPTIONS by the edge.
    pub method: &'static Method,
    /// A path with placeholders for whole segments: `/users/me/sessions/{id}`.
    pub pattern: &'static str,
    /// What the service calls it.
    pub name: R,
}

/// A row.
pub const fn route<R>(method: &'static Method, pattern: &'static str, name: R) -> Route<R> {
    Route { method, pattern, name }
}

/// The segments that stand for the placeholders, percent-decoded, in the order of the pattern.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Params(Vec<String>);

impl Params {
    /// The segment that stands for the placeholder at `index`; empty if the pattern has none.
    #[must_use]
    pub fn get(&self, index: usize) -> &str {
        self.0.get(index).map_or("", String::as_str)
    }
}

/// What the table says about a method and a path.
#[derive(Debug)]
pub(crate) enum Found<'t, R: 'static> {
    Route(&'t Route<R>, Params),
    /// The path is known with these methods only.
    OtherMethods(Vec<&'static Method>),
    Nothing,
}

/// The row of this method among those of the first pattern that fits. A literal segment stands above a placeholder in the
/// table where both fit, and hides it: `/users/login` has no GET, although `/users/{id}` has.
pub(crate) fn find<'t, R>(table: &'t [Route<R>], method: &Method, path: &str) -> Found<'t, R> {
    let method = if method == Method::HEAD { &Method::GET } else { method };
    let mut first_fit = None;
    let mut others = Vec::new();
    for route in table {
        if first_fit.is_some_and(|pattern| pattern != route.pattern) {
            continue;
        }
        if let Some(params) = fit(route.pattern, path) {
            if route.method == method {
                return Found::Route(route, params);
            }
            first_fit = Some(route.pattern);
            others.push(route.method);
        }
    }
    if others.is_empty() { Found::Nothing } else { Found::OtherMethods(others) }
}

fn fit(pattern: &str, path: &str) -> Option<Params> {
    let mut segments = path.split('/');
    let mut params = Vec::new();
    for expected in pattern.split('/') {
        let segment = segments.next()?;
        if expected.starts_with('{') {
            params.push(decode(segment)?);
        } else if segment != expected {
            return None;
        }
    }
    segments.next().is_none().then_some(Params(params))
}

/// A segment without its percent-encoding. Empty segments and those that are not UTF-8 name nothing.
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
        route(&Method::GET, "/things", "list"),
        route(&Method::POST, "/things", "create"),
        route(&Method::GET, "/things/special", "special"),
        route(&Method::GET, "/things/{id}", "read"),
        route(&Method::DELETE, "/things/{id}", "remove"),
        route(&Method::DELETE, "/things/{id}/parts/{part}", "remove part"),
    ];

    #[track_caller]
    fn check(method: Method, path: &str, expected: &str) {
        let told = match find(TABLE, &method, path) {
            Found::Route(route, params) => format!("{} {:?}", route.name, params.0),
            Found::OtherMethods(methods) => format!("only {methods:?}"),
            Found::Nothing => "nothing".to_owned(),
        };
        assert_eq!(told, expected, "{method} {path}");
    }

    #[test]
    fn a_path_is_matched_segment_by_segment() {
        check(Method::GET, "/things", "list []");
        check(Method::HEAD, "/things", "list []");
        check(Method::GET, "/things/special", "special []");
        check(Method::GET, "/things/7", r#"read ["7"]"#);
        check(Method::DELETE, "/things/7/parts/a%20b", r#"remove part ["7", "a b"]"#);
    }

    #[test]
    fn another_method_is_told_which_ones_there_are() {
        check(Method::PUT, "/things", "only [GET, POST]");
        check(Method::POST, "/things/7", "only [GET, DELETE]");
        check(Method::DELETE, "/things/special", "only [GET]");
    }

    #[test]
    fn near_misses_are_nothing() {
        for path in [
            "",
            "/",
            "/things/",
            "//things",
            "/Things",
            "/things/7/",
            "/things//7",
            "/things/%2F",
            "/things/%ff",
        ] {
            check(Method::GET, path, "nothing");
        }
    }
}
