//! What the tests share.

use std::fs;
use std::path::{Path, PathBuf};

/// A directory of a test's own, empty at first.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Self {
        let file = module_path!().replace(':', "-");
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{file}-{name}"));
        // What an earlier run has left.
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}
