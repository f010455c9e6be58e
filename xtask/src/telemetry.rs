//! `up --telemetry`: prints each trace as a tree of requests with their durations, from the components' log lines.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;

/// A trace without a new span for this time is printed. A trace is printed at once when its root ends.
const SILENCE: Duration = Duration::from_millis(500);

/// A log line of a request: a span of a trace.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Span {
    trace: String,
    span_id: String,
    parent_span_id: Option<String>,
    service: String,
    message: String,
    status: u16,
    duration_us: u64,
    code: Option<String>,
    cause: Option<String>,
}

/// The unprinted traces by id.
#[derive(Debug, Clone, Default)]
pub(crate) struct Traces(Arc<Mutex<HashMap<String, Trace>>>);

#[derive(Debug)]
pub(crate) struct Trace {
    /// The time of the last span.
    updated: Instant,
    spans: Vec<Span>,
}

impl Traces {
    /// Prints traces as they end, while the program runs.
    pub(crate) fn print_all() -> Self {
        let traces = Self::default();
        let ended = traces.clone();
        thread::spawn(move || {
            loop {
                thread::sleep(SILENCE);
                for spans in ended.take_silent(Instant::now()) {
                    print!("{}", render(&spans));
                }
            }
        });
        traces
    }

    /// Records a log line of a component. Lines other than those of requests are ignored.
    pub(crate) fn record(&self, line: &str) {
        let Ok(span) = serde_json::from_str::<Span>(line) else { return };
        let is_root = span.parent_span_id.is_none();
        let spans = {
            let mut traces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let (id, updated) = (span.trace.clone(), Instant::now());
            let trace = traces.entry(id.clone()).or_insert_with(|| Trace { updated, spans: Vec::new() });
            trace.updated = updated;
            trace.spans.push(span);
            // The root is the last span: a request ends after the requests that it made.
            if is_root { traces.remove(&id).map(|trace| trace.spans) } else { None }
        };
        if let Some(spans) = spans {
            print!("{}", render(&spans));
        }
    }

    fn take_silent(&self, now: Instant) -> Vec<Vec<Span>> {
        let mut traces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_silent = |trace: &Trace| now.duration_since(trace.updated) >= SILENCE;
        let silent = traces.iter().filter(|(_, trace)| is_silent(trace)).map(|(id, _)| id.clone());
        let silent: Vec<String> = silent.collect();
        silent.iter().filter_map(|id| traces.remove(id).map(|trace| trace.spans)).collect()
    }
}

/// Writes the trees of a trace: each span is below its parent. Successful periodic jobs are omitted.
fn render(spans: &[Span]) -> String {
    let is_known =
        |id: &Option<String>| id.as_ref().is_some_and(|id| spans.iter().any(|span| span.span_id == *id));
    let mut text = String::new();
    for root in spans.iter().filter(|span| !is_known(&span.parent_span_id)) {
        let is_job = root.message.ends_with("/deliver") || root.message.ends_with("/reconcile");
        if !is_job || root.status >= 400 {
            text.push_str(&format!("\ntrace {}\n", root.trace));
            branch(root, spans, "", "", &mut text);
        }
    }
    text
}

fn branch(span: &Span, spans: &[Span], lead: &str, below: &str, text: &mut String) {
    let name = format!("{lead}{} {}", span.service, span.message);
    let (whole, tenths) = (span.duration_us / 1000, span.duration_us % 1000 / 100);
    let code = span.code.as_ref().map_or_else(String::new, |code| format!("  {code}"));
    let cause = span.cause.as_ref().map_or_else(String::new, |cause| format!(": {cause}"));
    text.push_str(&format!(
        "{name:<80} {:>3} {:>8} ms{code}{cause}\n",
        span.status,
        format!("{whole}.{tenths}")
    ));
    let children: Vec<&Span> =
        spans.iter().filter(|child| child.parent_span_id.as_ref() == Some(&span.span_id)).collect();
    for (index, child) in children.iter().enumerate() {
        let is_last = index + 1 == children.len();
        let (lead, deeper) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        branch(child, spans, &format!("{below}{lead}"), &format!("{below}{deeper}"), text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(span: &str, parent: Option<&str>, service: &str, message: &str, status: u16) -> String {
        let parent = parent.map_or_else(String::new, |parent| format!(r#""parentSpanId":"{parent}","#));
        format!(
            r#"{{"severity":"INFO","trace":"t","spanId":"{span}",{parent}"service":"{service}","message":"{message}","status":{status},"durationUs":12345}}"#
        )
    }

    fn spans(lines: &[String]) -> Vec<Span> {
        lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_trace_is_a_tree_of_requests() {
        let spans = spans(&[
            line("c", Some("b"), "users", "GET /users/verify-token", 200),
            line("b", Some("a"), "products", "POST /products/{id}/reviews", 201),
            line("d", Some("a"), "users", "GET /users/me", 503),
            line("a", Some("of the client"), "orders", "POST /orders", 201),
        ]);
        let text = render(&spans);
        let lines = text.trim().lines();
        let lines: Vec<String> =
            lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        let expected = [
            "trace t",
            "orders POST /orders 201 12.3 ms",
            "├─ products POST /products/{id}/reviews 201 12.3 ms",
            "│ └─ users GET /users/verify-token 200 12.3 ms",
            "└─ users GET /users/me 503 12.3 ms",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_job_is_shown_only_if_it_fails() {
        let job =
            |status| render(&spans(&[line("a", None, "orders", "POST /internal/orders/reconcile", status)]));
        assert_eq!(job(200), "");
        assert!(job(503).contains("reconcile"));
    }

    #[test]
    fn a_trace_without_a_root_is_printed_after_a_time() {
        let traces = Traces::default();
        traces.record(&line("b", Some("a"), "users", "GET /users/me", 200));
        traces.record("not a line of a request");
        assert!(traces.take_silent(Instant::now()).is_empty());
        assert_eq!(traces.take_silent(Instant::now() + SILENCE).len(), 1);
        assert!(traces.take_silent(Instant::now() + SILENCE).is_empty());
    }
}
