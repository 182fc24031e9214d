//! The node's services: what processes share beside messages. Each is a plain structure behind one
//! lock, which is held for one operation only.

mod metrics;
mod queue;
mod schedule;
mod store;
pub(crate) mod subscriptions;
mod variables;

pub use variables::Variables;

pub(crate) use queue::Handed;

use crate::inbox::Inbox;
use crate::io_pool::IoPool;
use metrics::Metrics;
use procession_environment::{CallId, MetricRequest, QueueOperation, Request};
use procession_types::{Error, Fragment, FragmentBuilder, Pid, SmolStr, Timestamp, Topic, word};
use queue::Queues;
use std::collections::HashSet;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use store::{OwnStores, Stores};
use subscriptions::Subscriptions;

/// See the module.
pub(crate) struct Services {
    variables: RwLock<Arc<Variables>>,
    metrics: Mutex<Metrics>,
    stores: Mutex<Stores>,
    /// Where what was in stores is dropped.
    io: IoPool,
    subscriptions: Mutex<Subscriptions>,
    queues: Mutex<Queues>,
    /// When the queues have something to do; the end of time when they have not.
    queues_due: AtomicI64,
    /// Whom to tell when that comes sooner than it did.
    tender: Arc<Inbox>,
    /// Processes that a service keeps something for.
    holders: Mutex<HashSet<Pid>>,
    holders_count: AtomicUsize,
}

impl Services {
    /// The worker of `tender` calls [`Services::tend_queues`] in time.
    pub(crate) fn new(variables: Variables, tender: Arc<Inbox>, io: IoPool) -> Self {
        Self {
            variables: RwLock::new(Arc::new(variables)),
            metrics: Mutex::default(),
            stores: Mutex::default(),
            io,
            subscriptions: Mutex::default(),
            queues: Mutex::default(),
            queues_due: AtomicI64::new(i64::MAX),
            tender,
            holders: Mutex::default(),
            holders_count: AtomicUsize::new(0),
        }
    }

    /// The variables that processes may read, as of now.
    pub(crate) fn variables(&self) -> Arc<Variables> {
        Arc::clone(&self.variables.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_variables(&self, variables: Variables) {
        *self.variables.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(variables);
    }

    /// Carries out a request whose permission has been checked. Messages of queues that could be
    /// handed to others are in `out`.
    pub(crate) fn answer(
        &self,
        caller: Pid,
        now: Timestamp,
        request: Request,
        out: &mut Vec<Handed>,
    ) -> Result<Fragment, Error> {
        match request {
            Request::Variable { name } => self.variables().get(&name),
            Request::Variables => Ok(self.variables().table(|_| true)),
            Request::Metric(request) => lock(&self.metrics).answer(request),
            Request::Store(request) => {
                if !request.is_shared {
                    self.hold(caller);
                }
                let operation = request.operation;
                let owner = (!request.is_shared).then_some(caller);
                self.stores(|stores| stores.answer(owner, &request.store, now, operation))
            }
            // The door puts events into mailboxes.
            Request::Publish { .. } => Ok(integer(0)),
            Request::Subscribe { pattern } => {
                self.hold(caller);
                lock(&self.subscriptions).subscribe(caller, &pattern)?;
                Ok(FragmentBuilder::new().finish(&[word::TRUE]))
            }
            Request::Unsubscribe { pattern } => {
                let was = lock(&self.subscriptions).unsubscribe(caller, &pattern);
                Ok(FragmentBuilder::new().finish(&[word::from_bool(was)]))
            }
            Request::Queue(request) => {
                let operation = request.operation;
                self.queues(now, |it| it.answer(caller, &request.queue, operation, out))
            }
        }
    }

    /// All metrics of programs as text.
    pub(crate) fn metrics_text(&self) -> String {
        lock(&self.metrics).text()
    }

    /// Who gets an event, by mailbox topic.
    pub(crate) fn receivers(&self, topic: &str) -> Vec<(Topic, Vec<Pid>)> {
        lock(&self.subscriptions).receivers(topic)
    }

    /// Takes a message for a consumer, or lets its call wait.
    pub(crate) fn consume(
        &self,
        consumer: Pid,
        now: Timestamp,
        call: CallId,
        queue: &SmolStr,
    ) -> Result<Option<Fragment>, Error> {
        self.hold(consumer);
        self.queues(now, |queues| queues.consume(consumer, call, queue))
    }

    /// When [`Services::tend_queues`] has something to do.
    #[inline]
    pub(crate) fn queues_due(&self) -> Option<Timestamp> {
        let at = self.queues_due.load(Ordering::Relaxed);
        (at != i64::MAX).then_some(Timestamp(at))
    }

    /// Makes delayed messages ready, and takes back what was not acknowledged in time.
    pub(crate) fn tend_queues(&self, now: Timestamp) -> Vec<Handed> {
        let mut out = Vec::new();
        self.queues(now, |queues| queues.tend(&mut out));
        out
    }

    /// An operation on the queues at a time.
    fn queues<T>(&self, now: Timestamp, act: impl FnOnce(&mut Queues) -> T) -> T {
        let mut queues = lock(&self.queues);
        let result = act(queues.at(now));
        let due = queues.next_due().map_or(i64::MAX, |at| at.0);
        let before = self.queues_due.swap(due, Ordering::Relaxed);
        drop(queues);
        if due < before {
            self.tender.poke();
        }
        result
    }

    /// An operation on the stores. Whoever waits for it, or for its shard, does not wait until what it has
    /// emptied is given back to the allocator.
    fn stores<T>(&self, act: impl FnOnce(&mut Stores) -> T) -> T {
        let mut stores = lock(&self.stores);
        let result = act(&mut stores);
        let scrap = stores.take_scrap();
        drop(stores);
        if !scrap.is_empty() {
            // What can't be handed over is dropped here.
            let _ = self.io.submit(Box::new(move || drop(scrap)));
        }
        result
    }

    /// A call of a process is not wanted any more.
    pub(crate) fn abandoned(&self, pid: Pid, now: Timestamp, call: CallId) -> Vec<Handed> {
        let mut out = Vec::new();
        if self.holders_count.load(Ordering::SeqCst) > 0 {
            self.queues(now, |queues| queues.abandoned(pid, call, &mut out));
        }
        out
    }

    /// Notes that something is kept for a process.
    fn hold(&self, pid: Pid) {
        if lock(&self.holders).insert(pid) {
            self.holders_count.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Forgets what was kept for a process that has ended.
    #[inline]
    pub(crate) fn release(&self, pid: Pid, now: Timestamp) -> Vec<Handed> {
        if self.holders_count.load(Ordering::SeqCst) == 0 {
            return Vec::new();
        }
        let kept = self.suspend(pid);
        self.discard(pid, now, kept)
    }

    /// Sets aside what is kept for a process, while another program may take its place.
    pub(crate) fn suspend(&self, pid: Pid) -> Kept {
        if self.holders_count.load(Ordering::SeqCst) == 0 || !lock(&self.holders).remove(&pid) {
            return Kept::default();
        }
        self.holders_count.fetch_sub(1, Ordering::SeqCst);
        Kept {
            stores: lock(&self.stores).take(pid),
            patterns: lock(&self.subscriptions).forget(pid),
            deliveries: lock(&self.queues).held_by(pid),
        }
    }

    /// The other program has not started: all is as before.
    pub(crate) fn resume(&self, pid: Pid, now: Timestamp, kept: Kept) -> Vec<Handed> {
        // What that program has made is gone with it; its deliveries are those that are new.
        let mut made = self.suspend(pid);
        made.deliveries.retain(|delivery| !kept.deliveries.contains(delivery));
        let out = self.discard(pid, now, made);
        self.hold(pid);
        lock(&self.stores).give(pid, kept.stores);
        let mut subscriptions = lock(&self.subscriptions);
        for pattern in kept.patterns {
            // It fits unless others have subscribed in this moment; then the limit holds.
            let _ = subscriptions.subscribe(pid, &pattern);
        }
        out
    }

    /// Ends what was set aside.
    pub(crate) fn discard(&self, pid: Pid, now: Timestamp, kept: Kept) -> Vec<Handed> {
        self.stores(|stores| stores.drop_own(kept.stores));
        let mut out = Vec::new();
        if !kept.deliveries.is_empty() {
            self.queues(now, |queues| queues.give_back(pid, kept.deliveries, &mut out));
        }
        out
    }
}

/// What the services keep for one process.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    stores: OwnStores,
    patterns: Vec<SmolStr>,
    deliveries: Vec<(SmolStr, u64)>,
}

/// What a request is about, for the permission check: action, resource, key.
pub(crate) fn subject(request: &Request) -> Option<(&'static str, &str, Option<&[u8]>)> {
    match request {
        Request::Variable { name } => Some(("env.get", name, None)),
        // Each variable is checked by itself.
        Request::Variables => None,
        Request::Metric(request) => Some(match request {
            MetricRequest::Define(definition) => ("metrics.write", &definition.name, None),
            MetricRequest::Record { name, .. } => ("metrics.write", name, None),
            MetricRequest::Value { name, .. } => ("metrics.read", name, None),
            MetricRequest::Text => ("metrics.read", "*", None),
        }),
        Request::Store(request) if !request.is_shared => None,
        Request::Store(request) => {
            let (action, key) = store::subject(&request.operation);
            Some((action, &request.store, key))
        }
        Request::Publish { topic, .. } => Some(("events.publish", topic, None)),
        Request::Subscribe { pattern } => Some(("events.subscribe", pattern, None)),
        Request::Unsubscribe { .. } => None,
        Request::Queue(request) => {
            let action = match request.operation {
                QueueOperation::Declare(_) => "queue.declare",
                QueueOperation::Publish { .. } => "queue.publish",
                QueueOperation::Info => "queue.info",
                QueueOperation::Purge => "queue.purge",
                // Who holds a delivery was allowed to consume it.
                QueueOperation::Ack { .. } | QueueOperation::Nack { .. } => return None,
            };
            Some((action, &request.queue, None))
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic inside leaves a structure that is whole: entries are put in with one call.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One string.
fn text(bytes: &[u8]) -> Fragment {
    let mut builder = FragmentBuilder::new();
    let value = builder.string(bytes);
    builder.finish(&[value])
}

/// One integer.
fn integer(value: i64) -> Fragment {
    let mut builder = FragmentBuilder::new();
    let value = builder.integer(value);
    builder.finish(&[value])
}
