//! What happens when a durable process fails, or its commit does: it goes back to the last state that is on
//! disk, and gets again what it had taken since.

use super::commit::heard;
use super::process::Early;
use crate::worker::{Worker, discard};
use procession_durable::bytes::{Bytes as _, Reader, encoded};
use procession_durable::head::Condition;
use procession_durable::journal::Entry;
use procession_durable::keys;
use procession_durable::record::{Kind, Parcel, Record, Usage};
use procession_environment::{OnError, Relation, Usage as Used};
use procession_kernel::SlotIndex;
use procession_store::{Change, Space, StoreError};
use procession_telemetry::EventKind;
use procession_types::{Error, ErrorKind, Event, ExitReason, Pid};

/// Inputs that are taken one by one after a failure, to find out which one it was.
const CAREFUL_TURNS: u32 = 1000;

impl Worker {
    /// The process at a slot has failed in its turn; its guest is gone.
    pub(crate) fn failed(
        &mut self,
        slot: SlotIndex,
        (used, usage): (u64, Used),
        reason: ExitReason,
    ) {
        self.kernel.account(slot, used);
        let Some(kept) = self.desk.kept.get_mut(&slot) else { return };
        let error = reason.error().unwrap_or_else(|| Error::new(ErrorKind::Unknown, "it failed"));
        let rule = kept.head.durability.on_error;
        let inputs = kept.recording.inputs;
        // Before its first commit there is no state to go back to.
        if rule == OnError::Exit || kept.n == 0 {
            self.seal(slot, usage, Some(reason));
        } else if inputs > 1 {
            let pid = kept.pid;
            self.desk.careful.insert(pid, CAREFUL_TURNS);
            self.roll_back(slot, true);
        } else {
            // Without an input there is nothing to skip.
            let rule = if inputs == 1 { rule } else { OnError::Halt };
            self.give_up(slot, error, rule);
        }
        self.flush();
    }

    /// Writes down that the turn failed, with its input when it took one, and goes back before it: to go on, or
    /// to stand still until somebody decides.
    fn give_up(&mut self, slot: SlotIndex, error: Error, rule: OnError) {
        let Some(mut kept) = self.desk.kept.remove(&slot) else { return };
        let (pid, program) = (kept.pid, kept.head.program.clone());
        self.desk.careful.remove(&pid);
        let inputs = kept.recording.inputs;
        let at_slot = kept.ledger.inputs - u64::from(inputs);
        let kind = if rule == OnError::Halt {
            EventKind::ProcessHalted
        } else {
            EventKind::ProcessSkipped
        };
        let (n, at) = (kept.n.to_string(), at_slot.to_string());
        let about = [("record", &*n), ("slot", &*at), ("error", error.message.as_str())];
        self.tell(kind, (pid, &program), &about, "");
        let input = inputs_of(&kept.recording.journal).into_iter().next();
        let mut changes = self.taken(pid, &kept.recording.taken);
        changes.extend(heard(kept.id, &kept.recording.news));
        changes.extend(kept.first.iter().cloned());
        if rule == OnError::Halt {
            kept.head.condition = Condition::Halted { n: kept.n, error: error.clone() };
            changes.push(Change::put(Space::Head, keys::process(kept.id), encoded(&kept.head)));
            changes.extend(self.shared.keeper.as_ref().map(|keeper| keeper.halted.begins(pid)));
        }
        let record = Record {
            at: self.now,
            slot: at_slot,
            inputs,
            usage: Usage::default(),
            kind: Kind::Failed {
                input: input.map(|entry| encoded(&entry)).unwrap_or_default(),
                error,
                rule,
            },
        };
        self.submit(slot, kept, (record, changes), Vec::new(), None);
        self.roll_back(slot, false);
    }

    /// A commit could not be made. What it had taken is in the store still, or comes again from its
    /// journal.
    pub(crate) fn refused_commit(&mut self, slot: SlotIndex, n: u64, error: &StoreError) {
        let Some(kept) = self.desk.kept.get(&slot).filter(|kept| kept.n > n) else { return };
        let (pid, program) = (kept.pid, kept.head.program.clone());
        let (n, text) = (n.to_string(), error.to_string());
        let about = [("record", n.as_str()), ("error", text.as_str())];
        self.tell(EventKind::CommitFailed, (pid, &program), &about, "");
        self.roll_back(slot, true);
    }

    /// Puts the process back into its last state on disk. `again` = it gets what it has taken since.
    pub(crate) fn roll_back(&mut self, slot: SlotIndex, again: bool) {
        let Some(mut kept) = self.desk.kept.remove(&slot) else { return };
        let pid = kept.pid;
        let recording = std::mem::take(&mut kept.recording);
        self.drop_outputs(&recording.outputs);
        for (relation, to) in recording.relations.iter().rev() {
            let to = *to;
            // What can't be undone any more has been undone by a death.
            let _ = self.step(|kernel, cx| match relation {
                Relation::Monitor => kernel.unmonitor(cx, slot, to),
                Relation::Unmonitor => kernel.monitor(cx, slot, to),
                Relation::Link => kernel.unlink(cx, slot, to),
                Relation::Unlink => kernel.link(cx, slot, to),
            });
        }
        for (name, _) in recording.names.iter().filter(|(_, got)| *got) {
            use procession_kernel::Directory as _;
            self.shared.directory.release(name);
        }
        if let Some(resident) = self.guests.take_of(slot, pid) {
            discard(resident);
        }
        let mut parted = parted_of(&recording.journal);
        parted.extend(self.kernel.take_parted(slot));
        let (mut early, mut events): (Early, Vec<Event>) = (Vec::new(), Vec::new());
        if again {
            for entry in inputs_of(&recording.journal) {
                match entry {
                    Entry::Message { source, message, .. } => {
                        early.push((source, Parcel::Message(message)));
                    }
                    Entry::Event(event) => events.push(event),
                    _ => {}
                }
            }
        }
        if let Some(evicted) = self.step(|kernel, cx| kernel.evict(cx, slot)) {
            for (at, message) in evicted.messages {
                early.push((kept.sources.remove(&at), Parcel::Message(message)));
            }
            events.extend(evicted.events);
            self.desk.deadlines.extend(evicted.deadline.map(|deadline| (pid, deadline)));
        }
        self.desk.returned.insert(pid, early);
        self.desk.unread.insert(pid, events);
        self.desk.parted.insert(pid, parted);
        self.count_undecided(pid);
        self.step(|kernel, cx| kernel.rouse_sleeper(cx, pid));
    }
}

/// Messages and events that a journal has taken, in order.
pub(super) fn inputs_of(journal: &[u8]) -> Vec<Entry> {
    let is_input = |entry: &Entry| matches!(entry, Entry::Message { .. } | Entry::Event(_));
    entries(journal).filter(is_input).collect()
}

/// Whom a process is no longer linked to, as its journal says.
fn parted_of(journal: &[u8]) -> Vec<Pid> {
    let parted = |entry| if let Entry::Parted(pid) = entry { Some(pid) } else { None };
    entries(journal).filter_map(parted).collect()
}

/// What a journal has, up to what can't be read.
fn entries(journal: &[u8]) -> impl Iterator<Item = Entry> {
    let mut from = Reader::new(journal);
    std::iter::from_fn(
        move || {
            if from.rest().is_empty() { None } else { Entry::take(&mut from).ok() }
        },
    )
}
