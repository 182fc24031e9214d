//! Finalizers: objects get them by `setmetatable`, the collector queues those that nothing refers to,
//! and `finalize` of the library calls them in a frame between two instructions of the program.
//!
//! A finalizer runs in a coroutine of its own, so whatever it does, what was interrupted goes on as
//! if nothing had been. It is called in the program's own code only, never in the middle of a
//! function of the library.

use crate::coroutine::{FINALIZING, FrameKind, field, is_coroutine, status};
use crate::heap::root;
use crate::index::is_heap_table;
use crate::library::{Builtin, is_builtin, plain};
use crate::table::TABLE_FINALIZABLE;
use crate::vm::{Args, Flow, Raise, Vm};
use procession_types::word::{self, Kind, Word};

pub(crate) const FUNCTIONS: &[Builtin] =
    &[plain("@next_finalizable", next_finalizable), plain("@finalizer_starts", finalizer_starts)];

/// Slots of the stack that `finalize` may need.
const STACK_SLOTS: usize = 256;

impl Vm<'_> {
    /// Notes that the finalizer of the table at `at` is to be called, if its metatable has one.
    ///
    /// # Errors
    /// `Raise::Collect` before anything is changed.
    #[inline(always)]
    pub(crate) fn note_finalizer(&mut self, at: usize, meta: Word) -> Result<(), Raise> {
        let name = self.library.names.gc;
        let method = if is_heap_table(meta) {
            self.heap.get_str(self.strings(), word::index(meta) as usize, name)
        } else if meta == word::NIL {
            word::NIL
        } else {
            self.raw_get(meta, name)
        };
        if method == word::NIL { Ok(()) } else { self.add_finalizable(at) }
    }

    #[cold]
    fn add_finalizable(&mut self, at: usize) -> Result<(), Raise> {
        let head = self.heap.get(at);
        let closing = self.heap.get(root::FLAGS) & root::FLAG_CLOSING != 0;
        if closing || word::header_flags(head) & TABLE_FINALIZABLE != 0 {
            return Ok(());
        }
        let count = self.heap.get(root::FINALIZABLE_COUNT) as usize;
        let list = word::index(self.heap.get(root::FINALIZABLE)) as usize;
        let room = if list == 0 { 0 } else { word::header_length(self.heap.get(list)) as usize };
        if count == room {
            self.grow_finalizable(list, count)?;
        }
        let list = word::index(self.heap.get(root::FINALIZABLE)) as usize;
        self.heap.set(list + 1 + count, word::make(word::TAG_TABLE, 0, at as u32));
        self.heap.set(root::FINALIZABLE_COUNT, count as u64 + 1);
        self.heap.set(at, head | u64::from(TABLE_FINALIZABLE) << 8);
        Ok(())
    }

    fn grow_finalizable(&mut self, list: usize, count: usize) -> Result<(), Raise> {
        let room = (count * 2).max(4);
        self.reserve(room + 1)?;
        let new = self.heap.allocate(room + 1);
        self.heap.set(new, word::header(Kind::Array, 0, room as u32));
        self.heap.fill(new + 1, new + 1 + room, word::NIL);
        self.heap.copy(list + 1, new + 1, count);
        self.heap.set(root::FINALIZABLE, word::object(Kind::Array, new as u32));
        Ok(())
    }

    /// Whether finalizers are due and none is being called.
    pub(crate) fn finalizers_are_due(&self) -> bool {
        if self.heap.get(root::PENDING_COUNT) == 0 {
            return false;
        }
        let caller = self.heap.get(root::FINALIZER);
        !is_coroutine(caller)
            || matches!(self.status(word::index(caller) as usize), status::DEAD | status::SUSPENDED)
    }

    /// Whether the running code was called by a finalizer.
    pub(crate) fn is_in_finalizer(&self) -> bool {
        let finalizer = self.heap.get(root::FINALIZER);
        let mut co = crate::coroutine::coroutine(self.co);
        while co != word::NIL && finalizer != word::NIL {
            if co == finalizer {
                return true;
            }
            co = self.heap.get(word::index(co) as usize + field::RESUMER);
        }
        false
    }

    /// Makes a frame that calls the finalizers that are due, if the program's own code is about to
    /// execute an instruction; otherwise they wait for the next collection or turn.
    #[inline]
    pub(crate) fn start_finalizers(&mut self) {
        // A chunk that was just compiled belongs to the call of `load` that made it, which comes next.
        if self.loaded_image.is_none() && self.finalizers_are_due() {
            self.enter_finalizers();
        }
    }

    #[inline(never)]
    fn enter_finalizers(&mut self) {
        let callee = self.heap.get(self.base - 3);
        if is_builtin(callee) || self.is_library(callee) {
            return;
        }
        let live = self.live_end();
        let top = self.top - self.stack;
        let function = self.library_function("finalize");
        let Ok(live) = self.ensure_stack(live, STACK_SLOTS) else { return };
        self.heap.set(live, word::int_wrapping(top as i64));
        self.heap.set(live + 1, word::NIL);
        self.heap.set(live + 2, function);
        let prototype = self.prototype(function);
        // There is room, so this can't fail.
        let made = self.push_frame(prototype, live + 2, 0, FINALIZING, FrameKind::Close);
        debug_assert!(made.is_ok(), "room was made for the frame");
    }

    /// Queues the `listed` objects that have a finalizer before the `due` ones, which come first. It
    /// takes a word for each without asking whether there is room: the process has ended.
    fn queue_all(&mut self, listed: usize, due: usize) {
        let list = self.heap.allocate(listed + due + 1);
        self.heap.set(list, word::header(Kind::Array, 0, (listed + due) as u32));
        let from = word::index(self.heap.get(root::FINALIZABLE)) as usize;
        self.heap.copy(from + 1, list + 1, listed);
        let from = word::index(self.heap.get(root::PENDING)) as usize;
        self.heap.copy(from + 1, list + 1 + listed, due);
        self.heap.set(root::PENDING, word::object(Kind::Array, list as u32));
        self.heap.set(root::PENDING_COUNT, (listed + due) as u64);
        self.heap.set(root::FINALIZABLE, 0);
        self.heap.set(root::FINALIZABLE_COUNT, 0);
    }

    /// The process has ended with `count` values at `first`: has the finalizers of all objects called
    /// before; false when there are none, or no room for them.
    pub(crate) fn finalize_before_end(&mut self, first: usize, count: usize) -> bool {
        let flags = self.heap.get(root::FLAGS);
        let (listed, due) =
            (self.heap.get(root::FINALIZABLE_COUNT), self.heap.get(root::PENDING_COUNT));
        if flags & root::FLAG_CLOSING != 0 || listed + due == 0 {
            return false;
        }
        self.heap.set(root::FLAGS, flags | root::FLAG_CLOSING);
        self.queue_all(listed as usize, due as usize);
        let offset = first - self.stack;
        let slot = self.stack + 1;
        match self.ensure_stack(slot, 2 * count + offset + STACK_SLOTS) {
            Ok(_) => {}
            // The values may lie over the links of their frame, so nothing is executed again.
            Err(Raise::Collect(extra)) => {
                let grown = self.collect_below(self.stack + offset + count, extra)
                    && self.ensure_stack(self.stack + 1, 2 * count + offset + STACK_SLOTS).is_ok();
                if !grown {
                    return false;
                }
            }
            Err(_) => return false,
        }
        let slot = self.stack + 1;
        self.heap.copy(self.stack + offset, slot + 3, count);
        let function = self.library_function("finalize_before_end");
        self.heap.set(slot, function);
        self.begin(slot, count).is_ok()
    }
}

/// `@next_finalizable()`: the next object whose finalizer is due, or nil. It may get one again.
fn next_finalizable(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let count = vm.heap.get(root::PENDING_COUNT) as usize;
    if count == 0 {
        return vm.give(args, word::NIL);
    }
    let list = word::index(vm.heap.get(root::PENDING)) as usize;
    let object = vm.heap.get(list + count);
    vm.heap.set(list + count, word::NIL);
    vm.heap.set(root::PENDING_COUNT, count as u64 - 1);
    if count == 1 {
        vm.heap.set(root::PENDING, word::NIL);
    }
    let at = word::index(object) as usize;
    let head = vm.heap.get(at) & !(u64::from(TABLE_FINALIZABLE) << 8);
    vm.heap.set(at, head);
    vm.give(args, object)
}

/// `@finalizer_starts(co)`: this coroutine calls finalizers now.
fn finalizer_starts(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let co = vm.arg(args, 1);
    if co != word::NIL && !is_coroutine(co) {
        return Err(vm.argument_error(1, "thread", co, args));
    }
    vm.heap.set(root::FINALIZER, co);
    Ok(Flow::Return(0))
}
