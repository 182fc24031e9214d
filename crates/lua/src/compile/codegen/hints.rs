//! Names for error messages, as PUC Lua finds them: of variables, of fields and globals just read,
//! of string constants; not of results of calls and operators.

use super::Generator;
use crate::bytecode::{NameHint, NameKind, Operand};
use crate::compile::ast::{Constant, Expr, ExprKind, SuffixKind, Suffixed, Variable};

/// What messages call a value.
pub(super) struct Name {
    pub(super) kind: NameKind,
    pub(super) text: Box<str>,
}

/// Largest integer key that PUC encodes in the instruction, and then cannot tell.
const SHORT_KEY_MAX: i64 = 255;

impl Generator<'_, '_, '_> {
    /// The name of an expression's value.
    pub(super) fn name_of(&self, expr: &Expr) -> Option<Name> {
        let names = &self.chunk.names;
        match &expr.bare().kind {
            ExprKind::Constant(Constant::String(text)) => {
                Some(Name { kind: NameKind::Constant, text: names.text(*text) })
            }
            ExprKind::Local(id) => Some(self.name_of_variable(Variable::Local(*id))),
            ExprKind::Upvalue(index) => Some(self.name_of_variable(Variable::Upvalue(*index))),
            ExprKind::Global(name, _) => {
                Some(Name { kind: NameKind::Global, text: names.text(*name) })
            }
            ExprKind::Suffixed(suffixed) => self.name_of_prefix(suffixed, suffixed.suffixes.len()),
            // What the operands before say is known: the value is always the last one's.
            ExprKind::Or(operands) => {
                let (last, before) = operands.split_last()?;
                before.iter().all(is_never_true).then(|| self.name_of(last))?
            }
            ExprKind::And(operands) => {
                let (last, before) = operands.split_last()?;
                let is_true = |expr: &Expr| expr.constant().is_some_and(Constant::is_truthy);
                before.iter().all(is_true).then(|| self.name_of(last))?
            }
            _ => None,
        }
    }

    pub(super) fn name_of_variable(&self, variable: Variable) -> Name {
        let (kind, symbol) = match variable {
            Variable::Local(id) => (NameKind::Local, self.chunk.locals[id.0 as usize].name),
            Variable::Upvalue(index) => {
                let upvalue = &self.current.function.upvalues[usize::from(index)];
                (NameKind::Upvalue, upvalue.name)
            }
        };
        Name { kind, text: self.chunk.names.text(symbol) }
    }

    /// The name of the value after the first `count` suffixes.
    pub(super) fn name_of_prefix(&self, suffixed: &Suffixed, count: usize) -> Option<Name> {
        let Some(last) = count.checked_sub(1) else { return self.name_of(&suffixed.base) };
        let text: Box<str> = match &suffixed.suffixes[last].kind {
            SuffixKind::Field(name) => self.chunk.names.text(*name),
            SuffixKind::Index(key) => match key.constant() {
                Some(Constant::Int(0..=SHORT_KEY_MAX)) => {
                    return Some(Name { kind: NameKind::Field, text: "integer index".into() });
                }
                _ => "?".into(),
            },
            SuffixKind::Call(_) | SuffixKind::Method { .. } => return None,
        };
        let of_env = self.name_of_prefix_is_env(suffixed, last);
        let kind = if of_env { NameKind::Global } else { NameKind::Field };
        Some(Name { kind, text })
    }

    /// Whether the value after `count` suffixes is called `_ENV`: its fields are called globals.
    fn name_of_prefix_is_env(&self, suffixed: &Suffixed, count: usize) -> bool {
        match count.checked_sub(1).map(|last| &suffixed.suffixes[last].kind) {
            // Only the last field counts, so a long chain is not walked to its start.
            Some(SuffixKind::Field(name)) => self.chunk.names.bytes(*name) == b"_ENV",
            Some(_) => false,
            None => self.name_of(&suffixed.base).is_some_and(|name| &*name.text == "_ENV"),
        }
    }

    /// Attaches a name to an operand of the instruction at `pc`.
    pub(super) fn hint(&mut self, pc: u32, operand: Operand, name: Option<Name>) {
        self.hint_at(pc, operand, 0, name);
    }

    /// Attaches a name to one of the operands of a concatenation.
    pub(super) fn hint_at(&mut self, pc: u32, operand: Operand, position: u8, name: Option<Name>) {
        if let Some(Name { kind, text }) = name {
            let hint = NameHint { pc, operand, position, kind, name: text };
            self.current.prototype.names.push(hint);
        }
    }
}

/// Whether an expression's value is always false or nil.
fn is_never_true(expr: &Expr) -> bool {
    match &expr.bare().kind {
        ExprKind::Constant(constant) => !constant.is_truthy(),
        ExprKind::And(operands) => operands.last().is_some_and(is_never_true),
        ExprKind::Or(operands) => operands.iter().all(is_never_true),
        _ => false,
    }
}
