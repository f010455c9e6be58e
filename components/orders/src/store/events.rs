use firestore::{CommitError, Direction, Document, Error, Query, Write};
use kernel::{Limit, Timestamp};

use super::{Store, newest_first, page, plain};
use crate::Host;
use crate::event::{Event, State};

impl<H: Host> Store<'_, H> {
    /// An event.
    ///
    /// # Errors
    /// [`Error`]; an id that cannot be one names none.
    pub async fn event(&self, id: &str) -> Result<Option<Document<Event>>, Error> {
        let is_id = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !is_id || !id.starts_with("ORD-") || id.len() > 40 {
            return Ok(None);
        }
        self.get(&event_path(id)).await
    }

    /// The events that are due, the longest waiting first.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn due_events(&self, now: Timestamp, limit: Limit) -> Result<Vec<Document<Event>>, Error> {
        let query = Query::of("events", limit.get())
            .equal("state", plain(&State::Waiting)?)
            .order_by("dueAt", Direction::Ascending)
            .order_by("eventId", Direction::Ascending);
        let waiting: Vec<Document<Event>> = self.run(&query).await?;
        Ok(waiting.into_iter().filter(|event| event.value.due_at <= now).collect())
    }

    /// Writes an event that nobody has written since it was read. Returns its new version.
    ///
    /// # Errors
    /// [`CommitError`]
    pub async fn save_event(&self, event: &Event, seen: Timestamp) -> Result<Timestamp, CommitError> {
        let write = Write::set(event_path(&event.event_id), event)?.unchanged_since(Some(seen));
        Ok(self.commit(&[write]).await?.into_iter().next().unwrap_or(seen))
    }

    /// A page of the events in a state, the newest first, and where to go on.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn events(
        &self,
        state: State,
        after: Option<(Timestamp, String)>,
        limit: Limit,
    ) -> Result<(Vec<Event>, Option<(Timestamp, String)>), Error> {
        let query = newest_first("events", "eventId", after, limit)?.equal("state", plain(&state)?);
        let (events, has_more) = page::<Event>(self.run(&query).await?, limit);
        let next = events.last().filter(|_| has_more).map(|last| (last.created_at, last.event_id.clone()));
        Ok((events, next))
    }
}

pub(super) fn event_path(id: &str) -> String {
    format!("events/{id}")
}
