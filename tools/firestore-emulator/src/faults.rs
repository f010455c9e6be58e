//! Faults on demand, for tests only: `PUT /emulator/v1/faults`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What shall go wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Fault {
    /// `get`, `commit`, `batchGet`, `runQuery` or `any`.
    on: String,
    /// How many calls pass before it begins.
    #[serde(default)]
    skip: u32,
    /// How many calls it hits.
    times: u32,
    /// Waits before anything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) latency_ms: Option<u64>,
    /// Answers with this status and does nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<String>,
    /// Does it, and answers with this status; `cut` closes the connection without an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<String>,
}

/// The faults to come, and how often each operation was asked for.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    pub(crate) list: Vec<Fault>,
    pub(crate) requests: BTreeMap<&'static str, u64>,
}

impl Faults {
    /// The fault that hits this call, if any.
    pub(crate) fn hit(&mut self, operation: &'static str) -> Option<Fault> {
        let count = self.requests.entry(operation).or_default();
        *count = count.saturating_add(1);
        for fault in self.list.iter_mut().filter(|fault| fault.on == operation || fault.on == "any") {
            if fault.skip > 0 {
                fault.skip = fault.skip.saturating_sub(1);
            } else if fault.times > 0 {
                fault.times = fault.times.saturating_sub(1);
                return Some(fault.clone());
            }
        }
        None
    }
}
