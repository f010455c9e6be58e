//! The access log: one JSON object for each request.

use http::{Method, StatusCode};
use serde::Serialize;
use serde_json::Value;

use crate::trace::Trace;

/// A line of the access log. It has no field for a body, a query or a header, so it cannot hold a secret of the client.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogLine<'a> {
    severity: &'static str,
    message: String,
    service: &'static str,
    request_id: &'a str,
    trace: &'a str,
    span_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_span_id: Option<&'a str>,
    // Cloud Logging joins a line to its trace by these two (cloud.google.com/logging/docs/structured-logging).
    #[serde(rename = "logging.googleapis.com/trace", skip_serializing_if = "Option::is_none")]
    cloud_trace: Option<String>,
    #[serde(rename = "logging.googleapis.com/spanId", skip_serializing_if = "Option::is_none")]
    cloud_span: Option<&'a str>,
    method: &'a str,
    /// The pattern and not the path: ids would make each line a series of its own, and a path may hold personal data.
    route: Option<&'static str>,
    status: u16,
    duration_us: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<Value>,
}

impl<'a> LogLine<'a> {
    /// Creates the line of a request that has no response yet.
    pub(crate) fn new(
        service: &'static str,
        gcp_project: &str,
        trace: &'a Trace,
        method: &'a Method,
        route: Option<&'static str>,
    ) -> Self {
        let cloud_trace =
            (!gcp_project.is_empty()).then(|| format!("projects/{gcp_project}/traces/{}", trace.trace_id));
        Self {
            severity: "INFO",
            message: format!("{method} {}", route.unwrap_or("-")),
            service,
            request_id: &trace.request_id,
            trace: &trace.trace_id,
            span_id: &trace.span_id,
            parent_span_id: trace.parent_id.as_deref(),
            cloud_span: cloud_trace.is_some().then_some(trace.span_id.as_str()),
            cloud_trace,
            method: method.as_str(),
            route,
            status: 0,
            duration_us: 0,
            code: None,
            cause: None,
            note: None,
        }
    }

    /// Writes the line of a request with this response.
    pub(crate) fn finish(mut self, status: StatusCode, duration_us: i64) -> String {
        self.severity = match status {
            status if status.is_server_error() => "ERROR",
            _ if self.cause.is_some() => "WARNING",
            _ => "INFO",
        };
        self.status = status.as_u16();
        self.duration_us = duration_us;
        serde_json::to_string(&self).unwrap_or_default()
    }
}
