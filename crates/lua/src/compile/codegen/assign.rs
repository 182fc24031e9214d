//! Assignments.

use super::expression::Operand;
use super::index::{Env, Key};
use super::{Generator, Register};
use crate::bytecode::{Op, Operand as Side};
use crate::compile::ast::{Expr, ExprKind};

/// A target with its table and its key evaluated.
#[derive(Debug, Clone, Copy)]
enum Target {
    Local(Register),
    /// The box in this register
    Box(Register),
    /// The box in this upvalue
    Upvalue(u8),
    /// A string constant as a field of this upvalue
    Global(u8, u32),
    Field(Operand, Key),
}

impl<'c> Generator<'c, '_, '_> {
    /// An assignment; stores happen on `line`.
    pub(super) fn assign(&mut self, targets: &'c [Expr], values: &'c [Expr], line: u32) {
        match (targets, values) {
            ([target], [value]) => self.assign_one(target, value, line),
            _ => self.assign_several(targets, values, line),
        }
    }

    fn assign_one(&mut self, expr: &'c Expr, value: &'c Expr, line: u32) {
        let target = self.target(expr);
        self.assign_value(target, expr, value, line);
    }

    fn assign_value(&mut self, target: Target, expr: &'c Expr, value: &'c Expr, line: u32) {
        if let Target::Local(register) = target {
            return self.value(value, register);
        }
        let register = self.any(value);
        self.at(line).store(target, expr, register);
    }

    /// Evaluates all values before it stores any of them, from right to left.
    fn assign_several(&mut self, targets: &'c [Expr], values: &'c [Expr], line: u32) {
        let mut resolved = Vec::with_capacity(targets.len());
        for expr in targets {
            let target = self.target(expr);
            let target = self.detach(target);
            if let Target::Local(register) = target {
                self.keep_operands(&mut resolved, register);
            }
            resolved.push(target);
        }
        let mut pairs: Vec<_> = resolved.into_iter().zip(targets).collect();
        let first = match values.split_last() {
            // The last value can go straight to its target.
            Some((last, others)) if values.len() == targets.len() => {
                let first = self.list(others, others.len());
                let mark = self.current.free;
                if let Some((target, expr)) = pairs.pop() {
                    self.assign_value(target, expr, last, line);
                }
                self.release(mark);
                first
            }
            _ => self.list(values, targets.len()),
        };
        for (position, (target, expr)) in pairs.into_iter().enumerate().rev() {
            self.at(line).store(target, expr, first + position as u32);
        }
    }

    /// Reads boxed locals of a target now, as other targets may change them.
    fn detach(&mut self, target: Target) -> Target {
        let Target::Field(table, key) = target else { return target };
        let table = Operand::Register(self.settle(table));
        let key = match key {
            Key::Value(key) => Key::Value(Operand::Register(self.settle(key))),
            other => other,
        };
        Target::Field(table, key)
    }

    /// Copies a local that earlier targets use as table or key, before it is assigned to.
    fn keep_operands(&mut self, targets: &mut [Target], local: Register) {
        let mut kept = None;
        for target in targets {
            let Target::Field(table, key) = target else { continue };
            let key = match key {
                Key::Value(key) => Some(key),
                Key::Field(_) | Key::Int(_) => None,
            };
            for operand in std::iter::once(table).chain(key) {
                if matches!(operand, Operand::Register(register) if *register == local) {
                    let register = *kept.get_or_insert_with(|| {
                        let copy = self.reserve(1);
                        self.copy(copy, local);
                        copy
                    });
                    *operand = Operand::Register(register);
                }
            }
        }
    }

    fn target(&mut self, expr: &'c Expr) -> Target {
        match &expr.kind {
            ExprKind::Local(id) if self.is_boxed(*id) => Target::Box(self.register(*id)),
            ExprKind::Local(id) => Target::Local(self.register(*id)),
            ExprKind::Upvalue(index) => Target::Upvalue(*index),
            ExprKind::Global(name, env) => {
                let index = self.string(*name);
                match self.at(expr.line).env(*env) {
                    Env::Upvalue(upvalue) => Target::Global(upvalue, index),
                    Env::Value(table) => Target::Field(table, Key::Field(index)),
                }
            }
            ExprKind::Suffixed(suffixed) => {
                let last = suffixed.suffixes.len() - 1;
                let table = self.prefix(suffixed, last, None);
                let key = self.suffix_key(&suffixed.suffixes[last].kind, None);
                Target::Field(table, key)
            }
            _ => unreachable!("the parser checks targets"),
        }
    }

    fn store(&mut self, target: Target, expr: &Expr, value: Register) {
        let mark = self.current.free;
        match target {
            Target::Local(register) => self.copy(register, value),
            Target::Box(register) => {
                self.emit_abc(Op::SetBox, register, value, 0);
            }
            Target::Upvalue(index) => {
                self.emit_abc(Op::SetUpBox, u32::from(index), value, 0);
            }
            Target::Global(upvalue, index) => {
                self.emit(Op::SetGlobal, [value, u32::from(upvalue), 0], index);
            }
            Target::Field(table, key) => {
                let pc = self.set(table, key, value);
                let name = match &expr.kind {
                    ExprKind::Global(_, env) => Some(self.name_of_variable(*env)),
                    ExprKind::Suffixed(suffixed) => {
                        self.name_of_prefix(suffixed, suffixed.suffixes.len() - 1)
                    }
                    _ => None,
                };
                self.hint(pc, Side::First, name);
            }
        }
        self.release(mark);
    }
}
