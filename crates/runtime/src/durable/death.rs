//! The end of a durable process is a commit like any other: who has to hear of it hears it once, also
//! when the node ends in between.

use super::commit::mark;
use super::process::{Flight, Kept, shared};
use crate::worker::Worker;
use procession_durable::bytes::encoded;
use procession_durable::head::{Condition, number};
use procession_durable::journal::Source;
use procession_durable::keys;
use procession_durable::record::{Kind, Parcel, Record};
use procession_kernel::{SlotIndex, TurnEnd};
use procession_store::{Append, Change, Commit, Space};
use procession_types::{ExitReason, Pid};
use std::sync::Arc;

/// How long the log of a process is kept after its end, in nanoseconds: a day.
pub(crate) const KEPT_AFTER_END_NS: u64 = 24 * 3600 * 1_000_000_000;

impl Worker {
    /// What the last commit of a process says beside its record.
    pub(crate) fn dies(
        &mut self,
        kept: &mut Kept,
        slot: SlotIndex,
        reason: &ExitReason,
        changes: &mut Vec<Change>,
    ) {
        let mourners = self.kernel.mourners(slot, reason);
        self.dead(kept, &shared(reason), &mourners, changes);
    }

    fn dead(
        &mut self,
        kept: &mut Kept,
        reason: &Arc<ExitReason>,
        mourners: &[(Pid, bool)],
        changes: &mut Vec<Change>,
    ) {
        let at = self.now;
        kept.head.condition = Condition::Ended { at, reason: Arc::clone(reason) };
        changes.push(Change::put(Space::Head, keys::process(kept.id), encoded(&kept.head)));
        mark(kept, changes);
        // Then it is forgotten.
        let end = keys::wake(at.after(KEPT_AFTER_END_NS), kept.id);
        changes.push(Change::put(Space::Wake, end, encoded(&kept.pid)));
        self.desk.alarms.insert((at.after(KEPT_AFTER_END_NS), kept.pid));
        for name in kept.ledger.names.drain(..) {
            changes.push(Change::remove(Space::Name, name.as_bytes()));
        }
        let relations = [(&kept.ledger.monitors, false), (&kept.ledger.links, true)];
        for (to, by_link) in
            relations.iter().flat_map(|(all, by)| all.iter().map(move |to| (to, *by)))
        {
            if to.is_durable() {
                let key = keys::relation(number(to), by_link, kept.id);
                changes.push(Change::remove(Space::Relation, key));
            }
        }
        for (to, by_link) in mourners {
            let reason = Arc::clone(reason);
            let parcel = Parcel::Death { of: kept.pid, by_link: *by_link, at, reason };
            let key = keys::inbox(number(to), Source::death(kept.id, *by_link));
            changes.push(Change::put(Space::Inbox, key, encoded(&parcel)));
        }
        if let Some(keeper) = &self.shared.keeper {
            changes.extend(keeper.owners.died(kept.pid));
            changes.extend(keeper.halted.ends(kept.pid));
            let (page, bits) = keeper.alive.set(kept.pid, false);
            changes.push(Change::put(Space::Meta, page, bits));
        }
    }

    /// The last commit of a process is on disk: now it ends for everybody.
    pub(crate) fn end_durable(&mut self, slot: SlotIndex, reason: ExitReason) {
        self.desk.kept.remove(&slot);
        self.step(|kernel, cx| kernel.end_turn(cx, slot, 0, TurnEnd::Exited(reason)));
        self.flush();
    }

    /// The kernel has ended a process at the will of others: that is written down before anybody else
    /// acts upon it.
    pub(crate) fn killed(
        &mut self,
        slot: SlotIndex,
        pid: Pid,
        reason: &Arc<ExitReason>,
        mourners: &[(Pid, bool)],
    ) {
        if self.desk.kept.get(&slot).is_none_or(|kept| kept.pid != pid) {
            return;
        }
        let Some(mut kept) = self.desk.kept.remove(&slot) else { return };
        let outputs = std::mem::take(&mut kept.recording.outputs);
        self.drop_outputs(&outputs);
        let mut changes = std::mem::take(&mut kept.first);
        self.dead(&mut kept, reason, mourners, &mut changes);
        let record = Record {
            at: self.now,
            slot: kept.ledger.inputs - u64::from(kept.recording.inputs),
            inputs: 0,
            usage: procession_durable::record::Usage::default(),
            kind: Kind::Killed { reason: Arc::clone(reason) },
        };
        let append = Append { id: kept.id, n: kept.n, record: record.bytes() };
        let flight = Flight {
            pid,
            slot,
            n: kept.n,
            program: kept.head.program.clone(),
            outputs: Vec::new(),
            ending: None,
            is_early: false,
            is_released: true,
            told: None,
        };
        self.fly(flight, Commit { append: Some(append), changes });
    }

    /// A process could not be started: as far as it is in the store, it has ended.
    pub(crate) fn bury_unborn(&mut self, kept: &Kept) {
        let Some(keeper) = self.shared.keeper.clone() else { return };
        let (page, bits) = keeper.alive.set(kept.pid, false);
        // Its own first commit is not made; that of its parent may be.
        let mut changes = vec![
            Change::put(Space::Meta, page, bits),
            Change::remove(Space::Head, keys::process(kept.id)),
            Change::remove(Space::Uneasy, keys::process(kept.id)),
        ];
        changes.extend(keeper.owners.died(kept.pid));
        let flight = Flight {
            pid: kept.pid,
            slot: SlotIndex::MAX,
            n: 0,
            program: kept.head.program.clone(),
            outputs: Vec::new(),
            ending: None,
            is_early: false,
            is_released: true,
            told: None,
        };
        self.fly(flight, Commit::of(changes));
    }
}
