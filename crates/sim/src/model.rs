//! What must be true, from what the processes have done and been told. It knows nothing of how the
//! kernel works, and every method that can find something wrong says what.

use crate::order::Orders;
use procession_kernel::Asker;
use procession_types::{Event, ExitReason, Message, Pid, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// The number in a message: who sent which message of which topic to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sent {
    from: Pid,
    to: Pid,
    topic: u8,
    order: u64,
    received: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Awaited {
    at_least: u32,
    at_most: u32,
}

/// See [`Model::handed`].
#[derive(Debug, Clone, Copy, Default)]
struct Hands {
    count: u64,
    /// Which message.
    last: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Model {
    alive: BTreeSet<Pid>,
    /// How each process ended: abnormally or not.
    ended: BTreeMap<Pid, bool>,
    /// Who waits for whose EXIT, and how many there may be: whoever monitors the dead again while
    /// the first EXIT is unread may get another.
    monitors: BTreeMap<(Pid, Pid), Awaited>,
    /// Who ever linked itself with whom, in both directions.
    linked: BTreeSet<(Pid, Pid)>,
    /// Who spawned whom, of those alive.
    children: BTreeSet<(Pid, Pid)>,
    /// Which parents want to know that which children are at rest.
    rests: BTreeMap<(Pid, Pid), Awaited>,
    /// What parents have handed to their children: how many messages, and the last.
    hands: BTreeMap<(Pid, Pid), Hands>,
    /// Who called whom.
    calls: BTreeMap<Pid, Pid>,
    messages: Vec<Sent>,
    /// The last order received per sender, receiver and topic.
    received: BTreeMap<(Pid, Pid, u8), u64>,
    order: u64,
    pub(crate) orders: Orders,
    /// Questions without an answer.
    questions: BTreeMap<u64, Pid>,
    asked: u64,
}

impl Model {
    pub(crate) fn spawned(&mut self, pid: Pid, by: Option<Pid>) -> Result<(), String> {
        self.children.extend(by.map(|parent| (parent, pid)));
        if self.ended.contains_key(&pid) || !self.alive.insert(pid) {
            return Err(format!("{pid} was given twice"));
        }
        Ok(())
    }

    pub(crate) fn called(&mut self, caller: Pid, callee: Pid) {
        self.calls.insert(callee, caller);
    }

    pub(crate) fn ended(&mut self, pid: Pid, reason: &ExitReason) -> Result<(), String> {
        if !self.alive.remove(&pid) {
            return Err(format!("{pid} ended, and did not live"));
        }
        if reason.label() == "linked" {
            let mut peers = self.linked.range((pid, MIN)..=(pid, MAX));
            if !peers.any(|(_, peer)| self.ended.contains_key(peer)) {
                return Err(format!("{pid} failed with a link, and no peer has ended"));
            }
        }
        self.ended.insert(pid, reason.is_abnormal());
        self.orders.ended(pid);
        self.monitors.retain(|(watcher, _), _| *watcher != pid);
        self.children.retain(|(parent, child)| *parent != pid && *child != pid);
        self.rests.retain(|(parent, _), _| *parent != pid);
        Ok(())
    }

    pub(crate) fn is_alive(&self, pid: Pid) -> bool {
        self.alive.contains(&pid)
    }

    /// The living one at a position of their list, which has an end.
    pub(crate) fn nth_alive(&self, position: usize) -> Option<Pid> {
        self.alive.iter().nth(position % self.alive.len().max(1)).copied()
    }

    pub(crate) fn alive(&self) -> impl Iterator<Item = Pid> + '_ {
        self.alive.iter().copied()
    }

    /// The number that the next message carries.
    pub(crate) fn next_message(&self) -> i64 {
        self.messages.len() as i64
    }

    pub(crate) fn sent(&mut self, from: Pid, to: Pid, topic: u8) {
        self.order += 1;
        self.orders.sends(from, to, self.order, self.messages.len());
        self.messages.push(Sent { from, to, topic, order: self.order, received: false });
    }

    /// The number that the next CANCEL carries.
    pub(crate) fn cancels(&mut self, from: Pid, to: Pid) -> u64 {
        self.order += 1;
        self.orders.cancels(from, to, self.order);
        self.order
    }

    pub(crate) fn received(
        &mut self,
        by: Pid,
        message: &Message,
        has_event: bool,
    ) -> Result<(), String> {
        let number = message.payload.integer(message.payload.values()[0]).unwrap_or(-1);
        let sent = usize::try_from(number).ok().and_then(|number| self.messages.get_mut(number));
        let Some(sent) = sent else { return Err(format!("{by} received a message nobody sent")) };
        if sent.to != by {
            return Err(format!("{by} received message {number}, which was sent to {}", sent.to));
        }
        if message.from != Some(sent.from) || message.topic != crate::guest::topic(sent.topic) {
            return Err(format!("message {number} has changed under way"));
        }
        if std::mem::replace(&mut sent.received, true) {
            return Err(format!("{by} received message {number} twice"));
        }
        let last = self.received.entry((sent.from, by, sent.topic)).or_default();
        if sent.order < *last {
            return Err(format!("{by} received message {number} after a later one"));
        }
        *last = sent.order;
        self.orders.receives(by, sent.from, sent.order, has_event)
    }

    pub(crate) fn monitors(&mut self, watcher: Pid, target: Pid) {
        if watcher == target {
            return;
        }
        let is_alive = self.is_alive(target);
        let awaited = self.monitors.entry((watcher, target)).or_default();
        if awaited.at_most == 0 || !is_alive {
            awaited.at_most += 1;
        }
        awaited.at_least = 1;
    }

    pub(crate) fn unmonitors(&mut self, watcher: Pid, target: Pid) {
        self.monitors.remove(&(watcher, target));
    }

    pub(crate) fn links(&mut self, one: Pid, other: Pid) {
        self.linked.insert((one, other));
        self.linked.insert((other, one));
    }

    /// The parent, while it lives.
    pub(crate) fn parent(&self, child: Pid) -> Option<Pid> {
        self.children.iter().find(|(_, it)| *it == child).map(|(parent, _)| *parent)
    }

    /// A living child.
    pub(crate) fn a_child(&self, parent: Pid) -> Option<Pid> {
        self.children.range((parent, MIN)..=(parent, MAX)).next().map(|(_, child)| *child)
    }

    pub(crate) fn asks_rest(&mut self, by: Pid, child: Pid) {
        if self.children.contains(&(by, child)) {
            let awaited = self.rests.entry((by, child)).or_default();
            awaited.at_least = 1;
            awaited.at_most += 1;
        }
    }

    /// A parent has handed a message to a child, and wants to know of its rest.
    pub(crate) fn handed(&mut self, from: Pid, child: Pid, topic: u8) {
        let last = self.messages.len();
        self.sent(from, child, topic);
        let hands = self.hands.entry((from, child)).or_default();
        hands.count += 1;
        hands.last = last;
        self.asks_rest(from, child);
    }

    /// Whether a process has not taken what it was handed last.
    pub(crate) fn has_untaken(&self, child: Pid) -> bool {
        let mut hands = self.hands.iter().filter(|((_, to), _)| *to == child);
        hands.any(|(_, hands)| !self.messages[hands.last].received)
    }

    fn took(&mut self, by: Pid, child: Pid, count: u64) -> Result<(), String> {
        let Some(hands) = self.hands.remove(&(by, child)) else {
            return Err(format!("{by} was told twice what {child} took, or handed it nothing"));
        };
        let has_last = self.messages[hands.last].received;
        if self.is_alive(child) || count > hands.count || has_last != (count == hands.count) {
            return Err(format!("{by} was told wrongly that {child} took {count}: {hands:?}"));
        }
        Ok(())
    }

    /// Who waits for the rest of whom, when all events have been read.
    pub(crate) fn rests_awaited(&self) -> impl Iterator<Item = (Pid, Pid)> + '_ {
        self.rests.iter().filter(|(_, awaited)| awaited.at_least > 0).map(|(pair, _)| *pair)
    }

    pub(crate) fn event(&mut self, by: Pid, event: &Event, now: Timestamp) -> Result<(), String> {
        match event {
            Event::Exit { from, .. } => {
                if self.is_alive(*from) {
                    return Err(format!("{by} got EXIT of {from}, which lives"));
                }
                let awaited = self.monitors.entry((by, *from)).or_default();
                if awaited.at_most == 0 {
                    return Err(format!("{by} got EXIT of {from} that it does not wait for"));
                }
                awaited.at_least = 0;
                awaited.at_most -= 1;
            }
            Event::LinkDown { from, reason, .. } => {
                if self.is_alive(*from) || !reason.is_abnormal() {
                    return Err(format!("{by} got LINK_DOWN of {from} without a failure"));
                }
                if !self.linked.contains(&(by, *from)) {
                    return Err(format!("{by} got LINK_DOWN of {from}, which it never linked"));
                }
            }
            Event::Rest { from, .. } => {
                let awaited = self.rests.entry((by, *from)).or_default();
                if awaited.at_most == 0 {
                    return Err(format!("{by} got REST of {from} that it did not ask for"));
                }
                awaited.at_least = 0;
                awaited.at_most -= 1;
            }
            Event::Took { from, count, .. } => self.took(by, *from, *count)?,
            Event::Cancel { at, .. } => {
                if *at > now {
                    return Err(format!("{by} got CANCEL from the future"));
                }
            }
        }
        Ok(())
    }

    /// The number of the next question.
    pub(crate) fn next_question(&mut self) -> u64 {
        self.asked += 1;
        self.asked
    }

    pub(crate) fn asks(&mut self, number: u64, about: Pid) {
        self.questions.insert(number, about);
    }

    /// Nobody will answer: the one who asks was told so.
    pub(crate) fn refused(&mut self, number: u64) -> Result<(), String> {
        match self.questions.remove(&number) {
            Some(about) if self.is_alive(about) => {
                Err(format!("nobody finds {about}, which lives"))
            }
            Some(_) => Ok(()),
            None => Err(format!("question {number} is answered and refused")),
        }
    }

    pub(crate) fn answered(&mut self, by: Asker, pid: Pid, is_here: bool) -> Result<(), String> {
        let Asker::Outside(number) = by else { return Ok(()) };
        if self.questions.remove(&number) != Some(pid) {
            return Err(format!("nobody waits for an answer about {pid}"));
        }
        if self.is_alive(pid) != is_here {
            return Err(format!("{pid} is said to live: {is_here}, which is wrong"));
        }
        Ok(())
    }

    /// When nothing is under way and all events have been read.
    pub(crate) fn nothing_missing(&self) -> Result<(), String> {
        for ((watcher, target), awaited) in &self.monitors {
            if awaited.at_least > 0 && !self.is_alive(*target) {
                return Err(format!("{watcher} never got EXIT of {target}"));
            }
        }
        for ((parent, child), hands) in &self.hands {
            let has_taken_all = self.messages[hands.last].received;
            if self.is_alive(*parent) && !self.is_alive(*child) && has_taken_all {
                return Err(format!("{parent} never heard what {child} took"));
            }
        }
        if let Some((number, about)) = self.questions.first_key_value() {
            return Err(format!("question {number} about {about} was never answered"));
        }
        for (callee, caller) in &self.calls {
            if self.is_alive(*callee) && !self.is_alive(*caller) {
                return Err(format!("{callee} outlives its caller {caller}"));
            }
        }
        Ok(())
    }
}

const MIN: Pid = Pid { host: 0, shard: 0, epoch: 0, slot: 0, generation: 0 };
const MAX: Pid =
    Pid { host: u16::MAX, shard: u16::MAX, epoch: u32::MAX, slot: u32::MAX, generation: u32::MAX };
