//! The pure crates have no clock, randomness, thread or I/O: these come in as parameters.

use super::{Findings, text};
use crate::workspace::{self, Package};

/// Words that a pure crate's sources do without.
const IMPURE: [&str; 12] = [
    "tokio",
    "SystemTime",
    "Instant",
    "std::fs",
    "std::net",
    "std::thread",
    "std::process",
    "std::env",
    "std::io",
    "rand",
    "RandomState",
    "thread_local",
];
/// The same inside `use std::{…}`.
const IMPURE_MODULES: [&str; 6] = ["fs", "net", "thread", "process", "env", "io"];

pub(super) fn check(package: &Package, findings: &mut Findings) -> Result<(), String> {
    for path in workspace::files(&package.directory.join("src"), ".rs")? {
        if path.ends_with("tests.rs") {
            continue;
        }
        let source = workspace::read(&path)?;
        for (index, line) in text::split(&source).code.iter().enumerate() {
            if let Some(word) = impure_word(line) {
                let what = format!("{word} in {}, which is pure", package.name);
                findings.error(&path, index + 1, &what);
            }
        }
    }
    Ok(())
}

fn impure_word(line: &str) -> Option<&'static str> {
    let line = text::uncommented(line);
    let grouped = line.trim_start().strip_prefix("use std::{");
    IMPURE.into_iter().find(|word| text::has_word(line, word)).or_else(|| {
        let names = grouped?;
        IMPURE_MODULES.into_iter().find(|word| text::has_word(names, word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impure_words_are_found() {
        for (line, expected) in [
            ("use std::time::Instant;", Some("Instant")),
            ("use std::{fmt, fs};", Some("fs")),
            ("use std::{fmt, cmp};", None),
            ("// never an Instant", None),
            ("use std::collections::BTreeMap;", None),
        ] {
            assert_eq!(impure_word(line), expected, "{line}");
        }
    }
}
