//! The texts of PIDs that were read last, so that a process which sends to the same few others does
//! not have each text read again for every message.

use procession_types::Pid;

/// Entries; a power of two.
const ENTRIES: usize = 256;
/// Longest text that is remembered.
const TEXT_BYTES_MAX: usize = 47;

#[derive(Debug, Clone, Copy)]
struct Entry {
    text: [u8; TEXT_BYTES_MAX],
    length: u8,
    pid: Pid,
}

/// See the module. What a text means never changes, so nothing is ever invalid here.
#[derive(Debug)]
pub(crate) struct PidCache {
    entries: Vec<Option<Entry>>,
}

impl PidCache {
    pub(crate) fn new() -> Self {
        Self { entries: vec![None; ENTRIES] }
    }

    /// Where a text belongs. Texts of one node differ at their ends: slot and generation.
    fn place(text: &[u8]) -> Option<usize> {
        let tail = text.last_chunk::<8>()?;
        let mixed = u64::from_le_bytes(*tail).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (text.len() <= TEXT_BYTES_MAX).then_some((mixed >> 56) as usize)
    }

    #[inline]
    pub(crate) fn get(&self, text: &[u8]) -> Option<Pid> {
        let entry = self.entries[Self::place(text)?].as_ref()?;
        (entry.text[..usize::from(entry.length)] == *text).then_some(entry.pid)
    }

    pub(crate) fn put(&mut self, text: &[u8], pid: Pid) {
        if let Some(place) = Self::place(text) {
            let mut entry = Entry { text: [0; TEXT_BYTES_MAX], length: text.len() as u8, pid };
            entry.text[..text.len()].copy_from_slice(text);
            self.entries[place] = Some(entry);
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
        assert!(known.count() <= ENTRIES);
        assert_eq!(cache.get(b""), None);
        assert_eq!(cache.get(&[b'x'; 100]), None);
    }
}
