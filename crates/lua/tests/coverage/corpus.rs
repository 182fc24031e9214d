//! What the scripts of the corpus say, and what the interpreter's source says.

use procession_environment::Dialect;
use procession_lua::bytecode::{Op, Prototype};
use procession_lua::compile::{compile, without_script_line};
use procession_lua::image::ImageBuilder;
use procession_types::word::{self, Word};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Where the scripts are.
pub(crate) fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

/// What all scripts of the corpus come to when they are compiled.
#[derive(Default)]
pub(crate) struct Corpus {
    /// Names of the operations that they compile to.
    pub(crate) operations: BTreeSet<String>,
    /// `name` of globals, `global.field`, `:method`, and constants.
    pub(crate) mentions: BTreeSet<String>,
}

impl Corpus {
    pub(crate) fn read() -> Self {
        let mut corpus = Self::default();
        for path in files(&directory(), "lua") {
            let source = std::fs::read(&path).expect("a script");
            let mut builder = ImageBuilder::new(1, None);
            let source = without_script_line(&source);
            compile(source, "=script", Dialect::Plain, &mut builder).expect("a script compiles");
            for prototype in &builder.image.prototypes {
                corpus.add(prototype, &builder.image.strings);
            }
        }
        corpus
    }

    fn add(&mut self, prototype: &Prototype, strings: &[Word]) {
        let text = |index: u32| {
            prototype.constants.get(index as usize).map_or_else(String::new, |&k| text(k, strings))
        };
        let mut before = None;
        for &instruction in &prototype.code {
            let op = instruction.op();
            self.operations.insert(format!("{op:?}"));
            match op {
                Op::GetGlobal => {
                    let name = text(instruction.d());
                    self.mentions.insert(name.clone());
                    before = Some((instruction.a(), name));
                    continue;
                }
                Op::GetField => {
                    if let Some((register, table)) = &before
                        && *register == instruction.b()
                    {
                        self.mentions.insert(format!("{table}.{}", text(instruction.d())));
                    }
                }
                Op::Method => {
                    self.mentions.insert(format!(":{}", text(instruction.d())));
                }
                _ => {}
            }
            before = None;
        }
        self.mentions.extend((0..prototype.constants.len() as u32).map(text));
    }
}

/// The text of a string constant; of anything else, nothing.
fn text(constant: Word, strings: &[Word]) -> String {
    if word::is_float(constant) {
        return String::new();
    }
    match word::tag(constant) {
        word::TAG_SHORT => {
            let (bytes, length) = word::short_bytes(constant);
            String::from_utf8_lossy(&bytes[..length]).into_owned()
        }
        word::TAG_STRING => {
            let at = word::index(constant) as usize;
            let length = word::header_length(strings[at]) as usize;
            let words = strings[at + 1..].iter().take(word::string_words(length));
            let bytes: Vec<u8> = words.flat_map(|word| word.to_le_bytes()).take(length).collect();
            String::from_utf8_lossy(&bytes).into_owned()
        }
        _ => String::new(),
    }
}

/// All files below a directory with this extension, in order.
pub(crate) fn files(directory: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|own| own == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}
