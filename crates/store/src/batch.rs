//! The writes of a group, each key once, in the order of their keys.

use crate::engine::Area;
use crate::seal::{SEAL_BYTES, check};
use std::ops::Range;

/// One write: sealed bytes, or none to remove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Write<'a> {
    pub(crate) area: Area,
    pub(crate) key: &'a [u8],
    pub(crate) value: Option<&'a [u8]>,
}

/// Writes, all bytes of which lie in one buffer.
#[derive(Debug, Default, Clone)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    slots: Vec<Slot>,
}

#[derive(Debug, Clone)]
struct Slot {
    area: Area,
    key: Range<usize>,
    value: Option<Range<usize>>,
}

impl Batch {
    /// Sets a key to the parts of a value, one after the other, and seals it.
    pub(crate) fn put(&mut self, area: Area, key: &[u8], parts: &[&[u8]]) {
        let key_at = self.append(key);
        let begin = self.bytes.len();
        for part in parts {
            self.append(part);
        }
        let check: [u8; SEAL_BYTES] = check(area, key, &self.bytes[begin..]);
        self.append(&check);
        let value = Some(begin..self.bytes.len());
        self.slots.push(Slot { area, key: key_at, value });
    }

    /// Removes a key.
    pub(crate) fn remove(&mut self, area: Area, key: &[u8]) {
        let key = self.append(key);
        self.slots.push(Slot { area, key, value: None });
    }

    fn append(&mut self, bytes: &[u8]) -> Range<usize> {
        let begin = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        begin..self.bytes.len()
    }

    /// Brings the writes in order, and leaves the last of each key.
    pub(crate) fn finish(&mut self) {
        let Self { bytes, slots } = self;
        let key = |slot: &Slot| (slot.area, &bytes[slot.key.clone()]);
        // Where keys begin in the buffer is the order in which they came: the last of a key comes first.
        slots.sort_unstable_by(|a, b| {
            key(a).cmp(&key(b)).then_with(|| b.key.start.cmp(&a.key.start))
        });
        slots.dedup_by(|later, first| key(later) == key(first));
    }

    /// The writes.
    pub(crate) fn writes(&self) -> impl Iterator<Item = Write<'_>> {
        self.slots.iter().map(|slot| Write {
            area: slot.area,
            key: &self.bytes[slot.key.clone()],
            value: slot.value.clone().map(|value| &self.bytes[value]),
        })
    }

    /// The last that was written so far to a key, removed or not; looks at all writes.
    pub(crate) fn find(&self, area: Area, key: &[u8]) -> Option<Write<'_>> {
        let mut found = None;
        for write in self.writes().filter(|write| write.area == area && write.key == key) {
            found = Some(write);
        }
        found
    }

    /// Bytes of all writes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// How many they are.
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Space;
    use crate::seal::open;

    #[test]
    fn the_last_write_of_a_key_is_left_and_all_are_in_order() {
        let (head, name) = (Area::Space(Space::Head), Area::Space(Space::Name));
        let mut batch = Batch::default();
        batch.put(name, b"x", &[b"1"]);
        batch.put(head, b"b", &[b"2"]);
        batch.put(name, b"x", &[b"3", b"4"]);
        batch.remove(head, b"a");
        batch.put(head, b"c", &[b"5"]);
        batch.remove(head, b"b");
        assert_eq!(batch.find(head, b"b").map(|it| it.value), Some(None));
        assert!(batch.find(head, b"d").is_none());
        batch.finish();
        let shown: Vec<_> = batch
            .writes()
            .map(|it| {
                (it.area, it.key, it.value.map(|value| open(it.area, it.key, value).unwrap()))
            })
            .collect();
        let expected = [
            (head, &b"a"[..], None),
            (head, b"b", None),
            (head, b"c", Some(&b"5"[..])),
            (name, b"x", Some(b"34")),
        ];
        assert_eq!(shown, expected);
    }
}
