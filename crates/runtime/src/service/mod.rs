//! The node's services: what processes share beside messages. Each is a plain structure behind one
//! lock, which is held for one operation only.

mod metrics;
mod store;
mod variables;

pub use variables::Variables;

use metrics::Metrics;
use procession_environment::{MetricRequest, Request};
use procession_types::{Error, Fragment, FragmentBuilder, Pid, Timestamp};
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use store::Stores;

/// See the module.
pub(crate) struct Services {
    pub(crate) variables: Variables,
    metrics: Mutex<Metrics>,
    stores: Mutex<Stores>,
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
            holders: Mutex::default(),
            holders_count: AtomicUsize::new(0),
        }
    }

    /// Carries out a request whose permission has been checked.
    pub(crate) fn answer(
        &self,
        caller: Pid,
        now: Timestamp,
        request: Request,
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
        }
    }

    /// All metrics of programs as text.
    pub(crate) fn metrics_text(&self) -> String {
        lock(&self.metrics).text()
    }

    /// Notes that something is kept for a process.
    fn hold(&self, pid: Pid) {
        if lock(&self.holders).insert(pid) {
            self.holders_count.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Forgets what was kept for a process that has ended, or whose program is replaced.
    #[inline]
    pub(crate) fn release(&self, pid: Pid) {
        if self.holders_count.load(Ordering::SeqCst) > 0 {
            self.release_held(pid);
        }
    }

    fn release_held(&self, pid: Pid) {
        if !lock(&self.holders).remove(&pid) {
            return;
        }
        self.holders_count.fetch_sub(1, Ordering::SeqCst);
        lock(&self.stores).forget(pid);
    }
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
