use kernel::Limit;
use serde::de::DeserializeOwned;

use crate::{Cursors, Problem};

/// The parameters after the `?`. Of a repeated one the first counts; an unknown one is ignored, as links collect them.
#[derive(Debug)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads the text after the `?`.
    #[must_use]
    pub fn parse(query: &str) -> Self {
        Self(url::form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// The value of a parameter; `None` also if it is empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The value of a parameter as `read` understands it.
    ///
    /// # Errors
    /// 400 that says what the parameter `expected`.
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

    /// The parameter `limit`.
    ///
    /// # Errors
    /// 400
    pub fn limit(&self) -> Result<Limit, Problem> {
        self.read("limit", "must be a whole number from 1 to 100", Limit::parse)
            .map(Option::unwrap_or_default)
    }

    /// The sort key in the parameter `cursor`.
    ///
    /// # Errors
    /// 400
    pub fn cursor<K: DeserializeOwned>(&self, cursors: &Cursors) -> Result<Option<K>, Problem> {
        self.read("cursor", "must be the nextCursor of an earlier answer to the same query", |text| {
            cursors.parse(text)
        })
    }
}
