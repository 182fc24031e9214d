//! String literals, quoted and long, and long comments.

use super::{Lexer, Near, Token};
use crate::compile::SyntaxError;
use crate::text::utf8;

/// What is enclosed in long brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Long {
    String,
    Comment,
}

/// Largest code point of `\u{…}`, as in the original UTF-8.
const CODE_POINT_MAX: u32 = 0x7FFF_FFFF;

impl Lexer<'_> {
    /// `[`: a long string, or the bracket itself.
    pub(super) fn bracket(&mut self) -> Result<Token, SyntaxError> {
        let start = self.buffer.len();
        match self.bracket_level() {
            Some(level) => {
                self.long_text(level, Long::String)?;
                let (from, to) = (level + 2, self.buffer.len() - (level + 2));
                Ok(Token::String(self.intern(from, to)))
            }
            None if self.buffer.len() == start + 1 => Ok(Token::Char(b'[')),
            None => Err(self.error("invalid long string delimiter", Near::Buffer)),
        }
    }

    /// Keeps a bracket and the `=` behind it; the number of `=` if another bracket follows.
    pub(super) fn bracket_level(&mut self) -> Option<usize> {
        let bracket = self.byte();
        self.keep();
        let mut level = 0;
        while self.byte() == Some(b'=') {
            self.keep();
            level += 1;
        }
        (self.byte() == bracket).then_some(level)
    }

    /// Reads up to the closing bracket of this level; the buffer keeps a string with its brackets.
    pub(super) fn long_text(&mut self, level: usize, long: Long) -> Result<(), SyntaxError> {
        let line = self.line;
        self.keep();
        if self.at_newline() {
            self.newline();
        }
        loop {
            match self.byte() {
                None => {
                    let what = if long == Long::String { "string" } else { "comment" };
                    let message = format!("unfinished long {what} (starting at line {line})");
                    return Err(self.error(&message, Near::Token(Token::Eof)));
                }
                Some(b']') => {
                    if self.bracket_level() == Some(level) {
                        self.keep();
                        return Ok(());
                    }
                }
                Some(b'\n' | b'\r') => {
                    self.buffer.push(b'\n');
                    self.newline();
                }
                Some(_) => self.keep(),
            }
            if long == Long::Comment {
                self.buffer.clear();
            }
        }
    }

    /// A quoted string.
    pub(super) fn string(&mut self, quote: u8) -> Result<Token, SyntaxError> {
        self.keep();
        loop {
            match self.byte() {
                None => return Err(self.error("unfinished string", Near::Token(Token::Eof))),
                Some(b'\n' | b'\r') => return Err(self.error("unfinished string", Near::Buffer)),
                Some(b'\\') => self.escape()?,
                Some(byte) => {
                    self.keep();
                    if byte == quote {
                        let to = self.buffer.len() - 1;
                        return Ok(Token::String(self.intern(1, to)));
                    }
                }
            }
        }
    }

    /// Replaces an escape sequence. The buffer keeps it until it is known to be right.
    fn escape(&mut self) -> Result<(), SyntaxError> {
        let start = self.buffer.len();
        self.keep();
        let Some(byte) = self.byte() else { return Ok(()) };
        let single = match byte {
            b'a' => 0x07,
            b'b' => 0x08,
            b'f' => 0x0C,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 0x0B,
            b'\\' | b'"' | b'\'' => byte,
            b'x' => return self.hexadecimal_escape(start),
            b'u' => return self.utf8_escape(start),
            b'\n' | b'\r' => {
                self.newline();
                self.replace(start, b"\n");
                return Ok(());
            }
            b'z' => {
                self.replace(start, &[]);
                self.skip();
                self.spaces();
                return Ok(());
            }
            b'0'..=b'9' => return self.decimal_escape(start),
            _ => return Err(self.escape_error("invalid escape sequence")),
        };
        self.skip();
        self.replace(start, &[single]);
        Ok(())
    }

    fn replace(&mut self, start: usize, with: &[u8]) {
        self.buffer.truncate(start);
        self.buffer.extend_from_slice(with);
    }

    fn spaces(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C) = self.byte() {
            if self.at_newline() { self.newline() } else { self.skip() }
        }
    }

    /// The message quotes the string up to and with the offending byte.
    fn escape_error(&mut self, message: &str) -> SyntaxError {
        self.keep();
        self.error(message, Near::Buffer)
    }

    fn hexadecimal_digit(&mut self) -> Result<u32, SyntaxError> {
        match self.byte().and_then(|byte| (byte as char).to_digit(16)) {
            Some(digit) => Ok(digit),
            None => Err(self.escape_error("hexadecimal digit expected")),
        }
    }

    fn hexadecimal_escape(&mut self, start: usize) -> Result<(), SyntaxError> {
        let mut value = 0;
        for _ in 0..2 {
            self.keep();
            value = value << 4 | self.hexadecimal_digit()?;
        }
        self.skip();
        self.replace(start, &[value as u8]);
        Ok(())
    }

    fn decimal_escape(&mut self, start: usize) -> Result<(), SyntaxError> {
        let mut value = 0;
        for _ in 0..3 {
            let Some(digit @ b'0'..=b'9') = self.byte() else { break };
            value = value * 10 + u32::from(digit - b'0');
            self.keep();
        }
        match u8::try_from(value) {
            Ok(byte) => {
                self.replace(start, &[byte]);
                Ok(())
            }
            Err(_) => Err(self.escape_error("decimal escape too large")),
        }
    }

    fn utf8_escape(&mut self, start: usize) -> Result<(), SyntaxError> {
        self.keep();
        if self.byte() != Some(b'{') {
            return Err(self.escape_error("missing '{'"));
        }
        self.keep();
        let mut value = self.hexadecimal_digit()?;
        self.keep();
        while let Some(digit) = self.byte().and_then(|byte| (byte as char).to_digit(16)) {
            if value > CODE_POINT_MAX >> 4 {
                return Err(self.escape_error("UTF-8 value too large"));
            }
            value = value << 4 | digit;
            self.keep();
        }
        if self.byte() != Some(b'}') {
            return Err(self.escape_error("missing '}'"));
        }
        self.skip();
        self.buffer.truncate(start);
        utf8::encode(value, &mut self.buffer);
        Ok(())
    }
}
