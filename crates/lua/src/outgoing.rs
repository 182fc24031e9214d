//! What leaves a process beside payloads: texts and lists that are copied out of its heap for its host.
//!
//! A few words of a heap can stand for much: one string may be the value of every field, one list every
//! item of another. So whoever copies has an allowance that is known before, and pays for what it copies
//! as it goes on.

use crate::index::Place;
use crate::strings::is_string;
use crate::vm::Vm;
use procession_types::word::Word;
use procession_types::{Error, Fragment, Limit};

/// Bytes that count as one instruction.
const BYTES_PER_FUEL: usize = 16;
/// Slots of a table that count as one instruction.
const SLOTS_PER_FUEL: usize = 4;
/// Bytes that a slot of a table counts for.
const SLOT_BYTES: usize = 8;

/// How much of something may leave a process at once.
#[derive(Debug)]
pub(crate) struct Allowance {
    /// What it is, with its verb: `headers are`.
    what: &'static str,
    /// Bytes of all of it.
    pub(crate) bytes_max: usize,
    /// What one does about it.
    advice: &'static str,
    /// The limit as programs know it, where it is not just an argument that can't be.
    limit: Option<Limit>,
}

/// A line that is printed.
pub(crate) const PRINTED: Allowance = Allowance {
    what: "the line is",
    bytes_max: 16 << 20,
    advice: "print it in several lines",
    limit: None,
};
/// An actor's attributes, or those of a check, with all lists in them.
pub(crate) const ATTRIBUTES: Allowance = Allowance {
    what: "attributes are",
    bytes_max: 64 << 10,
    advice: "keep to what policies ask for",
    limit: None,
};
/// The policies of a scope.
pub(crate) const POLICIES: Allowance = Allowance {
    what: "policies are",
    bytes_max: 64 << 10,
    advice: "name fewer of them",
    limit: None,
};
/// Values that a child inherits.
pub(crate) const CONTEXT: Allowance = Allowance {
    what: "context is",
    bytes_max: 16 << 20,
    advice: "send what is large as a message",
    limit: Some(Limit::MessageSize),
};
/// Messages that a process is born with.
pub(crate) const MESSAGES: Allowance = Allowance {
    what: "messages are",
    bytes_max: 64 << 20,
    advice: "send some of them after the spawn",
    limit: Some(Limit::MessageSize),
};
/// Headers of a request.
pub(crate) const HEADERS: Allowance = Allowance {
    what: "headers are",
    bytes_max: 8 << 20,
    advice: "send what is large in the body",
    limit: None,
};
/// Labels of a measurement.
pub(crate) const LABELS: Allowance = Allowance {
    what: "labels are",
    bytes_max: 64 << 10,
    advice: "use labels that have few values",
    limit: None,
};
/// Bounds of a histogram's buckets.
pub(crate) const BUCKETS: Allowance = Allowance {
    what: "buckets are",
    bytes_max: 64 << 10,
    advice: "use fewer of them",
    limit: None,
};

/// What is left of an [`Allowance`].
#[derive(Debug)]
pub(crate) struct Outgoing {
    allowance: &'static Allowance,
    left: usize,
}

impl Outgoing {
    /// The whole allowance.
    pub(crate) const fn new(allowance: &'static Allowance) -> Self {
        Self { allowance, left: allowance.bytes_max }
    }

    /// Pays for so many bytes that are about to be copied.
    ///
    /// # Errors
    /// They are more than what is left.
    pub(crate) fn take(&mut self, vm: &mut Vm<'_>, bytes: usize) -> Result<(), Error> {
        vm.fuel -= 1;
        match self.left.checked_sub(bytes) {
            Some(left) => self.left = left,
            None => return Err(self.exceeded()),
        }
        vm.fuel -= (bytes / BYTES_PER_FUEL) as i64;
        Ok(())
    }

    #[cold]
    fn exceeded(&self) -> Error {
        let Allowance { what, bytes_max, advice, limit } = self.allowance;
        let message = format!("{what} larger than {bytes_max} bytes: {advice}");
        match limit {
            Some(limit) => Error::limit(*limit, message),
            None => Error::invalid(message),
        }
    }

    /// The bytes of a string; another value has none.
    pub(crate) fn bytes(&mut self, vm: &mut Vm<'_>, value: Word) -> Result<Vec<u8>, Error> {
        let length = vm.strings().length(vm.heap, value);
        self.take(vm, length)?;
        Ok(vm.bytes(value).to_vec())
    }

    /// Likewise as text; what is no UTF-8 is replaced.
    pub(crate) fn text(&mut self, vm: &mut Vm<'_>, value: Word) -> Result<String, Error> {
        if !is_string(value) {
            return Ok(String::new());
        }
        let length = vm.strings().length(vm.heap, value);
        self.take(vm, length)?;
        Ok(String::from_utf8_lossy(&vm.bytes(value)).into_owned())
    }

    /// Values as a payload; the error says where what is wrong.
    pub(crate) fn payload(
        &mut self,
        vm: &mut Vm<'_>,
        values: &[Word],
        root: &str,
    ) -> Result<Fragment, Error> {
        let payload = match vm.payload_below(values, root, self.left) {
            Ok(payload) => payload,
            Err(error) if error.limit.is_some() => return Err(self.exceeded()),
            Err(error) => return Err(error),
        };
        self.left = self.left.saturating_sub(payload.bytes());
        Ok(payload)
    }

    /// All entries of a table; anything else has none. Slots that are empty count as well.
    pub(crate) fn entries(
        &mut self,
        vm: &mut Vm<'_>,
        value: Word,
    ) -> Result<Vec<(Word, Word)>, Error> {
        match vm.place_of(value) {
            Place::Heap(at) => {
                let hash = vm.heap.hash_part(at);
                let hashed = if hash == 0 { 0 } else { vm.heap.hash_size(hash).0 };
                let slots = vm.heap.array_part(at).1 + hashed;
                self.take(vm, slots * SLOT_BYTES)?;
                vm.fuel -= (slots / SLOTS_PER_FUEL) as i64;
                let (mut found, mut cursor) = (Vec::new(), 0);
                while let Some((next, key, value)) = vm.heap.next_entry(at, cursor) {
                    cursor = next;
                    found.push((key, value));
                }
                Ok(found)
            }
            Place::Frozen(number) => {
                let entries = &vm.library.tables[number as usize].entries;
                self.take(vm, entries.len() * SLOT_BYTES)?;
                Ok(entries.iter().map(|&(key, value)| (key, vm.thawed(value))).collect())
            }
            Place::Nowhere => Ok(Vec::new()),
        }
    }
}

/// As much of a text as fits into so many bytes, cut between characters.
pub(crate) fn cut(text: &[u8], bytes_max: usize) -> &[u8] {
    if text.len() <= bytes_max {
        return text;
    }
    let is_start = |at: &usize| text[*at] & 0xC0 != 0x80;
    let least = bytes_max.saturating_sub(3);
    let end = (least..=bytes_max).rev().find(is_start).unwrap_or(bytes_max);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn a_cut_is_between_characters() {
        let text = "aé€😀".as_bytes();
        let kept = |bytes_max| std::str::from_utf8(cut(text, bytes_max)).expect("characters");
        let expected = ["", "a", "a", "aé", "aé", "aé", "aé€", "aé€", "aé€", "aé€", "aé€😀"];
        for (bytes_max, expected) in expected.into_iter().enumerate() {
            assert_eq!(kept(bytes_max), expected, "{bytes_max} bytes");
        }
        assert_eq!(cut(&[0x80; 9], 5), &[0x80; 5], "no text");
    }
}
