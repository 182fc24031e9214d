//! Expressions.

use super::{Function, LocalId, Variable};
use crate::compile::names::Symbol;

/// An expression.
#[derive(Debug)]
pub(crate) struct Expr {
    pub(crate) line: u32,
    pub(crate) kind: ExprKind,
}

/// What an expression is.
#[derive(Debug)]
pub(crate) enum ExprKind {
    Constant(Constant),
    VarArg,
    Function(Box<Function>),
    Local(LocalId),
    Upvalue(u8),
    /// A global variable: a field of this `_ENV`
    Global(Symbol, Variable),
    /// Index and call operations on a base
    Suffixed(Box<Suffixed>),
    /// A parenthesised expression that is no constant
    Paren(Box<Expr>),
    Table(Vec<Item>),
    Unary(UnaryOp, Box<Operation>),
    /// Binary operators applied from left to right
    Arithmetic(Box<Chain<ArithmeticOp>>),
    /// Comparisons applied from left to right; the left side of all but the first is a boolean
    Comparison(Box<Chain<ComparisonOp>>),
    /// `a .. b .. c`, on the line of the last operator
    Concat(Box<Concat>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
}

/// A value known at compile time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Constant {
    Nil,
    Boolean(bool),
    Int(i64),
    Float(f64),
    String(Symbol),
}

impl Constant {
    /// Whether a condition on it is true.
    pub(crate) fn is_truthy(self) -> bool {
        !matches!(self, Self::Nil | Self::Boolean(false))
    }
}

/// A base and what is done to it.
#[derive(Debug)]
pub(crate) struct Suffixed {
    pub(crate) base: Expr,
    pub(crate) suffixes: Vec<Suffix>,
}

/// One operation of a [`Suffixed`].
#[derive(Debug)]
pub(crate) struct Suffix {
    /// The line of its last token; for calls that on which the whole expression starts.
    pub(crate) line: u32,
    pub(crate) kind: SuffixKind,
}

/// What a suffix does.
#[derive(Debug)]
pub(crate) enum SuffixKind {
    /// `.name`, `["name"]`
    Field(Symbol),
    /// `[key]`
    Index(Expr),
    /// `(arguments)`
    Call(Vec<Expr>),
    /// `:name(arguments)`
    Method { name: Symbol, line_name: u32, arguments: Vec<Expr> },
}

/// An item of a table constructor.
#[derive(Debug)]
pub(crate) enum Item {
    Positional(Expr),
    Field(Symbol, Expr),
    Keyed(Expr, Expr),
}

/// The operand of a unary operator.
#[derive(Debug)]
pub(crate) struct Operation {
    /// Line of the operator.
    pub(crate) line: u32,
    pub(crate) operand: Expr,
}

/// Unary operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnaryOp {
    Not,
    Minus,
    Length,
    BNot,
}

/// Operators applied from left to right.
#[derive(Debug)]
pub(crate) struct Chain<O> {
    pub(crate) first: Expr,
    pub(crate) links: Vec<Link<O>>,
}

/// An operator and its right operand.
#[derive(Debug)]
pub(crate) struct Link<O> {
    pub(crate) op: O,
    /// Line of the operator.
    pub(crate) line: u32,
    pub(crate) right: Expr,
}

/// Operands of `..`.
#[derive(Debug)]
pub(crate) struct Concat {
    pub(crate) operands: Vec<Expr>,
    /// Line of the last operator.
    pub(crate) line: u32,
}

/// Arithmetic and bitwise operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ArithmeticOp {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    IDiv,
    BAnd,
    BOr,
    BXor,
    Shl,
    Shr,
}

/// Comparisons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ComparisonOp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Expr {
    /// Whether it may have more or fewer values than one.
    pub(crate) fn is_multiple(&self) -> bool {
        match &self.kind {
            ExprKind::VarArg => true,
            ExprKind::Suffixed(suffixed) => suffixed.is_call(),
            _ => false,
        }
    }

    /// The expression without its parentheses, which matter only where several values are wanted.
    pub(crate) fn bare(&self) -> &Self {
        let mut expr = self;
        while let ExprKind::Paren(inner) = &expr.kind {
            expr = inner;
        }
        expr
    }

    /// Says that it is read only once the token on this line has been passed: PUC Lua emits the
    /// read of a global or a field as late as it can, and gives it the line of the token before.
    pub(crate) fn read_on(&mut self, line: u32) {
        match &mut self.kind {
            ExprKind::Global(..) => self.line = line,
            ExprKind::Suffixed(suffixed) if !suffixed.is_call() => {
                if let Some(last) = suffixed.suffixes.last_mut() {
                    last.line = line;
                }
            }
            _ => {}
        }
    }

    /// Its value, if it is known at compile time.
    pub(crate) fn constant(&self) -> Option<Constant> {
        match self.kind {
            ExprKind::Constant(constant) => Some(constant),
            _ => None,
        }
    }
}

impl Suffixed {
    /// Whether its last operation is a call.
    pub(crate) fn is_call(&self) -> bool {
        let last = self.suffixes.last().map(|suffix| &suffix.kind);
        matches!(last, Some(SuffixKind::Call(_) | SuffixKind::Method { .. }))
    }
}
