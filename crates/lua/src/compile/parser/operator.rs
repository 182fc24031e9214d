//! The operators, their priorities, and the nodes they become.

use crate::compile::ast::{
    ArithmeticOp, Chain, ComparisonOp, Concat, Expr, ExprKind, Link, Operation, UnaryOp,
};
use crate::compile::fold;
use crate::compile::lex::Token;

/// A binary operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BinaryOp {
    Arithmetic(ArithmeticOp),
    Comparison(ComparisonOp),
    Concat,
    And,
    Or,
}

/// Priority of unary operators.
pub(super) const UNARY_PRIORITY: u8 = 12;

impl BinaryOp {
    /// The operator that a token is.
    pub(super) fn of(token: Token) -> Option<Self> {
        use ArithmeticOp as A;
        use ComparisonOp as C;
        Some(match token {
            Token::Char(b'+') => Self::Arithmetic(A::Add),
            Token::Char(b'-') => Self::Arithmetic(A::Sub),
            Token::Char(b'*') => Self::Arithmetic(A::Mul),
            Token::Char(b'/') => Self::Arithmetic(A::Div),
            Token::Char(b'%') => Self::Arithmetic(A::Mod),
            Token::Char(b'^') => Self::Arithmetic(A::Pow),
            Token::IDiv => Self::Arithmetic(A::IDiv),
            Token::Char(b'&') => Self::Arithmetic(A::BAnd),
            Token::Char(b'|') => Self::Arithmetic(A::BOr),
            Token::Char(b'~') => Self::Arithmetic(A::BXor),
            Token::Shl => Self::Arithmetic(A::Shl),
            Token::Shr => Self::Arithmetic(A::Shr),
            Token::Concat => Self::Concat,
            Token::Eq => Self::Comparison(C::Eq),
            Token::Ne => Self::Comparison(C::Ne),
            Token::Char(b'<') => Self::Comparison(C::Lt),
            Token::Le => Self::Comparison(C::Le),
            Token::Char(b'>') => Self::Comparison(C::Gt),
            Token::Ge => Self::Comparison(C::Ge),
            Token::And => Self::And,
            Token::Or => Self::Or,
            _ => return None,
        })
    }

    /// Priorities to the left and to the right; the left one is higher for operators that are
    /// applied from right to left.
    pub(super) fn priority(self) -> (u8, u8) {
        use ArithmeticOp as A;
        match self {
            Self::Or => (1, 1),
            Self::And => (2, 2),
            Self::Comparison(_) => (3, 3),
            Self::Arithmetic(A::BOr) => (4, 4),
            Self::Arithmetic(A::BXor) => (5, 5),
            Self::Arithmetic(A::BAnd) => (6, 6),
            Self::Arithmetic(A::Shl | A::Shr) => (7, 7),
            Self::Concat => (9, 8),
            Self::Arithmetic(A::Add | A::Sub) => (10, 10),
            Self::Arithmetic(A::Mul | A::Div | A::IDiv | A::Mod) => (11, 11),
            Self::Arithmetic(A::Pow) => (14, 13),
        }
    }
}

/// The unary operator that a token is.
pub(super) fn unary_op(token: Token) -> Option<UnaryOp> {
    Some(match token {
        Token::Not => UnaryOp::Not,
        Token::Char(b'-') => UnaryOp::Minus,
        Token::Char(b'~') => UnaryOp::BNot,
        Token::Char(b'#') => UnaryOp::Length,
        _ => return None,
    })
}

/// The node of a unary operator.
pub(super) fn unary(op: UnaryOp, line: u32, operand: Expr) -> Expr {
    let end = operand.line;
    let folded = operand.constant().and_then(|operand| fold::unary(op, operand));
    let kind = match folded {
        Some(value) => ExprKind::Constant(value),
        None => ExprKind::Unary(op, Box::new(Operation { line, operand })),
    };
    Expr { line: end, kind }
}

/// The node of a binary operator whose token is on this line.
pub(super) fn binary(op: BinaryOp, line: u32, left: Expr, right: Expr) -> Expr {
    let end = right.line;
    let kind = match op {
        BinaryOp::Arithmetic(op) => arithmetic(op, line, left, right),
        BinaryOp::Comparison(op) => comparison(op, line, left, right),
        BinaryOp::Concat => concat(line, left, right),
        // What a known left side decides is decided here.
        BinaryOp::And if is_known(&left, true) => single(right),
        BinaryOp::Or if is_known(&left, false) => single(right),
        BinaryOp::And => match left.kind {
            ExprKind::And(operands) => ExprKind::And(with(operands, right)),
            _ => ExprKind::And(vec![left, right]),
        },
        BinaryOp::Or => match left.kind {
            ExprKind::Or(operands) => ExprKind::Or(with(operands, right)),
            _ => ExprKind::Or(vec![left, right]),
        },
    };
    Expr { line: end, kind }
}

fn is_known(expr: &Expr, truth: bool) -> bool {
    expr.constant().is_some_and(|constant| constant.is_truthy() == truth)
}

fn with<T>(mut list: Vec<T>, item: T) -> Vec<T> {
    list.push(item);
    list
}

/// The expression as an operand: no longer the last of a list, so it has one value.
fn single(expr: Expr) -> ExprKind {
    if expr.constant().is_some() {
        return expr.kind;
    }
    ExprKind::Paren(Box::new(expr))
}

fn arithmetic(op: ArithmeticOp, line: u32, left: Expr, right: Expr) -> ExprKind {
    if let (Some(left), Some(right)) = (left.constant(), right.constant())
        && let Some(value) = fold::binary(op, left, right)
    {
        return ExprKind::Constant(value);
    }
    let link = Link { op, line, right };
    ExprKind::Arithmetic(Box::new(match left.kind {
        ExprKind::Arithmetic(chain) => Chain { first: chain.first, links: with(chain.links, link) },
        _ => Chain { first: left, links: vec![link] },
    }))
}

fn comparison(op: ComparisonOp, line: u32, left: Expr, right: Expr) -> ExprKind {
    let link = Link { op, line, right };
    ExprKind::Comparison(Box::new(match left.kind {
        ExprKind::Comparison(chain) => Chain { first: chain.first, links: with(chain.links, link) },
        _ => Chain { first: left, links: vec![link] },
    }))
}

/// Concatenation is applied from right to left, so the right side is the longer one.
fn concat(line: u32, left: Expr, right: Expr) -> ExprKind {
    ExprKind::Concat(Box::new(match right.kind {
        ExprKind::Concat(mut concat) => {
            concat.operands.insert(0, left);
            *concat
        }
        _ => Concat { operands: vec![left, right], line },
    }))
}
