//! Fragments whose words come from outside: a disk, a wire. They are checked before anything follows
//! a reference in them; a guest may unpack what passed without a look.

use crate::fragment::Fragment;
use crate::word::{self, Kind, Word, table};
use smallvec::SmallVec;

/// Why words are no fragment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("fragment is damaged: {what} at word {at} is not sound")]
pub struct Unsound {
    /// What is wrong there.
    pub what: &'static str,
    /// Its position.
    pub at: usize,
}

impl Fragment {
    /// A fragment from words of which nothing is known: objects, then `values` values.
    ///
    /// # Errors
    /// When objects do not follow each other without gaps, or a reference does not lead to an object
    /// of its kind.
    pub fn from_foreign(words: SmallVec<[Word; 3]>, values: u32) -> Result<Self, Unsound> {
        let Some(end) = words.len().checked_sub(values as usize) else {
            return Err(Unsound { what: "the number of values", at: 0 });
        };
        let mut checker = Checker { words: &words, starts: SmallVec::from_elem(0, end) };
        let mut at = 0;
        while at < end {
            at += checker.start(at)?;
        }
        at = 0;
        while at < end {
            at += checker.object(at)?;
        }
        for (at, &value) in words.iter().enumerate().skip(end) {
            checker.value(value, at)?;
        }
        Ok(Self::from_words(words, values))
    }
}

/// In the place of the kind of a block that a table has.
const TAKEN: u8 = 0x80;

/// Words of objects that are checked without an allocation.
const FEW: usize = 64;

struct Checker<'a> {
    words: &'a [Word],
    /// The kinds of the objects, at the positions where they start.
    starts: SmallVec<[u8; FEW]>,
}

impl Checker<'_> {
    /// Notes an object; gives its size.
    fn start(&mut self, at: usize) -> Result<usize, Unsound> {
        let head = self.words[at];
        let length = word::header_length(head) as usize;
        let size = match Kind::from_u8(word::header_kind(head)) {
            Some(Kind::String) => Some(1 + word::string_words(length)),
            Some(Kind::Table) => Some(table::WORDS as usize),
            Some(Kind::Array | Kind::Hash) => Some(1 + length),
            Some(Kind::Integer) if length == 1 => Some(2),
            // Index 0 means "no block" in a table, so a box without content lies there.
            Some(Kind::Box) if at == 0 && length == 1 => Some(2),
            Some(Kind::User)
                if word::header_flags(head) == word::USER_ERROR
                    && length == word::USER_ERROR_FIELDS as usize =>
            {
                Some(1 + length)
            }
            _ => None,
        };
        let flags = match Kind::from_u8(word::header_kind(head)) {
            Some(Kind::Table | Kind::Array | Kind::Integer) => 0,
            Some(Kind::Hash) => word::HASH_FLAGS,
            _ => u32::MAX,
        };
        if word::header_flags(head) & !flags != 0 {
            return Err(Unsound { what: "a header", at });
        }
        match size {
            Some(size) if at + size <= self.starts.len() => {
                self.starts[at] = word::header_kind(head);
                Ok(size)
            }
            _ => Err(Unsound { what: "an object", at }),
        }
    }

    /// Checks what an object refers to; gives its size.
    fn object(&mut self, at: usize) -> Result<usize, Unsound> {
        let head = self.words[at];
        let length = word::header_length(head) as usize;
        match Kind::from_u8(word::header_kind(head)) {
            Some(Kind::Table) => self.table(at).map(|()| table::WORDS as usize),
            Some(Kind::Hash) => self.hash(at, 1 + length).map(|()| 1 + length),
            Some(Kind::Array | Kind::User | Kind::Box) => {
                self.values(at + 1..at + 1 + length).map(|()| 1 + length)
            }
            Some(Kind::String) => Ok(1 + word::string_words(length)),
            _ => Ok(1 + length),
        }
    }

    fn values(&self, mut range: std::ops::Range<usize>) -> Result<(), Unsound> {
        range.try_for_each(|at| self.value(self.words[at], at))
    }

    fn value(&self, value: Word, at: usize) -> Result<(), Unsound> {
        if word::is_float(value) {
            return Ok(());
        }
        let (space, to) = (word::space(value), word::index(value));
        let is_sound = match word::tag(value) {
            word::TAG_INT => true,
            word::TAG_SHORT => word::is_sound_short(value),
            word::TAG_SPECIAL => space == 0 && to <= 2,
            word::TAG_STRING => space == 0 && self.is(to, Kind::String),
            word::TAG_TABLE => space == 0 && self.is(to, Kind::Table),
            word::TAG_OBJECT if space == Kind::Integer as u16 => self.is(to, Kind::Integer),
            word::TAG_OBJECT if space == Kind::User as u16 => self.is(to, Kind::User),
            _ => false,
        };
        if is_sound { Ok(()) } else { Err(Unsound { what: "a value", at }) }
    }

    fn is(&self, at: u32, kind: Kind) -> bool {
        self.starts.get(at as usize) == Some(&(kind as u8))
    }

    /// Takes a block for a table: a second one must not have it too.
    fn own(&mut self, block: u32, kind: Kind) -> bool {
        let is_free = self.is(block, kind);
        if is_free {
            self.starts[block as usize] = TAKEN;
        }
        is_free
    }

    fn table(&mut self, at: usize) -> Result<(), Unsound> {
        let array = self.words[at + table::ARRAY as usize];
        let (block, used) = (array as u32, (array >> 32) as u32);
        let is_array_sound = if block == 0 {
            used == 0
        } else {
            self.own(block, Kind::Array) && used <= word::header_length(self.words[block as usize])
        };
        if block != 0 && is_array_sound {
            let end = block as usize + 1;
            let room = word::header_length(self.words[block as usize]) as usize;
            if self.words[end + used as usize..end + room].iter().any(|&item| item != word::NIL) {
                return Err(Unsound { what: "an item behind the last one", at });
            }
        }
        let hash = self.words[at + table::HASH as usize];
        let is_hash_sound = hash == 0 || hash >> 32 == 0 && self.own(hash as u32, Kind::Hash);
        let has_meta = self.words[at + table::META as usize] != word::NIL;
        if is_array_sound && is_hash_sound && !has_meta {
            return Ok(());
        }
        Err(Unsound { what: "a table", at })
    }

    fn hash(&self, at: usize, size: usize) -> Result<(), Unsound> {
        let unsound = Err(Unsound { what: "a hash part", at });
        let Some(sizes) = (size > 1).then(|| self.words[at + 1]) else { return unsound };
        let (used, capacity) = (sizes as u32, (sizes >> 32) as usize);
        let first = at + word::HASH_ENTRIES as usize;
        if used as usize > capacity || size < 2 + 2 * capacity {
            return unsound;
        }
        let index = &self.words[first + 2 * capacity..at + size];
        if index.len() != word::hash_index_words(capacity as u32) as usize
            || !word::is_sound_index(index, used)
        {
            return unsound;
        }
        (first..first + 2 * used as usize).step_by(2).try_for_each(|entry| {
            let (key, value) = (self.words[entry], self.words[entry + 1]);
            let is_dead = word::tag(key) == word::TAG_SPECIAL
                && word::space(key) == word::SPACE_DEAD_KEY
                && value == word::NIL;
            if key == word::NIL && value != word::NIL {
                return Err(Unsound { what: "a field", at: entry });
            }
            if is_dead { Ok(()) } else { self.values(entry..entry + 2) }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fragment::FragmentBuilder;

    fn built() -> Fragment {
        let mut builder = FragmentBuilder::new();
        let (text, big) = (builder.string(b"a longer string"), builder.integer(i64::MIN));
        let list = builder.list(&[text, big, word::NIL]);
        let record = builder.record(&[("list", list), ("a long name", text)]);
        builder.finish(&[record, word::TRUE])
    }

    fn checked(words: &[Word], values: u32) -> Result<Fragment, Unsound> {
        Fragment::from_foreign(words.into(), values)
    }

    #[test]
    fn what_was_built_is_sound() {
        let fragment = built();
        assert_eq!(checked(fragment.words(), 2).as_ref(), Ok(&fragment));
        assert_eq!(checked(&[], 0), Ok(Fragment::default()));
    }

    #[test]
    fn cut_and_foreign_words_are_refused() {
        let fragment = built();
        let words = fragment.words();
        // What is cut ends within an object, or in words that happen to be values.
        let refused = (1..words.len()).filter(|&cut| checked(&words[..cut], 2).is_err()).count();
        assert!(refused * 2 > words.len(), "{refused} of {}", words.len());
        for value in [
            word::make(word::TAG_TABLE, 0, 1),
            word::make(word::TAG_STRING, 1, 0),
            word::make(word::TAG_FUNCTION, 0, 0),
            word::object(Kind::Coroutine, 0),
            word::NIL | 3,
        ] {
            let error = checked(&[value], 1).unwrap_err();
            assert_eq!((error.what, error.at), ("a value", 0));
        }
        assert!(checked(&[word::NIL], 2).is_err());
    }

    #[test]
    fn a_block_of_two_tables_is_refused() {
        let array = [word::header(Kind::Array, 0, 1), word::TRUE];
        let table = [word::header(Kind::Table, 0, 0), 1 | 1 << 32, 0, word::NIL];
        // Before it lies a box, since no block begins at 0.
        let mut words = vec![word::header(Kind::Box, 0, 1), word::NIL];
        words.extend(array);
        for _ in 0..2 {
            words.extend(table.map(|word| if word == 1 | 1 << 32 { word + 1 } else { word }));
        }
        let one = [&words[..8], &[word::make(word::TAG_TABLE, 0, 4)]].concat();
        assert!(checked(&one, 1).is_ok());
        words.push(word::make(word::TAG_TABLE, 0, 8));
        assert_eq!(checked(&words, 1).unwrap_err().what, "a table");
    }

    #[test]
    fn flags_of_another_process_are_refused() {
        let mut words: Vec<Word> = built().words().to_vec();
        let table = words.iter().position(|&word| word == word::header(Kind::Table, 0, 0)).unwrap();
        words[table] |= 1 << 8;
        assert_eq!(checked(&words, 2).unwrap_err().what, "a header");
    }

    #[test]
    fn an_index_that_leads_out_of_its_entries_is_refused() {
        for (index, is_sound) in
            [(0, true), (1, true), (2, true), (3, false), (1 | 1 << 32, true), (u64::MAX, false)]
        {
            assert_eq!(word::is_sound_index(&[index, 0], 2), is_sound, "{index:#x}");
        }
        assert!(!word::is_sound_index(&[1 | 1 << 32, 1], 2), "more slots than entries");
    }
}
