//! Variables, fields and calls.

use super::Parser;
use crate::compile::SyntaxError;
use crate::compile::ast::{Constant, Expr, ExprKind, Suffix, SuffixKind, Suffixed, Variable};
use crate::compile::lex::Token;
use crate::compile::names::Symbol;
use crate::compile::resolve::Meaning;

/// What an assignment to an expression would change.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// It cannot be assigned to.
    None,
    /// A local, an upvalue
    Variable(Variable),
    /// A `<const>` variable of known value
    Constant(Symbol),
    /// A global, a field
    Field,
}

/// An expression, and what assigning to it means.
#[derive(Debug)]
pub(super) struct Primary {
    pub(super) expr: Expr,
    pub(super) place: Place,
}

impl Parser<'_> {
    /// A name in an expression.
    pub(super) fn variable(&mut self) -> Result<Primary, SyntaxError> {
        let name = self.name()?;
        let line = self.lexer.last_line;
        let (kind, place) = match self.meaning(name)? {
            Meaning::Variable(variable) => (variable_expr(variable), Place::Variable(variable)),
            Meaning::Constant(value) => (ExprKind::Constant(value), Place::Constant(name)),
            Meaning::Global => (self.global(name, line)?, Place::Field),
        };
        Ok(Primary { expr: Expr { line, kind }, place })
    }

    fn meaning(&mut self, name: Symbol) -> Result<Meaning, SyntaxError> {
        self.scopes.resolve(name).map_err(|error| self.limit_error(&error))
    }

    fn global(&mut self, name: Symbol, line: u32) -> Result<ExprKind, SyntaxError> {
        Ok(match self.meaning(Symbol::ENV)? {
            Meaning::Variable(env) => ExprKind::Global(name, env),
            // Every function has an `_ENV`, but it can be a constant, which has no fields.
            Meaning::Constant(env) => constant_field(env, name, line),
            Meaning::Global => constant_field(Constant::Nil, name, line),
        })
    }

    fn primary(&mut self) -> Result<Primary, SyntaxError> {
        match self.lexer.token {
            Token::Name(_) => {
                let name = self.variable()?;
                self.converted(name)
            }
            Token::Char(b'(') => {
                let line = self.lexer.line;
                self.lexer.advance()?;
                let mut expr = self.expression()?;
                self.close(Token::Char(b')'), Token::Char(b'('), line)?;
                let line = self.lexer.last_line;
                expr.read_on(line);
                let expr = match expr.kind {
                    ExprKind::Constant(_) => expr,
                    _ => Expr { line, kind: ExprKind::Paren(Box::new(expr)) },
                };
                Ok(Primary { expr, place: Place::None })
            }
            _ => Err(self.lexer.error_here("unexpected symbol")),
        }
    }

    /// A variable or a parenthesised expression, and what is indexed and called from there.
    pub(super) fn suffixed(&mut self) -> Result<Primary, SyntaxError> {
        let line = self.lexer.line;
        let mut base = self.primary()?;
        let mut suffixes: Vec<Suffix> = Vec::new();
        while let Some(suffix) = self.suffix(line)? {
            if let SuffixKind::Method { line_name, .. } = suffix.kind {
                // See `Expr::read_on`: the object is read behind the method's name.
                match suffixes.last_mut() {
                    None => base.expr.read_on(line_name),
                    Some(Suffix {
                        kind: SuffixKind::Call(_) | SuffixKind::Method { .. }, ..
                    }) => {}
                    Some(last) => last.line = line_name,
                }
            }
            suffixes.push(suffix);
        }
        let Some(last) = suffixes.last() else { return Ok(base) };
        let place = match last.kind {
            SuffixKind::Field(_) | SuffixKind::Index(_) => Place::Field,
            SuffixKind::Call(_) | SuffixKind::Method { .. } => Place::None,
        };
        Ok(Primary { expr: self.with_suffixes(base.expr, suffixes), place })
    }

    pub(super) fn with_suffixes(&self, base: Expr, suffixes: Vec<Suffix>) -> Expr {
        let kind = ExprKind::Suffixed(Box::new(Suffixed { base, suffixes }));
        Expr { line: self.lexer.last_line, kind }
    }

    /// The next suffix of an expression that starts on this line.
    fn suffix(&mut self, line: u32) -> Result<Option<Suffix>, SyntaxError> {
        while self.assertion()? {}
        let kind = match self.lexer.token {
            Token::Char(b'.') => {
                self.lexer.advance()?;
                SuffixKind::Field(self.name()?)
            }
            Token::Char(b'[') => match self.bracketed_key()? {
                Expr { kind: ExprKind::Constant(Constant::String(name)), .. } => {
                    SuffixKind::Field(name)
                }
                key => SuffixKind::Index(key),
            },
            Token::Char(b':') => {
                self.lexer.advance()?;
                let name = self.name()?;
                let line_name = self.lexer.last_line;
                let arguments = self.arguments(line)?;
                let kind = SuffixKind::Method { name, line_name, arguments };
                return Ok(Some(Suffix { line, kind }));
            }
            Token::Char(b'(' | b'{') | Token::String(_) => {
                let kind = SuffixKind::Call(self.arguments(line)?);
                return Ok(Some(Suffix { line, kind }));
            }
            _ => return Ok(None),
        };
        Ok(Some(Suffix { line: self.lexer.last_line, kind }))
    }

    /// `[key]`
    pub(super) fn bracketed_key(&mut self) -> Result<Expr, SyntaxError> {
        self.skip_char(b'[')?;
        let key = self.expression()?;
        self.skip_char(b']')?;
        Ok(key)
    }

    /// The arguments of a call in an expression that starts on this line.
    fn arguments(&mut self, line: u32) -> Result<Vec<Expr>, SyntaxError> {
        match self.lexer.token {
            Token::Char(b'(') => {
                self.lexer.advance()?;
                let mut arguments = match self.at(b')') {
                    true => Vec::new(),
                    false => self.expressions()?,
                };
                self.close(Token::Char(b')'), Token::Char(b'('), line)?;
                if let Some(last) = arguments.last_mut() {
                    last.read_on(self.lexer.last_line);
                }
                Ok(arguments)
            }
            Token::Char(b'{') => Ok(vec![self.table()?]),
            Token::String(text) => {
                self.lexer.advance()?;
                let kind = ExprKind::Constant(Constant::String(text));
                Ok(vec![Expr { line: self.lexer.last_line, kind }])
            }
            _ => Err(self.lexer.error_here("function arguments expected")),
        }
    }
}

fn variable_expr(variable: Variable) -> ExprKind {
    match variable {
        Variable::Local(id) => ExprKind::Local(id),
        Variable::Upvalue(index) => ExprKind::Upvalue(index),
    }
}

fn constant_field(base: Constant, name: Symbol, line: u32) -> ExprKind {
    let base = Expr { line, kind: ExprKind::Constant(base) };
    let suffixes = vec![Suffix { line, kind: SuffixKind::Field(name) }];
    ExprKind::Suffixed(Box::new(Suffixed { base, suffixes }))
}
