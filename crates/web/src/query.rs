use kernel::Limit;

use crate::Problem;

/// The query parameters. The first of a repeated parameter is used, and an unknown parameter is ignored, since links
/// accumulate them.
#[derive(Debug)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Parses the part of a URL after the `?`.
    #[must_use]
    pub fn parse(query: &str) -> Self {
        Self(url::form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// Returns the value of a parameter; `None` if it is absent or empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Reads a parameter with `read`. `expected` describes a valid value.
    ///
    /// # Errors
    /// 400 with `expected`, if `read` returns `None`.
    pub fn read<T>(
        &self,
        name: &str,
        expected: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        match self.get(name) {
            Some(value) if value.contains('\0') => {
                Err(Problem::invalid_parameter(name, "must not contain NUL"))
            }
            Some(value) => read(value).map(Some).ok_or_else(|| Problem::invalid_parameter(name, expected)),
            None => Ok(None),
        }
    }

    /// Reads the parameter `limit`.
    ///
    /// # Errors
    /// 400
    pub fn limit(&self) -> Result<Limit, Problem> {
        self.read("limit", "must be a whole number from 1 to 100", Limit::parse)
            .map(Option::unwrap_or_default)
    }
}
