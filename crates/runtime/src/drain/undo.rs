//! Undoing a drain: the doors are open again, and what it has taken down starts.

use super::{Drain, DrainTarget, Entry, undrained};
use crate::node::Node;
use crate::supervise::Supervised;
use procession_supervision::supervisor::Verb;
use procession_telemetry::EventKind;
use procession_types::{Error, SmolStr};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What is wanted up with something: all that it requires, and all below that.
pub(super) fn wanted_with<'a>(all: &'a [Supervised], id: &'a str) -> BTreeSet<&'a str> {
    let mut wanted: BTreeSet<&str> = BTreeSet::new();
    let mut more = vec![id];
    while let Some(id) = more.pop() {
        let Some(it) = all.iter().find(|it| it.id == id) else { continue };
        if wanted.insert(&it.id) {
            more.extend(it.requires.iter().map(String::as_str));
            let below = all.iter().filter(|other| other.supervisor.as_deref() == Some(id));
            more.extend(below.map(|it| it.id.as_str()));
        }
    }
    wanted
}

impl Node {
    /// Lets what is drained, or is being drained, take work again, starts what the drain has taken
    /// down, and waits for so long at most until that is up; the drain as it was.
    ///
    /// # Errors
    /// `NotFound` when it is not drained; the first failure of a start, after all have been tried.
    pub fn undo_drain(&self, target: &DrainTarget, patience: Duration) -> Result<Drain, Error> {
        let entry = self.shared.drains.lock().remove(target).ok_or_else(|| undrained(target))?;
        let view = self.lift(&entry);
        let end = Instant::now() + patience;
        let supervisor = match target {
            DrainTarget::Supervised(id) if view.kind == "supervisor" => Some(id),
            DrainTarget::Node | DrainTarget::Host(_) | DrainTarget::Supervised(_) => None,
        };
        // Each after what it requires.
        let ids: Vec<&SmolStr> = supervisor.into_iter().chain(view.stopped.iter().rev()).collect();
        let mut first = None;
        for id in ids {
            let left = end.saturating_duration_since(Instant::now());
            if let Err(error) = self.control(id, Verb::Start, left) {
                first.get_or_insert(error);
            }
        }
        self.tell_drain(EventKind::DrainUndone, target, "takes work again");
        first.map_or(Ok(view), Err)
    }

    /// Something is started by hand: a drain that has taken it down, or what it requires, is over.
    pub(super) fn lift_drains_of(&self, wanted: &BTreeSet<&str>) {
        let mut lifted = Vec::new();
        self.shared.drains.lock().retain(|target, entry| {
            let DrainTarget::Supervised(own) = target else { return true };
            let touches = wanted.contains(own.as_str())
                || entry.closed().0.iter().any(|name| wanted.contains(name.as_str()));
            if touches {
                lifted.push((target.clone(), Arc::clone(entry)));
            }
            !touches
        });
        for (target, entry) in lifted {
            self.lift(&entry);
            self.tell_drain(EventKind::DrainUndone, &target, "takes work again");
        }
    }

    /// Opens what a drain has closed, when it is not in the middle of a step.
    fn lift(&self, entry: &Entry) -> Drain {
        let acting = entry.act();
        let mut closed = entry.closed();
        closed.1 = true;
        self.shared.drains.gates.open_names(&closed.0);
        drop(closed);
        entry.bell.notify_all();
        let view = entry.view().clone();
        self.close(&view.target, None);
        drop(acting);
        view
    }
}
