//! Statements other than loops and assignments.

use super::emit::JumpList;
use super::{Generator, Register};
use crate::bytecode::{Op, Operand};
use crate::compile::ast::{
    Block, Expr, ExprKind, Function, GotoId, LabelId, LocalId, LocalStatement, Statement,
    StatementKind, Variable,
};

impl<'c> Generator<'c, '_, '_> {
    /// Statements in the scope that is open.
    pub(super) fn statements(&mut self, block: &'c Block) {
        for statement in &block.statements {
            self.statement(statement);
            self.release(self.current.locals_end);
        }
    }

    /// A block with its own scope.
    pub(super) fn block(&mut self, block: &'c Block) {
        let (mark, depth) = (self.current.locals_end, self.current.closing.len());
        self.statements(block);
        if !ends_with_jump(block) {
            self.at(block.line).close_from(depth);
        }
        self.current.closing.truncate(depth);
        self.deactivate(mark);
    }

    /// Closes what is marked for closing beyond the first `depth` registers.
    pub(super) fn close_from(&mut self, depth: usize) {
        if let Some(&register) = self.current.closing.get(depth) {
            self.emit_ad(Op::Close, register, 0);
        }
    }

    fn statement(&mut self, statement: &'c Statement) {
        self.at(statement.line);
        match &statement.kind {
            StatementKind::Local(local) => self.local(local, statement.line),
            StatementKind::LocalFunction(local, function) => self.local_function(*local, function),
            StatementKind::Assign { targets, values } => {
                self.assign(targets, values, statement.line);
            }
            StatementKind::Call(call) => self.call_statement(call),
            StatementKind::Do(block) => self.block(block),
            StatementKind::While { condition, body } => self.while_loop(condition, body),
            StatementKind::Repeat { body, condition } => self.repeat_loop(body, condition),
            StatementKind::If { arms, otherwise } => self.branches(arms, otherwise.as_ref()),
            StatementKind::NumericFor(numeric) => self.numeric_for(numeric),
            StatementKind::GenericFor(generic) => self.generic_for(generic, statement.line),
            StatementKind::Return(values) => self.return_values(values, statement.line),
            StatementKind::Break => self.break_loop(),
            StatementKind::Goto(goto) => self.goto(*goto),
            StatementKind::Label(label) => self.label(*label),
        }
    }

    fn local(&mut self, statement: &'c LocalStatement, line: u32) {
        let first = self.list(&statement.values, statement.locals.len());
        self.activate(&statement.locals, first);
        self.at(line).box_locals(&statement.locals);
        if let Some(position) = statement.closes {
            let register = first + position as u32;
            let pc = self.emit_ad(Op::MarkClose, register, 0);
            let name = self.name_of_variable(Variable::Local(statement.locals[position]));
            self.hint(pc, Operand::First, Some(name));
            self.current.closing.push(register);
        }
    }

    fn local_function(&mut self, local: LocalId, function: &'c Function) {
        let register = self.reserve(1);
        self.activate(&[local], register);
        if !self.is_boxed(local) {
            return self.closure(function, register);
        }
        self.emit_abc(Op::LoadNil, register, 1, 0);
        self.emit_ad(Op::NewBox, register, 0);
        let closure = self.reserve(1);
        self.closure(function, closure);
        self.emit_abc(Op::SetBox, register, closure, 0);
    }

    fn call_statement(&mut self, call: &'c Expr) {
        if let ExprKind::Suffixed(suffixed) = &call.kind {
            let base = self.reserve(1);
            self.call(suffixed, base, 1);
        }
    }

    fn branches(&mut self, arms: &'c [(Expr, Block)], otherwise: Option<&'c Block>) {
        if let ([(condition, block)], None) = (arms, otherwise)
            && self.conditional_jump(condition, block)
        {
            return;
        }
        let mut ends = JumpList::new();
        for (position, (condition, block)) in arms.iter().enumerate() {
            let skips = self.jump_if(condition, false);
            self.block(block);
            let is_last = position + 1 == arms.len() && otherwise.is_none();
            if !is_last && !ends_with_jump(block) {
                ends.push(self.jump());
            }
            self.land(skips);
        }
        if let Some(block) = otherwise {
            self.block(block);
        }
        self.land(ends);
    }

    /// `if condition then break end` and the like in one jump, if nothing has to be closed.
    fn conditional_jump(&mut self, condition: &'c Expr, block: &'c Block) -> bool {
        let [statement] = &block.statements[..] else { return false };
        let depth = self.current.closing.len();
        match &statement.kind {
            StatementKind::Break => {
                let Some(exit) = self.current.loops.last() else { return false };
                if depth > exit.closing_depth && !exit.closes_at_end {
                    return false;
                }
                let jumps = self.jump_if(condition, true);
                if let Some(exit) = self.current.loops.last_mut() {
                    exit.breaks.extend(jumps);
                }
                true
            }
            StatementKind::Goto(goto) => {
                let label = self.chunk.gotos[goto.0 as usize];
                let is_behind = self.labels[label.0 as usize].position.is_some();
                if is_behind || depth > self.label_depth(label) {
                    return false;
                }
                let jumps = self.jump_if(condition, true);
                self.labels[label.0 as usize].pending.extend(jumps);
                true
            }
            _ => false,
        }
    }

    fn break_loop(&mut self) {
        let Some(exit) = self.current.loops.last() else { return };
        if !exit.closes_at_end {
            self.close_from(exit.closing_depth);
        }
        let jump = self.jump();
        if let Some(exit) = self.current.loops.last_mut() {
            exit.breaks.push(jump);
        }
    }

    fn label_depth(&self, label: LabelId) -> usize {
        self.chunk.labels[label.0 as usize].closing_depth as usize
    }

    fn goto(&mut self, goto: GotoId) {
        let label = self.chunk.gotos[goto.0 as usize];
        self.close_from(self.label_depth(label));
        match self.labels[label.0 as usize].position {
            Some(position) => self.jump_back(position),
            None => {
                let jump = self.jump();
                self.labels[label.0 as usize].pending.push(jump);
            }
        }
    }

    fn label(&mut self, label: LabelId) {
        let state = &mut self.labels[label.0 as usize];
        state.position = Some(self.current.prototype.code.len() as u32);
        let pending = std::mem::take(&mut state.pending);
        self.land(pending);
    }

    fn return_values(&mut self, values: &'c [Expr], line: u32) {
        let closes = !self.current.closing.is_empty();
        match values {
            [] => self.at(line).return_nothing(),
            [value] if !value.is_multiple() => {
                let register = self.any(value);
                self.at(line).return_one(register, closes);
            }
            [Expr { kind: ExprKind::Suffixed(suffixed), .. }] if !closes => {
                self.tail_call(suffixed);
            }
            _ => {
                let first = self.current.free;
                let count = self.open_list(values);
                self.at(line).emit_abc(Op::Return, first, count, u32::from(closes));
            }
        }
    }

    fn return_one(&mut self, register: Register, closes: bool) {
        if closes {
            self.emit_abc(Op::Return, register, 1 + 1, 1);
        } else {
            self.emit_ad(Op::Return1, register, 0);
        }
    }

    /// Returns no values.
    pub(super) fn return_nothing(&mut self) {
        if self.current.closing.is_empty() {
            self.emit_ad(Op::Return0, 0, 0);
        } else {
            self.emit_abc(Op::Return, self.current.free, 1, 1);
        }
    }
}

/// Whether the end of a block is never reached, because its last statement leads elsewhere.
pub(super) fn ends_with_jump(block: &Block) -> bool {
    let last = block.statements.last().map(|statement| &statement.kind);
    matches!(last, Some(StatementKind::Return(_) | StatementKind::Break | StatementKind::Goto(_)))
}
