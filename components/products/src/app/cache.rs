//! The cache of public reads.
//!
//! Most requests read the same few pages. An instance caches the JSON of public reads without a token, by the whole path
//! and query, for `catalog_cache_ms`. Each write through the instance clears the cache. Stock is never cached.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use kernel::Timestamp;

use crate::domain::limits::{MAX_CACHED_BYTES, MAX_CACHED_RESPONSES};

/// The JSON of a public read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedJson {
    pub json: String,
    /// The version for If-Match, if the JSON is one resource.
    pub version: Option<String>,
}

/// The cached reads of one instance.
#[derive(Debug)]
pub struct Cache {
    max_age_micros: i64,
    entries: RefCell<BTreeMap<String, Entry>>,
}

#[derive(Debug)]
struct Entry {
    read_at: Timestamp,
    json: Rc<CachedJson>,
}

impl From<String> for CachedJson {
    fn from(json: String) -> Self {
        Self { json, version: None }
    }
}

impl Cache {
    /// Creates a cache. A maximum age of 0 disables it.
    #[must_use]
    pub fn new(max_age_ms: i64) -> Self {
        Self { max_age_micros: max_age_ms.saturating_mul(1000), entries: RefCell::default() }
    }

    /// Returns the JSON of this path and query, unless it is too old.
    #[must_use]
    pub fn get(&self, address: &str, now: Timestamp) -> Option<Rc<CachedJson>> {
        let entries = self.entries.borrow();
        let entry = entries.get(address)?;
        let age = now.unix_micros().saturating_sub(entry.read_at.unix_micros());
        // A negative age means that the clock was set back.
        (0..self.max_age_micros).contains(&age).then(|| Rc::clone(&entry.json))
    }

    /// Adds JSON that was read at `now` or later. A full cache is cleared first: frequent requests fill it again.
    pub fn put(&self, address: &str, now: Timestamp, json: &Rc<CachedJson>) {
        if self.max_age_micros == 0 || json.json.len() > MAX_CACHED_BYTES {
            return;
        }
        let mut entries = self.entries.borrow_mut();
        if entries.len() >= MAX_CACHED_RESPONSES {
            entries.clear();
        }
        entries.insert(address.to_owned(), Entry { read_at: now, json: Rc::clone(json) });
    }

    /// Removes all entries.
    pub fn clear(&self) {
        self.entries.borrow_mut().clear();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn json(text: &str) -> Rc<CachedJson> {
        Rc::new(CachedJson::from(text.to_owned()))
    }

    #[test]
    fn an_entry_is_returned_until_it_is_too_old() {
        let cache = Cache::new(1000);
        let at = |ms: u64| Timestamp::default().checked_add(Duration::from_millis(ms)).unwrap();
        cache.put("/products", at(5000), &json("{}"));
        assert!(cache.get("/products", at(5000)).is_some());
        assert!(cache.get("/products", at(5999)).is_some());
        assert_eq!(cache.get("/products", at(6000)), None);
        assert_eq!(cache.get("/products", at(4999)), None, "a clock that was set back");
        assert_eq!(cache.get("/products?limit=1", at(5000)), None);
        cache.clear();
        assert_eq!(cache.get("/products", at(5000)), None);
    }

    #[test]
    fn it_is_bounded_and_can_be_disabled() {
        let cache = Cache::new(1000);
        for number in 0..10_000 {
            cache.put(&format!("/products/{number}"), Timestamp::default(), &json("{}"));
            assert!(cache.entries.borrow().len() <= MAX_CACHED_RESPONSES);
        }
        cache.put("/large", Timestamp::default(), &json(&"x".repeat(MAX_CACHED_BYTES + 1)));
        assert_eq!(cache.get("/large", Timestamp::default()), None);
        let off = Cache::new(0);
        off.put("/products", Timestamp::default(), &json("{}"));
        assert_eq!(off.get("/products", Timestamp::default()), None);
    }
}
