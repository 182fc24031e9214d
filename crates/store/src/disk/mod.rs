//! A store on disk: fjall, behind our own checks.
//!
//! The engine is trusted to be quick, not to notice damage: every value has a seal of ours, journals
//! are looked through before the engine gets them (it cuts off everything behind damage without a
//! word), and what it would delete when a file is missing is looked for first.

mod areas;
mod database;
mod engine;
mod files;
mod gap;
mod journal;
mod scan;
mod settled;
mod tail;

use crate::error::StoreError;
use crate::sealed::Sealed;
use crate::store::Store;
use engine::DiskEngine;
use files::Directory;
use std::path::Path;
pub use tail::TornTail;

/// What to do where there is no store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Make an empty one.
    Create,
    /// Fail.
    Fail,
}

/// How a store on disk is used.
#[derive(Debug, Clone, Copy)]
pub struct DiskConfig {
    /// What to do where there is none.
    pub missing: Missing,
    /// Bytes of the disk that commits leave free, so that the engine can always clean up. Commits that
    /// only remove may use three quarters of it.
    pub reserve_bytes: u64,
    /// Bytes of what was read lately that are kept in memory.
    pub cache_bytes: u64,
    /// When the store is closed and its journals have more bytes, they are written to tables, so that they
    /// need not be read at the next start.
    pub journal_bytes_kept: u64,
}

impl Default for DiskConfig {
    fn default() -> Self {
        Self {
            missing: Missing::Create,
            reserve_bytes: 128 << 20,
            cache_bytes: 32 << 20,
            journal_bytes_kept: 1 << 20,
        }
    }
}

/// A store in a directory, which it has for itself.
pub struct DiskStore(Sealed<DiskEngine>);

impl DiskStore {
    /// Opens a store, and tells of the tails that were cut off: what was being written when the machine
    /// or the node stopped, and was not yet acknowledged to anybody.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when it is open elsewhere, [`StoreError::Version`] when its files are of
    /// another version, [`StoreError::Broken`] when they are damaged in a way that would lose what was
    /// acknowledged, [`StoreError::Io`].
    pub fn open(directory: &Path, config: DiskConfig) -> Result<(Self, Vec<TornTail>), StoreError> {
        let directory = Directory::lock(directory, config.missing)?;
        let (engine, torn) = DiskEngine::open(directory, config)?;
        Ok((Self(Sealed::new(engine)), torn))
    }

    pub(crate) fn engine(&self) -> &DiskEngine {
        &self.0.engine
    }
}

impl Store for DiskStore {
    crate::forward_store!(0: apply get inspect log_ends trimmed_logs compact settle size has_room);
}
