//! Processes that stand still until they are resumed: they get no turns and their own timers stop.
//! What comes for them waits in their mailbox, and whatever ends a process ends them as well.

use crate::call::Pending;
use crate::process::Process;
use crate::{Kernel, Signal, SlotIndex, State, Step};
use procession_types::{Error, Pid, Timestamp};

impl Kernel {
    /// Lets a process stand still: at once, or at the end of its turn when it has one. Its sleeps,
    /// the time limits of its calls and its wall clock keep the rest of their time; the deadline of
    /// a [`crate::Cancel`] goes on. Twice is once.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn pause(&mut self, cx: &mut Step<'_>, to: Pid) -> Result<(), Error> {
        self.check_alive(cx, to)?;
        self.emit(cx, Signal::Pause { to });
        Ok(())
    }

    /// Lets a paused process go on, however often it was paused. Nothing when it is not paused.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn resume(&mut self, cx: &mut Step<'_>, to: Pid) -> Result<(), Error> {
        self.check_alive(cx, to)?;
        self.emit(cx, Signal::Resume { to });
        Ok(())
    }

    pub(crate) fn deliver_pause(&mut self, cx: &Step<'_>, slot: SlotIndex) {
        let Some(process) = self.table.at_mut(slot) else { return };
        match process.state {
            State::Starting | State::Running => process.rare().pausing = true,
            State::Ready => {
                process.woken = true;
                self.halt(cx.now, slot);
                self.ready.left(&self.table);
            }
            State::Waiting => {
                process.woken = false;
                self.halt(cx.now, slot);
            }
            State::Paused => {}
        }
    }

    pub(crate) fn deliver_resume(&mut self, cx: &mut Step<'_>, slot: SlotIndex) {
        let Some(process) = self.table.at_mut(slot) else { return };
        match process.state {
            // It was to be paused at the end of its turn.
            State::Starting | State::Running => {
                if let Some(rare) = &mut process.rare {
                    rare.pausing = false;
                }
                return;
            }
            State::Ready | State::Waiting => return,
            State::Paused => {}
        }
        process.postpone(cx.now.0.saturating_sub(process.since.0).max(0) as u64);
        process.since = cx.now;
        let (is_ready, is_asked) = (std::mem::take(&mut process.woken), process.asked.is_some());
        if is_ready {
            process.state = State::Ready;
            self.ready.push(process);
        } else {
            process.state = State::Waiting;
        }
        self.paused -= 1;
        self.counts.resumes += 1;
        self.set_own_timers(slot);
        if is_asked && !is_ready {
            self.tell_rest(cx, slot);
        }
    }

    /// From now on the process at a slot is paused; whether it would be ready is in `woken`.
    pub(crate) fn halt(&mut self, now: Timestamp, slot: SlotIndex) {
        let Some(process) = self.table.at_mut(slot) else { return };
        process.state = State::Paused;
        process.since = now;
        if let Some(rare) = &mut process.rare {
            rare.pausing = false;
        }
        let stopped = process.own_timers();
        self.paused += 1;
        self.counts.pauses += 1;
        if stopped > 0 {
            self.timers.cancelled(stopped, &self.table);
        }
    }
}

impl Process {
    #[inline]
    pub(crate) fn is_pausing(&self) -> bool {
        self.rare.as_ref().is_some_and(|rare| rare.pausing)
    }

    /// All times that stood still come later by so much.
    fn postpone(&mut self, nanoseconds: u64) {
        self.wall_clock = self.wall_clock.map(|end| end.after(nanoseconds));
        let Some(rare) = &mut self.rare else { return };
        let sleeps = rare.calls.values_mut().filter_map(|pending| match pending {
            Pending::Sleep { until } => Some(until),
            Pending::Driver | Pending::Process(_) | Pending::Done(_) => None,
        });
        for until in sleeps.chain(rare.deadlines.values_mut()) {
            *until = until.after(nanoseconds);
        }
    }
}
