//! Making a program smaller while it still shows what it showed: first whole lines, then balanced
//! pieces, then words. What comes before a line [`PROGRAM_BEGINS`] stays as it is.

use std::time::{Duration, Instant};

/// How long one program is worked on.
const TIME_MAX: Duration = Duration::from_secs(12);
/// Last line of the helpers that a program starts with.
pub(crate) const PROGRAM_BEGINS: &str = "-- The program:\n";

/// What opens a piece, and what closes it.
const PAIRS: [(&str, &str); 8] = [
    ("(", ")"),
    ("{", "}"),
    ("[", "]"),
    ("function", "end"),
    ("do", "end"),
    ("if", "end"),
    ("repeat", "until"),
    ("\"", "\""),
];
/// What a piece is replaced by.
const REPLACEMENTS: [&str; 3] = ["", "0", "nil"];

/// The smallest program found for which `shows` still holds; it holds for `source`.
pub(crate) fn minimise(source: &str, shows: impl Fn(&str) -> bool) -> String {
    let (head, mut best) = match source.split_once(PROGRAM_BEGINS) {
        Some((head, program)) => (format!("{head}{PROGRAM_BEGINS}"), program.to_owned()),
        None => (String::new(), source.to_owned()),
    };
    let search = Search { head: &head, shows, deadline: Instant::now() + TIME_MAX };
    loop {
        let before = best.len();
        best = search.reduced(lines(&best)).concat();
        best = search.without_pieces(words(&best)).concat();
        best = search.reduced(words(&best)).concat();
        if best.len() == before || search.is_over() {
            return head + &best;
        }
    }
}

struct Search<'a, F> {
    /// What comes before.
    head: &'a str,
    shows: F,
    deadline: Instant,
}

impl<F: Fn(&str) -> bool> Search<'_, F> {
    fn shows(&self, parts: &[String]) -> bool {
        (self.shows)(&format!("{}{}", self.head, parts.concat()))
    }

    fn is_over(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// Delta debugging: leaves out runs of parts, long ones first.
    fn reduced(&self, mut parts: Vec<String>) -> Vec<String> {
        let mut size = parts.len().div_ceil(2);
        while size > 0 {
            let mut at = 0;
            while at < parts.len() && !self.is_over() {
                let end = (at + size).min(parts.len());
                let mut rest = parts.clone();
                rest.drain(at..end);
                if self.shows(&rest) {
                    parts = rest;
                } else {
                    at = end;
                }
            }
            size = if size == 1 { 0 } else { size.div_ceil(2) };
        }
        parts
    }

    /// Leaves out or replaces pieces in brackets and the like.
    fn without_pieces(&self, mut parts: Vec<String>) -> Vec<String> {
        let mut at = 0;
        while at < parts.len() && !self.is_over() {
            let end = closing(&parts, at);
            let smaller = end.and_then(|end| {
                let inner = parts[at + 1..end].concat();
                let texts = REPLACEMENTS.iter().map(|&text| text.to_owned()).chain([inner]);
                texts.filter(|text| text.len() < parts[at..=end].concat().len()).find_map(|text| {
                    let mut rest = parts.clone();
                    rest.splice(at..=end, words(&text));
                    self.shows(&rest).then_some(rest)
                })
            });
            match smaller {
                Some(rest) => parts = rest,
                None => at += 1,
            }
        }
        parts
    }
}

/// Where the piece ends that the part at `at` opens.
fn closing(parts: &[String], at: usize) -> Option<usize> {
    let (open, close) = PAIRS.into_iter().find(|(open, _)| *open == parts[at])?;
    let is_block = close == "end";
    let mut depth = 0;
    for (position, part) in parts.iter().enumerate().skip(at) {
        let opens = part == open || is_block && ["function", "do", "if"].contains(&&**part);
        if part == close && position > at {
            depth -= 1;
            if depth <= 0 || open == close {
                return Some(position);
            }
        } else if opens {
            depth += 1;
        }
    }
    None
}

fn lines(source: &str) -> Vec<String> {
    source.split_inclusive('\n').map(str::to_owned).collect()
}

/// Runs of letters and digits, and single other characters.
fn words(source: &str) -> Vec<String> {
    let in_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let length = if in_word(first) {
            rest.find(|c| !in_word(c)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (word, after) = rest.split_at(length);
        found.push(word.to_owned());
        rest = after;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_matters_is_left() {
        let source = "one\ntwo (three, four)\nfive\nsix\n";
        let shows = |text: &str| text.contains("three") && text.contains("six");
        assert_eq!(minimise(source, shows), "threesix");
    }

    #[test]
    fn pieces_go_as_a_whole_and_helpers_stay() {
        let source = format!("a b\n{PROGRAM_BEGINS}c\nx(function() if y then end end) z");
        let shows = |text: &str| {
            let balanced = text.matches('(').count() == text.matches(')').count()
                && text.matches("if").count() + text.matches("function").count()
                    == text.matches("end").count();
            text.contains('z') && balanced
        };
        assert_eq!(minimise(&source, shows), format!("a b\n{PROGRAM_BEGINS}z"));
    }
}
