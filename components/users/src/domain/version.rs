//! The version of a resource that a change may start from.

/// The versions that the client names in `If-Match`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectedVersion {
    Any,
    OneOf(String),
}

impl ExpectedVersion {
    /// Returns the versions comma separated, null for any.
    #[must_use]
    pub fn as_param(&self) -> Option<String> {
        match self {
            Self::Any => None,
            Self::OneOf(versions) => Some(versions.clone()),
        }
    }
}
