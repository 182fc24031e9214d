//! Timers: a heap whose cancelled entries are dropped lazily, but never outnumber the live ones by
//! much.

use crate::call::Pending;
use crate::table::Table;
use crate::{CallId, Kernel, SlotIndex, State, Step};
use procession_types::{Failure, Fragment, Limit, Pid, Timestamp};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Cancelled entries that are left in the heap in any case.
const STALE_MIN: usize = 64;

/// What happens at the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Alarm {
    /// A sleep is over.
    Sleep(CallId),
    /// The reply of a call must be there.
    Call(CallId),
    /// A cancelled process has had its time.
    Deadline,
    /// A process has lived as long as it may.
    WallClock,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Timer {
    at: Timestamp,
    /// Position among all timers ever set: those of the same time go off in this order.
    order: u64,
    slot: SlotIndex,
    pid: Pid,
    alarm: Alarm,
}

impl Timer {
    fn is_live(&self, table: &Table) -> bool {
        let Some(process) = table.at(self.slot).filter(|process| process.pid == self.pid) else {
            return false;
        };
        let runs = process.state != State::Paused;
        let rare = process.rare.as_deref();
        match self.alarm {
            Alarm::Sleep(call) => {
                let pending = rare.and_then(|rare| rare.calls.get(&call));
                runs && matches!(pending, Some(Pending::Sleep { until }) if *until == self.at)
            }
            Alarm::Call(call) => {
                let until = rare.and_then(|rare| rare.deadlines.get(&call));
                runs && until == Some(&self.at)
            }
            Alarm::Deadline => rare.and_then(|rare| rare.deadline) == Some(self.at),
            Alarm::WallClock => runs && process.wall_clock == Some(self.at),
        }
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<Timer>>,
    order: u64,
    stale: usize,
}

impl Timers {
    pub(crate) fn set(&mut self, at: Timestamp, slot: SlotIndex, pid: Pid, alarm: Alarm) {
        self.order += 1;
        self.heap.push(Reverse(Timer { at, order: self.order, slot, pid, alarm }));
    }

    /// Notes that so many entries are of no use any more.
    pub(crate) fn cancelled(&mut self, count: usize, table: &Table) {
        self.stale += count;
        if self.stale > STALE_MIN && self.stale > self.heap.len() / 2 {
            self.heap.retain(|timer| timer.0.is_live(table));
            self.heap.shrink_to(2 * self.heap.len());
            self.stale = 0;
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.heap.len()
    }

    fn pop_due(&mut self, now: Timestamp) -> Option<Timer> {
        if self.heap.peek()?.0.at > now {
            return None;
        }
        self.heap.pop().map(|timer| timer.0)
    }
}

impl Kernel {
    /// Sets the timers of a process that has come to this slot or is resumed, all but the deadline.
    pub(crate) fn set_own_timers(&mut self, slot: SlotIndex) {
        let Some(process) = self.table.at(slot) else { return };
        let pid = process.pid;
        if let Some(at) = process.wall_clock {
            self.timers.set(at, slot, pid, Alarm::WallClock);
        }
        let Some(rare) = &process.rare else { return };
        for (call, until) in &rare.deadlines {
            self.timers.set(*until, slot, pid, Alarm::Call(*call));
        }
        for (call, pending) in &rare.calls {
            if let Pending::Sleep { until } = pending {
                self.timers.set(*until, slot, pid, Alarm::Sleep(*call));
            }
        }
    }

    /// When [`Kernel::tick`] must be called next (it may turn out that nothing happens then).
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.timers.heap.peek().map(|timer| timer.0.at)
    }

    /// Sets off every timer whose time has come.
    pub fn tick(&mut self, cx: &mut Step<'_>) {
        while let Some(timer) = self.timers.pop_due(cx.now) {
            if !timer.is_live(&self.table) {
                self.timers.stale = self.timers.stale.saturating_sub(1);
                continue;
            }
            match timer.alarm {
                Alarm::Sleep(call) => self.finish_call(cx, timer.slot, call, Ok(Fragment::nil())),
                Alarm::Call(call) => self.expire_call(cx, timer.slot, timer.pid, call),
                Alarm::Deadline => {
                    if let Some(process) = self.table.at_mut(timer.slot) {
                        process.rare().deadline = None;
                    }
                    self.doom_slot(timer.slot, Failure::DeadlineExceeded);
                }
                Alarm::WallClock => {
                    self.doom_slot(timer.slot, Failure::limit(Limit::WallClock));
                }
            }
        }
        self.settle(cx);
    }
}
