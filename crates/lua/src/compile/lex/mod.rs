//! The lexer: source text to tokens, one ahead of the parser.
//!
//! It keeps what it reads of the current token in a buffer, because messages quote that (`near
//! 'x'`), with escape sequences replaced as far as they have been read.

mod string;
mod token;

pub(crate) use token::Token;

use super::SyntaxError;
use super::names::{Names, Symbol};
use crate::text::number::{self, Number};

/// What a message quotes after "near".
#[derive(Debug, Clone, Copy)]
pub(crate) enum Near {
    /// Nothing: the message stands alone.
    Nothing,
    /// The text in the buffer.
    Buffer,
    /// A token.
    Token(Token),
}

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Lexer<'s> {
    source: &'s [u8],
    at: usize,
    buffer: Vec<u8>,
    /// The current token.
    pub(crate) token: Token,
    ahead: Option<Token>,
    /// The line on which the current token ends.
    pub(crate) line: u32,
    /// The line on which the token before the current one ended.
    pub(crate) last_line: u32,
    /// The symbols read so far.
    pub(crate) names: Names,
    file: String,
}

impl<'s> Lexer<'s> {
    /// A lexer that stands before the first token. `file` is how messages name the source.
    pub(crate) fn new(source: &'s [u8], file: String) -> Self {
        Self {
            source,
            at: 0,
            buffer: Vec::new(),
            token: Token::Eof,
            ahead: None,
            line: 1,
            last_line: 1,
            names: Names::new(),
            file,
        }
    }

    /// Moves to the next token.
    pub(crate) fn advance(&mut self) -> Result<(), SyntaxError> {
        self.last_line = self.line;
        self.token = match self.ahead.take() {
            Some(token) => token,
            None => self.scan()?,
        };
        Ok(())
    }

    /// The token after the current one.
    pub(crate) fn peek(&mut self) -> Result<Token, SyntaxError> {
        let token = match self.ahead {
            Some(token) => token,
            None => self.scan()?,
        };
        self.ahead = Some(token);
        Ok(token)
    }

    /// An error on the current line.
    pub(crate) fn error(&self, message: &str, near: Near) -> SyntaxError {
        let mut text = format!("{}:{}: {message}", self.file, self.line);
        match near {
            // PUC takes a zero byte for the lack of a token.
            Near::Nothing | Near::Token(Token::Char(0)) => {}
            Near::Buffer
            | Near::Token(Token::Name(_) | Token::String(_))
            | Near::Token(Token::Int(_) | Token::Float(_)) => {
                // PUC's messages are C strings: they end at the first zero byte.
                let read = self.buffer.split(|&byte| byte == 0).next().unwrap_or_default();
                text += &format!(" near '{}'", String::from_utf8_lossy(read));
            }
            Near::Token(token) => text += &format!(" near {}", token.describe()),
        }
        SyntaxError { message: text, line: self.line }
    }

    /// An error at the current token.
    pub(crate) fn error_here(&self, message: &str) -> SyntaxError {
        self.error(message, Near::Token(self.token))
    }

    fn byte(&self) -> Option<u8> {
        self.source.get(self.at).copied()
    }

    fn skip(&mut self) {
        self.at += 1;
    }

    fn keep(&mut self) {
        if let Some(byte) = self.byte() {
            self.buffer.push(byte);
            self.at += 1;
        }
    }

    /// Skips the byte if it is this one.
    fn take(&mut self, byte: u8) -> bool {
        let found = self.byte() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn at_newline(&self) -> bool {
        matches!(self.byte(), Some(b'\n' | b'\r'))
    }

    /// Skips a line break of one or two bytes.
    fn newline(&mut self) {
        let first = self.byte();
        self.skip();
        if self.at_newline() && self.byte() != first {
            self.skip();
        }
        self.line = self.line.saturating_add(1);
    }

    fn scan(&mut self) -> Result<Token, SyntaxError> {
        self.buffer.clear();
        loop {
            let Some(byte) = self.byte() else { return Ok(Token::Eof) };
            return Ok(match byte {
                b'\n' | b'\r' => {
                    self.newline();
                    continue;
                }
                b' ' | b'\t' | 0x0B | 0x0C => {
                    self.skip();
                    continue;
                }
                b'-' => {
                    self.skip();
                    if !self.take(b'-') {
                        return Ok(Token::Char(b'-'));
                    }
                    self.comment()?;
                    continue;
                }
                b'[' => return self.bracket(),
                b'"' | b'\'' => return self.string(byte),
                b'0'..=b'9' => return self.numeral(),
                b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.name(),
                b'.' => return self.dots(),
                _ => self.operator(byte),
            });
        }
    }

    fn operator(&mut self, byte: u8) -> Token {
        self.skip();
        let longer: &[(u8, Token)] = match byte {
            b'=' => &[(b'=', Token::Eq)],
            b'<' => &[(b'=', Token::Le), (b'<', Token::Shl)],
            b'>' => &[(b'=', Token::Ge), (b'>', Token::Shr)],
            b'/' => &[(b'/', Token::IDiv)],
            b'~' => &[(b'=', Token::Ne)],
            b':' => &[(b':', Token::DoubleColon)],
            _ => &[],
        };
        for &(next, token) in longer {
            if self.take(next) {
                return token;
            }
        }
        Token::Char(byte)
    }

    fn dots(&mut self) -> Result<Token, SyntaxError> {
        if matches!(self.source.get(self.at + 1), Some(b'0'..=b'9')) {
            return self.numeral();
        }
        self.skip();
        Ok(match (self.take(b'.'), self.byte()) {
            (true, Some(b'.')) => {
                self.skip();
                Token::Dots
            }
            (true, _) => Token::Concat,
            (false, _) => Token::Char(b'.'),
        })
    }

    fn comment(&mut self) -> Result<(), SyntaxError> {
        if self.byte() == Some(b'[') {
            let level = self.bracket_level();
            self.buffer.clear();
            if let Some(level) = level {
                self.long_text(level, string::Long::Comment)?;
                self.buffer.clear();
                return Ok(());
            }
        }
        self.buffer.clear();
        while self.byte().is_some() && !self.at_newline() {
            self.skip();
        }
        Ok(())
    }

    fn name(&mut self) -> Token {
        let start = self.at;
        let length = self.source[start..]
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
            .count();
        self.at += length;
        let text = &self.source[start..self.at];
        self.buffer.extend_from_slice(text);
        Token::reserved(text).unwrap_or_else(|| Token::Name(self.names.intern(text)))
    }

    /// Reads everything that could belong to a numeral, then asks whether it is one.
    fn numeral(&mut self) -> Result<Token, SyntaxError> {
        if self.byte() == Some(b'.') {
            self.keep();
        }
        let first = self.byte();
        self.keep();
        let mut exponent = [b'e', b'E'];
        if first == Some(b'0') && matches!(self.byte(), Some(b'x' | b'X')) {
            self.keep();
            exponent = [b'p', b'P'];
        }
        while let Some(byte) = self.byte() {
            if exponent.contains(&byte) {
                self.keep();
                if matches!(self.byte(), Some(b'+' | b'-')) {
                    self.keep();
                }
            } else if byte.is_ascii_hexdigit() || byte == b'.' {
                self.keep();
            } else {
                break;
            }
        }
        if self.byte().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_') {
            // A numeral that touches a letter is malformed.
            self.keep();
        }
        match number::parse(&self.buffer) {
            Some(Number::Int(value)) => Ok(Token::Int(value)),
            Some(Number::Float(value)) => Ok(Token::Float(value)),
            None => Err(self.error("malformed number", Near::Buffer)),
        }
    }

    fn intern(&mut self, from: usize, to: usize) -> Symbol {
        self.names.intern(&self.buffer[from..to])
    }
}
