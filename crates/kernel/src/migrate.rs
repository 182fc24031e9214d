//! Processes that leave their shard for one that has nothing to do.
//!
//! A PID names the process's home shard for life. While the process is away, its slot at home says
//! where, and home forwards the signals for it; so the order per pair is kept without anybody else
//! knowing (who was born where it is may tell it directly: [`crate::near`]). Only home sends a process away, and only home calls it back, in order with what it has
//! forwarded: nothing overtakes anything, and nothing is ever looked for. One that is born away from
//! home has been called back before it is born: [`crate::vacancy`].
//!
//! **Invariant.** A process is live on exactly one shard, or under way to one in one [`Migrant`].

use crate::near::Birth;
use crate::process::Process;
use crate::timer::Alarm;
use crate::{Effect, Kernel, Signal, SlotIndex, State, Step};
use procession_types::{Pid, ShardIndex};

/// A process on its way to another shard.
#[derive(Debug)]
pub struct Migrant(Process);

impl Migrant {
    /// Who it is.
    #[must_use]
    pub fn pid(&self) -> Pid {
        self.0.pid
    }
}

impl Kernel {
    /// Sends the process at a slot to another shard, or, when it is from elsewhere, asks its home
    /// to call it back. Only a process that is ready or waits goes; says whether anything was done.
    pub fn emigrate(&mut self, cx: &mut Step<'_>, slot: SlotIndex, shard: ShardIndex) -> bool {
        let Some(process) = self.table.at(slot) else { return false };
        let may = matches!(process.state, State::Ready | State::Waiting);
        if !may || shard >= self.config.shards {
            return false;
        }
        let pid = process.pid;
        if !self.is_mine(pid) {
            self.emit(cx, Signal::Return { to: pid });
            return true;
        }
        if shard == self.config.shard {
            return false;
        }
        self.depart(cx, slot, shard);
        true
    }

    /// Takes in a process that another shard sent. Its guest belongs to the slot that is returned,
    /// before anything else is done.
    pub fn immigrate(&mut self, cx: &mut Step<'_>, migrant: Migrant) -> SlotIndex {
        let mut process = migrant.0;
        let pid = process.pid;
        let mut early = Vec::new();
        let slot = if self.is_mine(pid) {
            early = self.table.expected(pid).map(std::mem::take).unwrap_or_default();
            pid.slot
        } else {
            let slot = self.table.allocate_over();
            self.reside(pid, slot);
            slot
        };
        process.slot = slot;
        process.birth = Birth::VOID;
        process.recalled = false;
        match process.state {
            State::Ready => self.ready.push(&mut process),
            State::Paused => self.paused += 1,
            State::Waiting | State::Starting | State::Running => {}
        }
        self.settle_in(slot, process);
        for signal in early {
            self.deliver(cx, signal);
        }
        self.settle(cx);
        self.end_batch(cx);
        slot
    }

    /// Where a process of this shard is away.
    #[must_use]
    pub fn away(&self, pid: Pid) -> Option<ShardIndex> {
        // A PID of another shard may name a slot and a generation that are in use here, too.
        if self.is_mine(pid) { self.table.away(pid) } else { None }
    }

    /// What has arrived for a process of this shard that was called back.
    pub(crate) fn expected(&mut self, pid: Pid) -> Option<&mut Vec<Signal>> {
        if self.is_mine(pid) { self.table.expected(pid) } else { None }
    }

    /// Where the process lives on this shard: at home, or as a guest of another's.
    #[inline]
    #[must_use]
    pub fn locate(&self, pid: Pid) -> Option<SlotIndex> {
        if self.is_mine(pid) {
            return self.table.get(pid).map(|process| process.slot);
        }
        self.residents.get(&pid).map(|resident| resident.slot)
    }

    /// Home wants the process back: it goes as it is, if it still lives.
    pub(crate) fn deliver_recall(&mut self, cx: &mut Step<'_>, slot: SlotIndex) {
        let Some(process) = self.table.at_mut(slot) else { return };
        let home = process.pid.shard;
        match process.state {
            State::Starting | State::Running => process.recalled = true,
            State::Ready | State::Waiting | State::Paused => self.depart(cx, slot, home),
        }
    }

    /// A shard asks home to take a process back.
    pub(crate) fn deliver_return(&mut self, cx: &mut Step<'_>, to: Pid) {
        if let Some(shard) = self.away(to) {
            self.table.expect(to);
            cx.effects.push(Effect::Signal { shard, signal: Signal::Recall { to } });
        }
    }

    /// A process of this shard has ended elsewhere.
    pub(crate) fn deliver_gone(&mut self, cx: &mut Step<'_>, to: Pid) {
        let early = self.expected(to).map(std::mem::take).unwrap_or_default();
        if self.away(to).is_some() || self.expected(to).is_some() {
            self.table.vacate(to.slot);
        }
        for signal in early {
            self.deliver_to_dead(cx, signal);
        }
        self.end_batch(cx);
    }

    pub(crate) fn depart(&mut self, cx: &mut Step<'_>, slot: SlotIndex, shard: ShardIndex) {
        let Some(process) = self.table.at(slot) else { return };
        let pid = process.pid;
        let taken = if self.is_mine(pid) {
            self.table.send_away(slot, shard)
        } else {
            self.residents.remove(&pid);
            self.table.vacate(slot)
        };
        let Some(process) = taken else { return };
        let timers = process.timers();
        match process.state {
            State::Ready => self.ready.left(&self.table),
            State::Paused => self.paused -= 1,
            State::Waiting | State::Starting | State::Running => {}
        }
        if timers > 0 {
            self.timers.cancelled(timers, &self.table);
        }
        let migrant = Box::new(Migrant(process));
        cx.effects.push(Effect::Move { shard, slot, migrant });
    }

    /// Gives a process that has come from elsewhere its slot and its timers.
    fn settle_in(&mut self, slot: SlotIndex, process: Process) {
        let (pid, runs) = (process.pid, process.state != State::Paused);
        let deadline = process.rare.as_ref().and_then(|rare| rare.deadline);
        self.table.fill(slot, process);
        if let Some(at) = deadline {
            self.timers.set(at, slot, pid, Alarm::Deadline);
        }
        if runs {
            self.set_own_timers(slot);
        }
    }
}
