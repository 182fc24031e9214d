//! Expressions.

use super::Parser;
use super::operator::{self, BinaryOp, UNARY_PRIORITY};
use crate::compile::SyntaxError;
use crate::compile::ast::{Constant, Expr, ExprKind, Item};
use crate::compile::lex::Token;

impl Parser<'_> {
    /// An expression.
    pub(super) fn expression(&mut self) -> Result<Expr, SyntaxError> {
        self.operation(0)
    }

    /// An expression of operators with a priority above `limit`.
    fn operation(&mut self, limit: u8) -> Result<Expr, SyntaxError> {
        self.nested(|parser| {
            let mut left = parser.operand()?;
            while let Some(op) = BinaryOp::of(parser.lexer.token) {
                let (priority, right_limit) = op.priority();
                if priority <= limit {
                    break;
                }
                let line = parser.lexer.line;
                parser.lexer.advance()?;
                left.read_on(line);
                let right = parser.operation(right_limit)?;
                left = operator::binary(op, line, left, right);
            }
            Ok(left)
        })
    }

    fn operand(&mut self) -> Result<Expr, SyntaxError> {
        let Some(op) = operator::unary_op(self.lexer.token) else {
            let simple = self.simple()?;
            return self.casts(simple);
        };
        let line = self.lexer.line;
        self.lexer.advance()?;
        let operand = self.operation(UNARY_PRIORITY)?;
        Ok(operator::unary(op, line, operand))
    }

    fn simple(&mut self) -> Result<Expr, SyntaxError> {
        let kind = match self.lexer.token {
            Token::Int(value) => ExprKind::Constant(Constant::Int(value)),
            Token::Float(value) => ExprKind::Constant(Constant::Float(value)),
            Token::String(text) => ExprKind::Constant(Constant::String(text)),
            Token::Nil => ExprKind::Constant(Constant::Nil),
            Token::True => ExprKind::Constant(Constant::Boolean(true)),
            Token::False => ExprKind::Constant(Constant::Boolean(false)),
            Token::Dots => {
                if !self.scopes.is_vararg() {
                    let message = "cannot use '...' outside a vararg function";
                    return Err(self.lexer.error_here(message));
                }
                ExprKind::VarArg
            }
            Token::Char(b'{') => return self.table(),
            Token::Function => {
                self.lexer.advance()?;
                let function = self.function_body(false, self.lexer.line)?;
                let kind = ExprKind::Function(function);
                return Ok(Expr { line: self.lexer.last_line, kind });
            }
            _ => return Ok(self.suffixed()?.expr),
        };
        self.lexer.advance()?;
        Ok(Expr { line: self.lexer.last_line, kind })
    }

    /// A table constructor.
    pub(super) fn table(&mut self) -> Result<Expr, SyntaxError> {
        let line = self.lexer.line;
        self.skip_char(b'{')?;
        let mut items = Vec::new();
        while !self.at(b'}') {
            items.push(self.item()?);
            if !self.take_char(b',')? && !self.take_char(b';')? {
                break;
            }
            self.read_item(&mut items);
        }
        self.close(Token::Char(b'}'), Token::Char(b'{'), line)?;
        self.read_item(&mut items);
        Ok(Expr { line: self.lexer.last_line, kind: ExprKind::Table(items) })
    }

    /// See [`Expr::read_on`].
    fn read_item(&self, items: &mut [Item]) {
        if let Some(Item::Positional(expr)) = items.last_mut() {
            expr.read_on(self.lexer.last_line);
        }
    }

    fn item(&mut self) -> Result<Item, SyntaxError> {
        let token = self.lexer.token;
        match token {
            Token::Name(name) if self.lexer.peek()? == Token::Char(b'=') => {
                self.lexer.advance()?;
                self.lexer.advance()?;
                Ok(Item::Field(name, self.expression()?))
            }
            Token::Char(b'[') => {
                let key = self.bracketed_key()?;
                self.skip_char(b'=')?;
                let value = self.expression()?;
                Ok(match key.constant() {
                    Some(Constant::String(name)) => Item::Field(name, value),
                    _ => Item::Keyed(key, value),
                })
            }
            _ => Ok(Item::Positional(self.expression()?)),
        }
    }
}
