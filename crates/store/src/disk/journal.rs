//! The engine's journals, read by ourselves, because the engine takes whatever it can't read for the
//! end and cuts it off.
//!
//! A journal is batches one after the other, then zeros. A batch is a start (1, items as u32, sequence
//! number as u64), items (2, type, compression, keyspace u64, key length u16, value length u32, length on
//! disk u32, key, value) or clears (4, keyspace u64), and an end (3, XXH3 of the items as u64, magic).
//! All numbers are little endian.

use super::areas::Keyspaces;
use crate::error::Place;

const START: u8 = 1;
const ITEM: u8 = 2;
const END: u8 = 3;
const CLEAR: u8 = 4;
const MAGIC: &[u8; 4] = b"FJL\x03";

/// The most places that are named of what is damaged.
const NAMED_MAX: usize = 64;

/// What a journal looks like.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tail {
    /// Batches, and nothing behind.
    Clean,
    /// Behind the batches lies something from byte `at` that is no batch, and nothing whole after it: the
    /// group that was being written.
    Torn { at: usize, bytes: usize, named: Vec<String> },
    /// What lies at byte `at` is damaged, but there are whole batches behind it.
    Damaged { at: usize, named: Vec<String> },
}

/// What the batches of all journals have in common: their numbers rise. Nothing but that protects the
/// engine's sequence numbers, and ours tell when a journal is missing.
#[derive(Debug, Default)]
pub(super) struct Sequence {
    last: Option<Numbers>,
}

#[derive(Debug, Clone, Copy)]
struct Numbers {
    /// The engine's, with holes.
    engine: u64,
    /// Ours, without.
    group: u64,
}

impl Sequence {
    /// Whether a batch with these numbers may come next.
    fn follow(&mut self, next: Numbers) -> bool {
        let fits = self.last.is_none_or(|last| {
            next.engine > last.engine && Some(next.group) == last.group.checked_add(1)
        });
        self.last = Some(next);
        fits
    }
}

/// Looks a journal through; `sequence` is that of the journals before it, and goes on.
pub(super) fn look(journal: &[u8], sequence: &mut Sequence) -> Tail {
    let mut at = 0;
    while let Some((end, numbers)) = batch(journal, at) {
        if !sequence.follow(numbers) {
            let named = names(journal, at);
            return Tail::Damaged { at, named };
        }
        at = end;
    }
    let bytes = used(&journal[at..]);
    if bytes == 0 {
        return Tail::Clean;
    }
    let rest = &journal[..at + bytes];
    let named = names(rest, at);
    let behind = (at + 1..rest.len()).find(|start| batch(rest, *start).is_some());
    match behind {
        Some(_) => Tail::Damaged { at, named },
        None => Tail::Torn { at, bytes, named },
    }
}

/// Where the groups up to and with this one end, in a journal that was looked through.
pub(super) fn end_of(journal: &[u8], group: u64) -> usize {
    let mut at = 0;
    while let Some((end, numbers)) = batch(journal, at)
        && numbers.group <= group
    {
        at = end;
    }
    at
}

/// The length without the zeros at the end.
fn used(bytes: &[u8]) -> usize {
    const ZEROS: [u8; 4096] = [0; 4096];
    let mut rest = bytes;
    while let Some((front, end)) = rest.split_last_chunk::<4096>()
        && *end == ZEROS
    {
        rest = front;
    }
    rest.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)
}

/// The end of the whole batch that begins at a byte, and its numbers.
fn batch(journal: &[u8], at: usize) -> Option<(usize, Numbers)> {
    let mut reader = Reader { bytes: journal, at };
    let (count, engine) = reader.start()?;
    let begin = reader.at;
    let mut group = None;
    for _ in 0..count {
        let Item { keyspace, key, value } = reader.item()?;
        if Keyspaces::is_group(keyspace, key) {
            group = Some(u64::from_le_bytes(value.try_into().ok()?));
        }
    }
    let end = reader.at;
    if reader.byte()? != END {
        return None;
    }
    let checksum = u64::from_le_bytes(*reader.array()?);
    if reader.array::<4>()? != MAGIC {
        return None;
    }
    let fits = checksum == xxhash_rust::xxh3::xxh3_64(&journal[begin..end]);
    fits.then_some((reader.at, Numbers { engine, group: group? }))
}

/// What a batch that is not whole was about, as far as it can be read.
fn names(journal: &[u8], at: usize) -> Vec<String> {
    let mut reader = Reader { bytes: journal, at };
    let mut named = Vec::new();
    let Some((count, _)) = reader.start() else { return named };
    for _ in 0..count {
        let Some(Item { keyspace, key, .. }) = reader.item() else { break };
        if let Some((area, key)) = Keyspaces::read_place(keyspace, key) {
            if named.len() == NAMED_MAX {
                named.push("and more".to_owned());
                break;
            }
            named.push(Place(area.space(), key).to_string());
        }
    }
    named
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        self.take(N)?.first_chunk()
    }

    fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| *byte)
    }

    /// The number of items of a batch that starts here, and the engine's number of it.
    fn start(&mut self) -> Option<(u32, u64)> {
        if self.byte()? != START {
            return None;
        }
        let count = u32::from_le_bytes(*self.array()?);
        let engine = u64::from_le_bytes(*self.array()?);
        (count > 0).then_some((count, engine))
    }

    fn item(&mut self) -> Option<Item<'a>> {
        match self.byte()? {
            ITEM => {
                self.take(2)?;
                let keyspace = u64::from_le_bytes(*self.array()?);
                let key = usize::from(u16::from_le_bytes(*self.array()?));
                self.take(4)?;
                let value = usize::try_from(u32::from_le_bytes(*self.array()?)).ok()?;
                let key = self.take(key)?;
                let value = self.take(value)?;
                Some(Item { keyspace, key, value })
            }
            CLEAR => {
                let keyspace = u64::from_le_bytes(*self.array()?);
                Some(Item { keyspace, key: &[], value: &[] })
            }
            _ => None,
        }
    }
}

/// One write of a batch.
struct Item<'a> {
    keyspace: u64,
    key: &'a [u8],
    value: &'a [u8],
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log_key;

    fn item(keyspace: u64, key: &[u8], value: &[u8]) -> Vec<u8> {
        let mut bytes = vec![ITEM, 0, 0];
        bytes.extend(keyspace.to_le_bytes());
        bytes.extend(u16::try_from(key.len()).unwrap().to_le_bytes());
        let length = u32::try_from(value.len()).unwrap().to_le_bytes();
        bytes.extend([length, length].concat());
        bytes.extend([key, value].concat());
        bytes
    }

    fn whole(engine: u64, items: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = vec![START];
        bytes.extend(u32::try_from(items.len()).unwrap().to_le_bytes());
        bytes.extend(engine.to_le_bytes());
        let items = items.concat();
        bytes.extend_from_slice(&items);
        bytes.push(END);
        bytes.extend(xxhash_rust::xxh3::xxh3_64(&items).to_le_bytes());
        bytes.extend(MAGIC);
        bytes
    }

    fn group(n: u64) -> Vec<u8> {
        let record = item(1, &log_key(5, n), &[n as u8; 100]);
        let head = item(2, b"\x01head", b"h");
        whole(50 + n, &[record, head, item(2, b"\0", &n.to_le_bytes())])
    }

    fn look(journal: &[u8]) -> Tail {
        super::look(journal, &mut Sequence::default())
    }

    #[test]
    fn clean_torn_and_damaged_are_told_apart() {
        let groups: Vec<Vec<u8>> = (0..3).map(group).collect();
        let mut journal = groups.concat();
        assert_eq!(look(&journal), Tail::Clean);
        journal.extend([0; 5000]);
        assert_eq!(look(&journal), Tail::Clean);
        assert_eq!(look(&[]), Tail::Clean);
        let two = groups[0].len() * 2;
        for length in two + 1..two + groups[2].len() {
            let mut cut = journal[..length].to_vec();
            cut.extend([0; 300]);
            let Tail::Torn { at, .. } = look(&cut) else { panic!("cut at {length}") };
            assert_eq!(at, two);
        }
        let mut bad = journal.clone();
        bad[two + 60] ^= 1;
        let named = ["log, process 5, record 2", "head, key head"].map(str::to_owned).to_vec();
        assert_eq!(look(&bad), Tail::Torn { at: two, bytes: groups[2].len(), named });
        let first = groups[0].len();
        // The engine's number of the first batch has nothing before it that it could be compared with.
        for byte in (0..two).filter(|byte| !(5..13).contains(byte)) {
            let mut bad = journal.clone();
            bad[byte] ^= 0x10;
            let found = look(&bad);
            let Tail::Damaged { at, .. } = found else { panic!("byte {byte}: {found:?}") };
            let number = (5..13).contains(&(byte % first));
            assert!(at == byte / first * first || number && at == two, "byte {byte}: {at}");
        }
    }

    #[test]
    fn the_end_of_a_group_is_found() {
        let groups: Vec<Vec<u8>> = (3..6).map(group).collect();
        let mut journal = groups.concat();
        journal.extend([0; 100]);
        let length = groups[0].len();
        for (group, expected) in
            [(2, 0), (3, length), (4, 2 * length), (5, 3 * length), (9, 3 * length)]
        {
            assert_eq!(end_of(&journal, group), expected, "group {group}");
        }
        assert_eq!(end_of(&[], 5), 0);
    }

    #[test]
    fn missing_groups_are_noticed() {
        let mut sequence = Sequence::default();
        let one = [group(0), group(1)].concat();
        assert_eq!(super::look(&one, &mut sequence), Tail::Clean);
        assert_eq!(super::look(&[], &mut sequence), Tail::Clean);
        assert_eq!(super::look(&group(2), &mut sequence), Tail::Clean);
        let after = super::look(&group(4), &mut sequence);
        assert!(matches!(after, Tail::Damaged { at: 0, .. }), "{after:?}");
        let twice = [group(0), group(0)].concat();
        assert!(matches!(look(&twice), Tail::Damaged { .. }));
    }
}
