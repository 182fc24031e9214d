//! Reading bytes from the front.

/// How deep values may be nested in each other.
pub const NESTING_MAX: u32 = 200;

/// Why bytes are not the form of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("record is damaged: {what} at byte {at} is not sound")]
pub struct Damaged {
    /// What is wrong there.
    pub what: &'static str,
    /// Its position.
    pub at: usize,
}

/// Bytes that are read from the front. No read goes past their end.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
    /// Bytes at the start, those that were read included.
    whole: usize,
    nesting: u32,
}

impl<'a> Reader<'a> {
    /// A reader at the start of the bytes.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, whole: bytes.len(), nesting: 0 }
    }

    /// How many bytes have been read.
    #[must_use]
    pub const fn at(&self) -> usize {
        self.whole - self.rest.len()
    }

    /// What has not been read.
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// An error about what is read next.
    #[must_use]
    pub const fn damaged(&self, what: &'static str) -> Damaged {
        Damaged { what, at: self.at() }
    }

    /// So many bytes.
    ///
    /// # Errors
    /// When fewer are left.
    #[inline]
    pub const fn bytes(&mut self, count: usize, what: &'static str) -> Result<&'a [u8], Damaged> {
        let Some((bytes, rest)) = self.rest.split_at_checked(count) else {
            return Err(self.damaged(what));
        };
        self.rest = rest;
        Ok(bytes)
    }

    /// So many bytes, known when this is compiled.
    ///
    /// # Errors
    /// When fewer are left.
    #[inline]
    pub const fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], Damaged> {
        let Some((bytes, rest)) = self.rest.split_first_chunk::<N>() else {
            return Err(self.damaged(what));
        };
        self.rest = rest;
        Ok(*bytes)
    }

    /// One byte.
    ///
    /// # Errors
    /// When none is left.
    #[inline]
    pub const fn byte(&mut self, what: &'static str) -> Result<u8, Damaged> {
        let Some((&byte, rest)) = self.rest.split_first() else { return Err(self.damaged(what)) };
        self.rest = rest;
        Ok(byte)
    }

    /// A number that was written by [`super::put_length`].
    ///
    /// # Errors
    /// When it is longer than need be, or more than 64 bits.
    #[inline]
    pub const fn number(&mut self) -> Result<usize, Damaged> {
        match self.rest {
            [byte, rest @ ..] if *byte < 0x80 => {
                self.rest = rest;
                Ok(*byte as usize)
            }
            _ => self.long_number(),
        }
    }

    const fn long_number(&mut self) -> Result<usize, Damaged> {
        let (mut number, mut at) = (0_u64, 0);
        while at < self.rest.len() && at < 10 {
            let byte = self.rest[at];
            let bits = (byte & 0x7f) as u64;
            let shift = 7 * at as u32;
            if bits << shift >> shift != bits {
                break;
            }
            number |= bits << shift;
            at += 1;
            if byte < 0x80 {
                if byte == 0 && at > 1 || number > usize::MAX as u64 {
                    break;
                }
                self.rest = self.rest.split_at(at).1;
                return Ok(number as usize);
            }
        }
        Err(self.damaged("a length"))
    }

    /// How many of something follow that take at least one byte each.
    ///
    /// # Errors
    /// As for [`Reader::number`]; when that many can't follow.
    #[inline]
    pub const fn count(&mut self) -> Result<usize, Damaged> {
        let before = self.rest;
        match self.number() {
            Ok(count) if count <= self.rest.len() => Ok(count),
            Ok(_) => {
                self.rest = before;
                Err(self.damaged("a length"))
            }
            Err(damaged) => Err(damaged),
        }
    }

    /// Takes what is nested one deeper than what is around it.
    ///
    /// # Errors
    /// When that is deeper than [`NESTING_MAX`], and those of `take`.
    pub fn nested<T>(
        &mut self,
        take: impl FnOnce(&mut Self) -> Result<T, Damaged>,
    ) -> Result<T, Damaged> {
        if self.nesting >= NESTING_MAX {
            return Err(self.damaged("the depth"));
        }
        self.nesting += 1;
        let taken = take(self)?;
        self.nesting -= 1;
        Ok(taken)
    }

    /// Ends reading.
    ///
    /// # Errors
    /// When bytes are left.
    pub const fn finish(self) -> Result<(), Damaged> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.damaged("what follows the end")) }
    }
}
