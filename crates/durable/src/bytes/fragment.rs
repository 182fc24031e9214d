//! The form of fragments. Few words are packed, many are written as they are.

use super::words::{self, BYTES_MAX};
use super::{Bytes, Damaged, Reader, put_length};
use procession_types::Fragment;
use procession_types::word::Word;
use smallvec::SmallVec;

/// So many words are packed at most; more are copied faster than they would be packed.
const PACKED_MAX: usize = 63;
/// Heads up to [`PACKED_MAX`] are the number of words, packed, of a fragment of one value; 0 is the
/// fragment without values. This one: packed, number of words and number of values follow.
const PACKED: u8 = 0x40;
/// As they are; number of words and number of values follow.
const RAW: u8 = 0x41;

impl Bytes for Fragment {
    fn put(&self, out: &mut Vec<u8>) {
        let (words, values) = (self.words(), self.len());
        if words.len() > PACKED_MAX {
            out.push(RAW);
            put_length(words.len(), out);
            put_length(values, out);
            put_raw(words, out);
            return;
        }
        if values == 1 || words.is_empty() {
            out.push(words.len() as u8);
        } else {
            out.extend_from_slice(&[PACKED, words.len() as u8, values as u8]);
        }
        put_packed(words, out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        let before = from.clone();
        let damaged = || before.damaged("a fragment");
        let (words, values) = match from.byte("a fragment")? {
            0 => return Ok(Self::default()),
            RAW => {
                let (count, values) = (from.number()?, from.number()?);
                let bytes = count.checked_mul(8).filter(|_| count > PACKED_MAX);
                let bytes = from.bytes(bytes.ok_or_else(damaged)?, "a fragment")?;
                let (words, _) = bytes.as_chunks::<8>();
                let words: Vec<Word> = words.iter().map(|word| u64::from_le_bytes(*word)).collect();
                (words.into(), values)
            }
            PACKED => {
                let [count, values] = from.array("a fragment")?;
                let is_due = values != 1 && count != 0 && usize::from(count) <= PACKED_MAX;
                if !is_due {
                    return Err(damaged());
                }
                (take_packed(count, from)?, usize::from(values))
            }
            count if usize::from(count) <= PACKED_MAX => (take_packed(count, from)?, 1),
            _ => return Err(damaged()),
        };
        let values = u32::try_from(values).map_err(|_| damaged())?;
        Self::from_foreign(words, values).map_err(|_| damaged())
    }
}

fn put_raw(words: &[Word], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + words.len() * 8, 0);
    let (room, _) = out[start..].as_chunks_mut::<8>();
    for (room, word) in room.iter_mut().zip(words) {
        *room = word.to_le_bytes();
    }
}

fn put_packed(words: &[Word], out: &mut Vec<u8>) {
    let mut end = out.len();
    out.resize(end + words.len() * BYTES_MAX, 0);
    for &word in words {
        if let Some(room) = out[end..].first_chunk_mut() {
            end += words::put(word, room);
        }
    }
    out.truncate(end);
}

fn take_packed(count: u8, from: &mut Reader<'_>) -> Result<SmallVec<[Word; 3]>, Damaged> {
    let mut packed = SmallVec::with_capacity(usize::from(count));
    let mut rest = from.rest();
    for _ in 0..count {
        let before = rest.len();
        let Some(word) = words::take(&mut rest) else {
            from.bytes(from.rest().len() - before, "a word")?;
            return Err(from.damaged("a word"));
        };
        packed.push(word);
    }
    from.bytes(from.rest().len() - rest.len(), "a word")?;
    Ok(packed)
}
