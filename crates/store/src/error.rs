//! Why something can't be read or written.

use crate::space::{Space, read_log_key};
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// A failed operation. One failure may reach many writers, hence it can be cloned.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// An append out of turn. Nothing of its commit was done; the store and other commits are untouched.
    #[error("record {given} of process {id} is not the next, which is {next}")]
    Conflict {
        /// Whose log.
        id: u64,
        /// The number of the append.
        given: u64,
        /// The number that it would have to have.
        next: u64,
    },
    /// No room. Nothing of the commit was done; the same commit can be tried again when there is room.
    #[error("no room on the disk{}; make room, or take the store to a bigger disk", Lack(*.free, *.needed))]
    Full {
        /// Bytes that were free.
        free: u64,
        /// Bytes that must be free; 0 when it was the system that said no.
        needed: u64,
    },
    /// What lies there is not what was written. It is named and never handed out.
    #[error("damaged: {}: {what}", Place(*.space, .key))]
    Damaged {
        /// The space of the value.
        space: Space,
        /// Its key.
        key: Vec<u8>,
        /// What does not fit.
        what: String,
    },
    /// The files of the store don't fit together, beyond a single value.
    #[error("{path} is damaged: {what}", path = .path.display())]
    Broken {
        /// The directory or file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The operating system said no, and nothing was done.
    #[error("{doing}: {source}")]
    Io {
        /// What was to be done, as `read the log`.
        doing: String,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// A write or sync failed in a way after which nobody can know what is on disk. The commits of its
    /// group may be found when the store is opened again, or not. Until then every operation fails so.
    #[error(
        "the store has failed and can only be opened again: {what}; commits under way may be done or not"
    )]
    Failed {
        /// What has failed.
        what: String,
    },
    /// The store or the committer was closed. Nothing of the commit was done.
    #[error("the store is closed")]
    Closed,
    /// The files are of another version of the store.
    #[error(
        "the store has version {found}, and this procession reads version {supported}; use the procession that wrote it to export, and import the export"
    )]
    Version {
        /// What the files say.
        found: String,
        /// What this program reads.
        supported: u32,
    },
    /// Somebody else has the store open.
    #[error("{path} is in use by another process{owner}; stop that node first", path = .path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// ` (pid N)` where it is known.
        owner: String,
    },
    /// A commit that makes no sense, whatever the store holds.
    #[error("an invalid change in space {space}: {what}")]
    Invalid {
        /// The space of the change.
        space: Space,
        /// What is wrong.
        what: String,
    },
}

impl StoreError {
    /// A failed operation of the system; [`StoreError::Full`] where that is what it says.
    pub fn io(doing: impl Into<String>, source: io::Error) -> Self {
        if is_full(&source) {
            return Self::Full { free: 0, needed: 0 };
        }
        Self::Io { doing: doing.into(), source: Arc::new(source) }
    }

    pub(crate) fn damaged(space: Space, key: &[u8], what: impl Into<String>) -> Self {
        Self::Damaged { space, key: key.to_vec(), what: what.into() }
    }

    pub(crate) fn invalid(space: Space, what: impl Into<String>) -> Self {
        Self::Invalid { space, what: what.into() }
    }
}

/// Whether the system says that there is no room.
pub(crate) fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

/// How much room is missing, if that is known.
struct Lack(u64, u64);

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self(_, 0) => Ok(()),
            Self(free, needed) => write!(f, ": {free} bytes are free, {needed} are needed"),
        }
    }
}

/// A key for people.
pub(crate) struct Place<'a>(pub(crate) Space, pub(crate) &'a [u8]);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN_MAX: usize = 64;
        if let (Space::Log, Some((id, n))) = (self.0, read_log_key(self.1)) {
            return write!(f, "log, process {id}, record {n}");
        }
        write!(f, "{}, key {}", self.0, self.1[..self.1.len().min(SHOWN_MAX)].escape_ascii())?;
        if self.1.len() > SHOWN_MAX { f.write_str("…") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_the_place() {
        let key = crate::log_key(7, 3);
        let error = StoreError::damaged(Space::Log, &key, "its checksum does not fit");
        let text = "damaged: log, process 7, record 3: its checksum does not fit";
        assert_eq!(error.to_string(), text);
        let error = StoreError::damaged(Space::Name, b"a\0b", "x");
        assert_eq!(error.to_string(), "damaged: name, key a\\x00b: x");
        let full = StoreError::io("write", io::Error::from(io::ErrorKind::StorageFull));
        assert!(matches!(full, StoreError::Full { .. }));
    }
}
