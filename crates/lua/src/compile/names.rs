//! Interned names and string constants: the syntax tree refers to them by number.

use std::collections::HashMap;
use std::rc::Rc;

/// A name or a string constant of the chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Symbol(u32);

/// The symbols that the compiler itself refers to.
impl Symbol {
    /// `_ENV`
    pub(crate) const ENV: Self = Self(0);
    /// `self`
    pub(crate) const SELF: Self = Self(1);
    /// `break`, under which pending breaks are kept among the gotos
    pub(crate) const BREAK: Self = Self(2);
    /// The name of loops' hidden variables
    pub(crate) const FOR_STATE: Self = Self(3);
}

/// The symbols of one chunk.
#[derive(Debug)]
pub(crate) struct Names {
    texts: Vec<Rc<[u8]>>,
    numbers: HashMap<Rc<[u8]>, Symbol>,
}

impl Names {
    /// The symbols that every chunk has.
    pub(crate) fn new() -> Self {
        let mut names = Self { texts: Vec::new(), numbers: HashMap::new() };
        for text in ["_ENV", "self", "break", "(for state)"] {
            names.intern(text.as_bytes());
        }
        names
    }

    /// The symbol of these bytes.
    pub(crate) fn intern(&mut self, bytes: &[u8]) -> Symbol {
        if let Some(&symbol) = self.numbers.get(bytes) {
            return symbol;
        }
        let symbol = Symbol(self.texts.len() as u32);
        let text: Rc<[u8]> = bytes.into();
        self.texts.push(Rc::clone(&text));
        self.numbers.insert(text, symbol);
        symbol
    }

    /// The bytes of a symbol.
    pub(crate) fn bytes(&self, symbol: Symbol) -> &[u8] {
        &self.texts[symbol.0 as usize]
    }

    /// The symbol as text for messages; bytes that are not UTF-8 are replaced.
    pub(crate) fn text(&self, symbol: Symbol) -> Box<str> {
        String::from_utf8_lossy(self.bytes(symbol)).into()
    }
}
