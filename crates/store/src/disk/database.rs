//! fjall's database while it is open: what is written goes into its journal and is synced there.

use super::DiskConfig;
use super::areas::Keyspaces;
use super::{settled, tail};
use crate::batch::Batch;
use crate::error::StoreError;
use fjall::PersistMode;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Files of the youngest level, or memtables that wait to be written, from which on the committer waits
/// for the engine's threads. The engine would wait itself somewhat later, but for ever when they have
/// given up.
const YOUNG_FILES_MAX: usize = 24;
const MEMTABLES_MAX: usize = 2;

/// Writes after which what is in memory is brought into tables: the engine reads about a million of them
/// in a second when it starts.
const SETTLED_MAX: u64 = 100_000;

/// Likewise while nothing else is to be written.
pub(super) const SETTLED_IDLE_MIN: u64 = 5_000;

/// The longest wait for the engine's threads, and for readers before the engine is opened again.
pub(super) const WAIT_MAX: Duration = Duration::from_secs(60);

/// An open database.
pub(super) struct Open {
    pub(super) keyspaces: Keyspaces,
    /// The number of the last group.
    group: AtomicU64,
    /// Journals after the last group.
    journals: AtomicUsize,
    /// Where the data lies.
    data: PathBuf,
    /// Writes since what was in memory was last handed to the engine's threads.
    writes: AtomicU64,
    /// The last group that those are bringing into tables; 0 when they are done.
    settling: AtomicU64,
}

impl Open {
    pub(super) fn new(data: &Path, config: &DiskConfig) -> Result<Self, StoreError> {
        let opened = catch_unwind(AssertUnwindSafe(|| {
            let keyspaces = Keyspaces::open(data, config)?;
            let (keyspace, key) = keyspaces.group();
            let group = keyspace.get(key)?;
            // What has just been made lies in files, not only in memory.
            keyspaces.database.persist(PersistMode::SyncAll)?;
            Ok((keyspaces, group))
        }));
        let broken = |what: String| StoreError::Broken { path: data.to_owned(), what };
        let (keyspaces, group) = match opened {
            Ok(Ok(opened)) => opened,
            Ok(Err(fjall::Error::Io(error))) => {
                return Err(StoreError::io(format!("open {}", data.display()), error));
            }
            Ok(Err(error)) => return Err(broken(format!("the engine can't open it: {error:?}"))),
            Err(_) => return Err(broken("the engine can't read what lies there".to_owned())),
        };
        let group = match group.as_deref().map(<[u8; 8]>::try_from) {
            None => 0,
            Some(Ok(group)) => u64::from_le_bytes(group),
            Some(Err(_)) => return Err(broken("the note of the last group is no number".into())),
        };
        // What was read now need not be read at the next start.
        let is_long = tail::bytes(data).is_ok_and(|bytes| bytes > config.journal_bytes_kept);
        // So the first group lets old ones go, if there are any.
        let journals = AtomicUsize::new(1);
        Ok(Self {
            keyspaces,
            group: AtomicU64::new(group),
            journals,
            data: data.to_owned(),
            writes: AtomicU64::new(if is_long { SETTLED_IDLE_MIN } else { 0 }),
            settling: AtomicU64::new(0),
        })
    }

    /// The number of the last group.
    pub(super) fn group(&self) -> u64 {
        self.group.load(Relaxed)
    }

    /// Whether the engine takes no more writes.
    pub(super) fn has_given_up(&self) -> bool {
        self.keyspaces.database.persist(PersistMode::Buffer).is_err()
    }

    /// Waits until the engine's threads have come along, or have given up.
    pub(super) fn wait(&self) {
        let busy = || {
            self.keyspaces.all().into_iter().any(|it| {
                it.sealed_memtable_count() >= MEMTABLES_MAX
                    || it.l0_table_count() >= YOUNG_FILES_MAX
            })
        };
        let deadline = Instant::now() + WAIT_MAX;
        while busy() && !self.has_given_up() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Writes what is in memory to tables; whether all of it is there now. Nobody may write meanwhile.
    pub(super) fn flush(&self) -> bool {
        let keyspaces = self.keyspaces.all();
        if keyspaces.into_iter().any(|it| it.rotate_memtable().is_err()) {
            return false;
        }
        let deadline = Instant::now() + WAIT_MAX;
        while keyspaces.into_iter().any(|it| it.sealed_memtable_count() > 0) {
            if self.has_given_up() || Instant::now() > deadline {
                return false;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        !self.has_given_up()
    }

    pub(super) fn write_and_sync(&self, batch: &Batch, group: u64) -> Result<(), Unwritten> {
        self.write(batch, group).map_err(Unwritten::Refused)?;
        match self.keyspaces.database.persist(PersistMode::SyncData) {
            Ok(()) => {}
            // Its threads have given up meanwhile; nothing was synced, and nothing has failed to.
            Err(error @ fjall::Error::Poisoned) => return Err(Unwritten::Refused(error)),
            Err(error) => return Err(Unwritten::Sync(error)),
        }
        self.group.store(group, Relaxed);
        self.let_journals_go();
        self.writes.fetch_add(batch.len() as u64, Relaxed);
        self.settle(SETTLED_MAX);
        Ok(())
    }

    /// Brings what is in memory into tables when that is so many writes, and notes it when it is there: the
    /// next start has to read only what came after. Says whether something is left to be done. Nobody may
    /// write meanwhile; it waits for nothing.
    pub(super) fn settle(&self, writes_min: u64) -> bool {
        let keyspaces = self.keyspaces.all();
        let settling = self.settling.load(Relaxed);
        if settling != 0 {
            if keyspaces.into_iter().all(|it| it.sealed_memtable_count() == 0) {
                settled::note(&self.data, settling);
                self.settling.store(0, Relaxed);
            }
            return true;
        }
        if self.writes.load(Relaxed) < writes_min {
            return false;
        }
        self.writes.store(0, Relaxed);
        // What is wrong shows at the next write.
        if keyspaces.into_iter().all(|it| it.rotate_memtable().is_ok()) {
            self.settling.store(self.group(), Relaxed);
        }
        true
    }

    /// When the engine has begun another journal, what is in memory is written to files, of rarely used
    /// keyspaces too: so the old journal can go, and there is little to read at the next start.
    fn let_journals_go(&self) {
        let journals = self.keyspaces.database.journal_count();
        if journals > self.journals.swap(journals, Relaxed) {
            for keyspace in self.keyspaces.all() {
                // What is wrong shows at the next write.
                let _ = keyspace.rotate_memtable();
            }
        }
    }

    fn write(&self, batch: &Batch, group: u64) -> fjall::Result<()> {
        // Into the system's memory first: what fails there has left nothing that counts.
        let mut writes = self.keyspaces.database.batch().durability(Some(PersistMode::Buffer));
        for write in batch.writes() {
            let (keyspace, key) = self.keyspaces.place(write.area, write.key);
            match write.value {
                Some(value) => writes.insert(keyspace, &key[..], value),
                None => writes.remove(keyspace, &key[..]),
            }
        }
        let (keyspace, key) = self.keyspaces.group();
        writes.insert(keyspace, key, group.to_le_bytes());
        writes.commit()
    }
}

/// Why a group is not on disk.
pub(super) enum Unwritten {
    /// The engine takes no more; what it has can be looked at when it is opened again.
    Refused(fjall::Error),
    /// The sync has failed: nobody knows.
    Sync(fjall::Error),
}
