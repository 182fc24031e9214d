//! Where an error is, and who is to blame for it: positions, names, and for which code of the program
//! the library works.

use crate::bytecode::{NameHint, NameKind, Op, Operand};
use crate::coroutine::FrameKind;
use crate::library::is_builtin;
use crate::vm::{Raising, Vm};
use procession_types::word::{self, Word};

/// The program's code for which a function of the library works.
pub(crate) struct User {
    /// R0 of its frame.
    pub(crate) base: usize,
    /// The instruction after the one that it executes.
    pub(crate) pc: usize,
}

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
    /// The frame of the program's own code for which the library works; `None` when the library was
    /// called by `pcall` or is the first function of a coroutine.
    pub(crate) fn user(&self) -> Option<User> {
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

    /// Whether what runs was called for an error that is on its way, and not by code of the program: to close
    /// variables, or to handle the error of a built-in function.
    pub(crate) fn is_called_by_nobody(&self) -> bool {
        match self.raising {
            Raising::No => false,
            Raising::Handling => !self.is_lua_frame() || self.instruction().op().calls(),
            Raising::Unwinding => true,
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
        if self.is_called_by_nobody() {
            return (Caller::Library, self.public_name(own));
        }
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
    pub(crate) fn position(&mut self, level: usize) -> String {
        let (place, passed) = self.frame_at(level);
        self.pay_for_frames(passed);
        place.map_or_else(String::new, |(base, pc)| self.position_of(base, pc))
    }

    /// R0 of that frame and the instruction after the one that it executes, and how many frames were
    /// passed on the way.
    fn frame_at(&self, mut level: usize) -> (Option<(usize, usize)>, usize) {
        let (mut base, mut pc, mut passed) = (self.base, self.pc, 0);
        while level > 0 {
            let link = self.link(base);
            level -= 1;
            passed += 1;
            if link.kind.is_protected() {
                // `pcall` itself counts, as a function without a position.
                if level == 0 {
                    return (None, passed);
                }
                level -= 1;
            }
            if link.kind == FrameKind::First {
                return (None, passed);
            }
            base = base - link.shift as usize - link.delta as usize;
            pc = link.pc as usize;
        }
        (Some((base, pc)), passed)
    }

    pub(crate) fn position_of(&self, base: usize, pc: usize) -> String {
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
            Some(hint) => {
                // A text of C ends at its first zero.
                let name = hint.name.split('\0').next().unwrap_or_default();
                format!(" ({} '{name}')", hint.kind.text())
            }
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
}
