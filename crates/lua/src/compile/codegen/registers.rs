//! Registers: locals at the bottom, a stack of temporaries above.

use super::{Generator, Register};
use crate::compile::ast::LocalId;

/// Registers a function may use.
const REGISTERS_MAX: u32 = 250;

impl Generator<'_, '_, '_> {
    /// Takes the next registers; returns the first.
    pub(super) fn reserve(&mut self, count: usize) -> Register {
        let first = self.current.free;
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.current.free = first.saturating_add(count);
        self.need(self.current.free);
        self.current.free = self.current.free.min(REGISTERS_MAX);
        first
    }

    /// Makes sure that the frame has this many registers.
    pub(super) fn need(&mut self, registers: u32) {
        if registers > REGISTERS_MAX {
            let line = self.current.line;
            self.overflow_line.get_or_insert(line);
        }
        let registers = registers.min(REGISTERS_MAX) as u8;
        let needed = &mut self.current.prototype.registers;
        *needed = registers.max(*needed);
    }

    /// Gives back the registers from `mark` on.
    pub(super) fn release(&mut self, mark: Register) {
        self.current.free = mark;
    }

    /// Whether a register is a temporary.
    pub(super) fn is_fresh(&self, register: Register) -> bool {
        register >= self.current.locals_end
    }

    /// Whether a register is the last temporary: what follows it is free.
    pub(super) fn is_top(&self, register: Register) -> bool {
        self.is_fresh(register) && register + 1 == self.current.free
    }

    /// Makes the temporaries from `first` on the registers of these locals.
    pub(super) fn activate(&mut self, locals: &[LocalId], first: Register) {
        for (register, local) in (first..).zip(locals) {
            self.registers[local.0 as usize] = register as u8;
        }
        self.current.locals_end = self.current.free;
    }

    /// Ends the scope of the locals from `mark` on.
    pub(super) fn deactivate(&mut self, mark: Register) {
        self.current.locals_end = mark;
        self.current.free = mark;
    }
}
