//! The newest records of each process, so that one that prints a lot does not push out what others
//! have to say. Bounded for each process and for all of them together: who has said nothing for the
//! longest time is forgotten first.

use crate::frame;
use crate::sources::Key;
use std::collections::{HashMap, VecDeque};

/// What a ring costs beside its frames.
const RING_COST_BYTES: usize = 128;

#[derive(Debug, Default)]
struct Ring {
    frames: Vec<u8>,
    /// It has got something since it was last looked at as the one to forget.
    is_fresh: bool,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct ProcessRings {
    rings: HashMap<Key, Ring>,
    /// In the order in which they come up to be forgotten.
    order: VecDeque<Key>,
    bytes: usize,
    process_bytes_max: usize,
    bytes_max: usize,
}

impl ProcessRings {
    pub(crate) fn new(process_bytes_max: usize, bytes_max: usize) -> Self {
        let (rings, order) = (HashMap::new(), VecDeque::new());
        Self { rings, order, bytes: 0, process_bytes_max, bytes_max }
    }

    /// Whether anything is kept at all.
    pub(crate) fn is_wanted(&self) -> bool {
        self.process_bytes_max > 0
    }

    /// Adds a frame of a process.
    pub(crate) fn push(&mut self, key: Key, frame: &[u8]) {
        if self.process_bytes_max == 0 || frame.len() > self.process_bytes_max {
            return;
        }
        let (order, bytes) = (&mut self.order, &mut self.bytes);
        let ring = self.rings.entry(key).or_insert_with(|| {
            order.push_back(key);
            *bytes += RING_COST_BYTES;
            Ring::default()
        });
        let before = ring.frames.capacity();
        // Cut down to one half, so that each byte is moved once on the average.
        if ring.frames.len() + frame.len() > self.process_bytes_max {
            let keep = (self.process_bytes_max / 2).min(self.process_bytes_max - frame.len());
            drop_oldest(&mut ring.frames, keep);
        }
        ring.frames.extend_from_slice(frame);
        ring.is_fresh = true;
        self.bytes = self.bytes + ring.frames.capacity() - before;
        while self.bytes > self.bytes_max && self.forget_one() {}
    }

    /// The frames of a process that are left, oldest first.
    pub(crate) fn frames(&self, key: Key) -> Vec<u8> {
        self.rings.get(&key).map(|ring| ring.frames.clone()).unwrap_or_default()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Forgets the ring that nothing was added to for the longest time; false when there is only
    /// one.
    fn forget_one(&mut self) -> bool {
        while self.order.len() > 1
            && let Some(key) = self.order.pop_front()
        {
            match self.rings.get_mut(&key) {
                Some(ring) if ring.is_fresh => {
                    ring.is_fresh = false;
                    self.order.push_back(key);
                }
                Some(ring) => {
                    self.bytes -= ring.frames.capacity() + RING_COST_BYTES;
                    self.rings.remove(&key);
                    return true;
                }
                None => {}
            }
        }
        false
    }
}

/// Drops whole frames off the front until at most so many bytes are left.
fn drop_oldest(frames: &mut Vec<u8>, keep: usize) {
    let mut end = 0;
    for content in frame::trusted(frames) {
        if frames.len() - end <= keep {
            break;
        }
        end += frame::PREFIX_BYTES + content.len();
    }
    frames.drain(..end);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame_of(number: u32, bytes: usize) -> Vec<u8> {
        let mut out = Vec::new();
        frame::seal(&mut out, |out| {
            out.extend_from_slice(&number.to_le_bytes());
            out.resize(out.len() + bytes - 12, 0);
        });
        out
    }

    fn numbers(rings: &ProcessRings, key: Key) -> Vec<u32> {
        let frames = rings.frames(key);
        let number = |content: &[u8]| u32::from_le_bytes(content[..4].try_into().unwrap());
        frame::trusted(&frames).map(number).collect()
    }

    #[test]
    fn a_process_keeps_its_newest() {
        let mut rings = ProcessRings::new(1000, 1 << 20);
        let key = (1, 0, 0, 0);
        for number in 0..100 {
            rings.push(key, &frame_of(number, 100));
            let kept = numbers(&rings, key);
            assert_eq!(kept.last(), Some(&number));
            assert!(kept.len() >= 5 || number < 5, "{kept:?}");
            assert!(kept.windows(2).all(|pair| pair[0] + 1 == pair[1]));
            assert!(rings.frames(key).len() <= 1000);
        }
        rings.push(key, &frame_of(100, 1001));
        assert_eq!(numbers(&rings, key).last(), Some(&99));
    }

    #[test]
    fn who_was_silent_for_longest_is_forgotten() {
        let mut rings = ProcessRings::new(1000, 5000);
        let keys: Vec<Key> = (0..1000).map(|slot| (1, 0, slot, 0)).collect();
        for (number, &key) in keys.iter().enumerate() {
            rings.push(key, &frame_of(number as u32, 100));
            rings.push(keys[0], &frame_of(number as u32, 20));
            assert!(rings.bytes() <= 5000, "{}", rings.bytes());
        }
        assert_eq!(numbers(&rings, keys[0]).last(), Some(&999));
        assert_eq!(numbers(&rings, keys[999]), [999]);
        assert!(numbers(&rings, keys[500]).is_empty());
    }
}
