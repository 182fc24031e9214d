//! The parser: recursive descent over tokens to a syntax tree with names resolved.
//!
//! It checks in the order in which PUC Lua does, so that of several mistakes in a text both report
//! the same one, in the same words.

mod conversion;
mod expression;
mod function;
mod loops;
mod operator;
mod statement;
mod suffix;
mod types;

use super::SyntaxError;
use super::ast::{Block, Chunk, Function};
use super::labels::LabelError;
use super::lex::{Lexer, Near, Token};
use super::names::Symbol;
use super::resolve::{LimitError, Scopes};
use procession_environment::Dialect;

/// Nested syntax levels: what PUC's limit of 200 C calls leaves for a `load` in a main chunk.
const LEVELS_MAX: u32 = 197;

/// See the module's documentation.
pub(crate) struct Parser<'s> {
    lexer: Lexer<'s>,
    scopes: Scopes,
    levels: u32,
    dialect: Dialect,
}

/// Parses a chunk. `file` is how messages name it.
pub(crate) fn parse(source: &[u8], file: String, dialect: Dialect) -> Result<Chunk, SyntaxError> {
    let lexer = Lexer::new(source, file);
    let mut parser = Parser { lexer, scopes: Scopes::new(), levels: 0, dialect };
    parser.lexer.advance()?;
    let main = parser.main()?;
    Ok(Chunk {
        main,
        locals: parser.scopes.locals,
        labels: parser.scopes.labels.labels,
        gotos: parser.scopes.labels.gotos,
        env_is_boxed: parser.scopes.env_is_assigned,
        names: parser.lexer.names,
    })
}

/// Whether an `until` ends a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    Ends,
    Continues,
}

impl Parser<'_> {
    fn main(&mut self) -> Result<Function, SyntaxError> {
        let body = self.statements()?;
        self.expect(Token::Eof)?;
        let line_last = self.lexer.last_line;
        self.leave_block()?;
        let upvalues = self.scopes.leave_function();
        Ok(Function {
            parameters: Vec::new(),
            is_vararg: true,
            body,
            upvalues,
            own_name: None,
            line: 0,
            line_last,
        })
    }

    /// Statements up to what ends a block, in the scope that is open.
    fn statements(&mut self) -> Result<Block, SyntaxError> {
        let mut statements = Vec::new();
        while !self.at_block_end(Until::Ends) {
            let is_return = self.lexer.token == Token::Return;
            self.statement(&mut statements)?;
            if is_return {
                break;
            }
        }
        Ok(Block { statements, line: self.lexer.last_line })
    }

    /// A block with its own scope.
    fn block(&mut self) -> Result<Block, SyntaxError> {
        self.scopes.enter_block(false);
        let block = self.statements()?;
        self.leave_block()?;
        Ok(block)
    }

    fn at_block_end(&self, until: Until) -> bool {
        match self.lexer.token {
            Token::Else | Token::Elseif | Token::End | Token::Eof => true,
            Token::Until => until == Until::Ends,
            _ => false,
        }
    }

    fn leave_block(&mut self) -> Result<(), SyntaxError> {
        self.scopes.leave_block().map_err(|error| self.label_error(&error))
    }

    /// Runs `parse` one syntax level down.
    fn nested<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, SyntaxError>,
    ) -> Result<T, SyntaxError> {
        self.levels += 1;
        if self.levels > LEVELS_MAX {
            return Err(SyntaxError { message: "C stack overflow".into(), line: self.lexer.line });
        }
        let parsed = parse(self);
        self.levels -= 1;
        parsed
    }

    fn at(&self, byte: u8) -> bool {
        self.lexer.token == Token::Char(byte)
    }

    /// Skips the token if it is this one.
    fn take(&mut self, token: Token) -> Result<bool, SyntaxError> {
        let found = self.lexer.token == token;
        if found {
            self.lexer.advance()?;
        }
        Ok(found)
    }

    fn take_char(&mut self, byte: u8) -> Result<bool, SyntaxError> {
        self.take(Token::Char(byte))
    }

    fn expect(&mut self, token: Token) -> Result<(), SyntaxError> {
        if self.lexer.token == token {
            return Ok(());
        }
        Err(self.expected(token))
    }

    fn expected(&self, token: Token) -> SyntaxError {
        self.lexer.error_here(&format!("{} expected", token.describe()))
    }

    fn skip(&mut self, token: Token) -> Result<(), SyntaxError> {
        self.expect(token)?;
        self.lexer.advance()
    }

    fn skip_char(&mut self, byte: u8) -> Result<(), SyntaxError> {
        self.skip(Token::Char(byte))
    }

    /// Skips what closes an `opening` on this line.
    fn close(&mut self, closing: Token, opening: Token, line: u32) -> Result<(), SyntaxError> {
        if self.take(closing)? {
            return Ok(());
        }
        if line == self.lexer.line {
            return Err(self.expected(closing));
        }
        let (closing, opening) = (closing.describe(), opening.describe());
        let message = format!("{closing} expected (to close {opening} at line {line})");
        Err(self.lexer.error_here(&message))
    }

    fn name(&mut self) -> Result<Symbol, SyntaxError> {
        let Token::Name(name) = self.lexer.token else {
            return Err(self.lexer.error_here("<name> expected"));
        };
        self.lexer.advance()?;
        Ok(name)
    }

    fn text(&self, symbol: Symbol) -> Box<str> {
        self.lexer.names.text(symbol)
    }

    /// An error that is not about the current token.
    fn error(&self, message: &str) -> SyntaxError {
        self.lexer.error(message, Near::Nothing)
    }

    fn limit_error(&self, error: &LimitError) -> SyntaxError {
        let LimitError { what, limit, function_line } = error;
        let place = match function_line {
            0 => "main function".to_string(),
            line => format!("function at line {line}"),
        };
        self.lexer.error_here(&format!("too many {what} (limit is {limit}) in {place}"))
    }

    fn label_error(&self, error: &LabelError) -> SyntaxError {
        self.error(&match *error {
            LabelError::IntoScope { label, line, local } => {
                let (label, local) = (self.text(label), self.text(local));
                format!("<goto {label}> at line {line} jumps into the scope of local '{local}'")
            }
            LabelError::Undefined { label: Symbol::BREAK, line } => {
                format!("break outside loop at line {line}")
            }
            LabelError::Undefined { label, line } => {
                format!("no visible label '{}' for <goto> at line {line}", self.text(label))
            }
        })
    }

    fn assignment_error(&self, name: Symbol) -> SyntaxError {
        self.error(&format!("attempt to assign to const variable '{}'", self.text(name)))
    }
}
