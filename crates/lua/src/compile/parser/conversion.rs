//! Conversions of the typed dialect. Called by their names, `string(x)` is `tostring(x)`, `number(x)`
//! is `tonumber(x)`, `integer(x)` is `math.tointeger(x)` and `boolean(x)` is `not not x`. A local
//! variable of such a name is itself, and so are a field (`string.rep`) and a declaration.

use super::Parser;
use super::operator::unary;
use super::suffix::{Place, Primary};
use crate::compile::SyntaxError;
use crate::compile::ast::{Expr, ExprKind, Suffix, SuffixKind, UnaryOp};
use crate::compile::lex::Token;

impl Parser<'_> {
    /// What a name that starts an expression stands for, when it is one of the conversions.
    pub(super) fn converted(&mut self, name: Primary) -> Result<Primary, SyntaxError> {
        let ExprKind::Global(symbol, env) = name.expr.kind else { return Ok(name) };
        if !self.is_typed() || !self.at(b'(') {
            return Ok(name);
        }
        let line = name.expr.line;
        let function = match self.lexer.names.bytes(symbol) {
            b"string" => "tostring",
            b"number" => "tonumber",
            b"integer" => "math",
            b"boolean" => return self.truth(line),
            _ => return Ok(name),
        };
        let kind = ExprKind::Global(self.lexer.names.intern(function.as_bytes()), env);
        let mut expr = Expr { line, kind };
        if function == "math" {
            let field = self.lexer.names.intern(b"tointeger");
            let suffix = Suffix { line, kind: SuffixKind::Field(field) };
            expr = self.with_suffixes(expr, vec![suffix]);
        }
        Ok(Primary { expr, place: Place::None })
    }

    /// `(x)` after `boolean`.
    fn truth(&mut self, line: u32) -> Result<Primary, SyntaxError> {
        let opening = self.lexer.line;
        self.lexer.advance()?;
        let operand = self.expression()?;
        self.close(Token::Char(b')'), Token::Char(b'('), opening)?;
        let expr = unary(UnaryOp::Not, line, unary(UnaryOp::Not, line, operand));
        Ok(Primary { expr, place: Place::None })
    }
}
