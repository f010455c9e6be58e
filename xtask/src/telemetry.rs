//! `up --telemetry`: each request's trace as a tree, from the lines that the components write. Which service asked which, and how long
//! each took.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;

/// A trace of which nothing is heard for so long is printed. One that has its root is printed at once.
const SILENCE: Duration = Duration::from_millis(500);

/// The fields of a component's line that say where it belongs.
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

/// The traces that are not printed yet, by their id.
#[derive(Debug, Clone, Default)]
pub(crate) struct Traces(Arc<Mutex<HashMap<String, Trace>>>);

#[derive(Debug)]
pub(crate) struct Trace {
    /// When something was heard of it.
    heard: Instant,
    spans: Vec<Span>,
}

impl Traces {
    /// Prints traces as they end, for as long as the program runs.
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

    /// Takes a line of a component. What is no line of a request is nothing.
    pub(crate) fn hear(&self, line: &str) {
        let Ok(span) = serde_json::from_str::<Span>(line) else { return };
        let is_root = span.parent_span_id.is_none();
        let spans = {
            let mut traces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let (id, heard) = (span.trace.clone(), Instant::now());
            let trace = traces.entry(id.clone()).or_insert_with(|| Trace { heard, spans: Vec::new() });
            trace.heard = heard;
            trace.spans.push(span);
            // A request ends after those that it waited for.
            if is_root { traces.remove(&id).map(|trace| trace.spans) } else { None }
        };
        if let Some(spans) = spans {
            print!("{}", render(&spans));
        }
    }

    fn take_silent(&self, now: Instant) -> Vec<Vec<Span>> {
        let mut traces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_silent = |trace: &Trace| now.duration_since(trace.heard) >= SILENCE;
        let silent = traces.iter().filter(|(_, trace)| is_silent(trace)).map(|(id, _)| id.clone());
        let silent: Vec<String> = silent.collect();
        silent.iter().filter_map(|id| traces.remove(id).map(|trace| trace.spans)).collect()
    }
}

/// The trees of a trace: each span below the one that asked for it. Jobs that run all the time and are well are not shown.
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
    fn a_trace_is_a_tree_of_who_asked_whom() {
        let heard = spans(&[
            line("c", Some("b"), "users", "GET /users/verify-token", 200),
            line("b", Some("a"), "products", "POST /products/{id}/reviews", 201),
            line("d", Some("a"), "users", "GET /users/me", 503),
            line("a", Some("of the client"), "orders", "POST /orders", 201),
        ]);
        let told = render(&heard);
        let told: Vec<String> =
            told.trim().lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        let expected = [
            "trace t",
            "orders POST /orders 201 12.3 ms",
            "├─ products POST /products/{id}/reviews 201 12.3 ms",
            "│ └─ users GET /users/verify-token 200 12.3 ms",
            "└─ users GET /users/me 503 12.3 ms",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_job_is_shown_only_if_it_fails() {
        let job =
            |status| render(&spans(&[line("a", None, "orders", "POST /internal/orders/reconcile", status)]));
        assert_eq!(job(200), "");
        assert!(job(503).contains("reconcile"));
    }

    #[test]
    fn a_trace_without_a_root_is_not_kept_for_ever() {
        let traces = Traces::default();
        traces.hear(&line("b", Some("a"), "users", "GET /users/me", 200));
        traces.hear("not a line of a request");
        assert!(traces.take_silent(Instant::now()).is_empty());
        assert_eq!(traces.take_silent(Instant::now() + SILENCE).len(), 1);
        assert!(traces.take_silent(Instant::now() + SILENCE).is_empty());
    }
}
