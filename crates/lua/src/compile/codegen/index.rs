//! Globals, fields and other elements of tables.

use super::call::CallSite;
use super::expression::Operand;
use super::{Generator, Register};
use crate::bytecode::{Op, Operand as Side};
use crate::compile::ast::{Constant, Expr, SuffixKind, Suffixed, Variable};
use crate::compile::names::Symbol;

/// The key of an access.
#[derive(Debug, Clone, Copy)]
pub(super) enum Key {
    /// The string constant of this index
    Field(u32),
    /// This positive integer
    Int(u32),
    Value(Operand),
}

/// An `_ENV`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Env {
    /// An upvalue that is not boxed
    Upvalue(u8),
    Value(Operand),
}

/// Largest integer key that is held in the instruction.
const INT_KEY_MAX: i64 = i32::MAX as i64;

impl<'c> Generator<'c, '_, '_> {
    /// Reads an element into `dest`; returns the index of the instruction.
    pub(super) fn get(&mut self, dest: Register, table: Operand, key: Key) -> u32 {
        let table = self.settle(table);
        match key {
            Key::Field(index) => self.emit(Op::GetField, [dest, table, 0], index),
            Key::Int(index) => self.emit(Op::GetInt, [dest, table, 0], index),
            Key::Value(key) => {
                let key = self.settle(key);
                self.emit_abc(Op::GetIndex, dest, table, key)
            }
        }
    }

    /// Stores an element; returns the index of the instruction.
    pub(super) fn set(&mut self, table: Operand, key: Key, value: Register) -> u32 {
        let table = self.settle(table);
        match key {
            Key::Field(index) => self.emit(Op::SetField, [table, 0, value], index),
            Key::Int(index) => self.emit(Op::SetInt, [table, 0, value], index),
            Key::Value(key) => {
                let key = self.settle(key);
                self.emit_abc(Op::SetIndex, table, key, value)
            }
        }
    }

    /// The key that an expression in brackets is.
    pub(super) fn key(&mut self, expr: &'c Expr, spare: Option<Register>) -> Key {
        match expr.constant() {
            Some(Constant::Int(value @ 1..=INT_KEY_MAX)) => Key::Int(value as u32),
            Some(Constant::String(name)) => Key::Field(self.string(name)),
            _ => Key::Value(self.operand(expr, spare)),
        }
    }

    /// The key of a `.name` or `[key]` suffix.
    pub(super) fn suffix_key(&mut self, kind: &'c SuffixKind, spare: Option<Register>) -> Key {
        match kind {
            SuffixKind::Field(name) => Key::Field(self.string(*name)),
            SuffixKind::Index(key) => self.key(key, spare),
            SuffixKind::Call(_) | SuffixKind::Method { .. } => {
                unreachable!("a call is no access of a field")
            }
        }
    }

    /// Evaluates the `_ENV` of a global.
    pub(super) fn env(&mut self, env: Variable) -> Env {
        match env {
            Variable::Upvalue(index) if !self.is_boxed_upvalue(index) => Env::Upvalue(index),
            Variable::Upvalue(index) => {
                let register = self.reserve(1);
                self.upvalue(index, register);
                Env::Value(Operand::Register(register))
            }
            Variable::Local(id) if self.is_boxed(id) => Env::Value(Operand::Box(self.register(id))),
            Variable::Local(id) => Env::Value(Operand::Register(self.register(id))),
        }
    }

    /// Reads a global.
    pub(super) fn global(&mut self, name: Symbol, env: Variable, line: u32, dest: Register) {
        let mark = self.current.free;
        let index = self.string(name);
        match self.at(line).env(env) {
            Env::Upvalue(upvalue) => {
                self.emit(Op::GetGlobal, [dest, u32::from(upvalue), 0], index);
            }
            Env::Value(table) => {
                let pc = self.get(dest, table, Key::Field(index));
                let name = self.name_of_variable(env);
                self.hint(pc, Side::First, Some(name));
            }
        }
        self.release(mark);
    }

    /// Reads what a base with suffixes means.
    pub(super) fn suffixed(&mut self, suffixed: &'c Suffixed, dest: Register) {
        let mark = self.current.free;
        if suffixed.is_call() {
            let base = if self.is_top(dest) { dest } else { self.reserve(1) };
            self.call(suffixed, base, 1 + 1);
            self.copy(dest, base);
        } else {
            let spare = self.spare(dest);
            let last = suffixed.suffixes.len() - 1;
            let table = self.prefix(suffixed, last, spare);
            self.access(suffixed, last, table, dest);
        }
        self.release(mark);
    }

    /// Reads the field of suffix `position` of `table` into `dest`.
    fn access(&mut self, suffixed: &'c Suffixed, position: usize, table: Operand, dest: Register) {
        let suffix = &suffixed.suffixes[position];
        let holds_table = matches!(table, Operand::Register(register) if register == dest);
        let spare = self.spare(dest).filter(|_| !holds_table);
        let key = self.suffix_key(&suffix.kind, spare);
        let pc = self.at(suffix.line).get(dest, table, key);
        let name = self.name_of_prefix(suffixed, position);
        self.hint(pc, Side::First, name);
    }

    /// Evaluates a base with its first `count` suffixes. `work` may hold what comes in between.
    pub(super) fn prefix(
        &mut self,
        suffixed: &'c Suffixed,
        count: usize,
        work: Option<Register>,
    ) -> Operand {
        // Calls need the registers behind.
        let mut work = work.filter(|&register| self.is_top(register));
        let mut current = self.operand(&suffixed.base, work);
        for (position, suffix) in suffixed.suffixes[..count].iter().enumerate() {
            let dest = match (work, current) {
                (Some(work), _) => work,
                (None, Operand::Register(register)) if self.is_top(register) => register,
                (None, _) => self.reserve(1),
            };
            work = Some(dest);
            match &suffix.kind {
                SuffixKind::Field(_) | SuffixKind::Index(_) => {
                    self.access(suffixed, position, current, dest);
                }
                SuffixKind::Call(_) | SuffixKind::Method { .. } => {
                    let site = CallSite { op: Op::Call, base: dest, results: 1 + 1 };
                    self.apply(suffixed, position, current, site);
                }
            }
            self.release(dest + 1);
            current = Operand::Register(dest);
        }
        current
    }
}
