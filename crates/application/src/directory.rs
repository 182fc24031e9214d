//! An application's files on disk.

use procession_spec::{FileError, Files, INDEX_NAME};
use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

/// Deepest directory below the application's that is looked into.
const DEPTH_MAX: usize = 16;
/// Most files and directories that are looked at.
const ENTRIES_MAX: usize = 100_000;

/// A directory with all below it. Hidden directories are passed over, and links that lead out of it
/// are not followed.
#[derive(Debug, Clone)]
pub struct Directory {
    /// Its real path.
    root: PathBuf,
}

impl Directory {
    /// The directory at a path.
    ///
    /// # Errors
    /// When it is not there, or is no directory.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let root = path.canonicalize().map_err(|error| failure(&error))?;
        if !root.is_dir() {
            return Err(FileError::Other("it is no directory".to_owned()));
        }
        Ok(Self { root })
    }

    /// Its real path.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The real path of a file in it.
    fn place(&self, path: &str) -> Result<PathBuf, FileError> {
        let place = self.root.join(path).canonicalize().map_err(|error| failure(&error))?;
        if place.starts_with(&self.root) { Ok(place) } else { Err(FileError::Outside) }
    }
}

impl Files for Directory {
    fn indexes(&self) -> Result<Vec<String>, FileError> {
        let mut found = Vec::new();
        // Directories that wait to be looked into, relative to the root, with their depths.
        let mut open = vec![(String::new(), 0)];
        let mut entries = 0;
        while let Some((directory, depth)) = open.pop() {
            let list = fs::read_dir(self.root.join(&directory)).map_err(|error| failure(&error))?;
            for entry in list {
                let entry = entry.map_err(|error| failure(&error))?;
                entries += 1;
                if entries > ENTRIES_MAX {
                    let message = format!("there are more than {ENTRIES_MAX} files in it");
                    return Err(FileError::Other(message));
                }
                // What is not UTF-8 can't be named in an application either.
                let Ok(name) = entry.file_name().into_string() else { continue };
                let kind = entry.file_type().map_err(|error| failure(&error))?;
                let path = format!("{directory}{name}");
                if name == INDEX_NAME {
                    found.push(path);
                } else if kind.is_dir() && !name.starts_with('.') && depth < DEPTH_MAX {
                    open.push((format!("{path}/"), depth + 1));
                }
            }
        }
        Ok(found)
    }

    fn read(&self, path: &str, bytes_max: usize) -> Result<Vec<u8>, FileError> {
        let place = self.place(path)?;
        // A pipe would be waited for, and a device never ends.
        if !place.is_file() {
            return Err(FileError::Other("it is no file".to_owned()));
        }
        let file = File::open(place).map_err(|error| failure(&error))?;
        let mut bytes = Vec::new();
        file.take(bytes_max as u64 + 1).read_to_end(&mut bytes).map_err(|error| failure(&error))?;
        if bytes.len() > bytes_max { Err(FileError::TooLong { bytes_max }) } else { Ok(bytes) }
    }
}

fn failure(error: &std::io::Error) -> FileError {
    match error.kind() {
        ErrorKind::NotFound => FileError::NotFound,
        _ => FileError::Other(error.to_string()),
    }
}
