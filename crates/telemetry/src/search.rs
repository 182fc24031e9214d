//! Looking through a stream: the files of this and earlier runs, the rings of processes, and the
//! newest records in memory. It happens on the thread of whoever asks; the writer goes on meanwhile.

use crate::block::{self, Block, Start};
use crate::frame::{self, Frame};
use crate::query::Query;
use crate::record::Record;
use crate::segment::{Segment, SegmentError};
use crate::shelf::{SegmentFile, Shelf};
use crate::sources::key;
use procession_types::{SmolStr, Timestamp};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::path::PathBuf;

/// Bytes of the messages and fields of a page, roughly.
const PAGE_BYTES_MAX: usize = 8 << 20;
/// What a record counts for beside its message and fields.
const RECORD_COST_BYTES: usize = 100;

/// A file that could not be read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Which.
    pub path: PathBuf,
    /// Bytes that were left out.
    pub bytes: u64,
    /// What is wrong.
    pub what: String,
}

/// What a query has found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    /// In the order of their numbers, with gaps where records are missing.
    pub records: Vec<Record>,
    /// Everything up to this number has been looked at: [`Query::after`] of the next page.
    pub next: u64,
    /// There is nothing more at the moment; otherwise the page was full.
    pub is_complete: bool,
    /// What could not be read.
    pub damage: Vec<Damage>,
}

/// Which of the records that match are kept when there are too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keep {
    First,
    Last,
}

/// What was found so far, in one direction.
struct Found {
    keep: Keep,
    count_max: usize,
    records: VecDeque<Record>,
    bytes: usize,
    /// The number of the last record looked at.
    last: Option<u64>,
    damage: Option<Damage>,
    is_full: bool,
}

impl Found {
    fn new(keep: Keep, count_max: usize) -> Self {
        let records = VecDeque::new();
        Self { keep, count_max, records, bytes: 0, last: None, damage: None, is_full: false }
    }

    fn has_room(&self) -> bool {
        self.records.len() < self.count_max && self.bytes <= PAGE_BYTES_MAX
    }

    fn push(&mut self, record: Record) {
        self.bytes += cost(&record);
        self.records.push_back(record);
        while self.keep == Keep::Last
            && (self.records.len() > self.count_max || self.bytes > PAGE_BYTES_MAX)
            && let Some(oldest) = self.records.pop_front()
        {
            self.bytes -= cost(&oldest);
        }
    }
}

fn cost(record: &Record) -> usize {
    let fields = record.fields.iter().map(|(name, value)| name.len() + value.len() + 16);
    record.message.len() + fields.sum::<usize>() + RECORD_COST_BYTES
}

/// One look through a stream.
struct Search<'a> {
    query: &'a Query,
    node: Option<&'a SmolStr>,
    /// The newest records of the process asked about that may be nowhere else, oldest first.
    of_process: Vec<Record>,
}

/// Answers a query.
pub(crate) fn page(shelf: &Shelf, query: &Query, node: Option<&SmolStr>) -> Page {
    let after = query.after.unwrap_or(0);
    let (mut blocks, frames, last) = {
        let state = shelf.lock();
        let chunks = state.chunks.after(after);
        let memory = (!chunks.is_empty()).then_some(Block::Memory { chunks, run: shelf.run });
        // What is in memory is not looked for in files.
        let memory_first = memory.as_ref().map_or(u64::MAX, Block::first);
        let files = state.files.iter().filter(|file| file.first < memory_first);
        let mut blocks: Vec<Block> = files.cloned().map(Block::File).collect();
        blocks.extend(memory);
        let frames = query.pid.map(|pid| state.processes.frames(key(pid)));
        (blocks, frames.unwrap_or_default(), state.last)
    };
    let of_process = frame::trusted(&frames).filter_map(Frame::read);
    let of_process = of_process
        .filter(|frame| frame.sequence > after && query.matches(frame))
        .map(|frame| frame.record(node));
    let of_process = of_process.collect();
    if let Some(until) = query.until {
        block::until(&mut blocks, until);
    }
    let search = Search { query, node, of_process };
    let mut page = match query.tail {
        Some(count) => search.backward(&blocks, after, count),
        None => search.forward(&blocks, after),
    };
    if page.is_complete {
        page.next = page.next.max(last);
    }
    if blocks.is_empty() && after > 0 && after < last {
        let lost = (after + 1 >= shelf.run).then(|| last - after);
        page.records.push(Record::gap(lost, last, Timestamp(0)));
    }
    page
}

impl Search<'_> {
    fn forward(&self, blocks: &[Block], after: u64) -> Page {
        let Start { at, mut seen, gap } = block::start(blocks, after, self.query.since);
        let mut page = Page { next: after, ..Page::default() };
        let mut found = Found::new(Keep::First, self.query.records_max());
        if let Some(gap) = gap {
            // The next page goes on behind it.
            page.next = gap.sequence;
            seen = blocks.get(at).map(|block| (block.run(), gap.sequence));
            found.records.push_back(gap);
        }
        for (at, block) in blocks.iter().enumerate().skip(at) {
            let before = found.records.len();
            self.look(block, after, end_of(blocks, at), &mut found);
            page.damage.extend(found.damage.take());
            // A file that has vanished is a part of the gap before the next one.
            if let Some(last) = found.last {
                if let Some(gap) = seen.and_then(|seen| block.gap_after(seen)) {
                    found.records.insert(before, gap);
                }
                seen = Some((block.run(), last));
                page.next = last;
            }
            if found.is_full {
                break;
            }
        }
        page.is_complete = !found.is_full;
        page.records = found.records.into();
        self.merge(&mut page.records, if page.is_complete { u64::MAX } else { page.next });
        page
    }

    /// Collects from the newest block to the oldest, until there are enough.
    fn backward(&self, blocks: &[Block], after: u64, count: usize) -> Page {
        let count = count.min(self.query.records_max());
        let Start { at: first, gap, .. } = block::start(blocks, after, self.query.since);
        let mut page = Page { next: after, is_complete: true, ..Page::default() };
        let mut parts: Vec<VecDeque<Record>> = Vec::new();
        let (mut total, mut bytes, mut later) = (0, 0, None::<&Block>);
        for (at, block) in blocks.iter().enumerate().skip(first).rev() {
            if total >= count || bytes > PAGE_BYTES_MAX {
                break;
            }
            let mut found = Found::new(Keep::Last, count - total);
            self.look(block, after, end_of(blocks, at), &mut found);
            page.damage.extend(found.damage.take());
            if let Some(last) = found.last {
                let gap = later.and_then(|later| later.gap_after((block.run(), last)));
                found.records.extend(gap);
                later = Some(block);
            }
            (total, bytes) = (total + found.records.len(), bytes + found.bytes);
            parts.push(found.records);
        }
        page.records.extend(gap.filter(|_| total < count));
        page.records.extend(parts.into_iter().rev().flatten());
        self.merge(&mut page.records, u64::MAX);
        page.records.drain(..page.records.len().saturating_sub(count));
        page
    }

    /// Looks through a block for records above `after` and below `end`.
    fn look(&self, block: &Block, after: u64, end: u64, found: &mut Found) {
        found.last = None;
        match block {
            Block::Memory { chunks, .. } => {
                let contents = chunks.iter().flat_map(|chunk| frame::trusted(&chunk.frames));
                for frame in contents.filter_map(Frame::read) {
                    if frame.sequence > after && !self.take(found, &frame, self.node) {
                        break;
                    }
                }
            }
            Block::File(file) => match self.look_into(file, after, end, found) {
                Ok(()) => {}
                // It was the oldest, and has just been removed.
                Err(SegmentError::Read(error)) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => found.damage = Some(damage(file, 0, error.to_string())),
            },
        }
    }

    fn look_into(
        &self,
        file: &SegmentFile,
        after: u64,
        end: u64,
        found: &mut Found,
    ) -> Result<(), SegmentError> {
        let input = File::open(&file.path)?.take(file.bytes);
        let mut segment = Segment::open(BufReader::with_capacity(64 << 10, input))?;
        let node = segment.header().node.clone();
        while let Some(frame) = segment.next_frame()? {
            if frame.sequence >= end {
                return Ok(());
            }
            if frame.sequence > after && !self.take(found, &frame, node.as_ref()) {
                return Ok(());
            }
        }
        if segment.is_damaged() {
            let what = "what follows is no whole record".to_owned();
            found.damage = Some(damage(file, segment.good_bytes(), what));
        }
        Ok(())
    }

    /// Takes a record if it is wanted; false when the page is full.
    fn take(&self, found: &mut Found, frame: &Frame<'_>, node: Option<&SmolStr>) -> bool {
        if self.query.matches(frame) {
            if found.keep == Keep::First && !found.has_room() {
                found.is_full = true;
                return false;
            }
            found.push(frame.record(node));
        }
        found.last = Some(frame.sequence);
        true
    }

    /// Adds the records of the process's ring, up to this number, that were found nowhere else.
    fn merge(&self, records: &mut Vec<Record>, up_to: u64) {
        let known = |record: &Record| {
            records.binary_search_by_key(&record.sequence, |known| known.sequence).is_ok()
        };
        let of_process = self.of_process.iter().filter(|record| record.sequence <= up_to);
        let missing: Vec<Record> = of_process.filter(|record| !known(record)).cloned().collect();
        if !missing.is_empty() {
            records.extend(missing);
            records.sort_by_key(|record| record.sequence);
        }
    }
}

/// The number before which a block's records end.
fn end_of(blocks: &[Block], at: usize) -> u64 {
    blocks.get(at + 1).map_or(u64::MAX, Block::first)
}

fn damage(file: &SegmentFile, good: u64, what: String) -> Damage {
    Damage { path: file.path.clone(), bytes: file.bytes.saturating_sub(good), what }
}
