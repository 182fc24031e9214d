//! The machine that runs a process: registers over its heap, and what it may reach while it runs.
//!
//! A `Vm` exists only during a turn. Between turns everything is in the heap.

use crate::bytecode::Prototype;
use crate::collect::Extent;
use crate::coroutine::{DISTANCE_MAX, FrameKind, Link, field};
use crate::heap::{Heap, STRING_BYTES_MAX, root};
use crate::image::Image;
use crate::library::{Library, is_builtin, library, number, table_word};
use crate::strings::{Strings, Text};
use procession_environment::Host;
use procession_types::word::{self, Kind, Word};
use procession_types::{ExitReason, Failure, Limit};
use std::sync::Arc;

/// Largest stack of one coroutine, in slots: with the reserve, what the links of a frame can span.
pub(crate) const STACK_SLOTS_MAX: usize = DISTANCE_MAX - STACK_SLOTS_RESERVE;

/// Slots that a stack may always have, however little memory there is: a process that can't even
/// begin ends by its memory limit, since nobody could handle a stack overflow yet.
const STACK_SLOTS_LEAST: usize = 512;

/// Slots beyond the largest stack for message handlers and `__close` methods.
const STACK_SLOTS_RESERVE: usize = 2048;

/// Frames that are passed in the time of an instruction, or somewhat more.
const FRAMES_PER_FUEL: usize = 2;

/// Why a step did not go on as usual.
#[derive(Debug)]
pub(crate) enum Raise {
    /// A Lua error with its value.
    Error(Word),
    /// Collect, with room for so many words, and execute the instruction again.
    Collect(usize),
    /// The turn is over.
    Stop(Stop),
}

/// How a turn ended.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Every task waits.
    Waiting,
    /// The fuel is used up.
    Preempted,
    /// The process has ended.
    Exited(Box<ExitReason>),
    /// The program's top level is done (only while an image is prepared or a guest started).
    Loaded,
    /// An upgrade succeeded.
    Replaced,
    /// A chunk was compiled: add `Vm::new_image` to the images and go on.
    NewImage,
    /// A large collection is due, after which there must be room for so many words.
    Aside(usize),
}

/// What is being done about an error; between two instructions nothing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Raising {
    /// Nothing.
    No,
    /// The handler is asked.
    Handling,
    /// It goes to whoever catches it.
    Unwinding,
}

/// What a built-in function did.
#[derive(Debug)]
pub(crate) enum Flow {
    /// So many results are at `slot` and on (where the callee was).
    Return(usize),
    /// It made a frame or switched coroutines.
    Entered,
    /// The function now in the callee's slot is to be called with this many arguments, in place.
    TailCall(usize),
    /// Call it again with this many arguments, in place, when something has come (see
    /// `coroutine::wait`).
    Wait(Word, usize),
    /// The fuel is used up: call it again with this many arguments, in place.
    Again(usize),
}

/// Where a built-in function finds its arguments.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Args {
    /// Position of the first argument. The callee is at `at - 3`.
    pub(crate) at: usize,
    /// How many there are.
    pub(crate) count: usize,
    /// Results wanted + 1; 0 = all. Only for functions that enter frames.
    pub(crate) results: u8,
}

impl Args {
    /// Where the results go.
    pub(crate) const fn slot(self) -> usize {
        self.at - 3
    }
}

/// See the module.
pub(crate) struct Vm<'a> {
    pub(crate) heap: &'a mut Heap,
    pub(crate) images: &'a [Arc<Image>],
    pub(crate) library: &'static Library,
    pub(crate) host: &'a mut dyn Host,
    /// Instructions left in this turn.
    pub(crate) fuel: i64,
    /// Instructions of the whole turn.
    pub(crate) budget: i64,
    /// The running coroutine.
    pub(crate) co: usize,
    /// Its stack object.
    pub(crate) stack: usize,
    /// End of its stack.
    pub(crate) stack_end: usize,
    /// R0 of the running frame.
    pub(crate) base: usize,
    /// End of an open-ended list of values.
    pub(crate) top: usize,
    /// Next instruction; for a built-in function's frame the number of its arguments.
    pub(crate) pc: usize,
    /// What is being done about an error.
    pub(crate) raising: Raising,
    /// Collections in this turn.
    collections: u32,
    /// Large collections are left to another thread.
    pub(crate) leaves: bool,
    /// See [`Stop::NewImage`]; with its number.
    pub(crate) new_image: Option<(u16, Arc<Image>)>,
    /// The number of the image that was just added.
    pub(crate) loaded_image: Option<u16>,
}

impl<'a> Vm<'a> {
    /// A machine that goes on where the heap says.
    #[inline(always)]
    pub(crate) fn new(
        heap: &'a mut Heap,
        images: &'a [Arc<Image>],
        host: &'a mut dyn Host,
        fuel: i64,
        budget: i64,
    ) -> Self {
        let mut vm = Self {
            heap,
            images,
            library: library(),
            host,
            fuel,
            budget,
            co: 0,
            stack: 0,
            stack_end: 0,
            base: 0,
            top: 0,
            pc: 0,
            raising: Raising::No,
            collections: 0,
            leaves: false,
            new_image: None,
            loaded_image: None,
        };
        vm.load_coroutine();
        vm
    }

    /// Access to strings.
    #[inline(always)]
    pub(crate) fn strings(&self) -> Strings<'a> {
        Strings { images: self.images }
    }

    /// The bytes of a string.
    #[inline]
    pub(crate) fn bytes(&self, value: Word) -> Text<'_> {
        self.strings().bytes(self.heap, value)
    }

    /// Takes the registers of the running coroutine from the heap.
    #[inline]
    pub(crate) fn load_coroutine(&mut self) {
        let co = word::index(self.heap.get(root::CURRENT)) as usize;
        self.co = co;
        // One slice, so that its bounds are checked once.
        let fields = &self.heap.words()[co..=co + field::COUNT];
        let stack = word::index(fields[field::STACK]) as usize;
        self.base = stack + word::to_int(fields[field::BASE]) as usize;
        self.top = stack + word::to_int(fields[field::TOP]) as usize;
        self.pc = word::to_int(fields[field::PC]) as usize;
        self.stack = stack;
        self.stack_end = stack + 1 + word::header_length(self.heap.get(stack)) as usize;
    }

    /// Puts the registers of the running coroutine into the heap.
    pub(crate) fn save_coroutine(&mut self) {
        let int = |value: usize| word::int_wrapping(value as i64);
        let fields = &mut self.heap.words_mut()[self.co..=self.co + field::COUNT];
        fields[field::BASE] = int(self.base - self.stack);
        fields[field::TOP] = int(self.top.max(self.stack) - self.stack);
        fields[field::PC] = int(self.pc);
    }

    /// Collects garbage; afterwards there is room for `extra` words.
    ///
    /// # Errors
    /// Stops the process when what lives, with `extra`, exceeds its memory limit.
    pub(crate) fn collect(&mut self, extra: usize) -> Result<(), Raise> {
        let end = self.live_end() - self.stack;
        // The stack keeps its size, since it may be needed again at once, unless there is nothing else.
        if self.collect_below(self.stack + end, extra) {
            return Ok(());
        }
        let (all, slots) = (Extent { live: end, room: end }, self.stack_end - self.stack - 1);
        if all.slots_kept(slots) < slots && self.collect_within(all, extra) {
            return Ok(());
        }
        Err(Self::memory_limit(self.whereabouts().map(String::into_boxed_str)))
    }

    /// The end of a process that needs more memory than it may have.
    pub(crate) fn memory_limit(place: Option<Box<str>>) -> Raise {
        let failure = Failure::Limit { limit: Limit::Memory, place };
        Raise::Stop(Stop::Exited(Box::new(ExitReason::failed(failure))))
    }

    /// Likewise, where the values on the running coroutine's stack end at `live`; says whether what
    /// lives, with `extra`, is within the memory limit. The stack keeps its size.
    #[must_use]
    pub(crate) fn collect_below(&mut self, live: usize, extra: usize) -> bool {
        self.collect_within(Extent { live: live - self.stack, ..Extent::WHOLE }, extra)
    }

    /// Likewise, where the running coroutine's stack is used so far.
    #[must_use]
    pub(crate) fn collect_within(&mut self, running: Extent, extra: usize) -> bool {
        self.save_coroutine();
        let strings = self.strings();
        self.heap.collect(strings, running);
        self.load_coroutine();
        let used = self.heap.used();
        // About what the copying costs, so that it is paid for like any other work.
        self.fuel -= (used / 2) as i64;
        if used + extra > self.heap.limit {
            return false;
        }
        self.collections += 1;
        if self.collections > 1 {
            self.heap.widen();
        }
        self.heap.set_threshold(used, extra);
        true
    }

    /// Makes sure that `words` more may be allocated.
    ///
    /// # Errors
    /// `Raise::Collect` when a collection is due first; the instruction is then executed again, so
    /// this must be called before anything is changed.
    #[inline(always)]
    pub(crate) fn reserve(&self, words: usize) -> Result<(), Raise> {
        if self.heap.used() + words > self.heap.threshold {
            return Err(Raise::Collect(words));
        }
        Ok(())
    }

    /// Likewise, for a string of so many bytes.
    ///
    /// # Errors
    /// Also when no string can be so long.
    #[inline]
    pub(crate) fn reserve_text(&mut self, bytes: usize) -> Result<(), Raise> {
        if bytes > STRING_BYTES_MAX {
            return Err(self.error("resulting string too large"));
        }
        self.reserve(bytes / 8 + 4)
    }

    /// First slot above what the running frame uses.
    pub(crate) fn live_end(&self) -> usize {
        let callee = self.heap.get(self.base - 3);
        let end = if is_builtin(callee) {
            self.base + self.pc
        } else {
            self.base + self.prototype(callee).registers as usize
        };
        end.max(self.top).min(self.stack_end)
    }

    /// Makes sure that the stack has `count` slots from position `from` on; positions may change by
    /// the difference that is returned.
    pub(crate) fn ensure_stack(&mut self, from: usize, count: usize) -> Result<usize, Raise> {
        if from + count <= self.stack_end {
            return Ok(from);
        }
        self.grow_stack(from, count)
    }

    #[cold]
    #[inline(never)]
    fn grow_stack(&mut self, from: usize, count: usize) -> Result<usize, Raise> {
        let size = self.stack_end - self.stack - 1;
        let needed = from - self.stack + count;
        let mut most = self.stack_slots_max();
        if needed + 8 > most {
            if needed + 8 > most + STACK_SLOTS_RESERVE || !self.handles_error() {
                return Err(self.error("stack overflow"));
            }
            most += STACK_SLOTS_RESERVE;
        }
        let bigger = (needed.max(size * 2) + 8).min(most);
        self.reserve(bigger + 1)?;
        let new = self.heap.allocate(bigger + 1);
        self.heap.set(new, word::header(Kind::Stack, 0, bigger as u32));
        self.heap.copy(self.stack + 1, new + 1, size);
        self.heap.fill(new + 1 + size, new + 1 + bigger, word::NIL);
        let old = self.stack;
        self.heap.set(self.co + field::STACK, word::object(Kind::Stack, new as u32));
        self.stack = new;
        self.stack_end = new + 1 + bigger;
        self.base = self.base - old + new;
        self.top = (self.top.max(old) - old) + new;
        Ok(from - old + new)
    }

    /// Most slots of a stack: a quarter of the process's memory, so that an endless recursion is an
    /// error that the program sees, with a traceback, before the memory limit ends it.
    fn stack_slots_max(&self) -> usize {
        (self.heap.limit / 4).clamp(STACK_SLOTS_LEAST, STACK_SLOTS_MAX)
    }

    /// Whether the running coroutine's stack has grown into what only the handling of an error may use.
    pub(crate) fn uses_reserve(&self) -> bool {
        self.stack_end - self.stack - 1 > self.stack_slots_max()
    }

    /// An error has been handled: the part of the stack that only its handling may use is cut off.
    pub(crate) fn give_back_reserve(&mut self) {
        let most = self.stack_slots_max();
        let size = self.stack_end - self.stack - 1;
        if size <= most || self.live_end() > self.stack + 1 + most {
            return;
        }
        self.heap.set(self.stack, word::header(Kind::Stack, 0, most as u32));
        // The rest becomes a string that nobody refers to.
        let rest = size - most - 1;
        self.stack_end = self.stack + 1 + most;
        let bytes = rest * 8 - usize::from(rest > 0);
        self.heap.set(self.stack_end, word::header(Kind::String, 0, bytes as u32));
    }

    /// The prototype of a Lua function.
    #[inline(always)]
    pub(crate) fn prototype(&self, callee: Word) -> &'a Prototype {
        let index = word::index(callee) as usize;
        if word::space(callee) == 0 {
            let place = self.heap.get(index + 1);
            let image = (place >> 32) as u16 as usize;
            &self.images[image].prototypes[place as u32 as usize]
        } else {
            &self.images[0].prototypes[index]
        }
    }

    /// Charges for frames that were passed on the way down a stack, which is as deep as the program
    /// wants it.
    #[inline]
    pub(crate) fn pay_for_frames(&mut self, count: usize) {
        self.fuel -= (count / FRAMES_PER_FUEL) as i64;
    }

    /// The links of the frame whose R0 is at `base`.
    #[inline(always)]
    pub(crate) fn link(&self, base: usize) -> Link {
        Link::decode(self.heap.get(base - 2), self.heap.get(base - 1))
    }

    /// Upvalue `number` of the running function.
    #[inline(always)]
    pub(crate) fn upvalue(&self, base: usize, number: u32) -> Word {
        let callee = self.heap.get(base - 3);
        if word::space(callee) == 0 {
            self.heap.get(word::index(callee) as usize + 2 + number as usize)
        } else {
            table_word(number::PRIVATE)
        }
    }

    /// Makes a frame of a Lua function whose callee is at `slot` with `count` arguments.
    #[inline]
    pub(crate) fn push_frame(
        &mut self,
        prototype: &Prototype,
        slot: usize,
        count: usize,
        results: u8,
        kind: FrameKind,
    ) -> Result<(), Raise> {
        let parameters = prototype.parameters as usize;
        let mut slot = slot;
        let mut shift = 3;
        if prototype.is_vararg {
            let actual = count.max(parameters);
            let needed = 6 + actual + prototype.registers as usize + 8;
            slot = self.ensure_stack(slot, needed)?;
            let first = slot + 3;
            self.fuel -= (count / 16) as i64;
            self.heap.fill(first + count, first + actual, word::NIL);
            shift = actual + 6;
            self.heap.set(slot + shift - 3, self.heap.get(slot));
            self.heap.copy(first, slot + shift, parameters);
            // What has moved, and what a frame below its varargs has in place of links, is dead.
            self.heap.fill(slot + 1, first + parameters, word::NIL);
        } else {
            slot = self.ensure_stack(slot, 3 + prototype.registers as usize + 8)?;
            self.heap.fill(slot + 3 + count, slot + 3 + parameters, word::NIL);
        }
        let delta = (slot - self.base) as u32;
        let link = Link { pc: self.pc as u32, results, kind, shift: shift as u32, delta };
        let (first, second) = link.encode();
        self.base = slot + shift;
        self.heap.set(self.base - 2, first);
        self.heap.set(self.base - 1, second);
        self.pc = 0;
        Ok(())
    }

    /// Makes a frame of the built-in function at `slot`, so that it can be called again later.
    #[inline]
    pub(crate) fn push_builtin(
        &mut self,
        slot: usize,
        count: usize,
        results: u8,
        kind: FrameKind,
    ) -> Result<(), Raise> {
        let slot = self.ensure_stack(slot, 3 + count + 8)?;
        let delta = (slot - self.base) as u32;
        let link = Link { pc: self.pc as u32, results, kind, shift: 3, delta };
        let (first, second) = link.encode();
        self.base = slot + 3;
        self.heap.set(self.base - 2, first);
        self.heap.set(self.base - 1, second);
        self.pc = count;
        Ok(())
    }
}
