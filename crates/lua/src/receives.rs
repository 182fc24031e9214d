//! Whether a process at a wait point would take a message: what pools give the next one by.

use crate::coroutine::field;
use crate::heap::root;
use crate::library::{class, is_builtin, is_class};
use crate::mailbox::field as channel;
use crate::vm::Vm;
use procession_environment::{Activity, Awaited, Queue};
use procession_types::word::{self, Word};

/// Tasks that are looked at to find one that waits for a message.
const TASKS_MAX: usize = 1000;
/// Cases of a `channel.select` that are looked at.
const CASES_MAX: usize = 1000;
/// Registers of `channel.select` in the prelude: its list of cases.
const SELECT_LIST: usize = 1;
/// Field of a case: its channel.
const CASE_CHANNEL: usize = 1;

impl Vm<'_> {
    /// Whether a task waits for a message, of this queue when there is one, perhaps among other
    /// things. Of very many tasks only the first are looked at; then the answer is yes.
    pub(crate) fn receives(&self, queue: Option<Queue>) -> bool {
        let mut task = self.heap.get(root::TASKS);
        for _ in 0..TASKS_MAX {
            if task == word::NIL {
                return false;
            }
            let at = word::index(task) as usize;
            let receives = match self.activity(at) {
                Activity::Waiting(Awaited::Message(waits)) => {
                    queue.is_none_or(|queue| queue == waits)
                }
                Activity::Waiting(Awaited::Anything) => self.selects(at, queue),
                Activity::Waiting(Awaited::Event | Awaited::Reply(_) | Awaited::Coroutine)
                | Activity::NotStarted
                | Activity::Ready
                | Activity::Suspended
                | Activity::Normal => false,
            };
            if receives {
                return true;
            }
            task = self.heap.get(at + field::NEXT);
        }
        true
    }

    /// Whether a task is in `channel.select` with a channel that a queue of the mailbox feeds.
    fn selects(&self, task: usize, queue: Option<Queue>) -> bool {
        let leaf = self.leaf(task);
        let stack = word::index(self.heap.get(leaf + field::STACK)) as usize;
        let mut base = stack + word::to_int(self.heap.get(leaf + field::BASE)) as usize;
        if is_builtin(self.heap.get(base - 3)) {
            // The one that waits, in a frame of its own.
            let link = self.link(base);
            base = base - link.shift as usize - link.delta as usize;
        }
        let list = self.heap.get(base + SELECT_LIST);
        if self.heap.get(base - 3) != self.library_function("channel__select")
            || word::tag(list) != word::TAG_TABLE
        {
            return false;
        }
        let (at, mut cursor) = (word::index(list) as usize, 0);
        for _ in 0..CASES_MAX {
            let Some((next, _, case)) = self.heap.next_entry(at, cursor) else { return false };
            if self.is_fed(case, queue) {
                return true;
            }
            cursor = next;
        }
        true
    }

    /// Whether a case receives from a queue of the mailbox, or from this one.
    fn is_fed(&self, case: Word, queue: Option<Queue>) -> bool {
        if word::tag(case) != word::TAG_OBJECT {
            return false;
        }
        let fed = self.heap.get(word::index(case) as usize + CASE_CHANNEL);
        if !is_class(self, fed, class::CHANNEL) {
            return false;
        }
        let number = self.heap.get(word::index(fed) as usize + channel::QUEUE);
        // The events have a negative number.
        let number = word::is_int(number).then(|| word::to_int(number)).filter(|it| *it >= 0);
        number.is_some_and(|number| queue.is_none_or(|queue| i64::from(queue.0) == number))
    }
}
