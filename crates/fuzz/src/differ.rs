//! Comparing the ways in which a program can be run.

use crate::ours::{self, Mode};
use crate::peer;

/// What differs; a minimised program must differ in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The interpreter panics in this mode.
    Panic(Mode),
    /// This mode prints something else than long turns.
    Mode(Mode),
    /// PUC Lua prints something else.
    Peer,
}

/// A difference, with what both sides printed.
#[derive(Debug, Clone)]
pub(crate) struct Difference {
    pub(crate) kind: Kind,
    pub(crate) expected: String,
    pub(crate) found: String,
}

/// Runs a program here in every mode: what it prints in long turns, or a difference.
///
/// `None` when it ran into a limit, so that there is nothing to compare.
pub(crate) fn check_modes(source: &[u8], modes: &[Mode]) -> Result<Option<String>, Difference> {
    let expected = match run_mode(source, Mode::Normal)? {
        Some(expected) => expected,
        None => return Ok(None),
    };
    for &mode in modes.iter().filter(|&&mode| mode != Mode::Normal) {
        // What takes too long in short turns is no difference.
        let Some(found) = run_mode(source, mode)? else { continue };
        if found != expected {
            return Err(Difference { kind: Kind::Mode(mode), expected, found });
        }
    }
    Ok(Some(expected))
}

fn run_mode(source: &[u8], mode: Mode) -> Result<Option<String>, Difference> {
    match ours::run(source, mode) {
        ours::Run::Printed(text) => Ok(Some(without_addresses(&text))),
        ours::Run::Limited(_) => Ok(None),
        ours::Run::Panicked(found) => {
            Err(Difference { kind: Kind::Panic(mode), expected: String::new(), found })
        }
    }
}

/// What shows that a program met what is no part of the language, or is more here than in PUC Lua:
/// how deep it may recurse, where the compiler runs out of registers, where it may yield, what the
/// result of a main chunk means, and names in messages, which PUC Lua cuts at a zero byte.
const UNCOMPARABLE: [&str; 6] = [
    "(constant ''",
    "\\0')",
    "stack overflow",
    "needs too many registers",
    "across a C-call boundary",
    "program must return",
];

/// The ends of chunks' names, as they are and quoted, with what comes before a line's number.
const BEFORE_LINES: [&str; 3] = [".lua:", "\"]:", "\\\"]:"];

/// Compares what was printed here with what PUC Lua printed.
pub(crate) fn check_peer(found: &str, peer: &peer::Run) -> Option<Difference> {
    let peer::Run::Printed(expected) = peer else { return None };
    let expected = without_lines_of_divisions(&without_addresses(expected));
    let found = &*without_lines_of_divisions(found);
    if UNCOMPARABLE.iter().any(|text| expected.contains(text) || found.contains(text)) {
        return None;
    }
    let (ours, theirs) = (found.lines(), expected.lines());
    let differs = ours.clone().count() != theirs.clone().count()
        || ours.zip(theirs).any(|(ours, theirs)| ours != theirs && without_names(ours) != theirs);
    differs.then(|| Difference { kind: Kind::Peer, expected, found: found.to_owned() })
}

/// Whether a program differs in this way.
pub(crate) fn differs(source: &[u8], kind: Kind) -> Option<Difference> {
    let found = match kind {
        Kind::Panic(mode) => run_mode(source, mode).err(),
        Kind::Mode(mode) => check_modes(source, &[mode]).err(),
        Kind::Peer => {
            let found = run_mode(source, Mode::Normal).ok().flatten()?;
            check_peer(&found, &peer::run(source))
        }
    };
    found.filter(|found| found.kind == kind && (kind == Kind::Peer || !is_refused(&found.found)))
}

/// Whether the program was not even compiled.
pub(crate) fn is_refused(printed: &str) -> bool {
    printed.starts_with("ended: ") && printed.lines().count() == 1
}

/// Objects' addresses are no part of the language either: eight digits or more. `string.upper` changes them.
fn without_addresses(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = [": 0x", ": 0X"].iter().filter_map(|start| rest.find(start)).min() {
        let (before, after) = rest.split_at(at + ": 0x".len());
        let digits = after.bytes().take_while(u8::is_ascii_hexdigit).count();
        clean.push_str(before);
        rest = &after[if digits >= 8 { digits } else { 0 }..];
    }
    clean + rest
}

/// A line without the names of variables in messages: PUC Lua does not find all that are found here.
fn without_names(line: &str) -> String {
    let mut clean = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(" value (") {
        let (before, after) = rest.split_at(at + " value".len());
        clean.push_str(before);
        let is_name = ["local", "global", "upvalue", "field", "method", "constant"]
            .iter()
            .any(|kind| after[2..].starts_with(&format!("{kind} '")));
        rest = match after.find("')") {
            Some(end) if is_name => &after[end + 2..],
            _ => {
                clean.push_str(&after[..2]);
                &after[2..]
            }
        };
    }
    clean + rest
}

/// PUC Lua 5.4.4 gives some division by zero the line where its function begins.
fn without_lines_of_divisions(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        if line.contains("attempt to perform 'n%") || line.contains("attempt to divide by zero") {
            let mut rest = line;
            while let Some(at) =
                BEFORE_LINES.iter().filter_map(|end| rest.find(end).map(|at| at + end.len())).min()
            {
                clean.push_str(&rest[..at]);
                rest = rest[at..].trim_start_matches(|c: char| c.is_ascii_digit());
            }
            clean.push_str(rest);
        } else {
            clean.push_str(line);
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_variables_are_left_out() {
        let line = "index a nil value (local 'x'), call a nil value (metamethod 'add') value (";
        let clean = "index a nil value, call a nil value (metamethod 'add') value (";
        assert_eq!(without_names(line), clean);
    }

    #[test]
    fn lines_of_divisions_are_left_out() {
        for (text, clean) in [
            (
                "a fuzz.lua:12: attempt to divide by zero\nfuzz.lua:3: other\n",
                "a fuzz.lua:: attempt to divide by zero\nfuzz.lua:3: other\n",
            ),
            (
                r#"[string "x"]:7: attempt to perform 'n%%0'"#,
                r#"[string "x"]:: attempt to perform 'n%%0'"#,
            ),
            (
                r#""[string \"\"]:4: attempt to perform 'n%0'""#,
                r#""[string \"\"]:: attempt to perform 'n%0'""#,
            ),
        ] {
            assert_eq!(without_lines_of_divisions(text), clean);
        }
    }

    #[test]
    fn addresses_are_left_out() {
        for (text, clean) in [
            ("table: 0x0000001f x", "table: 0x x"),
            ("a function: 0x55d0aaaaaaaa, thread: 0x00000001", "a function: 0x, thread: 0x"),
            ("FUNCTION: 0X55D0AAAAAAAA", "FUNCTION: 0X"),
            ("number: 0x10", "number: 0x10"),
        ] {
            assert_eq!(without_addresses(text), clean);
        }
    }
}
