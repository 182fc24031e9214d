//! What all who use the telemetry of a node share.

use crate::entry;
use crate::event::{Event, EventKind};
use crate::export::Exported;
use crate::journal::{Counts, Journal};
use crate::metrics::SERIES_MAX;
use crate::queue::Queue;
use crate::record::{Kind, Source};
use crate::secrets::Secrets;
use crate::shelf::Shelf;
use crate::sources::NOBODY;
use procession_types::{HostIds, SmolStr, Timestamp};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) struct Shared {
    pub(crate) queue: Queue,
    pub(crate) keeps: bool,
    pub(crate) node: Option<SmolStr>,
    pub(crate) clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    /// Writes to the streams that failed.
    pub(crate) stream_failures: AtomicU64,
    pub(crate) hosts: HostIds,
    pub(crate) secrets: Secrets,
    pub(crate) logs: Arc<Shelf>,
    pub(crate) events: Arc<Shelf>,
    /// Of logs and events, as of the writer's last batch.
    pub(crate) counts: Mutex<[Counts; 2]>,
    /// Events published, by kind and service.
    pub(crate) published: Mutex<Published>,
    /// How the export goes, if there is one.
    pub(crate) exported: Mutex<Option<Exported>>,
    /// Held as long as the directory is used.
    pub(crate) lock: Option<File>,
}

/// See [`crate::Telemetry::published`].
pub(crate) type Published = BTreeMap<(EventKind, SmolStr), u64>;

impl Drop for Shared {
    fn drop(&mut self) {
        // Closing the file would do, were it not open in a child, too, that another thread is just starting.
        let _ = self.lock.take().map(|lock| lock.unlock());
    }
}

impl Shared {
    /// Counts an event that is published.
    pub(crate) fn count(&self, event: &Event) {
        let mut published = self.lock_published();
        let mut key = (event.kind, event.service.clone().unwrap_or_default());
        if published.len() >= SERIES_MAX && !published.contains_key(&key) {
            key.1 = SmolStr::new_static("other");
        }
        *published.entry(key).or_insert(0) += 1;
    }

    /// Appends an event, without secrets.
    pub(crate) fn put(&self, out: &mut Vec<u8>, event: &Event, time: Timestamp) {
        let host = event.pid.and_then(|pid| self.hosts.get(pid.host));
        let host = host.map_or("", |host| host.as_str());
        let service = event.service.as_deref().unwrap_or_default();
        let source = Source { pid: event.pid, host, program: &event.program, service };
        let message = self.without_secrets(&event.message);
        let fields = event.fields.iter();
        let fields = fields.map(|(name, value)| (name.as_str(), self.without_secrets(value)));
        let fields: Vec<_> = fields.collect();
        entry::put(out, (Kind::Event(event.kind), time), &source, &fields, &message);
    }

    /// Puts an event of the writer's own into its journal.
    pub(crate) fn keep(&self, events: &mut Journal, event: &Event, now: Timestamp) {
        if self.keeps {
            let mut bytes = Vec::new();
            self.put(&mut bytes, event, now);
            events.add(None, NOBODY, &bytes);
        }
    }

    pub(crate) fn without_secrets<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.secrets.hide(text)
    }

    pub(crate) fn lock_published(&self) -> MutexGuard<'_, Published> {
        self.published.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn lock_counts(&self) -> MutexGuard<'_, [Counts; 2]> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
