//! The node's services: what processes share beside messages. Each is a plain structure behind one
//! lock, which is held for one operation only.

mod metrics;
mod queue;
mod store;
pub(crate) mod subscriptions;
mod variables;

pub use variables::Variables;

pub(crate) use queue::Handed;

use metrics::Metrics;
use procession_environment::{CallId, MetricRequest, QueueOperation, Request};
use procession_types::{Error, Fragment, FragmentBuilder, Pid, SmolStr, Timestamp, word};
use queue::Queues;
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use store::{OwnStores, Stores};
use subscriptions::Subscriptions;

/// See the module.
pub(crate) struct Services {
    pub(crate) variables: Variables,
    metrics: Mutex<Metrics>,
    stores: Mutex<Stores>,
    subscriptions: Mutex<Subscriptions>,
    queues: Mutex<Queues>,
    /// Processes that a service keeps something for.
    holders: Mutex<HashSet<Pid>>,
    holders_count: AtomicUsize,
}

impl Services {
    pub(crate) fn new(variables: Variables) -> Self {
        Self {
            variables,
            metrics: Mutex::default(),
            stores: Mutex::default(),
            subscriptions: Mutex::default(),
            queues: Mutex::default(),
            holders: Mutex::default(),
            holders_count: AtomicUsize::new(0),
        }
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
            Request::Variable { name } => self.variables.get(&name),
            Request::Variables => Ok(self.variables.table(|_| true)),
            Request::Metric(request) => lock(&self.metrics).answer(request),
            Request::Store(request) => {
                if !request.is_shared {
                    self.hold(caller);
                }
                let operation = request.operation;
                let owner = (!request.is_shared).then_some(caller);
                lock(&self.stores).answer(owner, &request.store, now, operation)
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
                lock(&self.queues).answer(caller, &request.queue, request.operation, out)
            }
        }
    }

    /// All metrics of programs as text.
    pub(crate) fn metrics_text(&self) -> String {
        lock(&self.metrics).text()
    }

    /// Who gets an event, by mailbox topic.
    pub(crate) fn receivers(&self, topic: &str) -> Vec<(SmolStr, Vec<Pid>)> {
        lock(&self.subscriptions).receivers(topic)
    }

    /// Takes a message for a consumer, or lets its call wait.
    pub(crate) fn consume(
        &self,
        consumer: Pid,
        call: CallId,
        queue: &SmolStr,
    ) -> Result<Option<Fragment>, Error> {
        self.hold(consumer);
        lock(&self.queues).consume(consumer, call, queue)
    }

    /// A call of a process is not wanted any more.
    pub(crate) fn abandoned(&self, pid: Pid, call: CallId) -> Vec<Handed> {
        let mut out = Vec::new();
        if self.holders_count.load(Ordering::SeqCst) > 0 {
            lock(&self.queues).abandoned(pid, call, &mut out);
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
    pub(crate) fn release(&self, pid: Pid) -> Vec<Handed> {
        if self.holders_count.load(Ordering::SeqCst) == 0 {
            return Vec::new();
        }
        let kept = self.suspend(pid);
        self.discard(pid, kept)
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
    pub(crate) fn resume(&self, pid: Pid, kept: Kept) -> Vec<Handed> {
        // What that program has made is gone with it; its deliveries are those that are new.
        let mut made = self.suspend(pid);
        made.deliveries.retain(|delivery| !kept.deliveries.contains(delivery));
        let out = self.discard(pid, made);
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
    pub(crate) fn discard(&self, pid: Pid, kept: Kept) -> Vec<Handed> {
        lock(&self.stores).drop_own(kept.stores);
        let mut out = Vec::new();
        if !kept.deliveries.is_empty() {
            lock(&self.queues).give_back(pid, kept.deliveries, &mut out);
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
