//! What can be wrong in a text with policies.

use crate::{ConditionError, PatternError};

/// Something wrong, with the place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {}{problem}", prefix(path))]
pub struct ParseError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Where in the structure, as in `entries[2].policy.effect`; empty for the text itself.
    pub path: String,
    /// What is wrong.
    pub problem: Box<Problem>,
}

fn prefix(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!("{path}: ") }
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The text is no YAML.
    #[error("not valid YAML: {0}")]
    Syntax(String),
    /// YAML that is left out on purpose.
    #[error("{0} are not supported here")]
    Unsupported(&'static str),
    /// Over a limit.
    #[error("more than {max} {what}")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// Another sort of value is needed.
    #[error("expected {expected}, found {found}")]
    Expected {
        /// What is needed.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// A key that has to be there is not.
    #[error("\"{0}\" is missing")]
    Missing(&'static str),
    /// A key stands there twice.
    #[error("\"{0}\" stands here twice")]
    Duplicate(String),
    /// A word that is none of the known ones.
    #[error("unknown {what} \"{word}\"; {}", known(nearest.as_deref(), words))]
    UnknownWord {
        /// Which sort of word.
        what: &'static str,
        /// The word.
        word: String,
        /// The known word it looks like.
        nearest: Option<String>,
        /// The known words, as a list for people.
        words: String,
    },
    /// Both `value` and `value_from`.
    #[error("\"value\" and \"value_from\" exclude each other")]
    TwoOperands,
    /// Two policies have one id.
    #[error("policy {0} is defined twice")]
    DuplicateId(String),
    /// A pattern.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// A condition.
    #[error(transparent)]
    Condition(#[from] ConditionError),
}

fn known(nearest: Option<&str>, words: &str) -> String {
    match nearest {
        Some(word) => format!("did you mean \"{word}\"?"),
        None => format!("known: {words}"),
    }
}

/// The known word that is at most two typing errors away from `word`.
pub(super) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let allowed = if word.chars().count() < 5 { 1 } else { 2 };
    known
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate.to_owned())
}

/// How many characters have to be added, taken away, replaced or swapped with their neighbour.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().take(64).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    let mut last = None;
    for (line, a) in from.chars().take(64).enumerate() {
        let mut next = vec![line + 1];
        for (column, &b) in to.iter().enumerate() {
            let replaced = row[column] + usize::from(a != b);
            let mut best = replaced.min(row[column + 1] + 1).min(next[column] + 1);
            let swapped = column > 0 && last == Some(b) && to[column - 1] == a;
            if let (true, Some(&skipped)) = (swapped, before.get(column.wrapping_sub(1))) {
                best = best.min(skipped + 1);
            }
            next.push(best);
        }
        last = Some(a);
        before = std::mem::replace(&mut row, next);
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found() {
        let words = ["allow", "deny", "actions", "resources", "value_from"];
        for (word, expected) in [
            ("alow", Some("allow")),
            ("allwo", Some("allow")),
            ("dney", Some("deny")),
            ("action", Some("actions")),
            ("value-from", Some("value_from")),
            ("permit", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, words.into_iter()).as_deref(), expected, "{word}");
        }
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
