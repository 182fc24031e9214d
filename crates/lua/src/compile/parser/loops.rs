//! Loops.

use super::Parser;
use crate::compile::SyntaxError;
use crate::compile::ast::{Block, GenericFor, LocalId, NumericFor, StatementKind};
use crate::compile::lex::Token;
use crate::compile::names::Symbol;

/// Variables without a name that a numeric loop keeps: start, limit, step.
const NUMERIC_HIDDEN: usize = 3;
/// Variables without a name that a generic loop keeps: iterator, state, control, closing value.
const GENERIC_HIDDEN: usize = 4;

impl Parser<'_> {
    pub(super) fn while_statement(&mut self, line: u32) -> Result<StatementKind, SyntaxError> {
        self.lexer.advance()?;
        let condition = self.expression()?;
        self.scopes.enter_block(true);
        self.skip(Token::Do)?;
        let body = self.block()?;
        self.close(Token::End, Token::While, line)?;
        self.leave_block()?;
        Ok(StatementKind::While { condition, body })
    }

    /// The condition sees the variables of the body.
    pub(super) fn repeat_statement(&mut self, line: u32) -> Result<StatementKind, SyntaxError> {
        self.scopes.enter_block(true);
        self.scopes.enter_block(false);
        self.lexer.advance()?;
        let body = self.statements()?;
        self.close(Token::Until, Token::Repeat, line)?;
        let condition = self.expression()?;
        self.leave_block()?;
        self.leave_block()?;
        Ok(StatementKind::Repeat { body, condition })
    }

    pub(super) fn for_statement(&mut self, line: u32) -> Result<StatementKind, SyntaxError> {
        self.scopes.enter_block(true);
        self.lexer.advance()?;
        let name = self.name()?;
        self.type_annotation()?;
        let kind = match self.lexer.token {
            Token::Char(b'=') => self.numeric_for(name, line)?,
            Token::Char(b',') | Token::In => self.generic_for(name)?,
            _ => return Err(self.lexer.error_here("'=' or 'in' expected")),
        };
        self.close(Token::End, Token::For, line)?;
        self.leave_block()?;
        Ok(kind)
    }

    fn declare_hidden(&mut self, count: usize) -> Result<(), SyntaxError> {
        for _ in 0..count {
            self.declare(Symbol::FOR_STATE)?;
        }
        Ok(())
    }

    fn numeric_for(&mut self, name: Symbol, line: u32) -> Result<StatementKind, SyntaxError> {
        self.declare_hidden(NUMERIC_HIDDEN)?;
        let variable = self.declare(name)?;
        self.skip_char(b'=')?;
        let start = self.expression()?;
        self.skip_char(b',')?;
        let limit = self.expression()?;
        let step = match self.take_char(b',')? {
            true => Some(self.expression()?),
            false => None,
        };
        let (body, line_do) = self.for_body()?;
        let numeric = NumericFor { variable, start, limit, step, body, line, line_do };
        Ok(StatementKind::NumericFor(Box::new(numeric)))
    }

    fn generic_for(&mut self, name: Symbol) -> Result<StatementKind, SyntaxError> {
        self.declare_hidden(GENERIC_HIDDEN)?;
        let mut variables = vec![self.declare(name)?];
        while self.take_char(b',')? {
            variables.push(self.loop_variable()?);
        }
        self.skip(Token::In)?;
        let line = self.lexer.line;
        let values = self.expressions()?;
        self.scopes.mark_closing();
        let (body, line_do) = self.for_body()?;
        let generic = GenericFor { variables, values, body, line, line_do };
        Ok(StatementKind::GenericFor(Box::new(generic)))
    }

    fn loop_variable(&mut self) -> Result<LocalId, SyntaxError> {
        let name = self.name()?;
        let local = self.declare(name)?;
        self.type_annotation()?;
        Ok(local)
    }

    /// The body, in which all that is declared comes into scope; and the line of its `do`.
    fn for_body(&mut self) -> Result<(Block, u32), SyntaxError> {
        self.skip(Token::Do)?;
        let line_do = self.lexer.last_line;
        self.scopes.activate();
        Ok((self.block()?, line_do))
    }
}
