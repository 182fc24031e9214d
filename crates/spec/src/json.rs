//! JSON as text, for the schema: keys in the order they are given, two spaces a level.

use std::fmt::{self, Formatter, Write as _};

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// An object of these pairs.
    pub(crate) fn object<const N: usize>(pairs: [(&str, Self); N]) -> Self {
        Self::Object(pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// A list of texts.
    pub(crate) fn texts<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        Self::List(texts.map(Self::text).collect())
    }

    /// The same object with one pair more; anything else as it is.
    pub(crate) fn with(mut self, key: &str, value: Self) -> Self {
        if let Self::Object(pairs) = &mut self {
            pairs.push((key.to_owned(), value));
        }
        self
    }

    fn write(&self, f: &mut Formatter<'_>, level: usize) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Text(text) => quoted(f, text),
            Self::List(values) if values.iter().all(Self::is_single) => {
                f.write_char('[')?;
                for (index, value) in values.iter().enumerate() {
                    f.write_str(if index > 0 { ", " } else { "" })?;
                    value.write(f, level)?;
                }
                f.write_char(']')
            }
            Self::List(values) => {
                let write = |f: &mut Formatter<'_>, value: &Self| value.write(f, level + 1);
                block(f, level, ('[', ']'), values, write)
            }
            Self::Object(pairs) if pairs.is_empty() => f.write_str("{}"),
            Self::Object(pairs) => block(f, level, ('{', '}'), pairs, |f, (key, value)| {
                quoted(f, key)?;
                f.write_str(": ")?;
                value.write(f, level + 1)
            }),
        }
    }

    const fn is_single(&self) -> bool {
        !matches!(self, Self::List(_) | Self::Object(_))
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.write(f, 0)
    }
}

fn block<T>(
    f: &mut Formatter<'_>,
    level: usize,
    brackets: (char, char),
    values: &[T],
    write: impl Fn(&mut Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    f.write_char(brackets.0)?;
    for (index, value) in values.iter().enumerate() {
        f.write_str(if index > 0 { ",\n" } else { "\n" })?;
        f.write_str(&"  ".repeat(level + 1))?;
        write(f, value)?;
    }
    write!(f, "\n{}{}", "  ".repeat(level), brackets.1)
}

fn quoted(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            character if character < ' ' => write!(f, "\\u{:04x}", u32::from(character))?,
            character => f.write_char(character)?,
        }
    }
    f.write_char('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written() {
        let value = Json::object([
            ("a", Json::List(vec![Json::Int(1), Json::Float(2.0), Json::Bool(true)])),
            ("b", Json::List(vec![Json::object([("c", Json::text("\"\\\n\u{1}"))])])),
            ("d", Json::Object(Vec::new())),
        ]);
        let expected = "{\n  \"a\": [1, 2.0, true],\n  \"b\": [\n    {\n      \"c\": \
                        \"\\\"\\\\\\n\\u0001\"\n    }\n  ],\n  \"d\": {}\n}";
        assert_eq!(value.to_string(), expected);
    }
}
