use capability::Entropy;
use http::{HeaderMap, HeaderName, HeaderValue};

/// The header that names a request in answers, logs and problems.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Which request this is: its id for people, and its place in the trace for machines (W3C Trace Context level 1).
#[derive(Debug, Clone)]
pub struct Trace {
    request_id: String,
    trace_id: String,
    span_id: String,
    parent_id: Option<String>,
}

impl Trace {
    /// Takes over a well-formed id and trace context of the client, and makes up what is missing.
    pub(crate) fn of_request(headers: &HeaderMap, entropy: &impl Entropy) -> Self {
        let told = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let request_id = told(REQUEST_ID).filter(|id| is_request_id(id)).map(str::to_owned);
        let parent = told(TRACEPARENT).and_then(parse_traceparent);
        let span_id = hex(&entropy.bytes::<8>());
        let (trace_id, parent_id) = match parent {
            Some((trace_id, parent_id)) => (trace_id.to_owned(), Some(parent_id.to_owned())),
            None => (hex(&entropy.bytes::<16>()), None),
        };
        Self { request_id: request_id.unwrap_or_else(|| trace_id.clone()), trace_id, span_id, parent_id }
    }

    /// Adds the headers that carry this request's identity to another service.
    pub fn apply(&self, headers: &mut HeaderMap) {
        if let Ok(id) = HeaderValue::from_str(&self.request_id) {
            headers.insert(REQUEST_ID, id);
        }
        let parent = format!("00-{}-{}-01", self.trace_id, self.span_id);
        if let Ok(parent) = HeaderValue::try_from(parent) {
            headers.insert(TRACEPARENT, parent);
        }
    }

    /// The id that the client sees.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// The trace this request belongs to: 32 hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> &str {
        &self.trace_id
    }

    /// This request within the trace: 16 hexadecimal digits.
    #[must_use]
    pub fn span_id(&self) -> &str {
        &self.span_id
    }

    /// The caller's span, if it told.
    #[must_use]
    pub fn parent_id(&self) -> Option<&str> {
        self.parent_id.as_deref()
    }
}

/// Only what can stand in a header, a log and a URL without harm is echoed.
fn is_request_id(id: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=128).contains(&id.len()) && id.bytes().all(is_allowed)
}

fn parse_traceparent(value: &str) -> Option<(&str, &str)> {
    let mut parts = value.split('-');
    let (version, trace_id, parent_id, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let is_set = |text: &str| text.bytes().any(|byte| byte != b'0');
    let is_valid = is_hex(version, 2)
        && version != "ff"
        && (version != "00" || parts.next().is_none())
        && is_hex(trace_id, 32)
        && is_set(trace_id)
        && is_hex(parent_id, 16)
        && is_set(parent_id)
        && is_hex(flags, 2);
    is_valid.then_some((trace_id, parent_id))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(32), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_well_formed_request_id_is_echoed() {
        for id in ["a", "0190-abc_DEF.7", &"x".repeat(128)] {
            assert!(is_request_id(id), "{id}");
        }
        for id in ["", "a b", "a\"b", "ä", "a/b", &"x".repeat(129)] {
            assert!(!is_request_id(id), "{id}");
        }
    }

    #[test]
    fn only_a_valid_traceparent_is_followed() {
        let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        assert_eq!(parse_traceparent(&format!("00-{trace}-{span}-01")), Some((trace, span)));
        assert_eq!(parse_traceparent(&format!("01-{trace}-{span}-01-more")), Some((trace, span)));
        for value in [
            String::new(),
            format!("ff-{trace}-{span}-01"),
            format!("00-{trace}-{span}-01-more"),
            format!("00-{}-{span}-01", "0".repeat(32)),
            format!("00-{}-{span}-01", trace.to_uppercase()),
            format!("00-{trace}-{}-01", &span[1..]),
        ] {
            assert_eq!(parse_traceparent(&value), None, "{value}");
        }
    }
}
