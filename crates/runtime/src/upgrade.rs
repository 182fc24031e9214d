//! Another guest in the place of a running one.

use crate::birth::{START_INSTRUCTIONS, report};
use crate::door::Door;
use crate::guests::Resident;
use crate::program::Loaded;
use crate::worker::{Worker, discard};
use procession_environment::Guest;
use procession_kernel::{CallId, SlotIndex};
use procession_telemetry::EventKind;
use procession_types::{Error, ErrorKind, Fragment, Pid, SmolStr};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A guest that has been started and takes over when the old one gives its turn back.
pub(crate) struct Prepared {
    loaded: Loaded,
    guest: Box<dyn Guest>,
    /// Calls of the old guest.
    calls: Vec<CallId>,
}

impl Worker {
    /// Starts another guest for the process at a slot. Messages that wait in queues of the old one
    /// are in the inbox for it; if it does not start, everything is as before.
    pub(crate) fn prepare(
        &mut self,
        slot: SlotIndex,
        pid: Pid,
        loaded: Loaded,
        arguments: &Fragment,
    ) -> Result<(), Error> {
        let calls = self.kernel.calls(slot);
        let closed = self.kernel.close_listeners(slot);
        let kept = self.shared.services.suspend(pid);
        let limits = loaded.definition.limits;
        let started = catch_unwind(AssertUnwindSafe(|| {
            let mut guest = loaded.image.spawn(arguments, &limits)?;
            guest.start(&mut Door::starting(self, slot, pid), START_INSTRUCTIONS)?;
            Ok(guest)
        }));
        let started = started.unwrap_or_else(|panic| {
            Err(Error::new(ErrorKind::Internal, format!("internal fault: {}", report(&*panic))))
        });
        match started {
            Ok(guest) => {
                let handed = self.shared.services.discard(pid, self.now, kept);
                self.shared.hand(handed);
                self.prepared = Some(Prepared { loaded, guest, calls });
                Ok(())
            }
            Err(error) => {
                let made = self.kernel.calls(slot);
                self.abandon(slot, made.into_iter().filter(|call| !calls.contains(call)));
                self.kernel.reopen_listeners(slot, closed);
                let handed = self.shared.services.resume(pid, self.now, kept);
                self.shared.hand(handed);
                Err(error)
            }
        }
    }

    /// Puts the prepared guest in the place of the old one; returns the instructions it has used.
    pub(crate) fn replace(&mut self, slot: SlotIndex, old: Resident) -> u64 {
        let pid = old.pid;
        let Some(prepared) = self.prepared.take() else {
            // The guest says it was replaced, and was not: it goes on.
            self.guests.put(slot, old);
            return 0;
        };
        discard(old);
        self.abandon(slot, prepared.calls.into_iter());
        let from = SmolStr::new(self.program(slot));
        let program = prepared.loaded.definition.program.clone();
        let definition = prepared.loaded.definition;
        self.step(|kernel, cx| kernel.set_definition(cx, slot, definition));
        self.tell(EventKind::ProcessUpgraded, (pid, &program), &[("from", &from)], "");
        let used = prepared.guest.usage().instructions;
        let when = (self.now, self.cell(slot, pid));
        self.guests.put(slot, Resident::new(pid, prepared.guest, used, when));
        used
    }

    fn abandon(&mut self, slot: SlotIndex, calls: impl Iterator<Item = CallId>) {
        for call in calls {
            self.step(|kernel, cx| kernel.abandon(cx, slot, call));
        }
    }
}
