//! What there is to know about the services, supervisors and pools of a node. Supervisors write what
//! concerns their children, anybody reads; one lock is held for one entry's time.

use super::desk::Desk;
use super::hub::Hub;
use procession_supervision::plan::Kind;
use procession_supervision::supervisor::{ChildStatus, StateName};
use procession_types::{SmolStr, Timestamp};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// A service, supervisor or pool as people see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Supervised {
    /// `namespace:name`; while it runs, its process holds it as a name.
    pub id: SmolStr,
    /// What it is.
    pub kind: Kind,
    /// The supervisor whose child it is; `None` = it is the application's root.
    pub supervisor: Option<SmolStr>,
    /// The program it runs; its own id when that is a part of the runtime.
    pub program: SmolStr,
    /// The process host of its process.
    pub host: SmolStr,
    /// Ids of what must be up before it starts.
    pub requires: Vec<String>,
    /// Labels that commands select by.
    pub labels: BTreeMap<String, String>,
    /// How it is.
    pub status: ChildStatus,
}

#[derive(Default)]
struct Entries {
    by_id: BTreeMap<SmolStr, Supervised>,
    /// The children of each supervisor.
    children: BTreeMap<SmolStr, Vec<SmolStr>>,
    desks: BTreeMap<SmolStr, Arc<Desk>>,
    /// Which process of each supervisor is the latest, counted.
    lives: BTreeMap<SmolStr, u64>,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Register {
    entries: Mutex<Entries>,
    /// Rung when the root comes up or ends.
    bell: Condvar,
    pub(crate) hub: Hub,
    /// Processes that did not end when they were asked to.
    pub(crate) overdue: AtomicU64,
    /// Starts of processes after others, over all applications.
    pub(crate) restarts: AtomicU64,
    /// Health checks of services, and how many of them were not answered in time.
    pub(crate) checks: AtomicU64,
    pub(crate) unhealthy: AtomicU64,
}

impl Register {
    /// Adds what an application consists of. The desk is that of a supervisor.
    pub(crate) fn add(&self, entry: Supervised, desk: Option<Arc<Desk>>) {
        let mut entries = self.lock();
        let id = entry.id.clone();
        if let Some(supervisor) = &entry.supervisor {
            entries.children.entry(supervisor.clone()).or_default().push(id.clone());
        }
        if let Some(desk) = desk {
            entries.desks.insert(id.clone(), desk);
        }
        entries.by_id.insert(id, entry);
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        let lives = std::mem::take(&mut self.lock().lives);
        *self.lock() = Entries { lives, ..Entries::default() };
    }

    /// A process of this supervisor begins; the number tells it from those before.
    pub(crate) fn begin(&self, id: &SmolStr) -> u64 {
        let mut entries = self.lock();
        let life = entries.lives.entry(id.clone()).or_default();
        *life += 1;
        *life
    }

    /// How an entry is now.
    pub(crate) fn update(&self, id: &SmolStr, status: ChildStatus) {
        let mut entries = self.lock();
        let Some(entry) = entries.by_id.get_mut(id) else { return };
        entry.status = status;
        if entry.supervisor.is_none() {
            self.bell.notify_all();
        }
    }

    /// A supervisor's process is gone: everything below it is down, unless another one has begun.
    pub(crate) fn fell(&self, id: &SmolStr, life: u64, at: Timestamp) {
        let mut entries = self.lock();
        if entries.lives.get(id) != Some(&life) {
            return;
        }
        let mut below = entries.children.get(id).cloned().unwrap_or_default();
        while let Some(id) = below.pop() {
            below.extend(entries.children.get(&id).cloned().unwrap_or_default());
            let Some(Supervised { status, .. }) = entries.by_id.get_mut(&id) else { continue };
            match status.state {
                StateName::Stopped | StateName::Exited | StateName::Failed => {}
                StateName::Waiting
                | StateName::Starting
                | StateName::Running
                | StateName::Stopping
                | StateName::Backoff => {
                    (status.state, status.since) = (StateName::Stopped, at);
                    (status.pid, status.until) = (None, None);
                    status.reason = Some("its supervisor has ended".to_owned());
                }
            }
        }
    }

    pub(crate) fn get(&self, id: &str) -> Option<Supervised> {
        self.lock().by_id.get(id).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Supervised> {
        self.lock().by_id.values().cloned().collect()
    }

    /// How many entries are in which state, by kind.
    pub(crate) fn counts(&self) -> BTreeMap<(Kind, StateName), u64> {
        let mut counts = BTreeMap::new();
        for entry in self.lock().by_id.values() {
            *counts.entry((entry.kind, entry.status.state)).or_default() += 1;
        }
        counts
    }

    /// The desk of the supervisor of an entry, with that supervisor's id.
    pub(crate) fn desk_for(&self, id: &str) -> Option<(SmolStr, Arc<Desk>)> {
        let entries = self.lock();
        let supervisor = entries.by_id.get(id)?.supervisor.clone()?;
        let desk = Arc::clone(entries.desks.get(&supervisor)?);
        Some((supervisor, desk))
    }

    /// Waits until an entry that nobody supervises is in one of these states, or for so long at most.
    pub(crate) fn wait_for(
        &self,
        id: &str,
        patience: std::time::Duration,
        states: &[StateName],
    ) -> Option<Supervised> {
        let entries = self.lock();
        let is_other = |entries: &mut Entries| {
            entries.by_id.get(id).is_some_and(|entry| !states.contains(&entry.status.state))
        };
        let waited = self.bell.wait_timeout_while(entries, patience, is_other);
        let (entries, _) = waited.unwrap_or_else(PoisonError::into_inner);
        entries.by_id.get(id).cloned()
    }

    pub(crate) fn count_restart(&self) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_check(&self) {
        self.checks.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_unhealthy(&self) {
        self.unhealthy.fetch_add(1, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        // Entries are whole between any two statements in here.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
