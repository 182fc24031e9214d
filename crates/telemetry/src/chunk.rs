//! The newest records of a stream in memory: chunks of frames, shared with whoever reads them.

use std::collections::VecDeque;
use std::sync::Arc;

/// Bytes of frames after which a chunk is closed.
pub(crate) const CHUNK_BYTES: usize = 256 << 10;
/// What a chunk costs beside its frames.
const CHUNK_COST_BYTES: usize = 128;

/// Frames whose sequence numbers follow each other.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) frames: Vec<u8>,
}

/// Chunks that follow each other without a hole, oldest first, of a bounded size.
#[derive(Debug)]
pub(crate) struct Chunks {
    list: VecDeque<Arc<Chunk>>,
    bytes: usize,
    bytes_max: usize,
}

impl Chunks {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { list: VecDeque::new(), bytes: 0, bytes_max }
    }

    /// Adds one, and drops the oldest that no longer fit. The newest always stays.
    pub(crate) fn push(&mut self, chunk: Arc<Chunk>) {
        self.bytes += cost(&chunk);
        self.list.push_back(chunk);
        while self.bytes > self.bytes_max
            && self.list.len() > 1
            && let Some(oldest) = self.list.pop_front()
        {
            self.bytes -= cost(&oldest);
        }
    }

    /// Those with records after this number, oldest first.
    pub(crate) fn after(&self, sequence: u64) -> Vec<Arc<Chunk>> {
        let start = self.list.partition_point(|chunk| chunk.last <= sequence);
        self.list.range(start..).map(Arc::clone).collect()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

fn cost(chunk: &Chunk) -> usize {
    chunk.frames.capacity() + CHUNK_COST_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(first: u64, last: u64, bytes: usize) -> Arc<Chunk> {
        Arc::new(Chunk { first, last, frames: vec![0; bytes] })
    }

    #[test]
    fn the_oldest_go_first_and_the_newest_stays() {
        let mut chunks = Chunks::new(1000);
        for first in 0..10 {
            chunks.push(chunk(first * 10 + 1, first * 10 + 10, 200));
        }
        let firsts: Vec<u64> = chunks.after(0).iter().map(|chunk| chunk.first).collect();
        assert_eq!(firsts, [71, 81, 91]);
        assert_eq!(chunks.after(80).len(), 2);
        assert_eq!(chunks.after(81).len(), 2);
        assert!(chunks.after(100).is_empty());
        chunks.push(chunk(101, 200, 5000));
        assert_eq!((chunks.after(0).len(), chunks.bytes()), (1, 5128));
    }
}
