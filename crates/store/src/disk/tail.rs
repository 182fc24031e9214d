//! Torn tails: what was being written when everything stopped is cut off, kept beside, and told of.

use super::journal::{Sequence, Tail, end_of, look};
use super::settled::cut_front;
use crate::error::{StoreError, is_full};
use rustix::fs::SeekFrom;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

/// The most tails that are kept.
const KEPT_MAX: usize = 8;

/// The unfinished end of a journal that was cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TornTail {
    /// The journal.
    pub journal: PathBuf,
    /// Where it was cut, in bytes from its beginning.
    pub at: u64,
    /// How much was cut.
    pub bytes: u64,
    /// Where the bytes are now; nowhere when there was no room for them.
    pub kept: Option<PathBuf>,
    /// What they were about, as far as it can be read.
    pub named: Vec<String>,
}

/// Looks all journals through, in order; cuts and keeps torn tails. The groups up to `settled` lie in tables:
/// they are cut off, too.
pub(super) fn cut(
    data: &Path,
    kept_in: &Path,
    settled: Option<u64>,
) -> Result<Vec<TornTail>, StoreError> {
    let mut torn = Vec::new();
    let journals = journals(data).map_err(|error| StoreError::io("list the journals", error))?;
    let mut sequence = Sequence::default();
    let newest = journals.len().saturating_sub(1);
    for (index, journal) in journals.iter().enumerate() {
        let shown = journal.display();
        let bytes = read(journal)
            .map_err(|error| StoreError::io(format!("read the journal {shown}"), error))?;
        let tail = match look(&bytes, &mut sequence) {
            // An older journal was synced as a whole before the next one was begun.
            Tail::Torn { at, named, .. } if index != newest => Tail::Damaged { at, named },
            tail => tail,
        };
        let whole = match tail {
            Tail::Clean => &*bytes,
            Tail::Torn { at, bytes: length, named } => {
                let tail = &bytes[at..at + length];
                let kept = cut_one(journal, at, tail, kept_in)
                    .map_err(|error| StoreError::io(format!("cut the tail of {shown}"), error))?;
                let whole = &bytes[..at];
                let (at, bytes) = (at as u64, length as u64);
                torn.push(TornTail { journal: journal.clone(), at, bytes, kept, named });
                whole
            }
            Tail::Damaged { at, named } => {
                let about = match &*named {
                    [] => "what it was about can't be read".to_owned(),
                    named => format!("it was about: {}", named.join("; ")),
                };
                let what = format!(
                    "the group of commits at byte {at} is not as it was written, or one is missing \
                     before it, {about}; what was acknowledged would be lost, so the store is not \
                     opened: bring the file back, or import the last export"
                );
                return Err(StoreError::Broken { path: journal.clone(), what });
            }
        };
        if let Some(group) = settled {
            let front = end_of(whole, group);
            cut_front(journal, front, &whole[front..])
                .map_err(|error| StoreError::io(format!("cut the front of {shown}"), error))?;
        }
    }
    Ok(torn)
}

/// Writes all journals again, each byte over itself, which needs no room, and syncs them. After a failed
/// sync the system may believe that it has written what it has not, and would never write it again;
/// and nobody is told of the failure twice.
pub(super) fn rewrite(data: &Path) -> io::Result<()> {
    for journal in journals(data)? {
        let bytes = read(&journal)?;
        let file = OpenOptions::new().write(true).open(&journal)?;
        file.write_all_at(&bytes, 0)?;
        file.sync_all()?;
    }
    File::open(data)?.sync_all()
}

/// Bytes of all journals without the holes at their ends.
pub(super) fn bytes(data: &Path) -> io::Result<u64> {
    let lengths = journals(data)?.into_iter().map(|it| Ok(fs::metadata(it)?.blocks() * 512));
    lengths.sum()
}

/// Empties the journals, all of which lies in tables. One stays: where none is, the engine counts its
/// writes from the beginning again.
pub(super) fn empty(data: &Path) -> io::Result<()> {
    let mut journals = journals(data)?;
    let Some(newest) = journals.pop() else { return Ok(()) };
    for journal in journals {
        fs::remove_file(journal)?;
    }
    let newest = OpenOptions::new().write(true).open(newest)?;
    newest.set_len(0)?;
    newest.sync_all()?;
    File::open(data)?.sync_all()
}

/// What is in a journal up to the hole at its end: the engine makes it 64 MiB long at once.
fn read(journal: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(journal)?;
    let mut bytes = Vec::new();
    loop {
        let length = bytes.len() as u64;
        let from = match rustix::fs::seek(&file, SeekFrom::Data(length)) {
            Ok(from) => from,
            Err(rustix::io::Errno::NXIO) => return Ok(bytes),
            // A file system that knows no holes.
            Err(rustix::io::Errno::INVAL) => return fs::read(journal),
            Err(error) => return Err(error.into()),
        };
        let to = rustix::fs::seek(&file, SeekFrom::Hole(from))?;
        let end = usize::try_from(to).map_err(io::Error::other)?;
        let begin = usize::try_from(from).map_err(io::Error::other)?;
        bytes.resize(end, 0);
        file.read_exact_at(&mut bytes[begin..], from)?;
    }
}

/// The journals in the order in which they were begun.
fn journals(data: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(data)? {
        let path = entry?.path();
        if path.extension().is_none_or(|it| it != "jnl") {
            continue;
        }
        let number = path.file_stem().and_then(|it| it.to_str()).and_then(|it| it.parse().ok());
        if let Some(number) = number {
            found.push((number, path));
        }
    }
    found.sort_unstable_by_key(|(number, _): &(u64, _)| *number);
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

fn cut_one(journal: &Path, at: usize, tail: &[u8], kept_in: &Path) -> io::Result<Option<PathBuf>> {
    let name = journal.file_stem().unwrap_or_default().to_string_lossy();
    let kept = kept_in.join(format!("{name}-{at}"));
    let kept = match keep(&kept, tail, kept_in) {
        Ok(()) => Some(kept),
        // Nobody was ever told that it is there: a full disk must not keep the store from being opened.
        Err(error) if is_full(&error) => {
            let _ = fs::remove_file(&kept);
            None
        }
        Err(error) => return Err(error),
    };
    let journal = OpenOptions::new().write(true).open(journal)?;
    journal.set_len(at as u64)?;
    journal.sync_all()?;
    Ok(kept)
}

fn keep(kept: &Path, tail: &[u8], kept_in: &Path) -> io::Result<()> {
    fs::create_dir_all(kept_in)?;
    make_place(kept_in)?;
    let mut file = File::create(kept)?;
    file.write_all(tail)?;
    file.sync_all()?;
    File::open(kept_in)?.sync_all()
}

/// Removes the oldest tails that are kept.
fn make_place(kept_in: &Path) -> io::Result<()> {
    let mut kept = Vec::new();
    for entry in fs::read_dir(kept_in)? {
        let entry = entry?;
        kept.push((entry.metadata()?.modified()?, entry.path()));
    }
    kept.sort_unstable();
    let surplus = (kept.len() + 1).saturating_sub(KEPT_MAX);
    kept.iter().take(surplus).try_for_each(|(_, path)| fs::remove_file(path))
}
