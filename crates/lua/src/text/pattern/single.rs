//! Single-byte items: a byte, `.`, a class, a bracket set.
//!
//! A set is read once into a bitmap; the bitmaps of the last few are kept. They are no part of a
//! saved match, and what a match is charged does not depend on them.

use super::{PatternError, SET_BYTES_MAX};
use crate::text::class::{self, ByteSet};
use crate::text::plain::find_byte;

/// Bitmaps of this many sets are kept between uses.
const SETS_CACHED: usize = 4;

/// A single-byte item of a pattern.
#[derive(Clone, Copy)]
pub(super) enum Single {
    Any,
    Byte(u8),
    Class(u16),
    NotClass(u16),
    /// The set in this slot of the cache.
    Set(usize),
}

impl Single {
    /// What `%` and this byte stand for.
    #[inline]
    pub(super) fn escaped(letter: u8) -> Self {
        match class::class_named(letter) {
            Some((bits, false)) => Self::Class(bits),
            Some((bits, true)) => Self::NotClass(bits),
            None => Self::Byte(letter),
        }
    }
}

/// The sets read last.
#[derive(Clone)]
pub(super) struct Sets([CachedSet; SETS_CACHED]);

#[derive(Clone, Copy)]
struct CachedSet {
    /// Offset of the `[`; `usize::MAX` when the slot is empty.
    at: usize,
    /// Offset after the `]`.
    end: usize,
    members: ByteSet,
}

impl Sets {
    pub(super) const EMPTY: Self =
        Self([CachedSet { at: usize::MAX, end: 0, members: [0; 4] }; SETS_CACHED]);

    /// Forgets all, for another pattern.
    #[inline]
    pub(super) fn clear(&mut self) {
        for set in &mut self.0 {
            set.at = usize::MAX;
        }
    }

    /// The single at `p` and the offset after it.
    #[inline]
    pub(super) fn single_at(
        &mut self,
        pattern: &[u8],
        p: usize,
    ) -> Result<(Single, usize), PatternError> {
        match pattern.get(p) {
            Some(b'.') => Ok((Single::Any, p + 1)),
            Some(b'[') => {
                let slot = self.slot_of(pattern, p)?;
                Ok((Single::Set(slot), self.0[slot].end))
            }
            Some(b'%') => {
                let Some(&letter) = pattern.get(p + 1) else {
                    return Err(PatternError::EndsWithPercent);
                };
                Ok((Single::escaped(letter), p + 2))
            }
            Some(&byte) => Ok((Single::Byte(byte), p + 1)),
            // Only a restored state that lies about its pattern comes here.
            None => Err(PatternError::Corrupt),
        }
    }

    /// The slot with the bitmap of the set whose `[` is at `p`.
    #[inline]
    fn slot_of(&mut self, pattern: &[u8], p: usize) -> Result<usize, PatternError> {
        let slot = (p ^ p >> 2) % SETS_CACHED;
        if self.0[slot].at != p {
            self.0[slot] = read_set(pattern, p)?;
        }
        Ok(slot)
    }

    #[inline]
    pub(super) fn accepts(&self, single: Single, byte: u8) -> bool {
        match single {
            Single::Any => true,
            Single::Byte(expected) => byte == expected,
            Single::Class(bits) => class::in_class(byte, bits),
            Single::NotClass(bits) => !class::in_class(byte, bits),
            Single::Set(slot) => class::in_set(byte, &self.0[slot].members),
        }
    }

    /// How many bytes from the beginning of `bytes` the single accepts.
    #[inline]
    pub(super) fn accepted(&self, single: Single, bytes: &[u8]) -> usize {
        let end = match single {
            Single::Any => None,
            Single::Byte(byte) => bytes.iter().position(|&b| b != byte),
            Single::Class(bits) => bytes.iter().position(|&b| !class::in_class(b, bits)),
            Single::NotClass(bits) => bytes.iter().position(|&b| class::in_class(b, bits)),
            Single::Set(slot) => {
                let set = &self.0[slot].members;
                bytes.iter().position(|&b| !class::in_set(b, set))
            }
        };
        end.unwrap_or(bytes.len())
    }

    /// The first of `bytes` that the single accepts.
    #[inline]
    pub(super) fn first_accepted(&self, single: Single, bytes: &[u8]) -> Option<usize> {
        match single {
            Single::Any => (!bytes.is_empty()).then_some(0),
            Single::Byte(byte) => find_byte(bytes, byte),
            Single::Class(bits) => bytes.iter().position(|&b| class::in_class(b, bits)),
            Single::NotClass(bits) => bytes.iter().position(|&b| !class::in_class(b, bits)),
            Single::Set(slot) => {
                let set = &self.0[slot].members;
                bytes.iter().position(|&b| class::in_set(b, set))
            }
        }
    }
}

/// Reads the set whose `[` is at `p`.
fn read_set(pattern: &[u8], p: usize) -> Result<CachedSet, PatternError> {
    let mut at = p + 1;
    if pattern.get(at) == Some(&b'^') {
        at += 1;
    }
    loop {
        // The first byte belongs to the set whatever it is, so "[]]" is the set of ']'.
        match pattern.get(at) {
            None => return Err(PatternError::MissingBracket),
            Some(b'%') => at += 2,
            Some(_) => at += 1,
        }
        if at - p > SET_BYTES_MAX {
            return Err(PatternError::TooComplex);
        }
        if pattern.get(at) == Some(&b']') {
            break;
        }
    }
    let body = pattern.get(p + 1..at).unwrap_or_default();
    Ok(CachedSet { at: p, end: at + 1, members: class::set_of(body) })
}

/// What the use of a single costs beyond 1: a set has to be read. It is taken at every use, even
/// if the bitmap is there already: a matcher that was saved has lost its bitmaps, and must not
/// cost more for that.
#[inline]
pub(super) fn extra_charge(single: Single, p: usize, end: usize) -> i64 {
    match single {
        Single::Set(_) => (end - p) as i64 / 4,
        Single::Any | Single::Byte(_) | Single::Class(_) | Single::NotClass(_) => 0,
    }
}
