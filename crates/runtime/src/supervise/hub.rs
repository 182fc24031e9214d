//! Events of supervised processes for whoever is outside: each reader has a queue of its own, and one
//! that is slow loses the oldest and is told how many.

use procession_supervision::plan::Kind;
use procession_supervision::supervisor::News;
use procession_types::{SmolStr, Timestamp};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

/// Events that wait for one reader at most.
pub const EVENTS_KEPT_MAX: usize = 100_000;

/// Something that has happened to a service, a supervisor or a pool.
#[derive(Debug, Clone, PartialEq)]
pub struct LifecycleEvent {
    /// Position among all events of the node.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// To whom.
    pub id: SmolStr,
    /// What that is.
    pub kind: Kind,
    /// What.
    pub news: News,
}

/// An event as a reader gets it.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// How many events were lost just before this one.
    pub lost: u64,
    /// The event.
    pub event: Arc<LifecycleEvent>,
}

#[derive(Default)]
struct Waiting {
    events: VecDeque<Arc<LifecycleEvent>>,
    lost: u64,
    closed: bool,
}

struct Stream {
    capacity: usize,
    waiting: Mutex<Waiting>,
    bell: Condvar,
}

/// The events of a node from the moment of the subscription on; see [`crate::Node::lifecycle_events`].
pub struct LifecycleEvents(Arc<Stream>);

impl LifecycleEvents {
    /// The next event, waiting for it for so long at most; `None` when there was none, or the node has
    /// stopped.
    #[must_use]
    pub fn next(&self, patience: Duration) -> Option<Delivery> {
        let end = Instant::now() + patience;
        let mut waiting = self.0.lock();
        loop {
            if let Some(event) = waiting.events.pop_front() {
                return Some(Delivery { lost: std::mem::take(&mut waiting.lost), event });
            }
            let left = end.saturating_duration_since(Instant::now());
            if waiting.closed || left.is_zero() {
                return None;
            }
            let woken = self.0.bell.wait_timeout(waiting, left);
            waiting = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Stream {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing in here panics while it holds the lock.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, event: &Arc<LifecycleEvent>) {
        let mut waiting = self.lock();
        if waiting.events.len() >= self.capacity {
            waiting.events.pop_front();
            waiting.lost += 1;
        }
        waiting.events.push_back(Arc::clone(event));
        drop(waiting);
        self.bell.notify_one();
    }
}

/// Where events go through.
#[derive(Default)]
pub(crate) struct Hub {
    streams: Mutex<(Vec<Weak<Stream>>, u64)>,
    /// How many readers there are, roughly: nobody pays for events that nobody reads.
    readers: AtomicUsize,
}

impl Hub {
    pub(crate) fn subscribe(&self, capacity: usize) -> LifecycleEvents {
        let stream = Arc::new(Stream {
            capacity: capacity.clamp(1, EVENTS_KEPT_MAX),
            waiting: Mutex::default(),
            bell: Condvar::new(),
        });
        let mut streams = self.lock();
        streams.0.push(Arc::downgrade(&stream));
        self.readers.store(streams.0.len(), Ordering::SeqCst);
        LifecycleEvents(stream)
    }

    pub(crate) fn publish(&self, at: Timestamp, id: &SmolStr, kind: Kind, news: News) {
        if self.readers.load(Ordering::SeqCst) == 0 {
            return;
        }
        let mut streams = self.lock();
        streams.1 += 1;
        let event = LifecycleEvent { number: streams.1, at, id: id.clone(), kind, news };
        let event = Arc::new(event);
        streams.0.retain(|stream| match stream.upgrade() {
            Some(stream) => {
                stream.put(&event);
                true
            }
            None => false,
        });
        self.readers.store(streams.0.len(), Ordering::SeqCst);
    }

    /// No more events will come.
    pub(crate) fn close(&self) {
        for stream in self.lock().0.drain(..).filter_map(|stream| stream.upgrade()) {
            stream.lock().closed = true;
            stream.bell.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, (Vec<Weak<Stream>>, u64)> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;

    #[test]
    fn slow_readers_lose_the_oldest_and_are_told() {
        let hub = Hub::default();
        let id = SmolStr::new("app:x");
        let publish = || hub.publish(Timestamp(1), &id, Kind::Service, News::Stopped);
        publish();
        let (slow, fast) = (hub.subscribe(2), hub.subscribe(10));
        (0..5).for_each(|_| publish());
        let read = |events: &LifecycleEvents| {
            let read = std::iter::from_fn(|| events.next(NOW));
            read.map(|it| (it.lost, it.event.number)).collect::<Vec<_>>()
        };
        assert_eq!(read(&slow), [(3, 4), (0, 5)]);
        assert_eq!(read(&fast), [(0, 1), (0, 2), (0, 3), (0, 4), (0, 5)]);
        drop(slow);
        publish();
        assert_eq!(hub.readers.load(Ordering::SeqCst), 1);
        hub.close();
        assert_eq!(read(&fast).len(), 1);
        assert_eq!(fast.next(Duration::from_secs(60)), None, "it does not wait for nothing");
    }
}
