//! Registered names. They live in the directory, since every shard must see the same.

use crate::kernel::not_found;
use crate::{ClaimError, Kernel, SlotIndex, Step};
use procession_types::{Error, ErrorKind, Limit, Pid};

impl Kernel {
    /// Gives a name to a process, at the request of the process at a slot.
    ///
    /// # Errors
    /// `AlreadyExists`, `NotFound` (dead process), `Unavailable` (too many names).
    pub fn register(
        &mut self,
        cx: &mut Step<'_>,
        slot: SlotIndex,
        name: &str,
        pid: Pid,
    ) -> Result<(), Error> {
        let holder = self.locate(pid).and_then(|slot| self.table.at(slot));
        let holder = holder.or_else(|| self.table.at(slot));
        let names_max = holder.ok_or_else(not_found)?.definition.limits.names_max;
        if !self.is_possible(pid) {
            return Self::dead();
        }
        cx.directory.claim(name, pid, names_max).map_err(|error| claim_error(error, name))
    }
}

pub(crate) fn claim_error(error: ClaimError, name: &str) -> Error {
    match error {
        ClaimError::Taken(_) => {
            Error::new(ErrorKind::AlreadyExists, format!("name \"{name}\" is taken"))
        }
        ClaimError::Dead => not_found(),
        ClaimError::TooMany => Error::limit(Limit::Names, "too many registered names"),
    }
}
