//! The byte forms of the values that cross the `Host` trait.
//!
//! Numbers are little-endian and of fixed size; lengths are LEB128; tags of variants are numbers that
//! never change and are never used again. Nothing describes itself: the version of the form is in the
//! head of the record that holds it. Forms are canonical: equal values have equal bytes, and bytes that
//! are accepted are those that the value would be given again.
//!
//! A form takes at least one byte, except that of `()`.

mod fragment;
mod host;
mod plain;
mod process;
mod reader;
mod service;
mod tagged;
mod words;

pub(crate) use tagged::{record, variants};

pub use reader::{Damaged, NESTING_MAX, Reader};

/// A value with a byte form.
pub trait Bytes: Sized {
    /// Appends the value's form.
    fn put(&self, out: &mut Vec<u8>);

    /// Takes a value's form from the front of what is left.
    ///
    /// # Errors
    /// When the bytes are not the form of any value. Nothing large is allocated for bytes that are
    /// not there.
    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged>;

    /// Appends the forms of several values, one after the other. For lists.
    fn put_each(items: &[Self], out: &mut Vec<u8>) {
        for item in items {
            item.put(out);
        }
    }

    /// Takes so many values. `count` is not more than the bytes that are left. For lists.
    ///
    /// # Errors
    /// As for [`Bytes::take`].
    fn take_each(count: usize, from: &mut Reader<'_>) -> Result<Vec<Self>, Damaged> {
        /// Room that is made before the first item has been seen.
        const ROOM_BYTES: usize = 1024;
        let mut items = Vec::with_capacity(count.min(ROOM_BYTES / size_of::<Self>().max(1)));
        for _ in 0..count {
            items.push(Self::take(from)?);
        }
        Ok(items)
    }
}

/// The form of a value.
#[must_use]
pub fn encoded<T: Bytes>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    value.put(&mut out);
    out
}

/// The value whose form these bytes are, all of them.
///
/// # Errors
/// When they are not the form of any value, or more than that.
pub fn decoded<T: Bytes>(bytes: &[u8]) -> Result<T, Damaged> {
    let mut from = Reader::new(bytes);
    let value = T::take(&mut from)?;
    from.finish()?;
    Ok(value)
}

/// Appends a length, or another number that is small as a rule: LEB128.
pub fn put_length(length: usize, out: &mut Vec<u8>) {
    let mut rest = length as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}
