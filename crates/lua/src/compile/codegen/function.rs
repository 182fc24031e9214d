//! Functions and closures.

use super::{Frame, Generator, Register};
use crate::bytecode::{Op, Prototype, Upvalue};
use crate::compile::ast::{Captured, Function, LocalId, StatementKind, Variable};

impl<'c> Generator<'c, '_, '_> {
    /// Generates the chunk's own function.
    pub(super) fn main(&mut self) -> u32 {
        self.body();
        self.current.prototype.upvalues = vec![Upvalue::Outer(0)];
        self.finish()
    }

    /// Makes a closure.
    pub(super) fn closure(&mut self, function: &'c Function, dest: Register) {
        let outer = std::mem::replace(&mut self.current, Frame::new(function));
        self.body();
        let own_name = function.own_name;
        self.current.prototype.upvalues =
            function.upvalues.iter().map(|captured| self.source(captured, own_name)).collect();
        let index = self.finish();
        self.current = outer;
        self.at(function.line_last).emit_ad(Op::Closure, dest, index);
    }

    /// Where the function around has a captured variable.
    fn source(&self, captured: &Captured, own_name: Option<LocalId>) -> Upvalue {
        match captured.from {
            Variable::Upvalue(index) => Upvalue::Outer(index),
            Variable::Local(id) if Some(id) == own_name && !self.is_boxed(id) => Upvalue::Itself,
            Variable::Local(id) => Upvalue::Register(self.registers[id.0 as usize]),
        }
    }

    fn body(&mut self) {
        let function = self.current.function;
        let first = self.reserve(function.parameters.len());
        self.activate(&function.parameters, first);
        self.box_locals(&function.parameters);
        self.statements(&function.body);
        let ends_with_return = matches!(
            function.body.statements.last().map(|statement| &statement.kind),
            Some(StatementKind::Return(_))
        );
        if !ends_with_return {
            self.at(function.line_last).return_nothing();
        }
    }

    /// Puts those of the locals into boxes that need it.
    pub(super) fn box_locals(&mut self, locals: &[LocalId]) {
        for &local in locals {
            if self.is_boxed(local) {
                let register = self.register(local);
                self.emit_ad(Op::NewBox, register, 0);
            }
        }
    }

    /// Appends the current prototype to the image.
    fn finish(&mut self) -> u32 {
        let function = self.current.function;
        let names = function.upvalues.iter().map(|captured| self.chunk.names.text(captured.name));
        let prototype = Prototype {
            parameters: function.parameters.len() as u8,
            is_vararg: function.is_vararg,
            line_defined: function.line,
            line_last: function.line_last,
            file: self.file,
            upvalue_names: names.collect(),
            ..std::mem::take(&mut self.current.prototype)
        };
        let prototypes = &mut self.builder.image.prototypes;
        prototypes.push(prototype);
        prototypes.len() as u32 - 1
    }
}
