//! Topics that a program names.

use crate::vm::Vm;
use procession_types::word::Word;
use procession_types::{Error, TOPIC_BYTES_MAX, Topic};
use std::cell::RefCell;

/// Topics that a thread remembers.
const KNOWN_MAX: usize = 16;

thread_local! {
    /// Topics that are not short strings, made lately: most programs have few.
    static KNOWN: RefCell<[Option<Topic>; KNOWN_MAX]> =
        const { RefCell::new([const { None }; KNOWN_MAX]) };
}

impl Vm<'_> {
    /// A topic: not empty, not reserved, not too long.
    #[inline(always)]
    pub(crate) fn topic(&mut self, value: Word) -> Result<Topic, Error> {
        match Topic::of_word(value) {
            Some(topic) => Ok(topic),
            None => self.checked_topic(value),
        }
    }

    #[inline(never)]
    fn checked_topic(&mut self, value: Word) -> Result<Topic, Error> {
        let bytes = self.bytes(value);
        if bytes.len() > TOPIC_BYTES_MAX {
            return Err(too_long());
        }
        let number = bytes.iter().fold(0, |sum: usize, byte| sum.wrapping_mul(31) + *byte as usize);
        KNOWN.with_borrow_mut(|known| {
            let entry = &mut known[number % KNOWN_MAX];
            match entry {
                Some(topic) if topic.as_bytes() == &*bytes => Ok(topic.clone()),
                _ => Ok(entry.insert(made(&bytes)?).clone()),
            }
        })
    }
}

#[cold]
fn made(bytes: &[u8]) -> Result<Topic, Error> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(Error::invalid("topic is not UTF-8 text"));
    };
    if text.is_empty() {
        return Err(Error::invalid("topic is empty"));
    }
    if text.starts_with('@') {
        return Err(Error::invalid(format!("topic \"{text}\" starts with @, which is reserved")));
    }
    Ok(Topic::new(text))
}

#[cold]
fn too_long() -> Error {
    Error::invalid(format!("topic is longer than {TOPIC_BYTES_MAX} bytes"))
}
