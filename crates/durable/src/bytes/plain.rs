//! Numbers, texts, and what holds other values.

use super::{Bytes, Damaged, Reader, put_length};
use procession_types::{SmolStr, Topic};
use std::collections::{BTreeMap, BTreeSet};

macro_rules! numbers {
    ($($number:ident),*) => {
        $(impl Bytes for $number {
            #[inline]
            fn put(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            #[inline]
            fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
                from.array("a number").map(Self::from_le_bytes)
            }
        })*
    };
}

// The bits of an f64 are kept as they are, so those of a NaN too.
numbers!(u16, u32, u64, i64, f64);

impl Bytes for u8 {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        out.push(*self);
    }

    #[inline]
    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        from.byte("a number")
    }

    fn put_each(items: &[Self], out: &mut Vec<u8>) {
        out.extend_from_slice(items);
    }

    fn take_each(count: usize, from: &mut Reader<'_>) -> Result<Vec<Self>, Damaged> {
        from.bytes(count, "bytes").map(<[u8]>::to_vec)
    }
}

impl Bytes for bool {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    #[inline]
    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        let before = from.clone();
        match from.byte("a truth value")? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(before.damaged("a truth value")),
        }
    }
}

impl Bytes for () {
    fn put(&self, _: &mut Vec<u8>) {}

    fn take(_: &mut Reader<'_>) -> Result<Self, Damaged> {
        Ok(())
    }
}

/// Counts are numbers of 64 bits on every machine.
impl Bytes for usize {
    fn put(&self, out: &mut Vec<u8>) {
        (*self as u64).put(out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        let before = from.clone();
        Self::try_from(u64::take(from)?).map_err(|_| before.damaged("a count"))
    }
}

fn put_text(text: &str, out: &mut Vec<u8>) {
    put_length(text.len(), out);
    out.extend_from_slice(text.as_bytes());
}

fn take_text<'a>(from: &mut Reader<'a>) -> Result<&'a str, Damaged> {
    let count = from.count()?;
    let before = from.clone();
    std::str::from_utf8(from.bytes(count, "a text")?).map_err(|_| before.damaged("a text"))
}

macro_rules! texts {
    ($($text:ty),*) => {
        $(impl Bytes for $text {
            #[inline]
            fn put(&self, out: &mut Vec<u8>) {
                put_text(self, out);
            }

            #[inline]
            fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
                take_text(from).map(Self::from)
            }
        })*
    };
}

texts!(String, SmolStr, Box<str>, Topic);

impl<T: Bytes> Bytes for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        put_length(self.len(), out);
        T::put_each(self, out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        let count = from.count()?;
        T::take_each(count, from)
    }
}

impl<T: Bytes> Bytes for Box<[T]> {
    fn put(&self, out: &mut Vec<u8>) {
        put_length(self.len(), out);
        T::put_each(self, out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        Vec::take(from).map(Vec::into_boxed_slice)
    }
}

impl<T: Bytes> Bytes for Box<T> {
    fn put(&self, out: &mut Vec<u8>) {
        (**self).put(out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        T::take(from).map(Self::new)
    }
}

impl<T: Bytes> Bytes for Option<T> {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }

    #[inline]
    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        bool::take(from)?.then(|| T::take(from)).transpose()
    }
}

impl<T: Bytes, E: Bytes> Bytes for Result<T, E> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_err().put(out);
        match self {
            Ok(value) => value.put(out),
            Err(error) => error.put(out),
        }
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        let is_error = bool::take(from)?;
        Ok(if is_error { Err(E::take(from)?) } else { Ok(T::take(from)?) })
    }
}

impl<A: Bytes, B: Bytes> Bytes for (A, B) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        Ok((A::take(from)?, B::take(from)?))
    }
}

impl<K: Bytes + Ord, V: Bytes> Bytes for BTreeMap<K, V> {
    fn put(&self, out: &mut Vec<u8>) {
        put_length(self.len(), out);
        for (key, value) in self {
            key.put(out);
            value.put(out);
        }
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        let count = from.count()?;
        let mut map = Self::new();
        for _ in 0..count {
            let before = from.clone();
            let key = K::take(from)?;
            if map.last_key_value().is_some_and(|(last, _)| *last >= key) {
                return Err(before.damaged("the order of keys"));
            }
            let value = V::take(from)?;
            map.insert(key, value);
        }
        Ok(map)
    }
}

impl<T: Bytes + Ord> Bytes for BTreeSet<T> {
    fn put(&self, out: &mut Vec<u8>) {
        put_length(self.len(), out);
        self.iter().for_each(|item| item.put(out));
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        let count = from.count()?;
        let mut set = Self::new();
        for _ in 0..count {
            let before = from.clone();
            let item = T::take(from)?;
            if set.last().is_some_and(|last| *last >= item) {
                return Err(before.damaged("the order of a set"));
            }
            set.insert(item);
        }
        Ok(set)
    }
}
