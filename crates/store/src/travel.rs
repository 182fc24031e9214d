//! A whole store into a file, and back.

use crate::batch::Batch;
use crate::chain::{Hash, ROOT, Record, link};
use crate::disk::{DiskConfig, DiskStore, Missing};
use crate::engine::{Area, Engine as _};
use crate::error::StoreError;
use crate::portable::{Frame, PortableError, Reader, Writer};
use crate::space::{Space, log_key, read_log_key};
use crate::store::Store;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Bytes that an import writes at once.
const BATCH_BYTES: usize = 4 << 20;

/// What has travelled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Travelled {
    /// Logs with records.
    pub logs: u64,
    /// Records of all logs.
    pub records: u64,
    /// Values of all other spaces.
    pub values: u64,
}

/// Why a store has not travelled.
#[derive(Debug, thiserror::Error)]
pub enum TravelError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file.
    #[error(transparent)]
    Portable(#[from] PortableError),
    /// Writing the file.
    #[error("write the export: {0}")]
    Write(io::Error),
    /// There is something where the store would come to be.
    #[error("{} is not empty; import into a directory that is not there yet", .0.display())]
    Occupied(PathBuf),
}

/// Writes everything in a store. Nothing may write to the store meanwhile.
///
/// # Errors
/// [`StoreError::Damaged`] at the first damage; and when it can't be read or written.
pub fn export(store: &dyn Store, into: impl Write) -> Result<Travelled, TravelError> {
    let mut writer = Writer::new(into).map_err(TravelError::Write)?;
    let mut done = Travelled::default();
    let mut failed = None;
    // What goes wrong inside a scan waits until its end.
    let mut keep = |result: Result<(), TravelError>| match result {
        Ok(()) => true,
        Err(error) => {
            failed = Some(error);
            false
        }
    };
    store.trimmed_logs(&mut |id| {
        let ends = store.log_ends(id)?;
        if ends.first < ends.next {
            return Ok(true);
        }
        let frame = Frame::Base { id, first: ends.first, previous: ends.previous };
        Ok(keep(writer.frame(&frame).map_err(TravelError::Write)))
    })?;
    let mut last = None;
    store.scan(Space::Log, b"", b"", false, &mut |key, value| {
        let mut one = || {
            let (Some((id, n)), Some(record)) = (read_log_key(key), Record::of_value(value)) else {
                return Err(StoreError::damaged(Space::Log, key, "it is no record").into());
            };
            if last != Some(id) {
                last = Some(id);
                done.logs += 1;
                let ends = store.log_ends(id)?;
                if ends.first > 0 {
                    let frame = Frame::Base { id, first: ends.first, previous: ends.previous };
                    writer.frame(&frame).map_err(TravelError::Write)?;
                }
            }
            done.records += 1;
            let frame = Frame::Record { id, n, hash: record.hash, body: record.body.to_vec() };
            writer.frame(&frame).map_err(TravelError::Write)
        };
        keep(one())
    })?;
    for space in Space::ALL.into_iter().filter(|space| *space != Space::Log) {
        store.scan(space, b"", b"", false, &mut |key, value| {
            done.values += 1;
            let frame = Frame::Value { space, key: key.to_vec(), value: value.to_vec() };
            keep(writer.frame(&frame).map_err(TravelError::Write))
        })?;
    }
    if let Some(error) = failed {
        return Err(error);
    }
    writer.finish().map_err(TravelError::Write)?;
    Ok(done)
}

/// Makes a store of an export, in a directory that is empty or not there. Everything is verified, every
/// checksum and every chain, before anything is to be seen there.
///
/// # Errors
/// When the export is damaged, the directory is occupied, or the disk says no; then nothing is there.
pub fn import(directory: &Path, from: impl Read) -> Result<Travelled, TravelError> {
    let io = |error| StoreError::io(format!("make {}", directory.display()), error);
    match fs::read_dir(directory) {
        Ok(mut entries) => {
            if entries.next().is_some() {
                return Err(TravelError::Occupied(directory.to_owned()));
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(io(error).into()),
    }
    let mut name = directory.file_name().unwrap_or_default().to_owned();
    name.push(".importing");
    let beside = directory.with_file_name(name);
    if beside.exists() {
        // An import that was stopped.
        fs::remove_dir_all(&beside).map_err(io)?;
    }
    let done = match fill(&beside, from) {
        Ok(done) => done,
        Err(error) => {
            let _ = fs::remove_dir_all(&beside);
            return Err(error);
        }
    };
    let parent = beside.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if directory.exists() {
        fs::remove_dir(directory).map_err(io)?;
    }
    fs::rename(&beside, directory).and_then(|()| File::open(parent)?.sync_all()).map_err(io)?;
    Ok(done)
}

/// Reads an export into a new store.
fn fill(directory: &Path, from: impl Read) -> Result<Travelled, TravelError> {
    let mut reader = Reader::new(from)?;
    let config = DiskConfig { missing: Missing::Create, ..DiskConfig::default() };
    let (store, _) = DiskStore::open(directory, config)?;
    let mut loading = Loading::default();
    while let Some(frame) = reader.frame()? {
        loading.take(frame).map_err(|what| reader.damaged(what))?;
        if loading.batch.bytes() >= BATCH_BYTES {
            loading.write(&store)?;
        }
    }
    loading.write(&store)?;
    Ok(loading.done)
}

/// An import under way.
#[derive(Default)]
struct Loading {
    batch: Batch,
    done: Travelled,
    /// The last beginning of a log that came: its id, the number of the first record, the hash before it.
    base: Option<(u64, u64, Hash)>,
    /// The log whose records come: its id, the number of the next one, the hash before it.
    at: Option<(u64, u64, Hash)>,
}

impl Loading {
    /// Takes what a frame says, or says what does not fit.
    fn take(&mut self, frame: Frame) -> Result<(), String> {
        match frame {
            Frame::Base { id, first, previous } => {
                let key = id.to_be_bytes();
                self.batch.put(Area::Base, &key, &[&first.to_le_bytes(), &previous]);
                self.base = Some((id, first, previous));
            }
            Frame::Record { id, n, hash, body } => {
                let (next, previous) = match self.at {
                    Some((last, next, previous)) if last == id => (next, previous),
                    Some((last, ..)) if last > id => {
                        return Err(format!("record {n} of process {id} comes too late"));
                    }
                    Some(_) | None => {
                        self.done.logs += 1;
                        match self.base {
                            Some((its, first, previous)) if its == id => (first, previous),
                            Some(_) | None => (0, ROOT),
                        }
                    }
                };
                if n != next || link(id, n, &previous, &body) != hash {
                    return Err(format!(
                        "record {n} of process {id} does not follow the one before it"
                    ));
                }
                self.at = Some((id, n + 1, hash));
                self.done.records += 1;
                self.batch.put(Area::Space(Space::Log), &log_key(id, n), &[&body, &hash]);
            }
            Frame::Value { space, key, value } => {
                self.done.values += 1;
                self.batch.put(Area::Space(space), &key, &[&value]);
            }
        }
        Ok(())
    }

    fn write(&mut self, store: &DiskStore) -> Result<(), StoreError> {
        let mut batch = std::mem::take(&mut self.batch);
        batch.finish();
        let engine = store.engine();
        engine.room()?.allows(batch.bytes() as u64 * 2, false)?;
        if batch.is_empty() { Ok(()) } else { engine.write(&batch) }
    }
}
