//! Conditional requests: `If-Match` and `If-None-Match`.

use http::header::{HeaderValue, IF_MATCH, IF_NONE_MATCH};
use kernel::ExpectedVersion;

use crate::Call;

impl Call {
    /// Returns the versions in `If-Match`, any version without the header or with `*`.
    ///
    /// The comparison is strong: a weak tag matches no version (RFC 9110 section 13.1.1). A tag is a version, or a version,
    /// a hyphen and a digest.
    #[must_use]
    pub fn expected_version(&self) -> ExpectedVersion {
        let values: Vec<&HeaderValue> = self.headers.get_all(IF_MATCH).iter().collect();
        let text = values.iter().filter_map(|value| value.to_str().ok());
        let tags: Vec<&str> = text.flat_map(|value| value.split(',')).map(str::trim).collect();
        if values.is_empty() || tags.contains(&"*") {
            return ExpectedVersion::Any;
        }
        let unquoted = |tag: &&str| Some(tag.strip_prefix('"')?.strip_suffix('"')?.to_owned());
        let version = |tag: String| tag.split('-').next().unwrap_or_default().to_owned();
        ExpectedVersion::OneOf(tags.iter().filter_map(unquoted).map(version).collect())
    }

    /// Returns whether the client has the version `tag` (without quotes) already. The comparison is weak (RFC 9110 section
    /// 13.1.2).
    #[must_use]
    pub fn has_version(&self, tag: &str) -> bool {
        let Some(known) = self.headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()) else {
            return false;
        };
        known.split(',').map(str::trim).any(|candidate| {
            let candidate = candidate.strip_prefix("W/").unwrap_or(candidate);
            candidate == "*" || candidate.trim_matches('"') == tag
        })
    }
}
