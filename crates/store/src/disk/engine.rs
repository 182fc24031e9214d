//! The engine on disk, and what is done when it gives up.
//!
//! fjall refuses every write after one that failed, and after a failure of its own threads. When that
//! was for want of room, the database is opened again, which cuts off what was half written; a note of
//! the last group's number tells for certain whether the group is there. When a sync has failed, nobody
//! knows what the disk has: the store has failed.

use super::DiskConfig;
use super::areas::Keyspaces;
use super::files::Directory;
use super::gap;
use super::tail::{TornTail, cut, rewrite};
use crate::batch::Batch;
use crate::engine::{Area, Engine, Entry, Range, Room};
use crate::error::{Place, StoreError};
use crate::space::{Space, log_key, read_log_key};
use fjall::{PersistMode, Readable as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Files of the youngest level, or memtables that wait to be written, from which on the committer waits
/// for the engine's threads. The engine would wait itself somewhat later, but for ever when they have
/// given up.
const YOUNG_FILES_MAX: usize = 24;
const MEMTABLES_MAX: usize = 2;

/// The longest wait for the engine's threads, and for readers before the engine is opened again.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// The engine behind [`DiskStore`](super::DiskStore).
pub(crate) struct DiskEngine {
    directory: Directory,
    config: DiskConfig,
    /// `None` while it is opened again, and when that failed.
    open: Mutex<Option<Arc<Open>>>,
}

struct Open {
    keyspaces: Keyspaces,
    /// The number of the last group.
    group: AtomicU64,
    /// Journals after the last group.
    journals: AtomicUsize,
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
        let torn = cut(&directory.data(), &directory.torn())?;
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
        cut(&self.directory.data(), &self.directory.torn())?;
        let anew = Open::new(&self.directory.data(), &self.config)?;
        let group = anew.group.load(Relaxed);
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

impl Open {
    fn new(data: &Path, config: &DiskConfig) -> Result<Self, StoreError> {
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
        // So the first group lets old ones go, if there are any.
        let journals = AtomicUsize::new(1);
        Ok(Self { keyspaces, group: AtomicU64::new(group), journals })
    }

    /// Whether the engine takes no more writes.
    fn has_given_up(&self) -> bool {
        self.keyspaces.database.persist(PersistMode::Buffer).is_err()
    }

    /// Waits until the engine's threads have come along, or have given up.
    fn wait(&self) {
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

    fn write_and_sync(&self, batch: &Batch, group: u64) -> Result<(), Unwritten> {
        self.write(batch, group).map_err(Unwritten::Refused)?;
        match self.keyspaces.database.persist(PersistMode::SyncData) {
            Ok(()) => {}
            // Its threads have given up meanwhile; nothing was synced, and nothing has failed to.
            Err(error @ fjall::Error::Poisoned) => return Err(Unwritten::Refused(error)),
            Err(error) => return Err(Unwritten::Sync(error)),
        }
        self.group.store(group, Relaxed);
        self.let_journals_go();
        Ok(())
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
enum Unwritten {
    /// The engine takes no more; what it has can be looked at when it is opened again.
    Refused(fjall::Error),
    /// The sync has failed: nobody knows.
    Sync(fjall::Error),
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
        self.with(|open| {
            let snapshot = open.keyspaces.database.snapshot();
            let entries = |range: Range<'_>| {
                let (keyspace, bounds, skip) = open.keyspaces.range(area, range);
                (snapshot.range(keyspace, bounds), skip)
            };
            let mut from = range.from.to_vec();
            loop {
                let mut last = Vec::new();
                let from_here = Range { from: &from, ..range };
                let (here, skip) = entries(from_here);
                let Some(error) = visit_all(here, skip, range.reverse, &mut last, visit) else {
                    return Ok(());
                };
                if range.reverse {
                    return Err(read_error(area, &last, error));
                }
                let begin = if last.is_empty() { from } else { successor(area, last) };
                let reads = |from: &[u8]| {
                    let (mut there, _) = entries(Range { from, to: range.to, reverse: false });
                    there.next().is_none_or(|it| it.into_inner().is_ok())
                };
                let end = gap::end(&begin, range.to, reads);
                let (mut there, skip) = entries(Range { from: &end, to: range.to, reverse: false });
                let next = there.next().and_then(|it| it.into_inner().ok());
                let until = match next.as_ref().and_then(|(key, _)| key.get(skip..)) {
                    Some(next) => format!("before {}", Place(area.space(), next)),
                    None => "from here on".to_owned(),
                };
                let what = format!("nothing {until} can be read: {error:?}");
                if !visit(Entry::Unreadable(&begin, &what)) {
                    return Ok(());
                }
                if end <= begin || range.to.is_some_and(|to| *end >= *to) {
                    return Ok(());
                }
                from = end;
            }
        })
    }

    fn write(&self, batch: &Batch) -> Result<(), StoreError> {
        let mut is_retry = false;
        loop {
            let open = self.current()?;
            open.wait();
            let group = open.group.load(Relaxed) + 1;
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

    fn bytes(&self) -> Result<u64, StoreError> {
        self.directory
            .bytes()
            .map_err(|error| StoreError::io("ask for the size of the store", error))
    }
}

/// Visits entries until there are no more or `visit` has seen enough, or gives the engine's error. After
/// one its iterator leaves out entries, and shows old ones: it can't be used any more.
fn visit_all(
    mut entries: fjall::Iter,
    skip: usize,
    reverse: bool,
    last: &mut Vec<u8>,
    visit: &mut dyn FnMut(Entry<'_>) -> bool,
) -> Option<fjall::Error> {
    loop {
        let next = if reverse { entries.next_back() } else { entries.next() };
        let (key, value) = match next?.into_inner() {
            Ok(pair) => pair,
            Err(error) => return Some(error),
        };
        let key = key.get(skip..).unwrap_or_default();
        if !visit(Entry::Pair(key, &value)) {
            return None;
        }
        last.clear();
        last.extend_from_slice(key);
    }
}

/// The first key that there may be behind a key.
fn successor(area: Area, mut key: Vec<u8>) -> Vec<u8> {
    match read_log_key(&key) {
        Some((id, n)) if area == Area::Space(Space::Log) && n < u64::MAX => {
            log_key(id, n + 1).to_vec()
        }
        Some(_) | None => {
            key.push(0);
            key
        }
    }
}

fn read_error(area: Area, key: &[u8], error: fjall::Error) -> StoreError {
    match error {
        fjall::Error::Io(error) => StoreError::io(format!("read from {}", area.name()), error),
        fjall::Error::Storage(error) => {
            StoreError::damaged(area.space(), key, format!("the engine can't read it: {error:?}"))
        }
        error => StoreError::damaged(area.space(), key, format!("{error:?}")),
    }
}
