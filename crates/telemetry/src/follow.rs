//! Following a stream. A follower asks for what has come since; nobody waits for it. When it is so
//! slow that records are gone before it has asked, it gets a gap that says how many.

use crate::query::Query;
use crate::search::Page;
use crate::shelf::{Bell, News, Shelf};
use crate::telemetry::{Stream, Telemetry};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// See the module.
#[derive(Debug)]
pub struct Follower {
    telemetry: Telemetry,
    stream: Stream,
    query: Query,
    bell: Arc<Bell>,
}

impl Follower {
    pub(crate) fn new(
        telemetry: Telemetry,
        stream: Stream,
        mut query: Query,
        shelf: &Arc<Shelf>,
        news: Option<News>,
    ) -> Self {
        let bell = shelf.bell(news);
        if query.after.is_none() && query.tail.is_none() {
            query.after = Some(shelf.lock().last);
        }
        Self { telemetry, stream, query, bell }
    }

    /// What has come since the last page; it may be empty. A page that is not complete is followed
    /// by another one at once.
    #[must_use]
    pub fn poll(&mut self) -> Page {
        let page = self.telemetry.query(self.stream, &self.query);
        self.query.after = Some(page.next);
        self.query.tail = None;
        page
    }

    /// Likewise, and waits for records when there are none, but not longer than the time.
    #[must_use]
    pub fn wait(&mut self, most: Duration) -> Page {
        let end = Instant::now() + most;
        loop {
            let page = self.poll();
            let rest = end.saturating_duration_since(Instant::now());
            if !page.records.is_empty() || !page.is_complete || rest.is_zero() {
                return page;
            }
            self.bell.wait(rest);
        }
    }

    /// The number up to which everything has been looked at; what a client that comes back gives as
    /// [`Query::after`].
    #[must_use]
    pub fn position(&self) -> u64 {
        self.query.after.unwrap_or(0)
    }
}
