//! Inputs to begin with: the scripts of the conformance corpus.

use std::path::{Path, PathBuf};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../lua/tests/corpus");

/// The corpus's scripts with their names, in order of the names.
pub(crate) fn scripts() -> Vec<(String, Vec<u8>)> {
    let mut paths = Vec::new();
    for directory in entries(Path::new(CORPUS)) {
        paths.extend(entries(&directory));
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "lua"));
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.strip_prefix(CORPUS).ok()?.display().to_string();
        Some((name, std::fs::read(&path).ok()?))
    };
    paths.into_iter().filter_map(read).collect()
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
}
