//! The sink that appends to segment files in a directory, begins a new file when one is full, and
//! removes the oldest when all of them together are too large.

use crate::chain::Sink;
use crate::chunk::Chunk;
use crate::config::Budget;
use crate::segment::{Header, Segment, SegmentError};
use crate::shelf::{SegmentFile, Shelf};
use procession_types::{SmolStr, Timestamp};
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// End of the name of a segment; before it stand 20 digits, the number of its first record.
const EXTENSION: &str = "seg";
/// Segments of a stream, however small they are.
const FILES_MAX: usize = 10_000;

/// What a directory holds from earlier runs.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) files: VecDeque<SegmentFile>,
    /// The number of the last whole record.
    pub(crate) last: u64,
    /// The newest file that has a torn or damaged end, and how many bytes that has.
    pub(crate) torn: Option<(PathBuf, u64)>,
}

/// Looks at a directory, and creates it when it is missing. Files that are no segments are left
/// alone.
pub(crate) fn find(directory: &Path) -> io::Result<Found> {
    fs::create_dir_all(directory)?;
    let mut found = Found::default();
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == EXTENSION) {
            files.extend(look(&path)?);
        }
    }
    files.sort_by_key(|file| file.first);
    if let Some(newest) = files.last() {
        let mut segment = match Segment::open(BufReader::new(File::open(&newest.path)?)) {
            Ok(segment) => segment,
            Err(error) => return Err(io::Error::other(error)),
        };
        found.last = segment.header().first;
        while let Some(frame) = segment.next_frame()? {
            found.last = frame.sequence;
        }
        if segment.is_damaged() {
            let rest = newest.bytes.saturating_sub(segment.good_bytes());
            found.torn = Some((newest.path.clone(), rest));
        }
    }
    found.files = files.into();
    Ok(found)
}

/// The entry of a file; `None` when it is no segment that can be read. One that a crash has left
/// without a whole header holds nothing, and is removed.
fn look(path: &Path) -> io::Result<Option<SegmentFile>> {
    let file = File::open(path)?;
    let bytes = file.metadata()?.len();
    match Segment::open(BufReader::new(file)) {
        Ok(segment) => {
            let &Header { run, first, time, .. } = segment.header();
            Ok(Some(SegmentFile { path: path.to_owned(), run, first, time, bytes }))
        }
        Err(SegmentError::Header) => fs::remove_file(path).map(|()| None),
        Err(SegmentError::Read(error)) => Err(error),
        Err(SegmentError::Foreign | SegmentError::Version(_)) => Ok(None),
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Files {
    directory: PathBuf,
    budget: Budget,
    node: Option<SmolStr>,
    shelf: Arc<Shelf>,
    /// The file that is appended to, and its bytes.
    current: Option<(File, u64)>,
    /// The number of the last record that is in a file.
    written: u64,
}

impl Files {
    pub(crate) fn new(
        directory: PathBuf,
        budget: Budget,
        node: Option<SmolStr>,
        shelf: Arc<Shelf>,
    ) -> Self {
        let written = shelf.run.saturating_sub(1);
        Self { directory, budget, node, shelf, current: None, written }
    }

    /// Begins a new file whose first record has this number.
    fn begin(&mut self, first: u64, now: Timestamp) -> io::Result<(File, u64)> {
        self.make_room();
        let run = self.shelf.run;
        let header = Header { run, first, time: now, node: self.node.clone() }.bytes();
        let path = self.directory.join(format!("{first:020}.{EXTENSION}"));
        let made = File::create(&path).and_then(|mut file| {
            file.write_all(&header)?;
            Ok(file)
        });
        let file = made.inspect_err(|_| {
            // Half a header is of no use to anybody; that it can't be removed changes nothing.
            let _ = fs::remove_file(&path);
        })?;
        let bytes = header.len() as u64;
        self.shelf.lock().files.push_back(SegmentFile { path, run, first, time: now, bytes });
        Ok((file, bytes))
    }

    /// Removes the oldest files until a full one fits into the budget.
    fn make_room(&self) {
        let mut state = self.shelf.lock();
        let mut total: u64 = state.files.iter().map(|file| file.bytes).sum();
        while (total + self.budget.segment_bytes > self.budget.total_bytes
            || state.files.len() >= FILES_MAX)
            && let Some(oldest) = state.files.pop_front()
        {
            total -= oldest.bytes;
            // Somebody else may have removed it.
            let _ = fs::remove_file(&oldest.path);
        }
    }

    fn append(&mut self, chunk: &Chunk, now: Timestamp) -> io::Result<()> {
        let (mut file, bytes) = match self.current.take() {
            Some((file, bytes))
                if bytes + chunk.frames.len() as u64 <= self.budget.segment_bytes =>
            {
                (file, bytes)
            }
            _ => self.begin(chunk.first, now)?,
        };
        if let Err(error) = file.write_all(&chunk.frames) {
            // The next attempt begins a new file; readers cut off what this one has too much.
            let _ = file.set_len(bytes);
            return Err(error);
        }
        let bytes = bytes + chunk.frames.len() as u64;
        if let Some(newest) = self.shelf.lock().files.back_mut() {
            newest.bytes = bytes;
        }
        self.current = Some((file, bytes));
        self.written = chunk.last;
        Ok(())
    }
}

impl Sink for Files {
    fn name(&self) -> &'static str {
        "file"
    }

    fn written(&self) -> Option<u64> {
        Some(self.written)
    }

    fn put(&mut self, chunks: &[Arc<Chunk>], now: Timestamp) -> io::Result<()> {
        chunks.iter().try_for_each(|chunk| self.append(chunk, now))
    }
}
