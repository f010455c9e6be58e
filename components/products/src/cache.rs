//! What the catalogue answered a moment ago, kept by the instance for a bounded time.
//!
//! Browsing is most of the traffic, and most of it asks for the same few pages. What is kept is finished JSON of public
//! reads, of requests without a token, by their whole address; it is forgotten after `catalog_cache_ms`, and whenever
//! anything is written through this instance. Stock is never kept.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use kernel::Timestamp;

/// How many answers are kept. The next one empties the cache: what is asked for often is soon back.
const MAX_ENTRIES: usize = 256;

/// The longest answer that is kept, in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// A finished answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// Its JSON.
    pub json: String,
    /// The version that a change may start from, if it is of one resource.
    pub version: Option<String>,
}

/// The answers of one instance.
#[derive(Debug)]
pub struct Cache {
    time_to_live_micros: i64,
    entries: RefCell<BTreeMap<String, (Timestamp, Rc<Finished>)>>,
}

impl Cache {
    /// A cache that keeps answers for so many milliseconds; for 0, it keeps none.
    #[must_use]
    pub fn new(time_to_live_ms: i64) -> Self {
        Self { time_to_live_micros: time_to_live_ms.saturating_mul(1000), entries: RefCell::default() }
    }

    /// What was answered to this address less than the time to live ago.
    #[must_use]
    pub fn get(&self, address: &str, now: Timestamp) -> Option<Rc<Finished>> {
        let entries = self.entries.borrow();
        let (kept_at, answer) = entries.get(address)?;
        let age = now.unix_micros().saturating_sub(kept_at.unix_micros());
        // A clock that was set back makes nothing younger.
        (0..self.time_to_live_micros).contains(&age).then(|| Rc::clone(answer))
    }

    /// Keeps an answer that was read at `now` or later.
    pub fn put(&self, address: &str, now: Timestamp, answer: &Rc<Finished>) {
        if self.time_to_live_micros == 0 || answer.json.len() > MAX_BYTES {
            return;
        }
        let mut entries = self.entries.borrow_mut();
        if entries.len() >= MAX_ENTRIES {
            entries.clear();
        }
        entries.insert(address.to_owned(), (now, Rc::clone(answer)));
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.entries.borrow_mut().clear();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn answer(json: &str) -> Rc<Finished> {
        Rc::new(Finished { json: json.to_owned(), version: None })
    }

    #[test]
    fn an_answer_is_kept_for_its_time_and_no_longer() {
        let cache = Cache::new(1000);
        let at = |ms: u64| Timestamp::default().checked_add(Duration::from_millis(ms)).unwrap();
        cache.put("/products", at(5000), &answer("{}"));
        assert!(cache.get("/products", at(5000)).is_some());
        assert!(cache.get("/products", at(5999)).is_some());
        assert_eq!(cache.get("/products", at(6000)), None);
        assert_eq!(cache.get("/products", at(4999)), None, "a clock that was set back");
        assert_eq!(cache.get("/products?limit=1", at(5000)), None);
        cache.clear();
        assert_eq!(cache.get("/products", at(5000)), None);
    }

    #[test]
    fn it_is_bounded_and_can_be_off() {
        let cache = Cache::new(1000);
        for number in 0..10_000 {
            cache.put(&format!("/products/{number}"), Timestamp::default(), &answer("{}"));
            assert!(cache.entries.borrow().len() <= MAX_ENTRIES);
        }
        cache.put("/large", Timestamp::default(), &answer(&"x".repeat(MAX_BYTES + 1)));
        assert_eq!(cache.get("/large", Timestamp::default()), None);
        let off = Cache::new(0);
        off.put("/products", Timestamp::default(), &answer("{}"));
        assert_eq!(off.get("/products", Timestamp::default()), None);
    }
}
