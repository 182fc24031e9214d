//! Coroutines: creating, resuming, yielding, ending.
//!
//! Every coroutine has a stack of its own in the heap; switching means to save the machine's
//! registers into one coroutine object and to load them from another.

use crate::call::Called;
use crate::coroutine::{FrameKind, Pending, PendingKind, coroutine, field, is_coroutine, status};
use crate::frame::closure_place;
use crate::heap::root;
use crate::library::{CONTINUED, is_builtin};
use crate::strings::is_string;
use crate::vm::{Args, Flow, Raise, STACK_SLOTS_MAX, Vm};
use procession_types::word::{self, Kind, Word};

/// Slots of a new coroutine's stack.
const STACK_SLOTS: usize = 20;
/// Words of the memory limit for one more coroutine that has resumed another: together they take about a
/// quarter of it, as one deep stack may.
const WORDS_PER_NESTED: usize = 4 * 128;
/// Image number that marks the closures that `coroutine.wrap` makes.
const WRAP_IMAGE: u16 = u16::MAX;
/// In the place of the code of such a closure.
pub(crate) const WRAP_PLACE: Word = closure_place(WRAP_IMAGE, 0);

/// Whether a function was made by `coroutine.wrap`.
#[inline(always)]
pub(crate) fn is_wrap(vm: &Vm<'_>, callee: Word) -> bool {
    word::space(callee) == 0 && vm.heap.get(word::index(callee) as usize + 1) == WRAP_PLACE
}

/// A new coroutine that will run `function`.
pub(crate) fn create(heap: &mut crate::heap::Heap, function: Word) -> usize {
    create_with(heap, function, STACK_SLOTS)
}

/// Likewise, with a stack of so many slots.
pub(crate) fn create_with(heap: &mut crate::heap::Heap, function: Word, slots: usize) -> usize {
    let stack = heap.allocate(1 + slots);
    heap.set(stack, word::header(Kind::Stack, 0, slots as u32));
    heap.fill(stack + 1, stack + 1 + slots, word::NIL);
    heap.set(stack + 1, function);
    let co = heap.allocate(1 + field::COUNT);
    heap.set(co, word::header(Kind::Coroutine, status::SUSPENDED, field::COUNT as u32));
    heap.fill(co + 1, co + 1 + field::COUNT, word::NIL);
    heap.set(co + field::STACK, word::object(Kind::Stack, stack as u32));
    heap.set(co + field::BASE, word::int_wrapping(4));
    heap.set(co + field::TOP, word::int_wrapping(1));
    heap.set(co + field::PC, word::int_wrapping(0));
    let start = Pending { slot: 1, results: 0, kind: PendingKind::Start };
    heap.set(co + field::PENDING, start.encode());
    co
}

impl Vm<'_> {
    /// A function that resumes a coroutine.
    pub(crate) fn wrap(&mut self, co: usize) -> Word {
        let at = self.heap.allocate(3);
        self.heap.set(at, word::header(Kind::Closure, 0, 2));
        self.heap.set(at + 1, WRAP_PLACE);
        self.heap.set(at + 2, coroutine(co));
        word::make(word::TAG_FUNCTION, 0, at as u32)
    }

    /// The status of a coroutine, without its flags.
    pub(crate) fn status(&self, co: usize) -> u32 {
        word::header_flags(self.heap.get(co)) & status::MASK
    }

    pub(crate) fn set_status(&mut self, co: usize, new: u32) {
        let head = self.heap.get(co);
        let flags = word::header_flags(head) & !status::MASK | new;
        self.heap.set(co, word::header(Kind::Coroutine, flags, word::header_length(head)));
    }

    /// Calls a function made by `coroutine.wrap`.
    pub(crate) fn call_wrap(
        &mut self,
        slot: usize,
        count: usize,
        results: u8,
        kind: FrameKind,
    ) -> Result<Called, Raise> {
        if kind != FrameKind::Call {
            return self.call_by_frame(slot, count, results, kind);
        }
        let callee = self.heap.get(slot);
        let co = word::index(self.heap.get(word::index(callee) as usize + 2)) as usize;
        if let Some(text) = self.refusal(co) {
            return Err(self.error(text));
        }
        let pending =
            Pending { slot: (slot - self.stack) as u32, results, kind: PendingKind::Plain };
        self.switch_to(co, pending, slot + 3, count)?;
        Ok(Called::Entered)
    }

    /// Why a coroutine can't be resumed, if that is so. Without a limit those that resume each other
    /// would take all memory: each stack is small.
    fn refusal(&self, co: usize) -> Option<&'static str> {
        match self.status(co) {
            status::SUSPENDED => {
                let most = self.heap.limit / WORDS_PER_NESTED;
                (self.depth() as usize >= most.min(status::DEPTH_MAX as usize))
                    .then_some("C stack overflow")
            }
            status::DEAD => Some("cannot resume dead coroutine"),
            _ => Some("cannot resume non-suspended coroutine"),
        }
    }

    /// How many coroutines have resumed each other around the running one.
    fn depth(&self) -> u32 {
        word::header_flags(self.heap.get(self.co)) >> status::DEPTH_SHIFT
    }

    /// `coroutine.resume(co, …)`.
    pub(crate) fn resume(&mut self, args: Args) -> Result<Flow, Raise> {
        let target = if args.count > 0 { self.heap.get(args.at) } else { word::NIL };
        if !is_coroutine(target) {
            return Err(self.argument_error(1, "thread", target, args));
        }
        let co = word::index(target) as usize;
        if let Some(text) = self.refusal(co) {
            let message = self.heap.string(text.as_bytes());
            self.heap.set(args.slot(), word::FALSE);
            self.heap.set(args.slot() + 1, message);
            return Ok(Flow::Return(2));
        }
        let slot = (args.slot() - self.stack) as u32;
        let pending = Pending { slot, results: args.results, kind: PendingKind::Status };
        self.switch_to(co, pending, args.at + 1, args.count - 1)?;
        Ok(Flow::Entered)
    }

    /// Leaves the running coroutine for another one with `count` values at `first`.
    fn switch_to(
        &mut self,
        co: usize,
        pending: Pending,
        first: usize,
        count: usize,
    ) -> Result<(), Raise> {
        // Room for the values is made before anything changes.
        self.room_in(co, count)?;
        self.heap.set(self.co + field::PENDING, pending.encode());
        self.save_coroutine();
        let depth = self.depth() + 1;
        self.set_status(self.co, status::NORMAL);
        let head = self.heap.get(co);
        let kept = word::header_flags(head) & ((1 << status::DEPTH_SHIFT) - 1) & !status::MASK;
        let flags = kept | status::RUNNING | depth << status::DEPTH_SHIFT;
        self.heap.set(co, word::header(Kind::Coroutine, flags, word::header_length(head)));
        self.heap.set(co + field::RESUMER, coroutine(self.co));
        self.heap.set(root::CURRENT, coroutine(co));
        let (fuel_cost, from) = ((count / 8) as i64, first);
        self.fuel -= fuel_cost;
        self.load_coroutine();
        self.enter(from, count)
    }

    /// Goes on in the coroutine that was just loaded with values that lie at `first`.
    fn enter(&mut self, first: usize, count: usize) -> Result<(), Raise> {
        let pending = Pending::decode(self.heap.get(self.co + field::PENDING));
        let slot = self.stack + pending.slot as usize;
        match pending.kind {
            PendingKind::Start => {
                self.heap.copy(first, slot + 3, count);
                self.begin(slot, count)
            }
            PendingKind::Plain => self.place(slot, first, count, pending.results),
            PendingKind::Status => {
                self.heap.copy(first, slot + 1, count);
                self.heap.set(slot, word::TRUE);
                self.place(slot, slot, count + 1, pending.results)
            }
        }
    }

    /// Makes the first frame of the loaded coroutine; `room_in` has made room for it.
    pub(crate) fn begin(&mut self, slot: usize, count: usize) -> Result<(), Raise> {
        self.base = slot;
        self.pc = 0;
        let callee = self.heap.get(slot);
        if word::tag(callee) == word::TAG_FUNCTION && !is_wrap(self, callee) {
            let prototype = self.prototype(callee);
            return self.push_frame(prototype, slot, count, 0, FrameKind::First);
        }
        if is_builtin(callee) {
            return self.push_builtin(slot, count, 0, FrameKind::First);
        }
        self.heap.copy(slot + 3, slot + 4, count);
        self.heap.copy(slot, slot + 3, 1);
        self.heap.set(slot, crate::library::builtin_word(crate::library::base::CALL));
        self.push_builtin(slot, count + 1, 0, FrameKind::First)
    }

    /// Makes room on another coroutine's stack for values on their way to it.
    pub(crate) fn room_in(&mut self, co: usize, count: usize) -> Result<(), Raise> {
        let stack = word::index(self.heap.get(co + field::STACK)) as usize;
        let size = word::header_length(self.heap.get(stack)) as usize;
        let pending = Pending::decode(self.heap.get(co + field::PENDING));
        let mut needed = pending.slot as usize + count + 24;
        let callee = self.heap.get(stack + 1);
        if pending.kind == PendingKind::Start && word::tag(callee) == word::TAG_FUNCTION {
            let registers =
                if is_wrap(self, callee) { 0 } else { self.prototype(callee).registers };
            needed += count + registers as usize + 24;
        }
        if needed <= size {
            return Ok(());
        }
        if needed > STACK_SLOTS_MAX {
            return Err(self.error("stack overflow"));
        }
        let bigger = (needed + size / 2).min(STACK_SLOTS_MAX);
        self.reserve(bigger + 1)?;
        let new = self.heap.allocate(bigger + 1);
        self.heap.set(new, word::header(Kind::Stack, 0, bigger as u32));
        self.heap.copy(stack + 1, new + 1, size);
        self.heap.fill(new + 1 + size, new + 1 + bigger, word::NIL);
        self.heap.set(co + field::STACK, word::object(Kind::Stack, new as u32));
        Ok(())
    }

    /// `coroutine.yield(…)`.
    pub(crate) fn yield_values(&mut self, args: Args) -> Result<Flow, Raise> {
        let resumer = self.heap.get(self.co + field::RESUMER);
        if resumer == word::NIL {
            return Err(Raise::Error(
                self.heap.string(b"attempt to yield from outside a coroutine"),
            ));
        }
        let resumer = word::index(resumer) as usize;
        self.room_in(resumer, args.count)?;
        let slot = (args.slot() - self.stack) as u32;
        let pending = Pending { slot, results: args.results, kind: PendingKind::Plain };
        self.heap.set(self.co + field::PENDING, pending.encode());
        self.save_coroutine();
        self.set_status(self.co, status::SUSPENDED);
        self.back_to(resumer, args.at, args.count)?;
        Ok(Flow::Entered)
    }

    fn back_to(&mut self, resumer: usize, first: usize, count: usize) -> Result<(), Raise> {
        self.heap.set(self.co + field::RESUMER, word::NIL);
        self.set_status(resumer, status::RUNNING);
        self.heap.set(root::CURRENT, coroutine(resumer));
        self.load_coroutine();
        self.enter(first, count)
    }

    /// The first function of the running coroutine has returned.
    pub(crate) fn finish_coroutine(&mut self, first: usize, count: usize) -> Result<(), Raise> {
        let resumer = self.heap.get(self.co + field::RESUMER);
        if resumer == word::NIL {
            let main = word::index(self.heap.get(root::TASKS)) as usize;
            if self.co == main && self.finalize_before_end(first, count) {
                return Ok(());
            }
            self.set_status(self.co, status::DEAD);
            return self.finish_task(first, count);
        }
        let mut resumer = word::index(resumer) as usize;
        // The values may lie over the links of their frame: nothing can be executed again from here.
        let offset = first - self.stack;
        while let Err(raise) = self.room_in(resumer, count) {
            // Nor is there anybody left in the coroutine whom an error could reach.
            let Raise::Collect(extra) = raise else { return Err(Vm::memory_limit(None)) };
            if !self.collect_below(self.stack + offset + count, extra) {
                return Err(Vm::memory_limit(None));
            }
            resumer = word::index(self.heap.get(self.co + field::RESUMER)) as usize;
        }
        self.set_status(self.co, status::DEAD);
        self.heap.set(self.co + field::ERROR, word::NIL);
        self.back_to(resumer, self.stack + offset, count)
    }

    /// An error has left the running coroutine.
    pub(crate) fn fail_coroutine(&mut self, value: Word) -> Result<(), Raise> {
        let resumer = self.heap.get(self.co + field::RESUMER);
        if resumer == word::NIL {
            return Err(self.fail_process(value));
        }
        // Room for a text with one more position, before anything changes.
        self.reserve(if is_string(value) { self.bytes(value).len() / 8 + 64 } else { 0 })?;
        let resumer = word::index(self.heap.get(self.co + field::RESUMER)) as usize;
        self.save_coroutine();
        self.set_status(self.co, status::DEAD);
        self.heap.set(self.co + field::RESUMER, word::NIL);
        // Nil is an error too; the word for it here is no value of a program.
        let kept = if value == word::NIL { CONTINUED } else { value };
        self.heap.set(self.co + field::ERROR, kept);
        let failed = self.co;
        self.set_status(resumer, status::RUNNING);
        self.heap.set(root::CURRENT, coroutine(resumer));
        self.load_coroutine();
        let pending = Pending::decode(self.heap.get(self.co + field::PENDING));
        let slot = self.stack + pending.slot as usize;
        match pending.kind {
            PendingKind::Status => {
                self.heap.set(slot, word::FALSE);
                self.heap.set(slot + 1, value);
                self.place(slot, slot, 2, pending.results)
            }
            PendingKind::Plain | PendingKind::Start => {
                // What `wrap` runs is closed by now, and whoever closes it again gets no error.
                self.heap.set(failed + field::ERROR, word::NIL);
                // Whoever unwinds asks the handler there.
                Err(Raise::Error(self.prefixed(value)))
            }
        }
    }

    /// Whether pending variables are closed as soon as an error leaves the running coroutine: the
    /// first of a task, and one run by `wrap`. Others wait for `coroutine.close`.
    pub(crate) fn closes_at_failure(&self) -> bool {
        let resumer = self.heap.get(self.co + field::RESUMER);
        resumer == word::NIL || {
            let pending = self.heap.get(word::index(resumer) as usize + field::PENDING);
            Pending::decode(pending).kind != PendingKind::Status
        }
    }

    /// An error that comes out of a wrapped coroutine: text gets the position of the call.
    fn prefixed(&mut self, value: Word) -> Word {
        if !is_string(value) {
            return value;
        }
        self.pay_for_text(value);
        let mut text = self.call_position().into_bytes();
        text.extend_from_slice(&self.bytes(value));
        self.heap.string(&text)
    }

    /// The error with which a coroutine died, if it did, and forgets it.
    pub(crate) fn take_error(&mut self, co: usize) -> Option<Word> {
        let error = self.heap.get(co + field::ERROR);
        self.heap.set(co + field::ERROR, word::NIL);
        match error {
            word::NIL => None,
            CONTINUED => Some(word::NIL),
            error => Some(error),
        }
    }

    /// Marks a coroutine dead; gives the values still to be closed, last first.
    pub(crate) fn bury(&mut self, co: usize) -> Vec<Word> {
        let stack = word::index(self.heap.get(co + field::STACK)) as usize;
        let mut marked = Vec::new();
        let mut mark = self.heap.get(co + field::CLOSE);
        while mark != word::NIL {
            let node = word::index(mark) as usize;
            let slot = stack + self.heap.get(node + 1) as u32 as usize;
            marked.push(self.heap.get(slot));
            mark = self.heap.get(node + 2);
        }
        self.heap.set(co + field::CLOSE, word::NIL);
        self.set_status(co, status::DEAD);
        marked
    }
}
