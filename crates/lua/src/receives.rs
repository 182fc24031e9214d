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
/// Register of `channel.select` in `process_library/channel.lua`: its list of cases. (Were it another one,
/// `a_guest_says_whether_it_would_take_a_message` of `tests/waiting.rs` would fail.)
const SELECT_LIST: usize = 1;
/// Field of a case: its channel.
const CASE_CHANNEL: usize = 1;

/// What feeds a channel that somebody waits on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fed {
    /// Any queue of the mailbox.
    Messages,
    /// This one.
    Queue(Queue),
    /// The process's events.
    Events,
}

impl Vm<'_> {
    /// Whether a task waits for a message, of this queue when there is one, perhaps among other
    /// things. Of very many tasks only the first are looked at; then the answer is yes.
    pub(crate) fn receives(&self, queue: Option<Queue>) -> bool {
        self.awaits(queue.map_or(Fed::Messages, Fed::Queue))
    }

    /// Whether a task waits for the process's events, perhaps among other things.
    pub(crate) fn hears_events(&self) -> bool {
        self.awaits(Fed::Events)
    }

    fn awaits(&self, fed: Fed) -> bool {
        let mut task = self.heap.get(root::TASKS);
        for _ in 0..TASKS_MAX {
            if task == word::NIL {
                return false;
            }
            let at = word::index(task) as usize;
            let receives = match self.activity(at) {
                Activity::Waiting(Awaited::Message(waits)) => match fed {
                    Fed::Messages => true,
                    Fed::Queue(queue) => queue == waits,
                    Fed::Events => false,
                },
                Activity::Waiting(Awaited::Event) => fed == Fed::Events,
                Activity::Waiting(Awaited::Anything) => self.selects(at, fed),
                Activity::Waiting(Awaited::Reply(_) | Awaited::Coroutine)
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

    /// Whether a task is in `channel.select` with a channel that is fed so.
    fn selects(&self, task: usize, fed: Fed) -> bool {
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
            if self.is_fed(case, fed) {
                return true;
            }
            cursor = next;
        }
        true
    }

    /// Whether a case receives from a channel that is fed so.
    fn is_fed(&self, case: Word, by: Fed) -> bool {
        if word::tag(case) != word::TAG_OBJECT {
            return false;
        }
        let fed = self.heap.get(word::index(case) as usize + CASE_CHANNEL);
        if !is_class(self, fed, class::CHANNEL) {
            return false;
        }
        let number = self.heap.get(word::index(fed) as usize + channel::QUEUE);
        // The events have a negative number.
        let number = word::is_int(number).then(|| word::to_int(number));
        number.is_some_and(|number| match by {
            Fed::Messages => number >= 0,
            Fed::Queue(queue) => i64::from(queue.0) == number,
            Fed::Events => number < 0,
        })
    }
}
