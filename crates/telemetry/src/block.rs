//! The blocks of a stream: its files, oldest first, and the chunks in memory.
//!
//! Numbers follow each other within one run of the node. So what is missing between two blocks of
//! the same run was lost, and is told as a gap in its place.

use crate::chunk::Chunk;
use crate::frame::{self, Frame};
use crate::record::Record;
use crate::shelf::SegmentFile;
use procession_types::Timestamp;
use std::sync::Arc;

/// By how much the times of a stream may be out of order.
const DISORDER_NS: i64 = 60_000_000_000;

pub(crate) enum Block {
    File(SegmentFile),
    /// At least one chunk.
    Memory {
        chunks: Vec<Arc<Chunk>>,
        run: u64,
    },
}

/// The run and the number of what was seen last.
pub(crate) type Seen = (u64, u64);

impl Block {
    pub(crate) fn run(&self) -> u64 {
        match self {
            Self::File(file) => file.run,
            Self::Memory { run, .. } => *run,
        }
    }

    /// The number of its first record.
    pub(crate) fn first(&self) -> u64 {
        match self {
            Self::File(file) => file.first,
            Self::Memory { chunks, .. } => chunks.first().map_or(u64::MAX, |chunk| chunk.first),
        }
    }

    /// About when that was made.
    pub(crate) fn time(&self) -> Timestamp {
        match self {
            Self::File(file) => file.time,
            Self::Memory { chunks, .. } => {
                let first = chunks.first().and_then(|chunk| frame::trusted(&chunk.frames).next());
                first.and_then(Frame::read).map_or(Timestamp(0), |frame| frame.entry.time)
            }
        }
    }

    /// Whether all of it was made before this time, for certain, given the block after it.
    fn is_before(&self, time: Timestamp, next: &Self) -> bool {
        next.time().0.saturating_add(DISORDER_NS) < time.0
    }

    /// The gap between what was seen last and the start of this block.
    pub(crate) fn gap_after(&self, seen: Seen) -> Option<Record> {
        let (run, last) = seen;
        let is_hole = run == self.run() && last + 1 < self.first();
        is_hole.then(|| self.gap(Some(self.first() - last - 1)))
    }

    /// A gap just before this block.
    fn gap(&self, lost: Option<u64>) -> Record {
        Record::gap(lost, self.first() - 1, self.time())
    }
}

/// Where a look through the blocks begins.
pub(crate) struct Start {
    /// The first block that may hold something.
    pub(crate) at: usize,
    /// What counts as seen.
    pub(crate) seen: Option<Seen>,
    /// What is missing between the number asked for and that block.
    pub(crate) gap: Option<Record>,
}

/// The start of a look for records with numbers above `after`, not older than `since`.
pub(crate) fn start(blocks: &[Block], after: u64, since: Option<Timestamp>) -> Start {
    let at = blocks.partition_point(|block| block.first() <= after.saturating_add(1));
    let at = at.saturating_sub(1);
    if let Some(since) = since {
        let too_old = blocks.windows(2).take_while(|pair| pair[0].is_before(since, &pair[1]));
        let by_time = too_old.count();
        if by_time > at {
            return Start { at: by_time, seen: None, gap: None };
        }
    }
    let Some(block) = blocks.get(at).filter(|_| after > 0) else {
        return Start { at, seen: None, gap: None };
    };
    let (first, run) = (block.first(), block.run());
    let gap = if first <= after.saturating_add(1) {
        None
    } else if after + 1 >= run {
        block.gap_after((run, after))
    } else {
        // Of a run whose records are gone; nobody knows how many came after.
        Some(block.gap(None))
    };
    Start { at, seen: gap.is_none().then_some((run, after)), gap }
}

/// Leaves out the blocks at the end that were made after this time, for certain.
pub(crate) fn until(blocks: &mut Vec<Block>, until: Timestamp) {
    let is_after = |block: &Block| block.time().0.saturating_sub(DISORDER_NS) > until.0;
    while blocks.len() > 1 && blocks.last().is_some_and(is_after) {
        blocks.pop();
    }
}
