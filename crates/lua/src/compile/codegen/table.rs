//! Table constructors.

use super::expression::Operand;
use super::index::Key;
use super::{Generator, Register};
use crate::bytecode::Op;
use crate::compile::ast::{Expr, Item};

/// Array items that are stored at once.
const BATCH: u32 = 50;

impl<'c> Generator<'c, '_, '_> {
    /// Builds a table that ends on this line.
    pub(super) fn table(&mut self, items: &'c [Item], line: u32, dest: Register) {
        let mark = self.current.free;
        let table = if self.is_top(dest) { dest } else { self.reserve(1) };
        let positional = items.iter().filter(|item| matches!(item, Item::Positional(_))).count();
        let fields = (items.len() - positional).min(usize::from(u8::MAX)) as u32;
        self.emit(Op::NewTable, [table, fields, 0], positional.min(u32::MAX as usize) as u32);
        let (mut stored, mut pending) = (0, 0);
        for (position, item) in items.iter().enumerate() {
            match item {
                Item::Positional(expr) if position + 1 == items.len() && expr.is_multiple() => {
                    let base = self.reserve(1);
                    self.multiple(expr, base, 0);
                    self.at(line).emit(Op::SetList, [table, 0, 0], stored);
                    pending = 0;
                }
                Item::Positional(expr) => {
                    self.push(expr);
                    pending += 1;
                    if pending == BATCH {
                        self.at(expr.line).flush(table, stored, pending);
                        stored += pending;
                        pending = 0;
                    }
                }
                Item::Field(name, value) => {
                    let key = Key::Field(self.string(*name));
                    self.field(table, key, value);
                }
                Item::Keyed(key, value) => {
                    let mark = self.current.free;
                    let key = self.key(key, None);
                    self.field(table, key, value);
                    self.release(mark);
                }
            }
        }
        if pending > 0 {
            self.at(line).flush(table, stored, pending);
        }
        self.copy(dest, table);
        self.release(mark);
    }

    /// Stores `count` items, the registers behind the table, and frees them.
    fn flush(&mut self, table: Register, stored: u32, count: u32) {
        self.emit(Op::SetList, [table, count + 1, 0], stored);
        self.release(table + 1);
    }

    fn field(&mut self, table: Register, key: Key, value: &'c Expr) {
        let mark = self.current.free;
        let operand = self.operand(value, None);
        let register = self.settle(operand);
        self.at(value.line).set(Operand::Register(table), key, register);
        self.release(mark);
    }
}
