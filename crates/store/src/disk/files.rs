//! The directory of a store: its lock, its version, and how it comes to be.
//!
//! ```text
//! lock       held by whoever has the store open; says which process that is
//! version    what wrote it
//! data/      the engine's; data.new/ while it is made; in it
//!   settled  which group lies in tables, with all before it
//! torn/      tails that were cut off
//! failed     there when a sync has failed since the store was opened
//! ```

use super::Missing;
use super::areas::Keyspaces;
use crate::error::StoreError;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// The version of the files, ours and the engine's.
pub(crate) const VERSION: u32 = 1;

/// What the version file begins with.
const TITLE: &str = "procession store ";

/// A directory that nobody else has.
pub(super) struct Directory {
    path: PathBuf,
    /// Whether there is a store in it.
    is_new: bool,
    lock: File,
}

impl Directory {
    /// Takes a directory for oneself, and makes sure that what is in it can be read.
    pub(super) fn lock(path: &Path, missing: Missing) -> Result<Self, StoreError> {
        let shown = path.display();
        match missing {
            Missing::Create => fs::create_dir_all(path)
                .map_err(|error| StoreError::io(format!("make the directory {shown}"), error))?,
            Missing::Fail => {
                let version = path.join("version");
                if !version.exists() && !path.join("data").exists() {
                    let error = io::Error::from(io::ErrorKind::NotFound);
                    return Err(StoreError::io(format!("there is no store in {shown}"), error));
                }
            }
        }
        let lock = lock(&path.join("lock"))?;
        let mut directory = Self { path: path.to_owned(), is_new: false, lock };
        directory.is_new = directory.look()?;
        Ok(directory)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    pub(super) fn torn(&self) -> PathBuf {
        self.path.join("torn")
    }

    /// Bytes that all files take on the disk; holes take none.
    pub(super) fn bytes(&self) -> io::Result<u64> {
        let mut bytes = 0_u64;
        let mut directories = vec![self.path.clone()];
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(directory)? {
                let entry = entry?;
                match entry.metadata() {
                    Ok(found) if found.is_dir() => directories.push(entry.path()),
                    Ok(found) => bytes += found.blocks() * 512,
                    // The engine has removed it meanwhile.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(bytes)
    }

    fn failed(&self) -> PathBuf {
        self.path.join("failed")
    }

    /// Whether a sync failed when the store was open before.
    pub(super) fn has_failed(&self) -> bool {
        self.failed().exists()
    }

    /// Notes that a sync has failed. The disk may refuse even that.
    pub(super) fn note_failure(&self, what: &str) {
        let noted = File::create(self.failed()).and_then(|mut file| {
            file.write_all(what.as_bytes())?;
            file.sync_all()?;
            File::open(&self.path)?.sync_all()
        });
        drop(noted);
    }

    /// Removes the note.
    pub(super) fn forget_failure(&self) -> Result<(), StoreError> {
        fs::remove_file(self.failed())
            .and_then(|()| File::open(&self.path)?.sync_all())
            .map_err(|error| StoreError::io("remove the note of a failure", error))
    }

    /// Makes the store if there is none: `make` gets the place for the engine.
    pub(super) fn create(
        &mut self,
        make: impl FnOnce(&Path) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        if !self.is_new {
            return Ok(());
        }
        let anew = self.path.join("data.new");
        make(&anew)?;
        let done = write_version(&self.path).and_then(|()| {
            fs::rename(&anew, self.data())?;
            File::open(&self.path)?.sync_all()
        });
        self.is_new = false;
        done.map_err(|error| {
            StoreError::io(format!("make a store in {}", self.path.display()), error)
        })
    }

    /// Whether there is no store yet; an error when there is a half of one.
    fn look(&self) -> Result<bool, StoreError> {
        let io = |error| StoreError::io(format!("look at {}", self.path.display()), error);
        let broken = |path: PathBuf, what: &str| {
            Err(StoreError::Broken { path, what: format!("{what}; import the last export") })
        };
        let (data, anew) = (self.data(), self.path.join("data.new"));
        let version = match fs::read_to_string(self.path.join("version")) {
            Ok(version) => Some(version),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Some("…".to_owned()),
            Err(error) => return Err(io(error)),
        };
        let Some(version) = version else {
            if data.exists() {
                return broken(self.path.join("version"), "it is missing");
            }
            if anew.exists() {
                fs::remove_dir_all(&anew).map_err(io)?;
            }
            return Ok(true);
        };
        let found = version.strip_prefix(TITLE).and_then(|it| it.strip_suffix('\n'));
        if found.and_then(|it| it.parse().ok()) != Some(VERSION) {
            let found = found.unwrap_or("nobody knows").to_owned();
            return Err(StoreError::Version { found, supported: VERSION });
        }
        if !data.exists() && anew.exists() {
            // Everything was made; only the last step was missing.
            fs::rename(&anew, &data)
                .and_then(|()| File::open(&self.path)?.sync_all())
                .map_err(io)?;
        }
        // The engine would delete what it finds incomplete, or begin anew.
        let markers = (0..=Keyspaces::COUNT).map(|it| format!("keyspaces/{it}/current"));
        for marker in markers.chain(["version".to_owned(), "lock".to_owned()]) {
            let marker = data.join(marker);
            if !marker.exists() {
                return broken(marker, "it is missing");
            }
        }
        Ok(false)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Closing the file would do, were it not open in a child, too, that another thread is just starting.
        let _ = self.lock.unlock();
    }
}

fn write_version(path: &Path) -> io::Result<()> {
    let anew = path.join("version.new");
    let mut file = File::create(&anew)?;
    file.write_all(format!("{TITLE}{VERSION}\n").as_bytes())?;
    file.sync_all()?;
    fs::rename(&anew, path.join("version"))?;
    File::open(path)?.sync_all()
}

fn lock(path: &Path) -> Result<File, StoreError> {
    let io = |error| StoreError::io(format!("lock {}", path.display()), error);
    let mut options = OpenOptions::new();
    let mut file =
        options.read(true).write(true).create(true).truncate(false).open(path).map_err(io)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut owner = String::new();
            let known = file.take(32).read_to_string(&mut owner).is_ok() && !owner.is_empty();
            let owner = if known { format!(" ({})", owner.trim_end()) } else { String::new() };
            return Err(StoreError::Locked { path: path.to_owned(), owner });
        }
        Err(TryLockError::Error(error)) => return Err(io(error)),
    }
    file.set_len(0).map_err(io)?;
    file.rewind().map_err(io)?;
    // Only a help for whoever finds it locked.
    let _ = writeln!(file, "pid {}", std::process::id());
    Ok(file)
}
