//! Errors: making them, finding who handles them, closing variables on the way, tracebacks.

use crate::bytecode::{NameHint, NameKind, Op, Operand};
use crate::call::Called;
use crate::coroutine::{FrameKind, Link, field};
use crate::heap::root;
use crate::library::is_builtin;
use crate::strings::is_string;
use crate::vm::{Raise, Vm};
use procession_types::word::{self, Word};

/// The program's code for which a function of the library works.
struct User {
    /// R0 of its frame.
    base: usize,
    /// The instruction after the one that it executes.
    pc: usize,
}

/// How many handlers of one `xpcall` may fail within each other. In PUC Lua C's stack ends this.
const HANDLERS_MAX: usize = 190;
/// The error when all of them did.
const HANDLING_FAILED: &[u8] = b"error in error handling";

/// Mode of a `FrameKind::Close` frame (its link's `results`): an error is on its way.
pub(crate) const UNWINDING: u8 = 1;

/// Likewise: finalizers are called between two instructions.
pub(crate) const FINALIZING: u8 = 2;

/// Who called a function of the library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// The program.
    Program,
    /// The program, as a method.
    Method,
    /// The library, for the program: a comparator, a callback.
    Library,
}

/// Whether it is the built-in function that calls what it is given.
fn is_call(function: Word) -> bool {
    function == crate::library::builtin_word(crate::library::base::CALL)
}

impl Vm<'_> {
    /// An error with a message and the position of the program's code that runs. In a function of
    /// the library it is the position of the call; an operator of library code in Lua has none.
    #[cold]
    pub(crate) fn error(&mut self, message: &str) -> Raise {
        self.error_bytes(message.as_bytes())
    }

    /// Likewise, with a message that may be no UTF-8.
    #[cold]
    pub(crate) fn error_bytes(&mut self, message: &[u8]) -> Raise {
        let in_operator = self.is_lua_frame() && self.pc > 0 && !self.instruction().op().calls();
        let mut text = match self.user() {
            Some(user) if !in_operator || user.base == self.base => {
                self.position_of(user.base, user.pc).into_bytes()
            }
            _ => Vec::new(),
        };
        text.extend_from_slice(message);
        Raise::Error(self.heap.string(&text))
    }

    /// An error with a message and no position.
    #[cold]
    pub(crate) fn bare_error(&mut self, message: &str) -> Raise {
        Raise::Error(self.heap.string(message.as_bytes()))
    }

    /// The frame of the program's own code for which the library works; `None` when the library was
    /// called by `pcall` or is the first function of a coroutine.
    fn user(&self) -> Option<User> {
        let (mut base, mut pc) = (self.base, self.pc);
        loop {
            let callee = self.heap.get(base - 3);
            if word::tag(callee) == word::TAG_FUNCTION && !self.is_library(callee) {
                return Some(User { base, pc });
            }
            let link = self.link(base);
            if link.kind.is_protected() || link.kind == FrameKind::First {
                return None;
            }
            base = base - link.shift as usize - link.delta as usize;
            pc = link.pc as usize;
        }
    }

    /// The position with which errors out of wrapped coroutines begin.
    pub(crate) fn call_position(&self) -> String {
        self.user().map_or_else(String::new, |user| self.position_of(user.base, user.pc))
    }

    /// Who called the library function that runs, and by which name; `own` is the built-in function
    /// that runs. A public function that the library calls for the program (a
    /// comparator, a callback) goes by its own name.
    pub(crate) fn called_as(&self, own: Word) -> (Caller, String) {
        let (mut base, mut pc, mut function) = (self.base, self.pc, own);
        loop {
            let callee = self.heap.get(base - 3);
            if word::tag(callee) == word::TAG_FUNCTION && !self.is_library(callee) {
                return self.called_by_program(callee, pc, function);
            }
            let link = self.link(base);
            // What stands in for a metamethod of the program is none of its business either.
            let passes_on = callee == function || is_call(callee) || link.kind == FrameKind::Meta;
            let name = self.public_name(function);
            if !passes_on && name != "?" {
                return (Caller::Library, name);
            }
            if link.kind.is_protected() || link.kind == FrameKind::First {
                let function = if is_call(callee) { function } else { callee };
                return (Caller::Library, self.public_name(function));
            }
            if !is_call(callee) {
                function = callee;
            }
            base = base - link.shift as usize - link.delta as usize;
            pc = link.pc as usize;
        }
    }

    /// Likewise, where the program's function `caller` called it by the instruction before `pc`.
    fn called_by_program(&self, caller: Word, pc: usize, function: Word) -> (Caller, String) {
        let op = self.prototype(caller).code[pc.saturating_sub(1)].op();
        if op.calls() {
            if let Some(hint) = self.hint_at(caller, pc, Operand::First, 0) {
                let is_method = hint.kind == NameKind::Method;
                let caller = if is_method { Caller::Method } else { Caller::Program };
                return (caller, hint.name.to_string());
            }
            if op == Op::ForInCall {
                return (Caller::Program, "for iterator".to_owned());
            }
        } else if let Some(event) = op.event() {
            return (Caller::Program, event.to_owned());
        }
        (Caller::Program, self.public_name(function))
    }

    /// `file:line: ` of the frame `level` levels below the running one; empty for library code.
    pub(crate) fn position(&self, level: usize) -> String {
        let (mut base, mut pc, mut level) = (self.base, self.pc, level);
        while level > 0 {
            let link = self.link(base);
            level -= 1;
            if link.kind.is_protected() {
                // `pcall` itself counts, as a function without a position.
                if level == 0 {
                    return String::new();
                }
                level -= 1;
            }
            if link.kind == FrameKind::First {
                return String::new();
            }
            base = base - link.shift as usize - link.delta as usize;
            pc = link.pc as usize;
        }
        self.position_of(base, pc)
    }

    fn position_of(&self, base: usize, pc: usize) -> String {
        match self.line_of(base, pc) {
            Some((file, line)) => format!("{file}:{line}: "),
            None => String::new(),
        }
    }

    /// File and line of a frame of the program's own code.
    pub(crate) fn line_of(&self, base: usize, pc: usize) -> Option<(&str, u32)> {
        let callee = self.heap.get(base - 3);
        if word::tag(callee) != word::TAG_FUNCTION || self.is_library(callee) {
            return None;
        }
        let prototype = self.prototype(callee);
        let line = prototype.lines.get(pc.saturating_sub(1)).copied().unwrap_or(0);
        let place = self.heap.get(word::index(callee) as usize + 1);
        let image = &self.images[(place >> 32) as u16 as usize];
        Some((image.files.get(prototype.file as usize).map_or("?", |file| file), line))
    }

    /// Whether a Lua function belongs to the library.
    pub(crate) fn is_library(&self, callee: Word) -> bool {
        word::space(callee) != 0
            || (self.heap.get(word::index(callee) as usize + 1) >> 32) as u16 == 0
    }

    /// The name by which the instruction before `pc` refers to an operand.
    pub(crate) fn hint(&self, operand: Operand, position: u8) -> Option<&NameHint> {
        let callee = self.heap.get(self.base - 3);
        if is_builtin(callee) || self.is_library(callee) {
            return None;
        }
        self.hint_at(callee, self.pc, operand, position)
    }

    pub(crate) fn hint_at(
        &self,
        callee: Word,
        pc: usize,
        operand: Operand,
        position: u8,
    ) -> Option<&NameHint> {
        if word::tag(callee) != word::TAG_FUNCTION {
            return None;
        }
        let names = &self.prototype(callee).names;
        let pc = pc.checked_sub(1)? as u32;
        let first = names.partition_point(|hint| hint.pc < pc);
        names[first..]
            .iter()
            .take_while(|hint| hint.pc == pc)
            .find(|hint| hint.operand == operand && hint.position == position)
    }

    /// ` (local 'x')` and the like, or nothing.
    pub(crate) fn described(&self, operand: Operand, position: u8) -> String {
        match self.hint(operand, position) {
            Some(hint) => format!(" ({} '{}')", hint.kind.text(), hint.name),
            None => String::new(),
        }
    }

    /// Likewise for the table of an access; globals are fields of an upvalue.
    pub(crate) fn described_table(&self) -> String {
        let i = self.instruction();
        let upvalue = match i.op() {
            Op::GetGlobal => i.b(),
            Op::SetGlobal => i.a(),
            _ => return self.described(Operand::First, 0),
        };
        let prototype = self.prototype(self.heap.get(self.base - 3));
        let name = prototype.upvalue_names.get(upvalue as usize).map_or("_ENV", |name| name);
        format!(" (upvalue '{name}')")
    }

    /// "attempt to … a … value (…)".
    #[cold]
    pub(crate) fn type_error(&mut self, what: &str, value: Word, operand: Operand) -> Raise {
        self.type_error_at(what, value, operand, 0)
    }

    #[cold]
    pub(crate) fn type_error_at(
        &mut self,
        what: &str,
        value: Word,
        operand: Operand,
        position: u8,
    ) -> Raise {
        let name = self.described(operand, position);
        let message = format!("attempt to {what} a {} value{name}", self.type_name(value));
        self.error(&message)
    }

    /// "attempt to call a … value".
    #[cold]
    pub(crate) fn call_error(&mut self, value: Word, kind: FrameKind) -> Raise {
        let kind_name = self.type_name(value);
        let callee = self.heap.get(self.base - 3);
        // Nor does the program call what is called while an error is on its way.
        if is_builtin(callee) || self.is_library(callee) || self.is_raising {
            return self.bare_error(&format!("attempt to call a {kind_name} value"));
        }
        let op = self.instruction().op();
        let name = match (kind, op.event()) {
            (FrameKind::Close, _) => " (metamethod 'close')".to_owned(),
            (FrameKind::Meta, Some(event)) => format!(" (metamethod '{event}')"),
            _ if op == Op::ForInCall => " (for iterator 'for iterator')".to_owned(),
            _ => self.described(Operand::First, 0),
        };
        self.error(&format!("attempt to call a {kind_name} value{name}"))
    }

    /// Finds who handles the error and goes there: the machine's registers are the handler's.
    ///
    /// # Errors
    /// When nobody does: the process ends.
    pub(crate) fn raise(&mut self, mut value: Word) -> Result<(), Raise> {
        for _ in 0..HANDLERS_MAX {
            match self.keeping(value, Self::find_handler) {
                // A handler that is a built-in function failed, or there was no room for one: the
                // handler is asked again, about that.
                Err(Raise::Error(other)) => value = other,
                done => return done,
            }
        }
        let value = self.heap.string(HANDLING_FAILED);
        self.unwind(value)
    }

    /// Runs a step of error handling; when it needs memory first, collects without losing the error.
    fn keeping(
        &mut self,
        mut value: Word,
        step: fn(&mut Self, Word) -> Result<(), Raise>,
    ) -> Result<(), Raise> {
        loop {
            self.is_raising = true;
            let done = step(self, value);
            self.is_raising = false;
            match done {
                Err(Raise::Collect(extra)) => {
                    self.heap.set(root::SCRATCH, value);
                    self.collect(extra)?;
                    value = self.heap.get(root::SCRATCH);
                    self.heap.set(root::SCRATCH, word::NIL);
                }
                done => return done,
            }
        }
    }

    fn find_handler(&mut self, value: Word) -> Result<(), Raise> {
        let (mut base, mut handlers) = (self.base, 0);
        let is_full = self.uses_reserve();
        loop {
            let link = self.link(base);
            match link.kind {
                FrameKind::Handler => handlers += 1,
                // A handler that has used up the stack's reserve is not asked again.
                FrameKind::Handled if handlers < HANDLERS_MAX && !(handlers > 0 && is_full) => {
                    let slot = base - link.shift as usize;
                    return self.call_handler(self.heap.get(slot - 1), value);
                }
                FrameKind::Handled => {
                    let value = self.heap.string(HANDLING_FAILED);
                    return self.unwind(value);
                }
                FrameKind::Protected => return self.unwind(value),
                FrameKind::First => return self.unwind(value),
                FrameKind::Call | FrameKind::Meta | FrameKind::Close => {}
            }
            base = base - link.shift as usize - link.delta as usize;
        }
    }

    fn call_handler(&mut self, handler: Word, value: Word) -> Result<(), Raise> {
        let from = self.live_end();
        let slot = self.ensure_stack(from, 16)?;
        self.heap.set(slot, handler);
        self.heap.set(slot + 3, value);
        match self.call_value(slot, 1, 2, FrameKind::Handler)? {
            Called::Entered => Ok(()),
            Called::Returned(first, count) => {
                let value = if count == 0 { word::NIL } else { self.heap.get(first) };
                self.unwind(value)
            }
        }
    }

    /// Unwinds to the next protected call with an error, closing variables first, one at a time.
    pub(crate) fn unwind(&mut self, mut value: Word) -> Result<(), Raise> {
        loop {
            match self.keeping(value, Self::unwind_step) {
                // No room for a `__close`: it is left out, and this error is on its way now.
                Err(Raise::Error(other)) => value = other,
                done => return done,
            }
        }
    }

    fn unwind_step(&mut self, value: Word) -> Result<(), Raise> {
        let mut base = self.base;
        let (mut link, mut slot);
        loop {
            link = self.link(base);
            slot = base - link.shift as usize;
            match link.kind {
                FrameKind::Protected | FrameKind::Handled | FrameKind::First => break,
                FrameKind::Call | FrameKind::Meta | FrameKind::Close | FrameKind::Handler => {}
            }
            base = slot - link.delta as usize;
        }
        if link.kind == FrameKind::First {
            if self.closes_at_failure() && self.close_next(slot, Some(value))? {
                return Ok(());
            }
            return self.fail_coroutine(value);
        }
        if self.close_next(slot, Some(value))? {
            return Ok(());
        }
        self.base = slot - link.delta as usize;
        self.pc = link.pc as usize;
        self.give_back_reserve();
        let first = if link.kind == FrameKind::Handled { slot - 1 } else { slot };
        self.heap.set(first, word::FALSE);
        self.heap.set(first + 1, value);
        self.place(first, first, 2, link.results)
    }

    /// Whether an error of the running coroutine is being handled: it may use the stack's reserve.
    pub(crate) fn handles_error(&self) -> bool {
        if self.is_raising {
            return true;
        }
        let mut base = self.base;
        loop {
            let link = self.link(base);
            let unwinds = link.kind == FrameKind::Close && link.results == UNWINDING;
            if link.kind == FrameKind::Handler || unwinds {
                return true;
            }
            if link.kind == FrameKind::First {
                return false;
            }
            base = base - link.shift as usize - link.delta as usize;
        }
    }

    /// Marks a slot as holding a variable to be closed.
    pub(crate) fn mark_close(&mut self, slot: usize) -> Result<(), Raise> {
        let value = self.heap.get(slot);
        if word::is_falsy(value) {
            return Ok(());
        }
        if self.metamethod(value, self.library.names.close) == word::NIL {
            let name = match self.hint(Operand::First, 0) {
                Some(hint) => hint.name.to_string(),
                None if self.instruction().op() == Op::ForInPrep => "(for state)".to_owned(),
                None => "?".to_owned(),
            };
            return Err(self.error(&format!("variable '{name}' got a non-closable value")));
        }
        // The slots marked before are remembered in a list that lives in the closing state table.
        self.push_mark(slot);
        Ok(())
    }

    /// Closes the last marked variable at or above `from`, if there is one: then a frame of its
    /// `__close` is on top, or it has run already; the caller starts again.
    pub(crate) fn close_next(&mut self, from: usize, error: Option<Word>) -> Result<bool, Raise> {
        loop {
            let Some(marked) = self.last_mark().filter(|&slot| slot >= from) else {
                return Ok(false);
            };
            let value = self.heap.get(marked);
            let method = self.metamethod(value, self.library.names.close);
            let passed = error.unwrap_or(word::NIL);
            // The top of an open list of values and the error wait below the frame. A frame gets
            // its room before the mark is gone, since then this can't be tried again.
            let live = self.live_end().max(marked + 1);
            let top = self.top - self.stack;
            let registers = match self.is_plain_function(method) {
                true => 2 * self.prototype(method).registers as usize,
                false => 0,
            };
            let offset = match self.ensure_stack(live, registers + 64) {
                Err(Raise::Error(value)) => {
                    self.pop_mark();
                    return Err(Raise::Error(value));
                }
                offset => offset?,
            };
            self.pop_mark();
            self.heap.set(offset, word::int_wrapping(top as i64));
            self.heap.set(offset + 1, passed);
            let slot = offset + 2;
            self.heap.set(slot, method);
            self.heap.set(slot + 3, value);
            self.heap.set(slot + 4, passed);
            let mode = if error.is_some() { UNWINDING } else { 0 };
            match self.call_value(slot, 2, mode, FrameKind::Close)? {
                Called::Entered => return Ok(true),
                Called::Returned(..) => {}
            }
        }
    }

    /// A `__close` method has returned.
    pub(crate) fn closed(&mut self, slot: usize, link: Link) -> Result<(), Raise> {
        self.top = self.stack + word::to_int(self.heap.get(slot - 2)) as usize;
        if link.results == UNWINDING {
            let error = self.heap.get(slot - 1);
            return self.unwind(error);
        }
        if link.results == FINALIZING {
            return Ok(());
        }
        // The instruction that closes is executed again until nothing is left to close.
        self.pc -= 1;
        Ok(())
    }

    /// The last marked slot of the running coroutine.
    pub(crate) fn last_mark(&self) -> Option<usize> {
        let mark = self.heap.get(self.co + field::CLOSE);
        if mark == word::NIL {
            return None;
        }
        Some(self.stack + self.heap.get(word::index(mark) as usize + 1) as u32 as usize)
    }

    fn push_mark(&mut self, slot: usize) {
        let before = self.heap.get(self.co + field::CLOSE);
        let offset = word::int_wrapping((slot - self.stack) as i64);
        let node = self.heap.user(crate::library::class::COUNT, &[offset, before]);
        self.heap.set(self.co + field::CLOSE, node);
    }

    fn pop_mark(&mut self) {
        let mark = word::index(self.heap.get(self.co + field::CLOSE)) as usize;
        self.heap.set(self.co + field::CLOSE, self.heap.get(mark + 2));
    }

    /// The text of an error value, if it has one.
    pub(crate) fn error_text(&self, value: Word) -> Option<String> {
        if is_string(value) {
            return Some(String::from_utf8_lossy(&self.bytes(value)).into_owned());
        }
        if word::is_int(value) || word::is_float(value) {
            return Some(self.number_text(value));
        }
        None
    }
}
