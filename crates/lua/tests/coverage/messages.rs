//! The messages of the interpreter, found in its source.

use super::corpus;
use std::path::Path;

/// A message as the source has it.
pub(crate) struct Message {
    /// The file that has it.
    pub(crate) file: String,
    /// The text, with `{}` where something is put in.
    pub(crate) text: String,
}

impl Message {
    /// The longest part that is always the same.
    pub(crate) fn piece(&self) -> &str {
        let parts = self.text.split(['{', '}']).step_by(2);
        parts.max_by_key(|part| part.len()).unwrap_or_default()
    }
}

/// Where messages of the language are; the others are about processes.
const SOURCES: &[&str] = &[
    "compile/lex",
    "compile/parser",
    "compile/codegen",
    "compile/labels.rs",
    "compile/resolve.rs",
    "library",
    "text/packing.rs",
    "text/pattern/error.rs",
    "args.rs",
    "blame.rs",
    "call.rs",
    "closing.rs",
    "concat.rs",
    "coroutines.rs",
    "frame.rs",
    "index.rs",
    "interpret",
    "load.rs",
    "numeric.rs",
    "operate.rs",
    "raise.rs",
    "traceback.rs",
    "vm.rs",
];

/// Messages that no script can show, with the reason.
pub(crate) const UNSEEN: &[(&str, &str)] = &[
    ("type expected", "the typed dialect's; see `compile/tests`"),
    (": 0x{:0DIGITS$x}", "an address"),
    ("string slice too long", "it takes 2 GiB"),
    ("corrupt pattern state", "of a forged snapshot; see `forged.rs`"),
    ("'__call' chain too long; possible loop", "PUC Lua 5.4.4 does not end"),
    ("chunk is too large", "a limit of ours; see `docs/lua/differences.md`"),
    ("too many loaded chunks", "a limit of ours; see `docs/lua/differences.md`"),
    ("\n\t...\t(and more)", "in reports of failures only"),
];

/// What stands before a text that is no message: it ends the program that is being tested.
const NO_MESSAGES: &[&str] = &["expect(", "assert!(", "panic!(", "unreachable!(", "assert_eq!("];

/// All messages: texts of several words in code that is not a test.
pub(crate) fn all() -> Vec<Message> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    for source in SOURCES {
        let path = root.join(source);
        let paths = if path.is_dir() { corpus::files(&path, "rs") } else { vec![path] };
        for path in paths {
            let text = std::fs::read_to_string(&path).expect("source");
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            let file = path.strip_prefix(&root).expect("in the source").display().to_string();
            let texts = code.lines().flat_map(texts).filter(|text| text.contains(' '));
            found.extend(texts.map(|text| Message { file: file.clone(), text }));
        }
    }
    found
}

/// The string literals of a line of code.
fn texts(line: &str) -> Vec<String> {
    let line = line.trim_start();
    if line.starts_with("//") || line.starts_with('#') {
        return Vec::new();
    }
    if NO_MESSAGES.iter().any(|word| line.contains(word)) {
        return Vec::new();
    }
    let (mut found, mut within, mut escaped) = (Vec::new(), None::<String>, false);
    let mut before = ' ';
    for character in line.chars() {
        match &mut within {
            Some(text) if escaped => {
                text.push(match character {
                    'n' => '\n',
                    't' => '\t',
                    other => other,
                });
                escaped = false;
            }
            Some(_) if character == '\\' => escaped = true,
            Some(text) if character == '"' => {
                found.push(std::mem::take(text));
                within = None;
            }
            Some(text) => text.push(character),
            // A quote in quotes is a character.
            None if character == '"' && before != '\'' => within = Some(String::new()),
            None => {}
        }
        before = character;
    }
    found
}
