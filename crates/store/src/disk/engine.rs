//! The engine on disk, and what is done when it gives up.
//!
//! fjall refuses every write after one that failed, and after a failure of its own threads. When that
//! was for want of room, the database is opened again, which cuts off what was half written; a note of
//! the last group's number tells for certain whether the group is there. When a sync has failed, nobody
//! knows what the disk has: the store has failed.

use super::DiskConfig;
use super::database::{Open, SETTLED_IDLE_MIN, Unwritten, WAIT_MAX};
use super::files::Directory;
use super::scan::{read_error, scan};
use super::settled::noted;
use super::tail::{TornTail, bytes, cut, empty, rewrite};
use crate::batch::Batch;
use crate::engine::{Area, Engine, Entry, Range, Room};
use crate::error::StoreError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The engine behind [`DiskStore`](super::DiskStore).
pub(crate) struct DiskEngine {
    directory: Directory,
    config: DiskConfig,
    /// `None` while it is opened again, and when that failed.
    open: Mutex<Option<Arc<Open>>>,
}

impl DiskEngine {
    pub(super) fn open(
        mut directory: Directory,
        config: DiskConfig,
    ) -> Result<(Self, Vec<TornTail>), StoreError> {
        directory.create(|data| Open::new(data, &config).map(drop))?;
        let had_failed = directory.has_failed();
        if had_failed {
            rewrite(&directory.data())
                .map_err(|error| StoreError::io("write the journals again", error))?;
        }
        // After a failed sync nobody knows what the tables have.
        let settled = if had_failed { None } else { noted(&directory.data()) };
        let torn = cut(&directory.data(), &directory.torn(), settled)?;
        let open = Open::new(&directory.data(), &config)?;
        if had_failed {
            directory.forget_failure()?;
        }
        Ok((Self { directory, config, open: Mutex::new(Some(Arc::new(open))) }, torn))
    }

    fn slot(&self) -> MutexGuard<'_, Option<Arc<Open>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn current(&self) -> Result<Arc<Open>, StoreError> {
        self.slot().clone().ok_or_else(|| StoreError::Failed {
            what: "the engine could not be opened again".to_owned(),
        })
    }

    /// What failed is for good.
    fn fail(&self, what: String) -> StoreError {
        self.directory.note_failure(&what);
        StoreError::Failed { what }
    }

    fn with<T>(&self, doing: impl FnOnce(&Open) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let open = self.current()?;
        // The engine trusts what it reads, and panics over what can't be.
        catch_unwind(AssertUnwindSafe(|| doing(&open))).unwrap_or_else(|_| {
            Err(StoreError::Broken {
                path: self.directory.path().to_owned(),
                what: "the engine can't read what lies there".to_owned(),
            })
        })
    }

    /// Opens the database again; gives the number of the last group that is there.
    fn reopen(&self, now: Arc<Open>) -> Result<u64, StoreError> {
        drop(now);
        let deadline = Instant::now() + WAIT_MAX;
        let mut slot = loop {
            let mut slot = self.slot();
            match slot.take().map(Arc::try_unwrap) {
                None => break slot,
                Some(Ok(open)) => {
                    drop(open);
                    break slot;
                }
                Some(Err(open)) => *slot = Some(open),
            }
            // Somebody reads, and may want to read more before it is done.
            drop(slot);
            if Instant::now() > deadline {
                let what = "somebody has been reading for too long".to_owned();
                return Err(StoreError::Failed { what });
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        // Closing syncs what was half written, and tells nobody when that fails.
        rewrite(&self.directory.data())
            .map_err(|error| StoreError::io("write the journals again", error))?;
        cut(&self.directory.data(), &self.directory.torn(), None)?;
        let anew = Open::new(&self.directory.data(), &self.config)?;
        let group = anew.group();
        *slot = Some(Arc::new(anew));
        Ok(group)
    }

    /// Whether a group is there after all, now that a write was refused: for want of room, or because
    /// the engine had given up before.
    fn recover(&self, open: Arc<Open>, group: u64, why: &str) -> Result<bool, StoreError> {
        match self.reopen(open) {
            // All of it is there, and opening has synced it.
            Ok(found) if found == group => Ok(true),
            Ok(found) if found + 1 == group => Ok(false),
            Ok(found) => Err(self.fail(format!(
                "group {group} could not be written ({why}), and the last one that is there is {found}"
            ))),
            Err(error) => Err(self.fail(format!("{why}, and opening it again: {error}"))),
        }
    }

    /// Why a group was not written, when it is certain that it was not.
    fn refusal(&self, error: fjall::Error) -> StoreError {
        let doing = "write to the store";
        match error {
            fjall::Error::Io(error) => StoreError::io(doing, error),
            error => match self.room().map(|room| room.allows(0, false)) {
                Ok(Err(full)) => full,
                Ok(Ok(())) | Err(_) => StoreError::io(doing, std::io::Error::other(error)),
            },
        }
    }
}

/// A store that is closed is quick to open: its journals are written to tables, so that they need not be
/// read again. Whatever goes wrong on the way, they stay.
impl Drop for DiskEngine {
    fn drop(&mut self) {
        let Some(Ok(open)) = self.slot().take().map(Arc::try_unwrap) else { return };
        let data = self.directory.data();
        let many = bytes(&data).is_ok_and(|bytes| bytes > self.config.journal_bytes_kept);
        if !many || self.directory.has_failed() || !open.flush() {
            return;
        }
        drop(open);
        let _ = empty(&data);
    }
}

impl Engine for DiskEngine {
    fn read(&self, area: Area, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.with(|open| {
            let (keyspace, place) = open.keyspaces.place(area, key);
            match keyspace.get(&*place) {
                Ok(value) => Ok(value.map(|value| value.to_vec())),
                Err(error) => Err(read_error(area, key, error)),
            }
        })
    }

    fn scan(
        &self,
        area: Area,
        range: Range<'_>,
        visit: &mut dyn FnMut(Entry<'_>) -> bool,
    ) -> Result<(), StoreError> {
        self.with(|open| scan(open, area, range, visit))
    }

    fn write(&self, batch: &Batch) -> Result<(), StoreError> {
        let mut is_retry = false;
        loop {
            let open = self.current()?;
            open.wait();
            let group = open.group() + 1;
            let error = match open.write_and_sync(batch, group) {
                Ok(()) => return Ok(()),
                Err(Unwritten::Sync(error)) => {
                    return Err(self.fail(format!("the disk could not be synced: {error:?}")));
                }
                Err(Unwritten::Refused(error)) => error,
            };
            if self.recover(open, group, &format!("{error:?}"))? {
                return Ok(());
            }
            // What has given up before may do it after it was opened again.
            if is_retry || !matches!(error, fjall::Error::Poisoned) {
                return Err(self.refusal(error));
            }
            is_retry = true;
        }
    }

    fn room(&self) -> Result<Room, StoreError> {
        let path = self.directory.path();
        let disk = rustix::fs::statvfs(path).map_err(|error| {
            StoreError::io(format!("ask for the room in {}", path.display()), error.into())
        })?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        Ok(Room { free, reserve: self.config.reserve_bytes })
    }

    fn compact(&self) -> Result<(), StoreError> {
        self.with(|open| {
            let failed = |error: fjall::Error| StoreError::Io {
                doing: "compact the store".to_owned(),
                source: std::sync::Arc::new(std::io::Error::other(error)),
            };
            for keyspace in open.keyspaces.all() {
                keyspace.rotate_memtable().map_err(failed)?;
                while keyspace.sealed_memtable_count() > 0 && !open.has_given_up() {
                    std::thread::sleep(Duration::from_millis(1));
                }
                keyspace.major_compact().map_err(failed)?;
            }
            Ok(())
        })
    }

    fn settle(&self) -> bool {
        self.current().is_ok_and(|open| open.settle(SETTLED_IDLE_MIN))
    }

    fn bytes(&self) -> Result<u64, StoreError> {
        self.directory
            .bytes()
            .map_err(|error| StoreError::io("ask for the size of the store", error))
    }
}
