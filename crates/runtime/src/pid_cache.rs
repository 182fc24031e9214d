//! The texts of PIDs that were read last, so that a process which sends to the same few others does
//! not have each text read again for every message.

use procession_types::Pid;

/// Sets of entries; a power of two.
const SETS: usize = 2048;
/// Entries of a set: what was read last comes first.
const WAYS: usize = 2;
/// Longest text that is remembered.
const TEXT_BYTES_MAX: usize = 47;

/// A text and what it means; of length 0 while there is none. It fills one line of a cache.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Entry {
    text: [u8; TEXT_BYTES_MAX],
    length: u8,
    pid: Pid,
}

const NONE: Entry = Entry {
    text: [0; TEXT_BYTES_MAX],
    length: 0,
    pid: Pid { host: 0, shard: 0, epoch: 0, slot: 0, generation: 0 },
};

/// See the module. What a text means never changes, so nothing is ever invalid here.
#[derive(Debug)]
pub(crate) struct PidCache {
    /// Empty until something is to be remembered.
    sets: Vec<[Entry; WAYS]>,
}

impl PidCache {
    pub(crate) fn new() -> Self {
        Self { sets: Vec::new() }
    }

    /// The set of a text. Texts of one node differ at their ends: slot and generation.
    #[inline]
    fn place(text: &[u8]) -> Option<usize> {
        let (rest, tail) = text.split_last_chunk::<8>()?;
        let before = rest.last_chunk::<8>()?;
        let mixed = u64::from_le_bytes(*tail) ^ u64::from_le_bytes(*before).rotate_left(29);
        let mixed = mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (text.len() <= TEXT_BYTES_MAX).then_some((mixed >> 48) as usize % SETS)
    }

    #[inline(always)]
    pub(crate) fn get(&self, text: &[u8]) -> Option<Pid> {
        let set = self.sets.get(Self::place(text)?)?;
        let is_it = |entry: &&Entry| {
            usize::from(entry.length) == text.len() && entry.text[..text.len()] == *text
        };
        set.iter().find(is_it).map(|entry| entry.pid)
    }

    #[inline(never)]
    pub(crate) fn put(&mut self, text: &[u8], pid: Pid) {
        if let Some(place) = Self::place(text) {
            if self.sets.is_empty() {
                self.sets = vec![[NONE; WAYS]; SETS];
            }
            let mut entry = Entry { length: text.len() as u8, pid, ..NONE };
            entry.text[..text.len()].copy_from_slice(text);
            let set = &mut self.sets[place];
            set.rotate_right(1);
            set[0] = entry;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_gives_its_own_pid_or_nothing() {
        let mut cache = PidCache::new();
        let text = |slot: u32| format!("{{app:processes|6740a3f2.0.{slot:x}.0}}");
        let pid = |slot| Pid { host: 0, shard: 0, epoch: 0x6740_a3f2, slot, generation: 0 };
        for slot in 0..10_000 {
            cache.put(text(slot).as_bytes(), pid(slot));
            assert_eq!(cache.get(text(slot).as_bytes()), Some(pid(slot)));
        }
        let known = (0..10_000).filter(|&slot| match cache.get(text(slot).as_bytes()) {
            Some(found) => {
                assert_eq!(found, pid(slot));
                true
            }
            None => false,
        });
        assert!(known.count() <= SETS * WAYS);
        let known = (9000..10_000).filter(|&slot| cache.get(text(slot).as_bytes()).is_some());
        assert!(known.count() > 700, "most of a thousand are remembered");
        assert_eq!(cache.get(b""), None);
        assert_eq!(cache.get(&[b'x'; 100]), None);
    }
}
