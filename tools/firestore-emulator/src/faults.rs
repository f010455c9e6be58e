//! Injects faults, for tests: `PUT /emulator/v1/faults`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A fault of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Fault {
    /// `get`, `commit`, `batchGet`, `runQuery` or `any`.
    on: String,
    /// The number of calls that succeed first.
    #[serde(default)]
    skip: u32,
    /// The number of calls that fail.
    times: u32,
    /// A delay before the call is processed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) latency_ms: Option<u64>,
    /// A status that is returned instead of processing the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<String>,
    /// A status that is returned after the call is processed. `cut` closes the connection without an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<String>,
}

/// The injected faults, and the number of calls of each operation.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    pub(crate) list: Vec<Fault>,
    pub(crate) requests: BTreeMap<&'static str, u64>,
}

impl Faults {
    /// Counts a call, and returns its fault, if any.
    pub(crate) fn next(&mut self, operation: &'static str) -> Option<Fault> {
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
