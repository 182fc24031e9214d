//! Calls and returns: frames on the stack of the running coroutine.

use crate::bytecode::{Instruction, Op};
use crate::coroutine::{FrameKind, Link};
use crate::library::is_builtin;
use crate::vm::{Args, Flow, Raise, Stop, Vm};
use procession_types::word::{self, Word};

/// How many `__call` steps one call may take.
const CALL_CHAIN_MAX: usize = 200;

/// Fuel that a call of a built-in costs beside what the built-in charges.
pub(crate) const BUILTIN_FUEL: i64 = 4;

/// How often a call may be handed on, by `__call` or by built-ins. Nothing that a program can make is:
/// what was restored from foreign bytes may call itself.
const STEPS_MAX: usize = 4 * CALL_CHAIN_MAX;

const CHAIN_TOO_LONG: &str = "'__call' chain too long; possible loop";

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Called {
    /// A frame was made, or coroutines were switched: go on with the machine's registers.
    Entered,
    /// A built-in function has run; so many results start at this position.
    Returned(usize, usize),
}

impl Vm<'_> {
    /// Calls the value at `slot` with `count` arguments that start at `slot + 3`.
    pub(crate) fn call_value(
        &mut self,
        mut slot: usize,
        mut count: usize,
        results: u8,
        kind: FrameKind,
    ) -> Result<Called, Raise> {
        for _ in 0..STEPS_MAX {
            let callee = self.heap.get(slot);
            if word::tag(callee) == word::TAG_FUNCTION {
                if crate::coroutines::is_wrap(self, callee) {
                    return self.call_wrap(slot, count, results, kind);
                }
                let prototype = self.prototype(callee);
                self.push_frame(prototype, slot, count, results, kind)?;
                return Ok(Called::Entered);
            }
            if !is_builtin(callee) {
                let method = self.call_method(callee, kind)?;
                let in_lua = !is_builtin(self.heap.get(self.base - 3));
                if in_lua && !self.is_plain_function(method) {
                    return self.call_by_frame(slot, count, results, kind);
                }
                // The called value becomes the first argument of its `__call`; room for the frame
                // is made first, since afterwards the instruction can't be executed again.
                let registers = match self.is_plain_function(method) {
                    true => self.prototype(method).registers as usize,
                    false => 0,
                };
                slot = self.ensure_stack(slot, 2 * (count + registers) + 32)?;
                self.heap.copy(slot + 3, slot + 4, count);
                self.heap.set(slot + 3, callee);
                self.heap.set(slot, method);
                count += 1;
                continue;
            }
            let library = self.library;
            let builtin = &library.builtins[word::index(callee) as usize];
            if builtin.enters && kind != FrameKind::Call {
                return self.call_through(slot, count, results, kind);
            }
            slot = self.ensure_stack(slot, count + 3 + 16)?;
            self.fuel -= BUILTIN_FUEL;
            let args = Args { at: slot + 3, count, results };
            // A built-in may grow the stack; what it says about slots refers to the new one.
            let offset = slot - self.stack;
            let flow = (builtin.run)(self, args)?;
            slot = self.stack + offset;
            match flow {
                Flow::TailCall(n) => count = n,
                flow => return self.after_builtin(flow, slot, results, kind),
            }
        }
        Err(self.error(CHAIN_TOO_LONG))
    }

    /// A call instruction whose callee is no plain function: most are built-ins, which run here.
    #[inline(always)]
    pub(crate) fn call_other(
        &mut self,
        slot: usize,
        count: usize,
        results: u8,
    ) -> Result<Called, Raise> {
        let callee = self.heap.get(slot);
        let library = self.library;
        if is_builtin(callee)
            && slot + count + 3 + 16 <= self.stack_end
            && let Some(builtin) = library.builtins.get(word::index(callee) as usize)
        {
            self.fuel -= BUILTIN_FUEL;
            let offset = slot - self.stack;
            let done = (builtin.run)(self, Args { at: slot + 3, count, results });
            // The built-in may have grown the stack.
            let slot = self.stack + offset;
            // Looked at where it is: a copy would have to wait until all of it is written.
            if let Ok(Flow::Return(n)) = done {
                return Ok(Called::Returned(slot, n));
            }
            return self.after_builtin(done?, slot, results, FrameKind::Call);
        }
        self.call_value(slot, count, results, FrameKind::Call)
    }

    /// Goes on as a built-in that was called at `slot` says.
    #[inline(never)]
    fn after_builtin(
        &mut self,
        flow: Flow,
        slot: usize,
        results: u8,
        kind: FrameKind,
    ) -> Result<Called, Raise> {
        match flow {
            Flow::Return(n) => Ok(Called::Returned(slot, n)),
            Flow::Entered => Ok(Called::Entered),
            Flow::TailCall(n) => self.call_value(slot, n, results, kind),
            Flow::Wait(what, n) => {
                self.push_builtin(slot, n, results, kind)?;
                self.wait(what)?;
                Ok(Called::Entered)
            }
            Flow::Again(n) => {
                self.push_builtin(slot, n, results, kind)?;
                Err(Raise::Stop(Stop::Preempted))
            }
        }
    }

    /// A built-in that enters frames itself, called from somewhere that needs more than its results:
    /// it gets a frame of its own, which hands the results on.
    fn call_through(
        &mut self,
        slot: usize,
        count: usize,
        results: u8,
        kind: FrameKind,
    ) -> Result<Called, Raise> {
        self.push_builtin(slot, count, results, kind)?;
        Ok(Called::Entered)
    }

    /// Calls what is no plain function through a frame of the built-in that calls what it is given:
    /// what happens then may be tried again without harm.
    pub(crate) fn call_by_frame(
        &mut self,
        slot: usize,
        count: usize,
        results: u8,
        kind: FrameKind,
    ) -> Result<Called, Raise> {
        let slot = self.ensure_stack(slot, count + 16)?;
        self.heap.copy(slot + 3, slot + 4, count);
        self.heap.copy(slot, slot + 3, 1);
        self.heap.set(slot, crate::library::builtin_word(crate::library::base::CALL));
        self.push_builtin(slot, count + 1, results, kind)?;
        Ok(Called::Entered)
    }

    /// The `__call` of a value, which may be no function either, as long as one comes at last.
    pub(crate) fn call_method(&mut self, callee: Word, kind: FrameKind) -> Result<Word, Raise> {
        let mut value = callee;
        for _ in 0..CALL_CHAIN_MAX {
            // Two looks into tables: a long chain must not be had for one instruction.
            self.fuel -= 2;
            value = self.metamethod(value, self.library.names.call);
            if self.is_function(value) {
                return Ok(self.metamethod(callee, self.library.names.call));
            }
            if self.metamethod(value, self.library.names.call) == word::NIL {
                let value = if value == word::NIL { callee } else { value };
                return Err(self.call_error(value, kind));
            }
        }
        Err(self.error(CHAIN_TOO_LONG))
    }

    /// Whether it is a function in Lua that needs nothing but a frame.
    pub(crate) fn is_plain_function(&self, callee: Word) -> bool {
        !word::is_float(callee)
            && word::tag(callee) == word::TAG_FUNCTION
            && !crate::coroutines::is_wrap(self, callee)
    }

    /// Calls the built-in function whose frame is on top again.
    pub(crate) fn run_builtin_frame(&mut self) -> Result<(), Raise> {
        if self.fuel <= 0 {
            return Err(Raise::Stop(Stop::Preempted));
        }
        let callee = self.heap.get(self.base - 3);
        let library = self.library;
        let builtin = &library.builtins[word::index(callee) as usize];
        if builtin.enters {
            return self.run_inner(self.pc);
        }
        let link = self.link(self.base);
        self.ensure_stack(self.base, self.pc + 16)?;
        self.fuel -= BUILTIN_FUEL;
        let args = Args { at: self.base, count: self.pc, results: link.results };
        match (builtin.run)(self, args)? {
            // The results lie over the frame's links.
            Flow::Return(n) => self.return_by(link, self.base - 3, n),
            Flow::Entered => Ok(()),
            Flow::TailCall(n) => {
                self.make_room_here(n)?;
                let slot = self.base - 3;
                self.base = slot - link.delta as usize;
                self.pc = link.pc as usize;
                match self.call_value(slot, n, link.results, link.kind)? {
                    Called::Entered => Ok(()),
                    Called::Returned(first, n) => self.take_results(link, slot, first, n),
                }
            }
            Flow::Wait(what, n) => {
                self.pc = n;
                self.wait(what)
            }
            Flow::Again(n) => {
                self.pc = n;
                Err(Raise::Stop(Stop::Preempted))
            }
        }
    }

    /// Makes room for the frame of the function that takes over the built-in's, with `count`
    /// arguments. The built-in has done its part, so nothing is executed again: it collects itself.
    fn make_room_here(&mut self, count: usize) -> Result<(), Raise> {
        let callee = self.heap.get(self.base - 3);
        let registers = match self.is_plain_function(callee) {
            true => self.prototype(callee).registers as usize,
            false => 0,
        };
        let needed = 2 * (count + registers) + 32;
        while let Err(raise) = self.ensure_stack(self.base, needed) {
            let Raise::Collect(extra) = raise else { return Err(raise) };
            if !self.collect_below(self.base + count, extra) {
                return Err(Vm::memory_limit(None));
            }
        }
        Ok(())
    }

    /// A built-in that enters frames runs above its own frame, which then hands its results on.
    fn run_inner(&mut self, count: usize) -> Result<(), Raise> {
        self.ensure_stack(self.base, 2 * count + 32)?;
        let inner = self.base + count;
        self.heap.copy(self.base - 3, inner, 1);
        self.heap.copy(self.base, inner + 3, count);
        self.fuel -= (count / 16) as i64;
        match self.call_value(inner, count, 0, FrameKind::Call)? {
            Called::Entered => Ok(()),
            // Above this frame, whose links are whole.
            Called::Returned(first, n) => self.return_values(first, n),
        }
    }

    /// Returns from the running frame with `count` values that start at `first`.
    pub(crate) fn return_values(&mut self, first: usize, count: usize) -> Result<(), Raise> {
        let link = self.link(self.base);
        self.return_by(link, first, count)
    }

    #[inline(always)]
    fn return_by(&mut self, link: Link, first: usize, count: usize) -> Result<(), Raise> {
        if link.kind == FrameKind::First {
            return self.finish_coroutine(first, count);
        }
        let slot = self.base - link.shift as usize;
        self.base = slot - link.delta as usize;
        self.pc = link.pc as usize;
        match link.kind {
            FrameKind::Call => self.place(slot, first, count, link.results),
            _ => self.take_results(link, slot, first, count),
        }
    }

    /// Gives results to the frame that called; the machine's registers are its again.
    #[inline(never)]
    fn take_results(
        &mut self,
        link: Link,
        slot: usize,
        first: usize,
        count: usize,
    ) -> Result<(), Raise> {
        match link.kind {
            FrameKind::Call => self.place(slot, first, count, link.results),
            FrameKind::Protected => {
                self.heap.copy(first, slot + 1, count);
                self.heap.set(slot, word::TRUE);
                self.place(slot, slot, count + 1, link.results)
            }
            FrameKind::Handled => {
                self.heap.copy(first, slot, count);
                self.heap.set(slot - 1, word::TRUE);
                self.place(slot - 1, slot - 1, count + 1, link.results)
            }
            FrameKind::Meta => {
                let value = if count == 0 { word::NIL } else { self.heap.get(first) };
                self.finish_instruction(value)
            }
            FrameKind::Close => self.closed(slot, link),
            FrameKind::Handler => {
                let value = if count == 0 { word::NIL } else { self.heap.get(first) };
                self.unwind(value)
            }
            FrameKind::First => unreachable!("the first frame finishes its coroutine"),
        }
    }

    /// Moves `count` values to `slot`, adjusted to what the caller wants.
    pub(crate) fn place(
        &mut self,
        slot: usize,
        first: usize,
        count: usize,
        results: u8,
    ) -> Result<(), Raise> {
        if is_builtin(self.heap.get(self.base - 3)) {
            self.hand_on(first, count);
            return Ok(());
        }
        if results == 0 {
            self.heap.copy(first, slot, count);
            self.top = slot + count;
        } else {
            let wanted = results as usize - 1;
            self.heap.copy(first, slot, count.min(wanted));
            self.heap.fill(slot + count.min(wanted), slot + wanted, word::NIL);
        }
        Ok(())
    }

    /// Has the frame of a built-in function, which has got what it waited for, return that when it goes on.
    /// To return from here would nest as deep as such frames do.
    fn hand_on(&mut self, first: usize, count: usize) {
        self.heap.copy(first, self.base, count);
        self.heap.set(self.base - 3, crate::library::builtin_word(crate::library::base::HAND_ON));
        self.pc = count;
    }

    /// Calls a metamethod for the instruction before `pc`, which takes the result.
    pub(crate) fn call_meta(&mut self, method: Word, args: &[Word]) -> Result<(), Raise> {
        let from = self.live_slot();
        let slot = self.ensure_stack(from, 3 + args.len() + 8)?;
        self.heap.set(slot, method);
        for (position, &value) in args.iter().enumerate() {
            self.heap.set(slot + 3 + position, value);
        }
        match self.call_value(slot, args.len(), 2, FrameKind::Meta)? {
            Called::Entered => Ok(()),
            Called::Returned(first, count) => {
                let value = if count == 0 { word::NIL } else { self.heap.get(first) };
                self.finish_instruction(value)
            }
        }
    }

    /// First slot above the registers of the running Lua frame (and above an open list of values).
    pub(crate) fn live_slot(&self) -> usize {
        let callee = self.heap.get(self.base - 3);
        let end = if is_builtin(callee) {
            self.base + self.pc
        } else {
            self.base + self.prototype(callee).registers as usize
        };
        // `top` may be stale: then it lies below, or wastes a few slots above.
        if self.top > end && self.top < end + 256 { self.top } else { end }
    }

    /// The instruction that is being executed.
    pub(crate) fn instruction(&self) -> Instruction {
        let prototype = self.prototype(self.heap.get(self.base - 3));
        prototype.code[self.pc - 1]
    }

    /// Completes the instruction that called a metamethod.
    fn finish_instruction(&mut self, value: Word) -> Result<(), Raise> {
        if is_builtin(self.heap.get(self.base - 3)) {
            self.heap.set(self.base, value);
            self.hand_on(self.base, 1);
            return Ok(());
        }
        let i = self.instruction();
        let op = i.op();
        match op {
            Op::Eq | Op::Lt | Op::Le | Op::EqK | Op::LtK | Op::LeK | Op::GtK | Op::GeK => {
                if word::is_falsy(value) == (i.c() == 0) {
                    self.pc = i.d() as usize;
                }
                Ok(())
            }
            Op::SetGlobal | Op::SetField | Op::SetIndex | Op::SetInt => Ok(()),
            Op::Concat => {
                let scratch = self.base + (i.a() + i.b()) as usize;
                let left = word::to_int(self.heap.get(scratch)) as usize;
                self.heap.set(self.base + i.a() as usize + left - 1, value);
                self.concat(i.a() as usize, left, i.b() as usize)
            }
            _ => {
                self.heap.set(self.base + i.a() as usize, value);
                Ok(())
            }
        }
    }
}
