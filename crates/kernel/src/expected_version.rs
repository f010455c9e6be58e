/// The versions from which a client allows a change to start (`If-Match`, RFC 9110 section 13.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectedVersion {
    /// The client does not restrict the version.
    Any,
    /// The client has read one of these versions. An empty list allows none.
    OneOf(Vec<String>),
}

impl ExpectedVersion {
    /// Returns whether a change may start from `version`.
    #[must_use]
    pub fn allows(&self, version: &str) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(versions) => versions.iter().any(|allowed| allowed == version),
        }
    }

    /// Returns the versions, comma separated, as a parameter for `string_to_array`; `None` (NULL) for any.
    #[must_use]
    pub fn as_param(&self) -> Option<String> {
        match self {
            Self::Any => None,
            Self::OneOf(versions) => Some(versions.join(",")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_starts_from_an_allowed_version() {
        let listed = ExpectedVersion::OneOf(vec!["7".to_owned(), "8".to_owned()]);
        assert!(listed.allows("8") && !listed.allows("9"));
        assert_eq!(listed.as_param().as_deref(), Some("7,8"));
        assert!(ExpectedVersion::Any.allows("9"));
        assert_eq!(ExpectedVersion::Any.as_param(), None);
        let none = ExpectedVersion::OneOf(Vec::new());
        assert!(!none.allows(""));
        assert_eq!(none.as_param().as_deref(), Some(""));
    }
}
