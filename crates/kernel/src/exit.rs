//! The end of a process, and of those that end with it.

use crate::process::Process;
use crate::{Effect, Kernel, Signal, SlotIndex, State, Step};
use procession_types::{ExitReason, Failure, Pid};
use std::sync::Arc;

/// A process that ends before the step does.
#[derive(Debug)]
pub(crate) struct Dying {
    slot: SlotIndex,
    pid: Pid,
    reason: Arc<ExitReason>,
}

impl Dying {
    pub(crate) fn new(slot: SlotIndex, pid: Pid, reason: ExitReason) -> Self {
        Self { slot, pid, reason: Arc::new(reason) }
    }

    pub(crate) fn failed(slot: SlotIndex, pid: Pid, failure: Failure) -> Self {
        Self::new(slot, pid, ExitReason::failed(failure))
    }
}

impl Kernel {
    /// Ends everything that is doomed, and what that dooms, one after another: a chain of links
    /// may be longer than any stack.
    #[inline]
    pub(crate) fn settle(&mut self, cx: &mut Step<'_>) {
        while let Some(dying) = self.dying.pop_front() {
            self.exit(cx, dying);
        }
    }

    /// Ends the process at a slot, at the end of its turn when it has one.
    pub(crate) fn doom_slot(&mut self, slot: SlotIndex, failure: Failure) {
        let Some(process) = self.table.at_mut(slot) else { return };
        match process.state {
            State::Starting | State::Running => {
                process.rare().doom.get_or_insert(failure);
            }
            State::Ready | State::Waiting | State::Paused => {
                let dying = Dying::failed(slot, process.pid, failure);
                self.dying.push_back(dying);
            }
        }
    }

    /// In the documented order: the PID stops receiving, its names are released, monitors get EXIT,
    /// links get LINK_DOWN. Then what it had asked of others is taken back.
    fn exit(&mut self, cx: &mut Step<'_>, dying: Dying) {
        let Dying { slot, pid, reason } = dying;
        if self.table.at(slot).is_none_or(|process| process.pid != pid) {
            return;
        }
        let reason = placed(cx, slot, pid, reason);
        let Some(mut process) = self.table.vacate(slot) else { return };
        if process.state == State::Ready {
            self.ready.left(&self.table);
        }
        if !self.is_mine(pid) {
            self.residents.remove(&pid);
        }
        cx.directory.leave(pid);
        cx.directory.leave_host(pid.host);
        self.counts.ended += 1;
        self.counts.dropped_at_exit += u64::from(process.mailbox.len());
        self.paused -= usize::from(process.state == State::Paused);
        let birth = process.birth;
        self.tell_taken(cx, &process);
        let mut mourners = Vec::new();
        process.watchers.each(|watcher, ()| {
            if watcher.is_durable() {
                mourners.push((watcher, false));
            }
            let reason = Arc::clone(&reason);
            self.emit_by(cx, birth, Signal::Down { from: pid, to: watcher, reason });
        });
        let timers = process.timers();
        if let Some(rare) = process.rare.take() {
            rare.links.each(|peer, _| {
                if peer.is_durable() && reason.is_abnormal() {
                    mourners.push((peer, true));
                }
                let reason = Arc::clone(&reason);
                self.emit_by(cx, birth, Signal::LinkDown { from: pid, to: peer, reason });
            });
            if let Some((to, call)) = rare.caller {
                let result = result_of(&reason);
                self.emit_by(cx, birth, Signal::Reply { to, call, result });
            }
            for (call, pending) in rare.calls {
                self.drop_call(cx, birth, pid, call, pending);
            }
            rare.monitoring.each(|to, ()| {
                self.emit_by(cx, birth, Signal::Unmonitor { from: pid, to });
            });
        }
        if timers > 0 {
            self.timers.cancelled(timers, &self.table);
        }
        if !self.is_mine(pid) {
            self.emit(cx, Signal::Gone { to: pid });
        }
        let Process { definition, started, instructions, .. } = process;
        cx.effects.push(Effect::Ended {
            slot,
            pid,
            reason,
            definition,
            started,
            instructions,
            mourners,
        });
    }
}

/// The reason with the place of the program at which a limit ended it.
fn placed(
    cx: &mut Step<'_>,
    slot: SlotIndex,
    pid: Pid,
    reason: Arc<ExitReason>,
) -> Arc<ExitReason> {
    let ExitReason::Failed(failure) = &*reason else { return reason };
    let Failure::Limit { limit, place: None } = **failure else { return reason };
    let place = cx.places.place(slot, pid);
    Arc::new(ExitReason::failed(Failure::Limit { limit, place }))
}

/// What a call of the process replies.
fn result_of(reason: &ExitReason) -> Result<procession_types::Fragment, procession_types::Error> {
    match (reason, reason.error()) {
        (ExitReason::Normal(value), _) => Ok(value.clone()),
        (ExitReason::Failed(_), Some(error)) => Err(error),
        (ExitReason::Failed(_), None) => Kernel::dead(),
    }
}
