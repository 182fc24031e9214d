//! Signals for a guest of this shard, from those that have never taken the way over its home.
//!
//! A process that is here as a guest of another shard's is reached by way of its home, so that what
//! was sent to it earlier, from wherever, comes first. But whoever was born here after it came has
//! sent it nothing before that: while neither moves, the two are as if both were at home.
//!
//! Why no signal of a sender *s* overtakes another for the guest *g*. Let *g* have come to this shard
//! for the last time at *a*, and *s* have been born at *b*; the shard counts who comes, so both are
//! numbers. If *a* ≤ *b* and *s* has never moved, everything that *s* ever sent was sent here, while
//! *g* was here, and so by this rule: nothing is under way. When *g* leaves, it takes along what it
//! has got, and what *s* sends from then on follows by way of the home; should *g* come back, *a* is
//! new and greater than *b*, and it stays with that way. When *s* moves, its *b* is void for ever.
//! Signals whose sender is unknown, or is not a process, take the way over the home.
//!
//! **Invariant.** All signals of one process for another that can be seen by it are given to
//! [`Kernel::emit_by`] or ask [`Kernel::near`] with the same birth, so they all take the same way.

use crate::{Kernel, Signal, SlotIndex, Step};
use procession_types::Pid;

/// How many processes had come to a shard from elsewhere when one was born there. Small, because it
/// is in every entry; when the numbers are used up, all births are void.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Birth(u32);

impl Birth {
    /// Of one that has moved since, or of nobody.
    pub(crate) const VOID: Self = Self(0);
}

/// A process of another shard's that is here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resident {
    pub(crate) slot: SlotIndex,
    /// Which one of all that have come here from elsewhere, from 1.
    arrival: u32,
}

impl Kernel {
    /// For a process that is born now.
    pub(crate) fn birth_now(&self) -> Birth {
        match self.arrivals_counted {
            u32::MAX => Birth::VOID,
            count => Birth(count),
        }
    }

    /// Of the process at a slot, which acts.
    #[inline]
    pub(crate) fn birth_of(&self, slot: SlotIndex) -> Birth {
        self.table.at(slot).map_or(Birth::VOID, |process| process.birth)
    }

    /// Notes that a process of another shard has come to a slot.
    pub(crate) fn reside(&mut self, pid: Pid, slot: SlotIndex) {
        self.arrivals_counted = self.arrivals_counted.saturating_add(1);
        self.residents.insert(pid, Resident { slot, arrival: self.arrivals_counted });
    }

    /// Where a guest of this shard is, when a sender with this birth reaches it without its home.
    #[inline]
    pub(crate) fn near(&self, birth: Birth, to: Pid) -> Option<SlotIndex> {
        if birth == Birth::VOID || self.residents.is_empty() {
            return None;
        }
        let resident = self.residents.get(&to)?;
        (resident.arrival <= birth.0).then_some(resident.slot)
    }

    /// Carries a signal of a process with this birth to its receiver, here or on another shard.
    pub(crate) fn emit_by(&mut self, cx: &mut Step<'_>, birth: Birth, signal: Signal) {
        let to = signal.to();
        let near = if self.is_mine(to) { None } else { self.near(birth, to) };
        match near {
            Some(slot) => self.apply(cx, slot, signal),
            None => self.emit(cx, signal),
        }
    }
}
