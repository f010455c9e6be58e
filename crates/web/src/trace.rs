use capability::{Entropy, REQUEST_ID, TRACEPARENT, TraceContext};
use http::{HeaderMap, HeaderName};
use kernel::hex;

/// The identity of a request: its id, and its place in the trace (W3C Trace Context level 1).
#[derive(Debug, Clone)]
pub(crate) struct Trace {
    pub(crate) request_id: String,
    /// 32 hexadecimal digits.
    pub(crate) trace_id: String,
    /// 16 hexadecimal digits: this request within the trace.
    pub(crate) span_id: String,
    /// The span of the client, if it sent one.
    pub(crate) parent_id: Option<String>,
}

impl Trace {
    /// Takes the id and the trace context from the request's headers, and generates what is missing or malformed.
    pub(crate) fn of_request(headers: &HeaderMap, entropy: &impl Entropy) -> Self {
        let header = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let request_id = header(REQUEST_ID).filter(|id| is_request_id(id)).map(str::to_owned);
        let parent = header(TRACEPARENT).and_then(parse_traceparent);
        let span_id = hex(&entropy.bytes::<8>());
        let (trace_id, parent_id) = match parent {
            Some((trace_id, parent_id)) => (trace_id.to_owned(), Some(parent_id.to_owned())),
            None => (hex(&entropy.bytes::<16>()), None),
        };
        Self { request_id: request_id.unwrap_or_else(|| trace_id.clone()), trace_id, span_id, parent_id }
    }

    /// Returns the context for the requests that this request causes.
    pub(crate) fn context(&self) -> TraceContext {
        TraceContext::new(&self.request_id, &format!("00-{}-{}-01", self.trace_id, self.span_id))
    }
}

/// Accepts only an id that is safe in a header, a log and a URL.
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
