//! Statements other than loops.

use super::suffix::{Place, Primary};
use super::{Parser, Until};
use crate::compile::SyntaxError;
use crate::compile::ast::{
    Attribute, Expr, ExprKind, LocalId, LocalStatement, Statement, StatementKind,
};
use crate::compile::labels::LabelPosition;
use crate::compile::lex::Token;
use crate::compile::names::Symbol;

impl Parser<'_> {
    /// One statement; a label adds the empty statements and labels behind it as well.
    pub(super) fn statement(&mut self, into: &mut Vec<Statement>) -> Result<(), SyntaxError> {
        self.nested(|parser| parser.statement_inner(into))
    }

    fn statement_inner(&mut self, into: &mut Vec<Statement>) -> Result<(), SyntaxError> {
        let line = self.lexer.line;
        if self.at_type_alias()? {
            return self.type_alias();
        }
        let kind = match self.lexer.token {
            Token::Char(b';') => return self.lexer.advance(),
            Token::DoubleColon => return self.label(line, into),
            Token::Function => {
                let kind = self.function_statement(line)?;
                // The definition "happens" on its first line.
                into.push(Statement { line, kind });
                return Ok(());
            }
            Token::If => self.if_statement(line)?,
            Token::While => self.while_statement(line)?,
            Token::Do => {
                self.lexer.advance()?;
                let body = self.block()?;
                self.close(Token::End, Token::Do, line)?;
                StatementKind::Do(body)
            }
            Token::For => self.for_statement(line)?,
            Token::Repeat => self.repeat_statement(line)?,
            Token::Local => {
                self.lexer.advance()?;
                match self.take(Token::Function)? {
                    true => self.local_function()?,
                    false => self.local_statement()?,
                }
            }
            Token::Return => self.return_statement()?,
            Token::Break => {
                self.lexer.advance()?;
                self.scopes.break_loop(line);
                StatementKind::Break
            }
            Token::Goto => {
                self.lexer.advance()?;
                let line = self.lexer.line;
                let name = self.name()?;
                StatementKind::Goto(self.scopes.goto(name, line))
            }
            _ => self.expression_statement()?,
        };
        into.push(Statement { line: self.lexer.last_line, kind });
        Ok(())
    }

    fn label(&mut self, line: u32, into: &mut Vec<Statement>) -> Result<(), SyntaxError> {
        self.lexer.advance()?;
        let name = self.name()?;
        self.skip(Token::DoubleColon)?;
        while self.at(b';') || self.lexer.token == Token::DoubleColon {
            self.statement(into)?;
        }
        if let Some(line) = self.scopes.label_line(name) {
            let name = self.text(name);
            return Err(self.error(&format!("label '{name}' already defined on line {line}")));
        }
        let position = match self.at_block_end(Until::Continues) {
            true => LabelPosition::Last,
            false => LabelPosition::Inner,
        };
        let label = self.scopes.label(name, line, position);
        let label = label.map_err(|error| self.label_error(&error))?;
        into.push(Statement { line, kind: StatementKind::Label(label) });
        Ok(())
    }

    fn if_statement(&mut self, line: u32) -> Result<StatementKind, SyntaxError> {
        let mut arms = Vec::new();
        let mut otherwise = None;
        while arms.is_empty() || self.lexer.token == Token::Elseif {
            self.lexer.advance()?;
            let condition = self.expression()?;
            self.skip(Token::Then)?;
            arms.push((condition, self.block()?));
        }
        if self.take(Token::Else)? {
            otherwise = Some(self.block()?);
        }
        self.close(Token::End, Token::If, line)?;
        Ok(StatementKind::If { arms, otherwise })
    }

    fn return_statement(&mut self) -> Result<StatementKind, SyntaxError> {
        self.lexer.advance()?;
        let values = match self.at_block_end(Until::Ends) || self.at(b';') {
            true => Vec::new(),
            false => self.expressions()?,
        };
        self.take_char(b';')?;
        Ok(StatementKind::Return(values))
    }

    fn local_function(&mut self) -> Result<StatementKind, SyntaxError> {
        let name = self.name()?;
        let local = self.declare(name)?;
        self.scopes.activate();
        let mut function = self.function_body(false, self.lexer.line)?;
        function.own_name = Some(local);
        Ok(StatementKind::LocalFunction(local, function))
    }

    pub(super) fn declare(&mut self, name: Symbol) -> Result<LocalId, SyntaxError> {
        self.scopes.declare(name).map_err(|error| self.limit_error(&error))
    }

    fn local_statement(&mut self) -> Result<StatementKind, SyntaxError> {
        let (mut locals, mut closes) = (Vec::new(), None);
        loop {
            let name = self.name()?;
            let local = self.declare(name)?;
            let attribute = self.declaration_suffix()?;
            self.scopes.locals[local.0 as usize].attribute = attribute;
            if attribute == Attribute::Close {
                if closes.is_some() {
                    return Err(self.error("multiple to-be-closed variables in local list"));
                }
                closes = Some(locals.len());
            }
            locals.push(local);
            if !self.take_char(b',')? {
                break;
            }
        }
        let mut values = match self.take_char(b'=')? {
            true => self.expressions()?,
            false => Vec::new(),
        };
        self.keep_constant(&mut locals, &mut values);
        self.scopes.activate();
        if closes.is_some() {
            self.scopes.mark_closing();
        }
        Ok(StatementKind::Local(LocalStatement { locals, values, closes }))
    }

    /// A last `<const>` variable with a constant value needs no register.
    fn keep_constant(&mut self, locals: &mut Vec<LocalId>, values: &mut Vec<Expr>) {
        if locals.len() != values.len() {
            return;
        }
        let (Some(id), Some(value)) = (locals.last(), values.last()) else { return };
        let local = &mut self.scopes.locals[id.0 as usize];
        if local.attribute == Attribute::Const && value.constant().is_some() {
            local.constant = value.constant();
            locals.pop();
            values.pop();
        }
    }

    /// `<attribute>` and a type, in any order.
    fn declaration_suffix(&mut self) -> Result<Attribute, SyntaxError> {
        let attribute = self.attribute()?;
        self.type_annotation()?;
        if attribute == Attribute::None { self.attribute() } else { Ok(attribute) }
    }

    fn attribute(&mut self) -> Result<Attribute, SyntaxError> {
        if !self.take_char(b'<')? {
            return Ok(Attribute::None);
        }
        let name = self.name()?;
        self.skip_char(b'>')?;
        match self.lexer.names.bytes(name) {
            b"const" => Ok(Attribute::Const),
            b"close" => Ok(Attribute::Close),
            _ => Err(self.error(&format!("unknown attribute '{}'", self.text(name)))),
        }
    }

    /// A call or an assignment.
    fn expression_statement(&mut self) -> Result<StatementKind, SyntaxError> {
        let first = self.suffixed()?;
        if self.at(b'=') || self.at(b',') {
            return self.assignment(first);
        }
        match &first.expr.kind {
            ExprKind::Suffixed(suffixed) if suffixed.is_call() => {
                Ok(StatementKind::Call(first.expr))
            }
            _ => Err(self.lexer.error_here("syntax error")),
        }
    }

    fn assignment(&mut self, first: Primary) -> Result<StatementKind, SyntaxError> {
        // PUC recurses for every target, which counts against the limit of syntax levels.
        let levels = self.levels;
        self.check_assignable(&first)?;
        let mut targets = vec![first.expr];
        while self.take_char(b',')? {
            let target = self.suffixed()?;
            self.nested(|parser| parser.check_assignable(&target))?;
            self.levels += 1;
            targets.push(target.expr);
        }
        self.skip_char(b'=')?;
        let values = self.expressions()?;
        self.levels = levels;
        Ok(StatementKind::Assign { targets, values })
    }

    pub(super) fn check_assignable(&mut self, target: &Primary) -> Result<(), SyntaxError> {
        match target.place {
            Place::None => Err(self.lexer.error_here("syntax error")),
            Place::Field => Ok(()),
            Place::Constant(name) => Err(self.assignment_error(name)),
            Place::Variable(variable) => {
                self.scopes.assign(variable).map_err(|name| self.assignment_error(name))
            }
        }
    }

    /// Expressions separated by commas.
    pub(super) fn expressions(&mut self) -> Result<Vec<Expr>, SyntaxError> {
        let mut list = vec![self.expression()?];
        while self.take_char(b',')? {
            if let Some(last) = list.last_mut() {
                last.read_on(self.lexer.last_line);
            }
            list.push(self.expression()?);
        }
        Ok(list)
    }
}
