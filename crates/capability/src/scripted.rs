//! A host that answers from a list and records the calls, for tests of handlers that need no database.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::Duration;

use ::http::{Request, Response};
use bytes::Bytes;
use kernel::Timestamp;

use crate::{Clock, Database, DbError, Entropy, Http, HttpError, Param, Statement};

/// A host with all capabilities. A call without a scripted answer fails as if the dependency were down.
#[derive(Debug)]
pub struct Scripted {
    now: Cell<Timestamp>,
    results: RefCell<VecDeque<Result<Option<String>, DbError>>>,
    responses: RefCell<VecDeque<Result<Response<Bytes>, HttpError>>>,
    calls: RefCell<Vec<String>>,
    next_byte: Cell<u8>,
}

impl Scripted {
    /// Creates a host whose clock shows `now` and advances only while a caller sleeps.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self {
            now: Cell::new(now),
            results: RefCell::default(),
            responses: RefCell::default(),
            calls: RefCell::default(),
            next_byte: Cell::new(1),
        }
    }

    /// Adds the result of the next statement.
    #[must_use]
    pub fn database_answers(self, result: Result<Option<String>, DbError>) -> Self {
        self.results.borrow_mut().push_back(result);
        self
    }

    /// Adds the response to the next request.
    #[must_use]
    pub fn http_answers(self, response: Result<Response<Bytes>, HttpError>) -> Self {
        self.responses.borrow_mut().push_back(response);
        self
    }

    /// Returns the calls so far in order: the name of each statement, the method and URL of each request.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        self.calls.borrow().clone()
    }
}

impl Database for Scripted {
    async fn query(&self, statement: &Statement, _: &[Param<'_>]) -> Result<Option<String>, DbError> {
        self.calls.borrow_mut().push(statement.name.to_owned());
        let result = self.results.borrow_mut().pop_front();
        result.unwrap_or_else(|| Err(DbError::Unreachable(format!("{} is not scripted", statement.name))))
    }
}

impl Http for Scripted {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let call = format!("{} {}", request.method(), request.uri());
        let response = self.responses.borrow_mut().pop_front();
        let response = response.unwrap_or_else(|| Err(HttpError::NotSent(format!("{call} is not scripted"))));
        self.calls.borrow_mut().push(call);
        response
    }
}

impl Clock for Scripted {
    fn now(&self) -> Timestamp {
        self.now.get()
    }

    async fn sleep(&self, duration: Duration) {
        if let Some(later) = self.now.get().checked_add(duration) {
            self.now.set(later);
        }
    }
}

impl Entropy for Scripted {
    fn bytes<const N: usize>(&self) -> [u8; N] {
        let byte = self.next_byte.get();
        self.next_byte.set(byte.wrapping_add(1));
        [byte; N]
    }
}
