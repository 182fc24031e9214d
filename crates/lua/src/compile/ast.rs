//! The syntax tree: names resolved, constants folded, chains of operators and suffixes kept flat.
//!
//! Flat chains bound the depth of the tree by the parser's limit on syntax levels, so whoever walks
//! it may recurse.
//!
//! A `line` is the line PUC Lua would report; for an expression that of its last token.

use super::names::{Names, Symbol};

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
