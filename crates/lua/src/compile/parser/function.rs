//! Function definitions.

use super::Parser;
use super::suffix::Place;
use crate::compile::SyntaxError;
use crate::compile::ast::{Expr, ExprKind, Function, LocalId, StatementKind, Suffix, SuffixKind};
use crate::compile::lex::Token;
use crate::compile::names::Symbol;

impl Parser<'_> {
    /// `function a.b:c() … end`
    pub(super) fn function_statement(&mut self, line: u32) -> Result<StatementKind, SyntaxError> {
        self.lexer.advance()?;
        let mut target = self.variable()?;
        let mut suffixes = Vec::new();
        let mut is_method = false;
        while !is_method && (self.at(b'.') || self.at(b':')) {
            is_method = self.at(b':');
            self.lexer.advance()?;
            let name = self.name()?;
            suffixes.push(Suffix { line: self.lexer.last_line, kind: SuffixKind::Field(name) });
        }
        if !suffixes.is_empty() {
            target.place = Place::Field;
            target.expr = self.with_suffixes(target.expr, suffixes);
        }
        let function = self.function_body(is_method, line)?;
        self.check_assignable(&target)?;
        let value = Expr { line: self.lexer.last_line, kind: ExprKind::Function(function) };
        Ok(StatementKind::Assign { targets: vec![target.expr], values: vec![value] })
    }

    /// Everything behind the name of a function whose `function` is on this line.
    pub(super) fn function_body(
        &mut self,
        is_method: bool,
        line: u32,
    ) -> Result<Box<Function>, SyntaxError> {
        self.scopes.enter_function(line, false);
        self.type_parameters()?;
        self.skip_char(b'(')?;
        let mut parameters = Vec::new();
        if is_method {
            parameters.push(self.declare(Symbol::SELF)?);
        }
        let is_vararg = self.parameters(&mut parameters)?;
        self.scopes.activate();
        if is_vararg {
            self.scopes.set_vararg();
        }
        self.skip_char(b')')?;
        self.type_annotation()?;
        let body = self.statements()?;
        let line_last = self.lexer.line;
        self.close(Token::End, Token::Function, line)?;
        self.leave_block()?;
        let upvalues = self.scopes.leave_function();
        let own_name = None;
        let function =
            Function { parameters, is_vararg, body, upvalues, own_name, line, line_last };
        Ok(Box::new(function))
    }

    fn parameters(&mut self, into: &mut Vec<LocalId>) -> Result<bool, SyntaxError> {
        if self.at(b')') {
            return Ok(false);
        }
        loop {
            match self.lexer.token {
                Token::Name(name) => {
                    self.lexer.advance()?;
                    into.push(self.declare(name)?);
                    self.type_annotation()?;
                }
                Token::Dots => {
                    self.lexer.advance()?;
                    self.type_annotation()?;
                    return Ok(true);
                }
                _ => return Err(self.lexer.error_here("<name> or '...' expected")),
            }
            if !self.take_char(b',')? {
                return Ok(false);
            }
        }
    }
}
