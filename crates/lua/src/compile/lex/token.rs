//! The tokens of Lua.

use crate::compile::names::Symbol;

/// A token. Tokens of one character are that character.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Token {
    Char(u8),
    Name(Symbol),
    String(Symbol),
    Int(i64),
    Float(f64),
    Eof,

    And,
    Break,
    Do,
    Else,
    Elseif,
    End,
    False,
    For,
    Function,
    Goto,
    If,
    In,
    Local,
    Nil,
    Not,
    Or,
    Repeat,
    Return,
    Then,
    True,
    Until,
    While,

    /// `//`
    IDiv,
    /// `..`
    Concat,
    /// `...`
    Dots,
    /// `==`
    Eq,
    /// `>=`
    Ge,
    /// `<=`
    Le,
    /// `~=`
    Ne,
    /// `<<`
    Shl,
    /// `>>`
    Shr,
    /// `::`
    DoubleColon,
}

/// Every token that is spelled in one way only, with its spelling.
const FIXED: [(Token, &str); 32] = [
    (Token::And, "and"),
    (Token::Break, "break"),
    (Token::Do, "do"),
    (Token::Else, "else"),
    (Token::Elseif, "elseif"),
    (Token::End, "end"),
    (Token::False, "false"),
    (Token::For, "for"),
    (Token::Function, "function"),
    (Token::Goto, "goto"),
    (Token::If, "if"),
    (Token::In, "in"),
    (Token::Local, "local"),
    (Token::Nil, "nil"),
    (Token::Not, "not"),
    (Token::Or, "or"),
    (Token::Repeat, "repeat"),
    (Token::Return, "return"),
    (Token::Then, "then"),
    (Token::True, "true"),
    (Token::Until, "until"),
    (Token::While, "while"),
    (Token::IDiv, "//"),
    (Token::Concat, ".."),
    (Token::Dots, "..."),
    (Token::Eq, "=="),
    (Token::Ge, ">="),
    (Token::Le, "<="),
    (Token::Ne, "~="),
    (Token::Shl, "<<"),
    (Token::Shr, ">>"),
    (Token::DoubleColon, "::"),
];

/// How many of [`FIXED`] are reserved words.
const RESERVED: usize = 22;

impl Token {
    /// The reserved word with this spelling.
    pub(crate) fn reserved(text: &[u8]) -> Option<Self> {
        // Most names are longer or shorter than any reserved word.
        if !(2..=8).contains(&text.len()) {
            return None;
        }
        let words = &FIXED[..RESERVED];
        words.iter().find(|(_, word)| word.as_bytes() == text).map(|(token, _)| *token)
    }

    /// How messages name the token when what was read is not to be quoted: `'end'`, `<name>`.
    pub(crate) fn describe(self) -> String {
        match self {
            Self::Char(byte @ 0x20..=0x7E) => format!("'{}'", byte as char),
            Self::Char(byte) => format!("'<\\{byte}>'"),
            Self::Name(_) => "<name>".into(),
            Self::String(_) => "<string>".into(),
            Self::Int(_) => "<integer>".into(),
            Self::Float(_) => "<number>".into(),
            Self::Eof => "<eof>".into(),
            _ => {
                let spelling = FIXED.iter().find(|(token, _)| *token == self);
                format!("'{}'", spelling.map_or("?", |(_, text)| text))
            }
        }
    }
}
