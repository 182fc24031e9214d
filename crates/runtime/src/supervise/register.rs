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

impl Entries {
    /// An entry as it is shown: a supervisor that lives is degraded when something below it fails,
    /// however deep that is.
    fn seen(&self, id: &str) -> Option<Supervised> {
        let mut entry = self.by_id.get(id)?.clone();
        if let Some(bearable) = bearable(&entry) {
            let mut below = vec![&entry.id];
            let mut failing = None;
            while let (Some(id), None) = (below.pop(), failing) {
                failing = self.by_id.get(id).filter(|it| it.failures() > bearable);
                below.extend(self.children.get(id).into_iter().flatten());
            }
            if let Some(failing) = failing {
                degrade(&mut entry.status, failing);
            }
        }
        Some(entry)
    }

    /// All of them as they are shown.
    fn all(&self) -> Vec<Supervised> {
        let mut seen = self.by_id.clone();
        for failing in self.by_id.values().filter(|it| it.failures() > 0) {
            let mut above = failing.supervisor.as_ref();
            while let Some(entry) = above.and_then(|id| seen.get_mut(id)) {
                let as_it_is = self.by_id.get(&entry.id).and_then(bearable);
                if as_it_is.is_some_and(|bearable| failing.failures() > bearable) {
                    degrade(&mut entry.status, failing);
                }
                above = self.by_id.get(&entry.id).and_then(|it| it.supervisor.as_ref());
            }
        }
        seen.into_values().collect()
    }
}

impl Supervised {
    /// Failures in a row of something that is wanted and is not up; [`u32::MAX`] when it is not tried
    /// again.
    #[must_use]
    pub fn failures(&self) -> u32 {
        match self.status.state {
            StateName::Failed | StateName::Halted if self.status.wanted => u32::MAX,
            StateName::Starting | StateName::Stopping | StateName::Backoff
                if self.status.wanted =>
            {
                self.status.attempts
            }
            StateName::Failed
            | StateName::Halted
            | StateName::Starting
            | StateName::Stopping
            | StateName::Backoff
            | StateName::Stopped
            | StateName::Waiting
            | StateName::Running
            | StateName::Degraded
            | StateName::Exited => 0,
        }
    }
}

/// How many failures in a row below a supervisor that lives are not worth a word: while it comes up
/// none; later each process may fail once, and is started again.
fn bearable(entry: &Supervised) -> Option<u32> {
    match entry.status.state {
        _ if entry.kind != Kind::Supervisor => None,
        StateName::Starting => Some(0),
        StateName::Running => Some(1),
        StateName::Stopped
        | StateName::Waiting
        | StateName::Degraded
        | StateName::Stopping
        | StateName::Backoff
        | StateName::Exited
        | StateName::Halted
        | StateName::Failed => None,
    }
}

fn degrade(status: &mut ChildStatus, failing: &Supervised) {
    let Supervised { id, status: ChildStatus { reason, last, .. }, .. } = failing;
    let last = last.as_ref().map(procession_supervision::supervisor::Ending::text);
    let why = match failing.failures() {
        u32::MAX => {
            let what = match failing.status.state {
                StateName::Halted => "stands still",
                _ => "has failed",
            };
            format!("{id} {what}: {}", reason.as_deref().unwrap_or_default())
        }
        1 => format!("{id} has failed and is tried again: {}", last.unwrap_or_default()),
        count => {
            let last = last.unwrap_or_default();
            format!("{id} has failed {count} times in a row and is tried again: {last}")
        }
    };
    (status.state, status.reason) = (StateName::Degraded, Some(why));
}

/// See the module.
#[derive(Default)]
pub(crate) struct Register {
    entries: Mutex<Entries>,
    /// Rung when the root comes up or ends, and when something fails or does so no more.
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

    /// Shows an entry as it is described now; how it is stays.
    pub(crate) fn describe(&self, entry: Supervised) {
        let mut entries = self.lock();
        let Some(old) = entries.by_id.get_mut(&entry.id) else { return };
        let status = old.status.clone();
        *old = Supervised { status, ..entry };
    }

    /// A supervisor has let go of a child, which has no process any more, nor has anything below it.
    pub(crate) fn forget(&self, id: &SmolStr, by: &SmolStr) {
        let mut entries = self.lock();
        if let Some(children) = entries.children.get_mut(by) {
            children.retain(|child| child != id);
        }
        let mut gone = vec![(id.clone(), by.clone())];
        while let Some((id, by)) = gone.pop() {
            // It may be somebody else's by now.
            if entries.by_id.get(&id).is_some_and(|entry| entry.supervisor == Some(by)) {
                entries.by_id.remove(&id);
                entries.desks.remove(&id);
                let below = entries.children.remove(&id).unwrap_or_default();
                gone.extend(below.into_iter().map(|child| (child, id.clone())));
            }
        }
        self.bell.notify_all();
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

    /// How an entry is now, as its supervisor says.
    pub(crate) fn update(&self, id: &SmolStr, by: &SmolStr, status: ChildStatus) {
        let mut entries = self.lock();
        let is_own = |entry: &&mut Supervised| entry.supervisor.as_ref() == Some(by);
        if let Some(entry) = entries.by_id.get_mut(id).filter(is_own) {
            self.put(entry, status);
        }
    }

    /// How the root is now, as it says itself.
    pub(crate) fn update_root(&self, id: &SmolStr, status: ChildStatus) {
        if let Some(entry) = self.lock().by_id.get_mut(id) {
            self.put(entry, status);
        }
    }

    fn put(&self, entry: &mut Supervised, status: ChildStatus) {
        let is_root = entry.supervisor.is_none();
        let before = entry.failures();
        entry.status = status;
        if is_root || entry.failures() != before {
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
                | StateName::Degraded
                | StateName::Halted
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
        self.lock().seen(id)
    }

    pub(crate) fn all(&self) -> Vec<Supervised> {
        self.lock().all()
    }

    /// How many entries are in which state, by kind.
    pub(crate) fn counts(&self) -> BTreeMap<(Kind, StateName), u64> {
        let mut counts = BTreeMap::new();
        for entry in self.all() {
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

    /// The desk of a supervisor.
    pub(crate) fn desk_of(&self, supervisor: &SmolStr) -> Option<Arc<Desk>> {
        self.lock().desks.get(supervisor).cloned()
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
            entries.seen(id).is_some_and(|entry| !states.contains(&entry.status.state))
        };
        let waited = self.bell.wait_timeout_while(entries, patience, is_other);
        let (entries, _) = waited.unwrap_or_else(PoisonError::into_inner);
        entries.seen(id)
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
