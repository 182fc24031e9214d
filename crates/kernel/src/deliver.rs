//! What signals do to the processes of this shard, also when those have ended meanwhile.

use crate::kernel::not_found;
use crate::monitor::gone;
use crate::{Effect, Kernel, Room, Signal, SlotIndex, Step};
use procession_types::{Failure, Pid};

impl Kernel {
    /// Applies a signal that another shard has sent.
    pub fn signal(&mut self, cx: &mut Step<'_>, signal: Signal) {
        self.signal_of_batch(cx, signal);
        self.end_batch(cx);
    }

    /// Applies a signal, when more follow at once; [`Kernel::end_batch`] comes after the last.
    #[inline]
    pub fn signal_of_batch(&mut self, cx: &mut Step<'_>, signal: Signal) {
        self.deliver(cx, signal);
        self.settle(cx);
    }

    /// Tells the directory what has arrived. Once per run of messages for one process, because a
    /// cache line that two threads write costs more than everything else about a message.
    pub fn end_batch(&mut self, cx: &mut Step<'_>) {
        let Some((pid, what)) = self.arrivals.take() else { return };
        // In this order a sender sees too little room for a moment, never too much.
        if let Some(process) = self.locate(pid).and_then(|slot| self.table.at(slot)) {
            cx.directory.set_room(pid, process.mailbox.room(&process.definition.limits));
        }
        cx.directory.arrived(pid, what);
    }

    /// Notes that an announced message has arrived.
    #[inline]
    pub(crate) fn arrived(&mut self, cx: &mut Step<'_>, pid: Pid, bytes: u64) {
        if let Some((noted, what)) = &mut self.arrivals
            && *noted == pid
        {
            what.messages += 1;
            what.bytes += bytes;
            return;
        }
        self.end_batch(cx);
        self.arrivals = Some((pid, Room { messages: 1, bytes }));
    }

    /// Applies a signal without ending those whom it dooms.
    pub(crate) fn deliver(&mut self, cx: &mut Step<'_>, signal: Signal) {
        let to = signal.to();
        if let Some(slot) = self.locate(to) {
            return self.apply(cx, slot, signal);
        }
        match signal {
            Signal::Return { to } => self.deliver_return(cx, to),
            Signal::Gone { to } => self.deliver_gone(cx, to),
            signal => {
                if let Some(shard) = self.away(to) {
                    cx.effects.push(Effect::Signal { shard, signal });
                } else if let Some(early) = self.expected(to) {
                    early.push(signal);
                } else if self.houses(to) && cx.directory.is_alive(to) {
                    self.deliver_to_sleeper(cx, signal);
                } else {
                    self.deliver_to_dead(cx, signal);
                }
            }
        }
    }

    pub(crate) fn apply(&mut self, cx: &mut Step<'_>, slot: SlotIndex, signal: Signal) {
        match signal {
            Signal::Message { message, .. } => self.deliver_message(cx, slot, message),
            Signal::Monitor { from, to } => {
                self.deliver_monitor(cx, from, slot);
                cx.directory.related(to);
            }
            Signal::Unmonitor { from, .. } => self.deliver_unmonitor(cx, from, slot),
            Signal::Down { from, reason, .. } => self.deliver_down(cx, slot, from, reason),
            Signal::Link { from, to, tag } => {
                self.deliver_link(cx, from, slot, tag);
                cx.directory.related(to);
            }
            Signal::Unlink { from, tags, .. } => self.deliver_unlink(cx, from, slot, tags),
            Signal::LinkDown { from, reason, .. } => {
                self.deliver_link_down(cx, slot, from, reason);
            }
            Signal::Cancel { cancel, .. } => self.deliver_cancel(cx, slot, cancel),
            Signal::Terminate { .. } => self.doom_slot(slot, Failure::Terminated),
            Signal::Pause { .. } => self.deliver_pause(cx, slot),
            Signal::Resume { .. } => self.deliver_resume(cx, slot),
            Signal::Reply { call, result, .. } => self.finish_call(cx, slot, call, result),
            Signal::Inspect { to, asker } => Self::deliver_inspect(cx, to, Some(slot), asker),
            Signal::AskRest { from, rest, .. } => self.deliver_ask_rest(cx, slot, from, rest),
            Signal::Rested { from, rest, taken, .. } => {
                self.deliver_rested(cx, slot, from, rest, taken);
            }
            Signal::Adopt { from, .. } => self.deliver_adopt(cx, slot, from),
            Signal::Handed { from, topic, at, .. } => {
                self.deliver_handed(cx, slot, from, (at, topic));
            }
            Signal::Rouse { .. } => self.deliver_rouse(cx, slot),
            Signal::Hand { from, message, .. } => self.deliver_hand(cx, slot, from, message),
            Signal::Took { from, count, .. } => self.deliver_took(cx, slot, from, count),
            Signal::Recall { .. } => self.deliver_recall(cx, slot),
            // It has come home, or to life elsewhere, since.
            Signal::Return { .. } | Signal::Gone { .. } => {}
        }
    }

    pub(crate) fn deliver_to_dead(&mut self, cx: &mut Step<'_>, signal: Signal) {
        match signal {
            Signal::Message { to, message } | Signal::Hand { to, message, .. } => {
                self.arrived(cx, to, message.bytes());
                self.counts.dropped_dead += 1;
            }
            Signal::Monitor { from, to } => {
                cx.directory.related(to);
                self.emit(cx, Signal::Down { from: to, to: from, reason: gone() });
            }
            Signal::Adopt { from, to } => {
                self.emit(cx, Signal::Down { from: to, to: from, reason: gone() });
            }
            Signal::Link { from, to, .. } => {
                cx.directory.related(to);
                self.emit(cx, Signal::LinkDown { from: to, to: from, reason: gone() });
            }
            Signal::Inspect { to, asker } => Self::deliver_inspect(cx, to, None, asker),
            Signal::Unmonitor { .. }
            | Signal::Down { .. }
            | Signal::Unlink { .. }
            | Signal::LinkDown { .. }
            | Signal::Cancel { .. }
            | Signal::Terminate { .. }
            | Signal::Pause { .. }
            | Signal::Resume { .. }
            | Signal::Reply { .. }
            | Signal::AskRest { .. }
            | Signal::Handed { .. }
            | Signal::Rested { .. }
            | Signal::Took { .. }
            | Signal::Rouse { .. }
            | Signal::Return { .. }
            | Signal::Recall { .. }
            | Signal::Gone { .. } => {}
        }
    }

    /// An answer to those who ask for a process that is not here.
    pub(crate) fn dead<T>() -> Result<T, procession_types::Error> {
        Err(not_found())
    }
}
