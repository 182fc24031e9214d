//! Looking inside a process between two turns: what each of its coroutines does, and where.
//!
//! It reads the heap and changes nothing. Its work is bounded in the currency of a turn: what the
//! budget does not allow is left out, and the result says so.

use crate::collect::object_words;
use crate::coroutine::{Pending, PendingKind, coroutine, field, is_coroutine, status, wait};
use crate::heap::root;
use crate::vm::Vm;
use procession_environment::{Activity, Awaited, CallId, CoroutineInfo, Inspection, Queue, Seen};
use procession_types::word::{self, Word};

/// Instructions that take as long as to describe a coroutine, without its calls (measured).
const COROUTINE_INSTRUCTIONS: u64 = 200;
/// Likewise, for a call of a traceback.
const FRAME_INSTRUCTIONS: u64 = 100;
/// Objects of the heap that are looked at in the time of one instruction.
const OBJECTS_PER_INSTRUCTION: u64 = 2;
/// Calls of one traceback that are looked at.
const FRAMES_MAX: usize = 1000;
/// Calls that are shown in full; further ones are only looked at.
const FRAMES_SHOWN: u64 = 22;
/// Coroutines that resumed each other, as far as they are followed.
const CHAIN_MAX: usize = 200;

/// What is left to spend, and what has been found.
struct Look {
    budget: u64,
    /// To be passed over still.
    seen: Seen,
    /// Told of, by this look and those before it.
    told: Seen,
    found: Inspection,
}

impl Look {
    /// The rest is for the next look.
    fn cut(&mut self) {
        self.found.rest = Some(self.told);
    }

    fn is_cut(&self) -> bool {
        self.found.rest.is_some()
    }
}

impl Vm<'_> {
    /// See [`procession_environment::Guest::inspect`].
    pub(crate) fn inspect(&self, budget: u64, seen: Seen) -> Inspection {
        let told = Seen { layout: self.heap.layout, ..seen };
        let mut look = Look { budget, seen, told, found: Inspection::default() };
        self.inspect_tasks(&mut look);
        self.inspect_suspended(&mut look);
        look.found
    }

    fn inspect_tasks(&self, look: &mut Look) {
        let mut task = self.heap.get(root::TASKS);
        while task != word::NIL && !look.is_cut() {
            let at = word::index(task) as usize;
            let mut chain = vec![self.leaf(at)];
            // From the innermost, which is known, to the task itself.
            while chain[chain.len() - 1] != at {
                let resumer = self.heap.get(chain[chain.len() - 1] + field::RESUMER);
                if !is_coroutine(resumer) || chain.len() == CHAIN_MAX {
                    chain.push(at);
                    break;
                }
                chain.push(word::index(resumer) as usize);
            }
            let leaf = chain[0];
            for &co in chain.iter().rev() {
                let activity = if co == leaf { self.activity(at) } else { Activity::Normal };
                if look.seen.tasks > 0 {
                    look.seen.tasks -= 1;
                } else if self.describe(co, activity, look) {
                    look.told.tasks += 1;
                }
            }
            task = self.heap.get(at + field::NEXT);
        }
    }

    /// The innermost coroutine of a task.
    pub(crate) fn leaf(&self, task: usize) -> usize {
        // The running task notes it when it waits.
        let runs = self.heap.get(root::TASK) == coroutine(task)
            && self.heap.get(task + field::WAIT) == wait::NOTHING;
        let leaf = self.heap.get(if runs { root::CURRENT } else { task + field::LEAF });
        word::index(leaf) as usize
    }

    /// What a task does.
    pub(crate) fn activity(&self, task: usize) -> Activity {
        match self.heap.get(task + field::WAIT) {
            wait::NOTHING if self.is_new(task) => Activity::NotStarted,
            wait::NOTHING => Activity::Ready,
            what => Activity::Waiting(awaited(what)),
        }
    }

    fn is_new(&self, co: usize) -> bool {
        Pending::decode(self.heap.get(co + field::PENDING)).kind == PendingKind::Start
    }

    /// Coroutines that are in nobody's chain: those that yielded, and those that never ran. Nothing
    /// lists them, so the heap is searched.
    fn inspect_suspended(&self, look: &mut Look) {
        let words = self.heap.words();
        let (mut at, mut objects) = (root::END, 0_u64);
        if look.seen.position > 0 && self.heap.layout != 0 && look.seen.layout == self.heap.layout {
            (at, look.seen.others) = (look.seen.position, 0);
        }
        while at < words.len() && !look.is_cut() {
            look.told.position = at;
            if objects / OBJECTS_PER_INSTRUCTION >= look.budget {
                return look.cut();
            }
            let size = object_words(words[at]);
            let head = word::header_flags(words[at]);
            let is_suspended = word::header_kind(words[at]) == word::Kind::Coroutine as u8
                && head & status::TASK == 0
                && head & status::MASK == status::SUSPENDED;
            if is_suspended {
                look.budget -= objects / OBJECTS_PER_INSTRUCTION;
                objects = 0;
                let new = self.is_new(at);
                let activity = if new { Activity::NotStarted } else { Activity::Suspended };
                if look.seen.others > 0 {
                    look.seen.others -= 1;
                } else if self.describe(at, activity, look) {
                    look.told.others += 1;
                }
            }
            objects += 1;
            at += size;
        }
    }

    /// False when it is left to the next look. Each look tells of one coroutine at least.
    fn describe(&self, co: usize, activity: Activity, look: &mut Look) -> bool {
        if look.is_cut() {
            return false;
        }
        if look.budget < COROUTINE_INSTRUCTIONS && !look.found.coroutines.is_empty() {
            look.cut();
            return false;
        }
        let is_task = word::header_flags(self.heap.get(co)) & status::TASK != 0;
        let (mut place, mut traceback, mut frames) = (None, String::new(), 0);
        if activity != Activity::NotStarted {
            let stack = word::index(self.heap.get(co + field::STACK)) as usize;
            let base = stack + word::to_int(self.heap.get(co + field::BASE)) as usize;
            let pc = word::to_int(self.heap.get(co + field::PC)) as usize;
            place = self.place_in(base, pc).map(String::into_boxed_str);
            (traceback, frames) = self.traceback_in(base, pc, FRAMES_MAX);
        }
        let (shown, seen) = ((frames as u64).min(FRAMES_SHOWN), frames as u64);
        let spent = COROUTINE_INSTRUCTIONS + shown * FRAME_INSTRUCTIONS + seen;
        look.budget = look.budget.saturating_sub(spent);
        let traceback = traceback.into_boxed_str();
        look.found.coroutines.push(CoroutineInfo { is_task, activity, place, traceback });
        true
    }
}

fn awaited(what: Word) -> Awaited {
    match what {
        wait::WAKE => Awaited::Coroutine,
        wait::ANYTHING => Awaited::Anything,
        wait::EVENT => Awaited::Event,
        what => match word::to_int(what) {
            queue if queue >= 0 => Awaited::Message(Queue(queue as u32)),
            call => Awaited::Reply(CallId((-1 - call) as u64)),
        },
    }
}
