//! Patterns over actions and resources, compiled once.

use std::fmt;

/// Longest pattern, in bytes.
const PATTERN_BYTES_MAX: usize = 1024;

/// What an action or a resource has to look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// `*`: anything.
    Any,
    /// A text without `*`: exactly that.
    Exact(Box<str>),
    /// `prefix*`: whatever starts with the text, nothing more included.
    Prefix(Box<str>),
    /// `a.b.*`: one or more whole segments below `a.b`; the text kept here is `a.b.`.
    Segments(Box<str>),
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Nothing there.
    #[error("a pattern cannot be empty; write \"*\" to match everything")]
    Empty,
    /// A star elsewhere than at the end.
    #[error("\"{0}\": a * may stand only at the end, as in \"process.spawn*\" or \"app.*\"")]
    StarInside(String),
    /// Over the limit.
    #[error("a pattern of {0} bytes is longer than {PATTERN_BYTES_MAX}")]
    TooLong(usize),
}

impl Pattern {
    /// Compiles a pattern's text.
    ///
    /// # Errors
    /// When it is empty, too long, or has a `*` elsewhere than at the end.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if text.is_empty() {
            return Err(PatternError::Empty);
        }
        if text.len() > PATTERN_BYTES_MAX {
            return Err(PatternError::TooLong(text.len()));
        }
        let Some(before) = text.strip_suffix('*') else {
            return if text.contains('*') {
                Err(PatternError::StarInside(text.to_owned()))
            } else {
                Ok(Self::Exact(text.into()))
            };
        };
        if before.contains('*') {
            return Err(PatternError::StarInside(text.to_owned()));
        }
        Ok(match before {
            "" => Self::Any,
            _ if before.len() > 1 && before.ends_with('.') => Self::Segments(before.into()),
            _ => Self::Prefix(before.into()),
        })
    }

    /// Whether the text is of this form.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(exact) => **exact == *text,
            Self::Prefix(prefix) => text.starts_with(&**prefix),
            Self::Segments(parent) => text
                .strip_prefix(&**parent)
                .is_some_and(|rest| rest.split('.').all(|segment| !segment.is_empty())),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Exact(text) => f.write_str(text),
            Self::Prefix(text) | Self::Segments(text) => write!(f, "{text}*"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_what_they_say() {
        for (pattern, yes, no) in [
            ("*", &["", "a", "process.send", "{app:p|1.0.0.0}"][..], &[][..]),
            ("process.send", &["process.send"], &["process.sen", "process.send.x", "", "*"]),
            (
                "process.spawn*",
                &["process.spawn", "process.spawn.linked", "process.spawner"],
                &["process.spaw", "x.process.spawn"],
            ),
            ("app.workers:*", &["app.workers:a", "app.workers:"], &["app.workers", "app.worker:a"]),
            (
                "a.b.*",
                &["a.b.c", "a.b.c.d"],
                &["a.b", "a.b.", "a.bc", "a.b..c", "a.b.c.", "a.x.c", "xa.b.c", "A.b.c"],
            ),
            (".*", &[".x", "."], &["x"]),
        ] {
            let compiled = Pattern::parse(pattern).unwrap();
            assert_eq!(compiled.to_string(), pattern);
            for text in yes {
                assert!(compiled.matches(text), "{pattern} should match {text}");
            }
            for text in no {
                assert!(!compiled.matches(text), "{pattern} should not match {text}");
            }
        }
    }

    #[test]
    fn other_texts_are_no_patterns() {
        for text in ["", "a*b", "**", "*.send", "a.*.b", "a**"] {
            assert!(Pattern::parse(text).is_err(), "{text}");
        }
        assert_eq!(Pattern::parse(&"a".repeat(1025)), Err(PatternError::TooLong(1025)));
    }
}
