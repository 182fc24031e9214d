//! What messages are about.

use crate::word::{self, Word};
use smol_str::SmolStr;
use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

/// Longest topic, in bytes.
pub const TOPIC_BYTES_MAX: usize = 255;

/// Longest name that is held without an allocation.
const SHORT_MAX: usize = 8;
/// Follows a short name. No text has this byte.
const PAD: u8 = 0xFF;

/// A topic's name.
///
/// Two words, so that it travels in registers: a processor waits when what was stored in pieces is
/// loaded soon after in others, and a text of many bytes inside three words cost a send more than all its
/// checks (measured, see docs/benchmarks.md).
#[derive(Clone, PartialEq, Eq)]
pub struct Topic {
    /// The bytes of a short name in the machine's order, then [`PAD`]; only those when there is a long one.
    short: u64,
    /// `Arc<str>` would be a word more.
    long: Option<Arc<Box<str>>>,
}

impl Topic {
    /// A topic with this name; whether it is one that a program may use is not looked at.
    #[must_use]
    pub fn new(name: impl AsRef<str>) -> Self {
        let name = name.as_ref();
        let mut bytes = [PAD; SHORT_MAX];
        let long = match bytes.get_mut(..name.len()) {
            Some(room) => {
                room.copy_from_slice(name.as_bytes());
                None
            }
            None => Some(Arc::new(name.into())),
        };
        Self { short: u64::from_ne_bytes(bytes), long }
    }

    /// The topic that a short string of ASCII names; `None` for any other word, for the empty string, and for
    /// what is reserved.
    #[must_use]
    #[inline]
    pub fn of_word(value: Word) -> Option<Self> {
        // A few looks at one word tell that all is well, as it is with most topics.
        const NOT_ASCII: Word = 0x80_8080_8080;
        let (bytes, length) = word::short_bytes(value);
        let is_plain = word::tag(value) == word::TAG_SHORT
            && value & NOT_ASCII == 0
            && bytes[0] != b'@'
            && (1..=word::SHORT_MAX).contains(&length);
        is_plain.then(|| {
            let padding = !0 << (8 * length);
            Self { short: (value | padding).to_le(), long: None }
        })
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self
    }

    /// The name's bytes.
    #[must_use]
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.long {
            None => &bytemuck::bytes_of(&self.short)[..self.short_length()],
            Some(name) => name.as_bytes(),
        }
    }

    /// Length of the name in bytes.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        match &self.long {
            None => self.short_length(),
            Some(name) => name.len(),
        }
    }

    /// Whether it has no name.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it begins with `@`, as those of the runtime do.
    #[must_use]
    #[inline]
    pub fn is_reserved(&self) -> bool {
        self.as_bytes().first() == Some(&b'@')
    }

    #[inline]
    fn short_length(&self) -> usize {
        SHORT_MAX - self.short.to_le().leading_ones() as usize / 8
    }
}

impl Deref for Topic {
    type Target = str;

    fn deref(&self) -> &str {
        match &self.long {
            // It was made from a text.
            None => std::str::from_utf8(self.as_bytes()).unwrap_or_default(),
            Some(name) => name,
        }
    }
}

impl fmt::Debug for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}

// As the text's, so that it can be looked for by its name.
impl Ord for Topic {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl PartialOrd for Topic {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Topic {
    fn hash<H: Hasher>(&self, state: &mut H) {
        str::hash(self, state);
    }
}

impl Borrow<str> for Topic {
    fn borrow(&self) -> &str {
        self
    }
}

impl AsRef<str> for Topic {
    fn as_ref(&self) -> &str {
        self
    }
}

impl PartialEq<str> for Topic {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<&str> for Topic {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl From<&str> for Topic {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl From<String> for Topic {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}

impl From<SmolStr> for Topic {
    fn from(name: SmolStr) -> Self {
        Self::new(name)
    }
}

impl From<Topic> for SmolStr {
    fn from(topic: Topic) -> Self {
        Self::new(&*topic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn holds_any_name() {
        let long = "é".repeat(100);
        for name in [
            "",
            "a",
            "@pid",
            "token",
            "12345678",
            "123456789",
            "a\0",
            "\0",
            "ﬀ",
            "order.created",
            &long,
        ] {
            let topic = Topic::new(name);
            assert_eq!((topic.as_str(), topic.as_bytes()), (name, name.as_bytes()));
            assert_eq!((topic.len(), topic.is_empty()), (name.len(), name.is_empty()));
            assert_eq!(topic.is_reserved(), name.starts_with('@'));
            assert_eq!(
                (topic.to_string(), format!("{topic:?}")),
                (name.to_owned(), format!("{name:?}"))
            );
            assert_eq!(topic, topic.clone());
            assert_ne!(topic, Topic::new(format!("{name}x")));
        }
    }

    #[test]
    fn is_found_by_its_name() {
        let names = ["b", "a", "a longer one", "ab", "b longer one", ""];
        let all: BTreeMap<Topic, &str> = names.into_iter().map(|it| (it.into(), it)).collect();
        assert!(names.iter().all(|name| all.get(*name) == Some(name)));
        assert!(all.keys().map(Topic::as_str).is_sorted());
    }

    #[test]
    fn is_made_from_a_word() {
        for name in ["a", "ab", "abc", "abcd", "token", "a\0", "\0"] {
            let word = word::short(name.as_bytes()).unwrap();
            assert_eq!(Topic::of_word(word), Some(Topic::new(name)));
        }
        for other in ["", "@pid", "é"] {
            assert_eq!(Topic::of_word(word::short(other.as_bytes()).unwrap()), None);
        }
        for other in [word::NIL, word::TRUE, word::int_wrapping(7), word::from_f64(1.5)] {
            assert_eq!(Topic::of_word(other), None);
        }
    }

    #[test]
    fn travels_in_two_registers() {
        assert_eq!(size_of::<Topic>(), 16);
    }
}
