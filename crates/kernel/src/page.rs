//! Pages of lists: the request for one and the page itself.

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

/// The maximum number of items on a page: 1 to 100, by default 20.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(u8);

impl Limit {
    /// The largest page.
    pub const MAX: Self = Self(100);

    /// Returns the number of items.
    #[must_use]
    pub fn get(self) -> i64 {
        i64::from(self.0)
    }

    /// Returns the number of items plus one: a query that finds so many rows has found another page.
    #[must_use]
    pub fn plus_one(self) -> i64 {
        self.get().saturating_add(1)
    }

    /// Parses the query parameter `limit`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok().filter(|limit| (1..=Self::MAX.0).contains(limit)).map(Self)
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(20)
    }
}

/// The page that a request asks for. `K` is the sort key of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest<K> {
    /// The sort key of the last item of the page before; `None` for the first page.
    pub after: Option<K>,
    /// The maximum number of items.
    pub limit: Limit,
}

/// A page as finished JSON, which is passed on without being parsed.
#[derive(Debug, Deserialize)]
pub struct Page {
    /// The sort key of the last item, if the list continues.
    pub next: Option<Box<RawValue>>,
    /// The items, an array.
    pub items: Box<RawValue>,
}

impl Page {
    /// Reads the result of a list statement: `{"next": key or null, "items": [..]}`.
    ///
    /// # Errors
    /// Fails if the text has another shape: the statement and this type do not agree.
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }

    /// Returns whether the page has no items.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.get() == "[]"
    }
}

/// The items of one page as values, and the sort key of the last one if the list continues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageItems<T, K> {
    /// The items.
    pub items: Vec<T>,
    /// The sort key of the last item, if the list continues.
    pub next: Option<K>,
}

impl<T, K> PageItems<T, K> {
    /// Takes the first `limit` of `rows`, which hold one row more than the page ([`Limit::plus_one`]) if the list
    /// continues. `key` returns the sort key of a row.
    pub fn from_rows(mut rows: Vec<T>, limit: Limit, key: impl FnOnce(&T) -> K) -> Self {
        let size = usize::from(limit.0);
        let continues = rows.len() > size;
        rows.truncate(size);
        let next = rows.last().filter(|_| continues).map(key);
        Self { items: rows, next }
    }
}

impl<T, K: Serialize> PageItems<T, K> {
    /// Writes the page as JSON, each item in the form that `to_response` returns.
    ///
    /// # Errors
    /// Fails if an item or the key cannot be written as JSON.
    pub fn to_page<'t, R: Serialize>(
        &'t self,
        to_response: impl FnMut(&'t T) -> R,
    ) -> Result<Page, serde_json::Error> {
        let items: Vec<R> = self.items.iter().map(to_response).collect();
        Ok(Page { next: self.next.as_ref().map(to_raw_value).transpose()?, items: to_raw_value(&items)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_1_to_100() {
        for (text, limit) in [("1", 1), ("20", 20), ("100", 100)] {
            assert_eq!(Limit::parse(text).map(Limit::get), Some(limit));
        }
        for text in ["", "0", "101", "-1", "1.0", "abc", "99999999999"] {
            assert_eq!(Limit::parse(text), None, "{text:?}");
        }
        assert_eq!(Limit::MAX.plus_one(), 101);
    }

    #[test]
    fn a_page_keeps_the_json_of_its_statement() {
        let page = Page::from_json(r#"{"next": ["a", 7], "items": [{"price": 1.50}]}"#).unwrap();
        assert_eq!(page.items.get(), r#"[{"price": 1.50}]"#);
        assert_eq!(page.next.unwrap().get(), r#"["a", 7]"#);
        let last = Page::from_json(r#"{"next":null,"items":[]}"#).unwrap();
        assert!(last.is_empty() && last.next.is_none());
        assert!(Page::from_json("[]").is_err());
    }

    #[test]
    fn one_row_more_than_the_limit_means_that_the_list_continues() {
        let two = Limit::parse("2").unwrap();
        let page = PageItems::from_rows(vec![5, 4, 3], two, |row| *row);
        assert_eq!(page, PageItems { items: vec![5, 4], next: Some(4) });
        let page = page.to_page(|row| row * 10).unwrap();
        assert_eq!((page.items.get(), page.next.unwrap().get()), ("[50,40]", "4"));
        assert_eq!(PageItems::from_rows(vec![5, 4], two, |row| *row).next, None);
        assert_eq!(PageItems::from_rows(Vec::<i64>::new(), two, |row| *row).next, None);
    }
}
