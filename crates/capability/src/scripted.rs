//! A host that answers from a list and records what it was asked: for tests of handlers that need no database.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::Duration;

use ::http::{Request, Response};
use bytes::Bytes;
use kernel::Timestamp;

use crate::{Clock, Database, DbError, Entropy, Http, HttpError, Param, Statement};

/// All capabilities, scripted. An answer that nobody scripted is a failure of the dependency.
#[derive(Debug)]
pub struct Scripted {
    now: Cell<Timestamp>,
    statements: RefCell<VecDeque<Result<Option<String>, DbError>>>,
    answers: RefCell<VecDeque<Result<Response<Bytes>, HttpError>>>,
    asked: RefCell<Vec<String>>,
    next_byte: Cell<u8>,
}

impl Scripted {
    /// A host on which it is `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self {
            now: Cell::new(now),
            statements: RefCell::default(),
            answers: RefCell::default(),
            asked: RefCell::default(),
            next_byte: Cell::new(1),
        }
    }

    /// The next statement answers this.
    #[must_use]
    pub fn database_answers(self, answer: Result<Option<String>, DbError>) -> Self {
        self.statements.borrow_mut().push_back(answer);
        self
    }

    /// The next request is answered with this.
    #[must_use]
    pub fn http_answers(self, answer: Result<Response<Bytes>, HttpError>) -> Self {
        self.answers.borrow_mut().push_back(answer);
        self
    }

    /// The names of the statements and the methods and addresses of the requests so far, in order.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.asked.borrow().clone()
    }
}

impl Database for Scripted {
    async fn query(&self, statement: &Statement, _: &[Param<'_>]) -> Result<Option<String>, DbError> {
        self.asked.borrow_mut().push(statement.name.to_owned());
        let answer = self.statements.borrow_mut().pop_front();
        answer.unwrap_or_else(|| Err(DbError::Unreachable(format!("{} is not scripted", statement.name))))
    }
}

impl Http for Scripted {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let asked = format!("{} {}", request.method(), request.uri());
        let answer = self.answers.borrow_mut().pop_front();
        let answer = answer.unwrap_or_else(|| Err(HttpError::NotSent(format!("{asked} is not scripted"))));
        self.asked.borrow_mut().push(asked);
        answer
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
