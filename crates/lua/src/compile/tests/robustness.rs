//! No text makes the compiler panic, and whatever it accepts becomes well-formed code.

use super::build;
use super::verify::verify;
use procession_environment::Dialect;
use std::path::Path;

/// A pseudo-random sequence (splitmix64), the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ bits >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        (bits ^ bits >> 31) as usize % limit
    }
}

const TOKENS: &[&str] = &[
    "and",
    "break",
    "do",
    "else",
    "elseif",
    "end",
    "false",
    "for",
    "function",
    "goto",
    "if",
    "in",
    "local",
    "nil",
    "not",
    "or",
    "repeat",
    "return",
    "then",
    "true",
    "until",
    "while",
    "a",
    "b",
    "c",
    "_ENV",
    "a",
    "b",
    "=",
    ",",
    ";",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ".",
    ":",
    "::",
    "...",
    "..",
    "+",
    "-",
    "*",
    "/",
    "//",
    "%",
    "^",
    "#",
    "&",
    "|",
    "~",
    "<<",
    ">>",
    "==",
    "~=",
    "<",
    "<=",
    ">",
    ">=",
    "1",
    "2.5",
    "0x10",
    "1e9",
    "'s'",
    "[[l]]",
    "<const>",
    "<close>",
    "\n",
    "::l::",
    "goto l",
    "--",
    "\"",
    "'",
    "\\",
    "9223372036854775807",
    "1e999",
    "type",
    "as",
    "!",
];

fn check(source: &[u8]) {
    for dialect in [Dialect::Plain, Dialect::Typed] {
        if let Ok((image, _)) = build(source, dialect) {
            verify(&image);
        }
    }
}

#[test]
fn token_soup() {
    let mut random = Random(1);
    for _ in 0..20_000 {
        let count = 1 + random.below(24);
        let tokens: Vec<_> = (0..count).map(|_| TOKENS[random.below(TOKENS.len())]).collect();
        check(tokens.join(" ").as_bytes());
    }
}

/// The scripts of the conformance corpus.
fn corpus() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut scripts = Vec::new();
    let mut directories = vec![root];
    while let Some(directory) = directories.pop() {
        let mut entries: Vec<_> =
            std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "lua") {
                scripts.push(std::fs::read(path).unwrap());
            }
        }
    }
    scripts
}

#[test]
fn the_corpus_compiles_to_well_formed_code() {
    for script in corpus() {
        let (image, _) = build(&script, Dialect::Plain).unwrap();
        verify(&image);
    }
}

#[test]
fn broken_scripts() {
    let mut random = Random(2);
    for script in corpus() {
        for _ in 0..12 {
            let mut text = script.clone();
            match random.below(3) {
                0 => text.truncate(random.below(text.len() + 1)),
                1 => {
                    let at = random.below(text.len());
                    text[at] = random.below(256) as u8;
                }
                _ => {
                    let at = random.below(text.len());
                    let token = TOKENS[random.below(TOKENS.len())];
                    text.splice(at..at, token.bytes());
                }
            }
            check(&text);
        }
    }
}

#[test]
fn long_chains_and_lists() {
    for (start, item, count, end) in [
        ("x = 1", "+ x", 50_000, ""),
        ("x = a", " or b and c", 20_000, ""),
        ("x = a", " < b", 20_000, ""),
        ("x = f", ".a[1]:b()", 20_000, ""),
        ("x = {", "1,", 100_000, "}"),
        ("x = {", "a = 1,", 100_000, "}"),
        ("if a then ", "elseif b then x = 1 ", 20_000, "end"),
        ("", "x = y ", 100_000, ""),
        ("", "local a ", 200, ""),
        ("while x do ", "if y then break end ", 10_000, "end"),
    ] {
        let source = format!("{start}{}{end}", item.repeat(count));
        let (image, _) = build(source.as_bytes(), Dialect::Plain).unwrap();
        verify(&image);
    }
}

#[test]
fn deep_nesting_fits_a_thread() {
    for (before, middle, after, count) in [
        ("x = ", "1", "", 1),
        ("do ", "", "end ", 197),
        ("if x then ", "", "end ", 197),
        ("x = function() ", "", "end ", 98),
        ("for i = 1, 2 do ", "", "end ", 49),
        ("for k in x do ", "", "end ", 39),
    ] {
        check(format!("{}{middle}{}", before.repeat(count), after.repeat(count)).as_bytes());
    }
    for (before, after) in [("(", ")"), ("{", "}"), ("a[", "]"), ("a:b(", ")"), ("(a < ", ")")] {
        check(format!("x = {}1{}", before.repeat(195), after.repeat(195)).as_bytes());
    }
}
