//! The syntax tree: names resolved, constants folded, chains of operators and suffixes kept flat.
//!
//! Flat chains bound the depth of the tree by the parser's limit on syntax levels, so whoever walks
//! it may recurse.
//!
//! A `line` is the line PUC Lua would report; for an expression that of its last token.

mod expression;

use super::names::{Names, Symbol};

pub(crate) use expression::{
    ArithmeticOp, Chain, ComparisonOp, Concat, Constant, Expr, ExprKind, Item, Link, Operation,
    Suffix, SuffixKind, Suffixed, UnaryOp,
};

/// A local variable of the chunk, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LocalId(pub(crate) u32);

/// A label of the chunk, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LabelId(pub(crate) u32);

/// A `goto` statement, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GotoId(pub(crate) u32);

/// A parsed chunk.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) main: Function,
    pub(crate) locals: Vec<Local>,
    pub(crate) labels: Vec<Label>,
    /// Where each `goto` goes.
    pub(crate) gotos: Vec<LabelId>,
    /// Whether something assigns to the chunk's own `_ENV`.
    pub(crate) env_is_boxed: bool,
    pub(crate) names: Names,
}

/// What `<…>` behind a local's name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attribute {
    None,
    Const,
    Close,
}

/// A local variable.
#[derive(Debug)]
pub(crate) struct Local {
    pub(crate) name: Symbol,
    pub(crate) attribute: Attribute,
    /// The value of a `<const>` that needs no register.
    pub(crate) constant: Option<Constant>,
    /// Whether a closure refers to it.
    pub(crate) is_captured: bool,
    /// Whether it is assigned after its initialisation.
    pub(crate) is_assigned: bool,
}

impl Local {
    /// Whether it lives in a box: closures share what changes, and copy what does not.
    pub(crate) fn is_boxed(&self) -> bool {
        self.is_captured && self.is_assigned
    }
}

/// A label.
#[derive(Debug)]
pub(crate) struct Label {
    /// How many scopes that close something surround it within its function.
    pub(crate) closing_depth: u32,
}

/// Where a function finds a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variable {
    Local(LocalId),
    Upvalue(u8),
}

/// A variable of an enclosing function.
#[derive(Debug)]
pub(crate) struct Captured {
    pub(crate) name: Symbol,
    /// Where the function directly around has it.
    pub(crate) from: Variable,
    /// The local it is in the end; `None` for the chunk's `_ENV`.
    pub(crate) origin: Option<LocalId>,
}

/// A function, or the chunk itself.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) parameters: Vec<LocalId>,
    pub(crate) is_vararg: bool,
    pub(crate) body: Block,
    pub(crate) upvalues: Vec<Captured>,
    /// The local that a `local function` defines.
    pub(crate) own_name: Option<LocalId>,
    /// Line of `function`, 0 for the chunk.
    pub(crate) line: u32,
    /// Line of `end`.
    pub(crate) line_last: u32,
}

/// Statements with their own scope.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) statements: Vec<Statement>,
    /// Line of the last token.
    pub(crate) line: u32,
}

/// A statement.
#[derive(Debug)]
pub(crate) struct Statement {
    /// Line of the last token; for `function f() … end` of the first.
    pub(crate) line: u32,
    pub(crate) kind: StatementKind,
}

/// What a statement is.
#[derive(Debug)]
pub(crate) enum StatementKind {
    Local(LocalStatement),
    LocalFunction(LocalId, Box<Function>),
    Assign { targets: Vec<Expr>, values: Vec<Expr> },
    Call(Expr),
    Do(Block),
    While { condition: Expr, body: Block },
    Repeat { body: Block, condition: Expr },
    If { arms: Vec<(Expr, Block)>, otherwise: Option<Block> },
    NumericFor(Box<NumericFor>),
    GenericFor(Box<GenericFor>),
    Return(Vec<Expr>),
    Break,
    Goto(GotoId),
    Label(LabelId),
}

/// `local a, b <close> = …`, without constants that need no register.
#[derive(Debug)]
pub(crate) struct LocalStatement {
    pub(crate) locals: Vec<LocalId>,
    pub(crate) values: Vec<Expr>,
    /// Position of the `<close>` variable.
    pub(crate) closes: Option<usize>,
}

/// `for v = start, limit, step do … end`
#[derive(Debug)]
pub(crate) struct NumericFor {
    pub(crate) variable: LocalId,
    pub(crate) start: Expr,
    pub(crate) limit: Expr,
    pub(crate) step: Option<Expr>,
    pub(crate) body: Block,
    pub(crate) line: u32,
    /// Line of `do`.
    pub(crate) line_do: u32,
}

/// `for a, b in … do … end`
#[derive(Debug)]
pub(crate) struct GenericFor {
    pub(crate) variables: Vec<LocalId>,
    pub(crate) values: Vec<Expr>,
    pub(crate) body: Block,
    /// Line of what follows `in`.
    pub(crate) line: u32,
    /// Line of `do`.
    pub(crate) line_do: u32,
}
