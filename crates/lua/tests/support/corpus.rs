//! The scripts of the corpus.

use std::path::{Path, PathBuf};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus");

/// `directory/name` of a script.
pub(crate) fn name_of(script: &Path) -> String {
    let relative = script.strip_prefix(CORPUS).expect("in the corpus").with_extension("");
    relative.to_string_lossy().into_owned()
}

/// All scripts, in order; with `CONFORMANCE_ONLY`, those whose name has that.
pub(crate) fn scripts() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for directory in std::fs::read_dir(CORPUS).expect("the corpus") {
        let directory = directory.expect("an entry").path();
        if directory.is_dir() {
            let files = std::fs::read_dir(directory).expect("a directory");
            found.extend(files.map(|file| file.expect("an entry").path()));
        }
    }
    found.retain(|path| path.extension().is_some_and(|extension| extension == "lua"));
    if let Some(only) = std::env::var_os("CONFORMANCE_ONLY") {
        found.retain(|path| name_of(path).contains(&*only.to_string_lossy()));
        return found;
    }
    found.sort();
    assert!(found.len() > 80, "the corpus has shrunk");
    found
}
