//! Gradual type annotations of the typed dialect: checked for syntax and dropped.
//!
//! ```text
//! type    = [ "|" ] suffixed { ( "|" | "&" ) suffixed }
//! suffixed = simple { "?" | "[" "]" }
//! simple  = "nil" | "true" | "false" | String | ["-"] Number
//!         | Name { "." Name } [ "<" type { "," type } ">" ] | "..." type
//!         | items [ "->" type ] | parameters items "->" type
//!         | "{" [ item { ( "," | ";" ) item } ] "}"
//!         | "function" [ parameters ] items [ ":" type ]
//! items   = "(" [ item { "," item } ] ")"
//! parameters = "<" Name [ ":" type ] { "," Name [ ":" type ] } ">"
//! item    = [ Name ( ":" | "?" ":" ) | "[" type "]" ":" ] type
//! ```
//!
//! A cast (`e :: T`, `e as T`) must start on the line on which its expression ends; so a label or a
//! variable called `as` on the next line is none.

use super::Parser;
use crate::compile::SyntaxError;
use crate::compile::ast::Expr;
use crate::compile::lex::Token;

impl Parser<'_> {
    pub(super) fn is_typed(&self) -> bool {
        self.dialect == procession_environment::Dialect::Typed
    }

    /// `: T`, where a declaration may have it.
    pub(super) fn type_annotation(&mut self) -> Result<(), SyntaxError> {
        if self.is_typed() && self.take_char(b':')? {
            self.type_expression()?;
        }
        Ok(())
    }

    /// `<T, U: V>` before the parameters of a function or of its type.
    pub(super) fn type_parameters(&mut self) -> Result<(), SyntaxError> {
        if !self.is_typed() || !self.take_char(b'<')? {
            return Ok(());
        }
        self.name()?;
        self.type_annotation()?;
        while self.take_char(b',')? {
            self.name()?;
            self.type_annotation()?;
        }
        self.skip_greater()
    }

    /// Whether a `type X = …` starts here.
    pub(super) fn at_type_alias(&mut self) -> Result<bool, SyntaxError> {
        let Token::Name(name) = self.lexer.token else { return Ok(false) };
        if !self.is_typed() || self.lexer.names.bytes(name) != b"type" {
            return Ok(false);
        }
        Ok(matches!(self.lexer.peek()?, Token::Name(_)))
    }

    /// `type X<T> = U`
    pub(super) fn type_alias(&mut self) -> Result<(), SyntaxError> {
        self.lexer.advance()?;
        self.name()?;
        self.type_parameters()?;
        self.skip_char(b'=')?;
        self.type_expression()
    }

    /// `e :: T`, `e as T`
    pub(super) fn casts(&mut self, expr: Expr) -> Result<Expr, SyntaxError> {
        while self.at_cast() {
            self.lexer.advance()?;
            self.type_expression()?;
        }
        Ok(expr)
    }

    fn at_cast(&self) -> bool {
        self.is_typed()
            && self.lexer.line == self.lexer.last_line
            && match self.lexer.token {
                Token::DoubleColon => true,
                Token::Name(name) => self.lexer.names.bytes(name) == b"as",
                _ => false,
            }
    }

    /// Skips the `!` of `e!`.
    pub(super) fn assertion(&mut self) -> Result<bool, SyntaxError> {
        Ok(self.is_typed() && self.take_char(b'!')?)
    }

    fn type_expression(&mut self) -> Result<(), SyntaxError> {
        self.nested(|parser| {
            parser.take_char(b'|')?;
            parser.suffixed_type()?;
            while parser.take_char(b'|')? || parser.take_char(b'&')? {
                parser.suffixed_type()?;
            }
            Ok(())
        })
    }

    fn suffixed_type(&mut self) -> Result<(), SyntaxError> {
        self.simple_type()?;
        loop {
            if self.at(b'[') && self.lexer.peek()? == Token::Char(b']') {
                self.lexer.advance()?;
                self.lexer.advance()?;
            } else if !self.take_char(b'?')? {
                return Ok(());
            }
        }
    }

    fn simple_type(&mut self) -> Result<(), SyntaxError> {
        let token = self.lexer.token;
        match token {
            Token::Nil | Token::True | Token::False => self.lexer.advance(),
            Token::String(_) | Token::Int(_) | Token::Float(_) => self.lexer.advance(),
            Token::Char(b'-') if matches!(self.lexer.peek()?, Token::Int(_) | Token::Float(_)) => {
                self.lexer.advance()?;
                self.lexer.advance()
            }
            Token::Name(_) => self.named_type(),
            Token::Dots => {
                self.lexer.advance()?;
                self.type_expression()
            }
            Token::Char(b'(') => {
                self.type_items(b'(', b')')?;
                if self.at(b'-') && self.lexer.peek()? == Token::Char(b'>') {
                    return self.type_of_results();
                }
                Ok(())
            }
            Token::Char(b'<') if matches!(self.lexer.peek()?, Token::Name(_)) => {
                self.type_parameters()?;
                self.type_items(b'(', b')')?;
                self.type_of_results()
            }
            Token::Char(b'{') => self.type_items(b'{', b'}'),
            Token::Function => {
                self.lexer.advance()?;
                self.type_parameters()?;
                self.type_items(b'(', b')')?;
                self.type_annotation()
            }
            _ => Err(self.lexer.error_here("type expected")),
        }
    }

    /// `-> T`
    fn type_of_results(&mut self) -> Result<(), SyntaxError> {
        self.skip_char(b'-')?;
        self.skip_char(b'>')?;
        self.type_expression()
    }

    fn named_type(&mut self) -> Result<(), SyntaxError> {
        self.name()?;
        while self.take_char(b'.')? {
            self.name()?;
        }
        if self.at(b'<') && !self.peeks_attribute()? {
            self.lexer.advance()?;
            self.type_expression()?;
            while self.take_char(b',')? {
                self.type_expression()?;
            }
            self.skip_greater()?;
        }
        Ok(())
    }

    /// Whether the `<` here belongs to `<const>` or `<close>`.
    fn peeks_attribute(&mut self) -> Result<bool, SyntaxError> {
        let Token::Name(name) = self.lexer.peek()? else { return Ok(false) };
        Ok(matches!(self.lexer.names.bytes(name), b"const" | b"close"))
    }

    /// Skips a `>`, which may be the first half of another token.
    fn skip_greater(&mut self) -> Result<(), SyntaxError> {
        match self.lexer.token {
            Token::Shr => self.lexer.token = Token::Char(b'>'),
            Token::Ge => self.lexer.token = Token::Char(b'='),
            _ => return self.skip_char(b'>'),
        }
        Ok(())
    }

    fn type_items(&mut self, opening: u8, closing: u8) -> Result<(), SyntaxError> {
        let line = self.lexer.line;
        self.skip_char(opening)?;
        while !self.at(closing) {
            self.type_item()?;
            if !self.take_char(b',')? && !self.take_char(b';')? {
                break;
            }
        }
        self.close(Token::Char(closing), Token::Char(opening), line)
    }

    fn type_item(&mut self) -> Result<(), SyntaxError> {
        let token = self.lexer.token;
        match token {
            Token::Char(b'[') => {
                self.lexer.advance()?;
                self.type_expression()?;
                self.skip_char(b']')?;
                self.skip_char(b':')?;
            }
            Token::Name(_) if self.lexer.peek()? == Token::Char(b':') => {
                self.lexer.advance()?;
                self.lexer.advance()?;
            }
            _ => {}
        }
        self.type_expression()?;
        // `name?: T`
        self.type_annotation()
    }
}
