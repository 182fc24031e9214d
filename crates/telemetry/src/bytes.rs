//! Reading and writing of the few shapes that entries and frames are made of. Integers are little
//! endian; a length is a varint: seven bits a byte, the lowest first.

pub(crate) fn put_length(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_length(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// The longest start of a text that has at most so many bytes.
pub(crate) fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Takes things off the front of some bytes; `None` when they are too short or malformed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// A length of at most four bytes: nothing here is longer than 256 MiB.
    pub(crate) fn length(&mut self) -> Option<usize> {
        let mut value = 0;
        for shift in [0, 7, 14, 21] {
            let byte = self.u8()?;
            value |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.length()?;
        self.take(length)
    }

    pub(crate) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }
}

/// Pairs of texts, one after another; made by [`Pairs::read`], which has checked them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pairs<'a> {
    left: usize,
    rest: Reader<'a>,
}

impl<'a> Pairs<'a> {
    /// Reads a count and so many pairs.
    pub(crate) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let left = reader.length()?;
        let pairs = Self { left, rest: *reader };
        for _ in 0..left {
            reader.text()?;
            reader.text()?;
        }
        Some(pairs)
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        Some((self.rest.text()?, self.rest.text()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_round_trip() {
        for value in [0, 1, 127, 128, 16_383, 16_384, (1 << 28) - 1] {
            let mut out = Vec::new();
            put_length(&mut out, value);
            let mut reader = Reader(&out);
            assert_eq!(reader.length(), Some(value));
            assert!(reader.0.is_empty());
            assert_eq!(Reader(&out[..out.len() - 1]).length(), None);
        }
        assert_eq!(Reader(&[0xff; 9]).length(), None);
    }

    #[test]
    fn a_cut_is_between_characters() {
        assert_eq!(cut("aé", 2), "a");
        assert_eq!(cut("aé", 3), "aé");
    }
}
