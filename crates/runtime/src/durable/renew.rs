//! Another program in the place of a durable one: a record like any other. Old records are replayed with
//! the old program, which the store keeps by its hash.

use super::process::Kept;
use crate::birth::{START_INSTRUCTIONS, guarded};
use crate::door::Door;
use crate::guests::Resident;
use crate::program::Loaded;
use crate::worker::{Worker, discard};
use procession_durable::bytes::encoded;
use procession_durable::journal::Entry;
use procession_durable::keys;
use procession_durable::record::{Kind, Record, Usage};
use procession_durable::recorder::{Recorder, Recording};
use procession_environment::Guest;
use procession_kernel::SlotIndex;
use procession_store::{Change, Space};
use procession_telemetry::EventKind;
use procession_types::{Error, Fragment, Pid};
use std::sync::Arc;

impl Worker {
    /// Upgrades a durable process that waits. Nothing has changed when this fails.
    ///
    /// # Errors
    /// What the new program's top level says; `Invalid` when it is not durable.
    pub(crate) fn renew_durable(
        &mut self,
        (slot, pid): (SlotIndex, Pid),
        old: Resident,
        loaded: &Loaded,
        arguments: &Fragment,
    ) -> Result<(), Error> {
        match self.renewed_durable((slot, pid), &old, loaded, arguments) {
            Ok(guest) => {
                discard(old);
                let used = guest.usage().instructions;
                let mut resident =
                    Resident::new(pid, guest, used, (self.now, self.cell(slot, pid)));
                resident.is_waiting = true;
                self.guests.put(slot, resident);
                self.kernel.account(slot, used);
                self.step(|kernel, cx| kernel.rouse(cx, pid))
            }
            Err(error) => {
                self.guests.put(slot, old);
                Err(error)
            }
        }
    }

    fn renewed_durable(
        &mut self,
        (slot, pid): (SlotIndex, Pid),
        old: &Resident,
        loaded: &Loaded,
        arguments: &Fragment,
    ) -> Result<Box<dyn Guest>, Error> {
        let program = loaded.definition.program.clone();
        let (Some(durable), Some(keeper)) = (&loaded.durable, self.shared.keeper.clone()) else {
            let message =
                format!("the process is durable and \"{program}\" is not: say durable: true");
            return Err(Error::invalid(message));
        };
        keeper.check_room()?;
        if self.desk.kept.get(&slot).is_some_and(|kept| !kept.recording.journal.is_empty()) {
            self.seal(slot, old.guest.usage(), None);
        }
        let Some(mut kept) = self.desk.kept.remove(&slot) else {
            return Err(Error::not_found("process not found"));
        };
        let started = self.start_other((slot, pid), &mut kept, loaded, arguments);
        let (guest, recording) = match started {
            Ok(started) => started,
            Err(error) => {
                self.desk.kept.insert(slot, kept);
                return Err(error);
            }
        };
        let from = std::mem::replace(&mut kept.head.program, program.clone());
        kept.head.hash = durable.hash;
        kept.head.durability = durable.durability;
        let mut changes =
            vec![Change::put(Space::Head, keys::process(kept.id), encoded(&kept.head))];
        changes.extend(keeper.store_program(&durable.program, &durable.hash));
        let record = Record {
            at: self.now,
            slot: kept.ledger.inputs,
            inputs: 0,
            usage: Usage::default(),
            kind: Kind::Upgraded {
                program: program.clone(),
                hash: durable.hash,
                arguments: arguments.clone(),
            },
        };
        let definition = self.shared.programs.durable_definition(&kept.head);
        self.submit(slot, kept, (record, changes), Vec::new(), None);
        if let Some(kept) = self.desk.kept.get_mut(&slot) {
            kept.recording = recording;
            kept.is_busy = true;
        }
        self.seal(slot, guest.usage(), None);
        self.step(|kernel, cx| kernel.set_definition(cx, slot, definition));
        self.tell(EventKind::ProcessUpgraded, (pid, &program), &[("from", &from)], "");
        Ok(guest)
    }

    /// Starts the other program. Queues and calls of the old one are over when that succeeds.
    fn start_other(
        &mut self,
        (slot, pid): (SlotIndex, Pid),
        kept: &mut Kept,
        loaded: &Loaded,
        arguments: &Fragment,
    ) -> Result<(Box<dyn Guest>, Recording), Error> {
        let limits = kept.head.birth.limits;
        let mut guest = guarded(|| loaded.image.spawn(arguments, &limits))?;
        let calls = self.kernel.calls(slot);
        let closed = self.kernel.close_listeners(slot);
        let subscriptions = self.shared.services.suspend(pid);
        let (mut ledger, mut recording) = (kept.ledger.clone(), Recording::default());
        ledger.replaced();
        recording.begin(&Entry::Start { budget: START_INSTRUCTIONS as usize });
        recording.changed = true;
        let started = guarded(|| {
            let mut door = kept.door(Door::starting(self, slot, pid));
            let mut host = Recorder::new(&mut door, &mut ledger, &mut recording, u32::MAX);
            guest.start(&mut host, START_INSTRUCTIONS)
        });
        let shared = Arc::clone(&self.shared);
        let made = self.kernel.calls(slot);
        match started {
            Ok(()) => {
                shared.hand(shared.services.discard(pid, self.now, subscriptions));
                for call in calls {
                    self.step(|kernel, cx| kernel.abandon(cx, slot, call));
                }
                kept.ledger = ledger;
                Ok((guest, recording))
            }
            Err(error) => {
                self.drop_outputs(&recording.outputs);
                for call in made.into_iter().filter(|call| !calls.contains(call)) {
                    self.step(|kernel, cx| kernel.abandon(cx, slot, call));
                }
                self.kernel.reopen_listeners(slot, closed);
                shared.hand(shared.services.resume(pid, self.now, subscriptions));
                Err(error)
            }
        }
    }
}
