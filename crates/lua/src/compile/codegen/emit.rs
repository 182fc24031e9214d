//! Emitting instructions and patching jumps.

use super::{Generator, Register};
use crate::bytecode::{Instruction, Op};

/// Jumps that wait for their target.
pub(super) type JumpList = Vec<u32>;

impl Generator<'_, '_, '_> {
    /// Sets the line of what is emitted next.
    pub(super) fn at(&mut self, line: u32) -> &mut Self {
        self.current.line = line;
        self
    }

    /// The index of the next instruction.
    pub(super) fn here(&self) -> u32 {
        self.current.prototype.code.len() as u32
    }

    /// Emits an instruction; returns its index.
    pub(super) fn emit(&mut self, op: Op, operands: [u32; 3], d: u32) -> u32 {
        let pc = self.here();
        let [a, b, c] = operands;
        debug_assert!(self.overflow_line.is_some() || operands.iter().all(|&part| part < 256));
        let instruction = Instruction::new(op, a as u8, b as u8, c as u8, d);
        self.current.prototype.code.push(instruction);
        self.current.prototype.lines.push(self.current.line);
        pc
    }

    /// Emits an instruction without `d`.
    pub(super) fn emit_abc(&mut self, op: Op, a: u32, b: u32, c: u32) -> u32 {
        self.emit(op, [a, b, c], 0)
    }

    /// Emits an instruction of `a` and `d`.
    pub(super) fn emit_ad(&mut self, op: Op, a: u32, d: u32) -> u32 {
        self.emit(op, [a, 0, 0], d)
    }

    /// Emits a jump ahead.
    pub(super) fn jump(&mut self) -> u32 {
        self.emit_ad(Op::Jump, 0, 0)
    }

    /// Emits a jump back to `target`.
    pub(super) fn jump_back(&mut self, target: u32) {
        self.emit_ad(Op::Loop, 0, target);
    }

    /// Makes the next instruction the target of these jumps.
    pub(super) fn land(&mut self, jumps: impl IntoIterator<Item = u32>) {
        let target = self.here();
        for pc in jumps {
            let instruction = &mut self.current.prototype.code[pc as usize];
            *instruction = instruction.with_d(target);
        }
    }

    /// Emits a copy, unless both are the same register.
    pub(super) fn copy(&mut self, to: Register, from: Register) {
        if to != from {
            self.emit_abc(Op::Move, to, from, 0);
        }
    }
}
