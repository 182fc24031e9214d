//! Whether the words of a snapshot are a heap: objects follow each other without gaps, each has the
//! form of its kind, and every reference leads to an object of its kind.
//!
//! The interpreter and the collector index by what they find in the heap without asking again, so
//! whatever they take for granted is checked here, once: the blocks of tables, the boxes of closures,
//! the fields of objects. What frames must hold is checked in [`super::frames`], how coroutines hang
//! together in [`super::tasks`].

use super::Damage;
use crate::bytecode::needs::{Registers, members};
use crate::collect::{is_dead_key, object_words};
use crate::coroutine::{field, status};
use crate::coroutines::WRAP_PLACE;
use crate::frame::closure_place;
use crate::heap::root;
use crate::image::Image;
use crate::index::is_heap_table;
use crate::library::{CONTINUED, class, library};
use crate::table::TABLE_FLAGS;
use procession_types::word::{self, Kind, Word, table};
use std::cell::Cell;
use std::sync::Arc;

pub(super) type Checked = Result<(), Damage>;

/// What is known of an object, beside its kind in the lowest bits: something refers to it that must be
/// the only one.
pub(super) const OWNED: u8 = 0x10;
/// A coroutine that is one of a task's.
pub(super) const IN_TASK: u8 = 0x20;
const KIND: u8 = 0x0F;

/// See the module.
pub(super) struct Checker<'a> {
    pub(super) words: &'a [Word],
    pub(super) images: &'a [Arc<Image>],
    /// For each word that an object starts at its kind, and what else is known of it; otherwise 0.
    marks: Vec<Cell<u8>>,
}

impl<'a> Checker<'a> {
    /// Finds out where objects start.
    pub(super) fn new(words: &'a [Word], images: &'a [Arc<Image>]) -> Result<Self, Damage> {
        let marks = vec![Cell::new(0); words.len()];
        let mut at = root::END;
        while at < words.len() {
            let kind = word::header_kind(words[at]);
            let size = object_words(words[at]);
            if Kind::from_u8(kind).is_none() {
                return Err(Damage::new(at, "an object of no known kind"));
            }
            if size > words.len() - at {
                return Err(Damage::new(at, "an object that does not end"));
            }
            marks[at].set(kind);
            at += size;
        }
        Ok(Self { words, images, marks })
    }

    /// Checks every object by itself.
    pub(super) fn objects(&self) -> Checked {
        let mut at = root::END;
        while at < self.words.len() {
            self.object(at)?;
            at += object_words(self.words[at]);
        }
        Ok(())
    }

    /// The positions of objects of a kind.
    pub(super) fn all(&self, kind: Kind) -> impl Iterator<Item = usize> {
        let is_kind = move |(_, mark): &(usize, &Cell<u8>)| mark.get() & KIND == kind as u8;
        self.marks.iter().enumerate().filter(is_kind).map(|(at, _)| at)
    }

    /// Whether an object of this kind starts there.
    pub(super) fn is(&self, at: usize, kind: Kind) -> bool {
        self.marks.get(at).is_some_and(|mark| mark.get() & KIND == kind as u8)
    }

    /// Marks an object; says whether it had been marked.
    pub(super) fn mark(&self, at: usize, mark: u8) -> bool {
        let before = self.marks[at].get();
        self.marks[at].set(before | mark);
        before & mark != 0
    }

    pub(super) fn is_marked(&self, at: usize, mark: u8) -> bool {
        self.marks[at].get() & mark != 0
    }

    /// The position of the object that the word at `at` refers to, which must be of this kind.
    pub(super) fn expect(&self, at: usize, kind: Kind) -> Result<usize, Damage> {
        let value = self.words[at];
        let to = word::index(value) as usize;
        let refers = value >> 32 == word::TAG_OBJECT << 16 | kind as u64;
        if refers && self.is(to, kind) {
            return Ok(to);
        }
        Err(Damage::new(at, "a reference to another kind of object"))
    }

    /// Whether the word at `at` is a value that programs can have.
    #[inline(always)]
    pub(super) fn value(&self, at: usize) -> Checked {
        let value = self.words[at];
        // Integers, nil and booleans have words in one row, which are most of them.
        if (word::int_wrapping(0)..=word::TRUE).contains(&value) || self.is_value(value) {
            return Ok(());
        }
        Err(Damage::new(at, "no value"))
    }

    fn values(&self, from: usize, end: usize) -> Checked {
        (from..end).try_for_each(|at| self.value(at))
    }

    fn is_value(&self, value: Word) -> bool {
        let (space, at) = (word::space(value) as usize, word::index(value) as usize);
        match word::tag(value) {
            word::TAG_INT => true,
            word::TAG_SHORT => word::is_sound_short(value),
            word::TAG_SPECIAL => match space {
                0 => at <= 2,
                1 => at < library().builtins.len(),
                // A builtin keeps it in its frame; elsewhere it is a value without meaning.
                _ => value == CONTINUED,
            },
            word::TAG_STRING if space == 0 => self.is(at, Kind::String),
            word::TAG_STRING => self.images.get(space - 1).is_some_and(|image| {
                image.strings.get(at).is_some_and(|&head| {
                    word::header_kind(head) == Kind::String as u8
                        && at + object_words(head) <= image.strings.len()
                })
            }),
            word::TAG_TABLE if space == 0 => self.is(at, Kind::Table),
            word::TAG_TABLE => space == 1 && at < library().tables.len(),
            word::TAG_FUNCTION if space == 0 => self.is(at, Kind::Closure),
            word::TAG_FUNCTION => {
                // It has no closure that could hold a box.
                let image = &self.images[0];
                space == 1
                    && at < image.prototypes.len()
                    && image.boxed_upvalues(at) == Registers::default()
            }
            word::TAG_OBJECT => match Kind::from_u8(space as u8) {
                // A box stays behind where a captured variable was. As a value it has no meaning.
                Some(kind @ (Kind::Integer | Kind::Coroutine | Kind::Box)) => {
                    space == kind as usize && self.is(at, kind)
                }
                Some(Kind::User) => {
                    space == Kind::User as usize
                        && self.is(at, Kind::User)
                        && word::header_flags(self.words[at]) < class::COUNT
                }
                _ => false,
            },
            _ => word::is_float(value),
        }
    }

    /// Whether the word at `at` refers to a box.
    pub(super) fn is_box(&self, at: usize) -> bool {
        self.expect(at, Kind::Box).is_ok()
    }

    fn object(&self, at: usize) -> Checked {
        let head = self.words[at];
        let (length, flags) = (word::header_length(head) as usize, word::header_flags(head));
        let end = at + object_words(head);
        let form = |sound: bool, what| if sound { Ok(()) } else { Err(Damage::new(at, what)) };
        match Kind::from_u8(word::header_kind(head)) {
            Some(Kind::String) | None => Ok(()),
            Some(Kind::Table) => {
                form(flags & !TABLE_FLAGS == 0, "a table with unknown flags")?;
                self.table(at)
            }
            Some(Kind::Array) => {
                form(flags == 0, "an array with flags")?;
                self.values(at + 1, end)
            }
            Some(Kind::Hash) => self.hash(at),
            Some(Kind::Integer) => form(length == 1, "an integer of another size"),
            Some(Kind::Box) => {
                form(length == 1, "a box of another size")?;
                self.value(at + 1)
            }
            Some(Kind::Closure) => self.closure(at),
            Some(Kind::Coroutine) => {
                let is_sound = flags >> status::DEPTH_SHIFT <= status::DEPTH_MAX;
                form(length == field::COUNT && is_sound, "a coroutine of another form")
            }
            Some(Kind::Stack) => self.values(at + 1, end),
            Some(Kind::User) => {
                let least = class::fields_least(flags) as usize;
                form(flags <= class::COUNT && length >= least, "an object with too few fields")?;
                // The last of a mark's fields leads to the next mark.
                let next = if flags == class::COUNT { at + 2 } else { end };
                self.values(at + 1, next)
            }
        }
    }

    /// Notes that what the word at `at` refers to belongs to it.
    fn own(&self, at: usize, block: usize, kind: Kind) -> Checked {
        if !self.is(block, kind) {
            return Err(Damage::new(at, "a reference to another kind of object"));
        }
        if self.mark(block, OWNED) {
            return Err(Damage::new(at, "a reference to what belongs to something else"));
        }
        Ok(())
    }

    /// The word at `at` refers to an object that nothing else refers to.
    pub(super) fn expect_own(&self, at: usize, kind: Kind) -> Result<usize, Damage> {
        let to = self.expect(at, kind)?;
        self.own(at, to, kind)?;
        Ok(to)
    }

    fn table(&self, at: usize) -> Checked {
        let place = at + table::ARRAY as usize;
        let (block, used) = (self.words[place] as u32 as usize, self.words[place] >> 32);
        if block != 0 {
            self.own(place, block, Kind::Array)?;
        }
        let room = if block == 0 { 0 } else { word::header_length(self.words[block]) };
        if used > u64::from(room) {
            return Err(Damage::new(place, "a table with more items than room"));
        }
        // The collector looks at a weak table's items only as far as they are used.
        let mut unused = block + 1 + used as usize..block + 1 + room as usize;
        if let Some(item) = unused.find(|&item| self.words[item] != word::NIL) {
            return Err(Damage::new(item, "an item behind the last one"));
        }
        let place = at + table::HASH as usize;
        match self.words[place] {
            0 => {}
            hash if hash >> 32 == 0 => self.own(place, hash as usize, Kind::Hash)?,
            _ => return Err(Damage::new(place, "a reference to no fields")),
        }
        let place = at + table::META as usize;
        let meta = self.words[place];
        if meta != word::NIL && word::tag(meta) != word::TAG_TABLE {
            return Err(Damage::new(place, "a metatable that is no table"));
        }
        self.value(place)
    }

    fn hash(&self, at: usize) -> Checked {
        let head = self.words[at];
        let size = object_words(head);
        let broken = || Err(Damage::new(at, "fields of another form"));
        if word::header_flags(head) & !word::HASH_FLAGS != 0 || size < 2 {
            return broken();
        }
        let counts = self.words[at + word::HASH_USED as usize];
        let (used, capacity) = (counts as u32 as usize, (counts >> 32) as usize);
        if used > capacity || 2 * capacity > size {
            return broken();
        }
        let index = word::hash_index_words(capacity as u32) as usize;
        let first = at + word::HASH_ENTRIES as usize;
        if size != 2 + 2 * capacity + index
            || !word::is_sound_index(&self.words[at + size - index..at + size], used as u32)
        {
            return broken();
        }
        for entry in (first..first + 2 * used).step_by(2) {
            let key = self.words[entry];
            if self.words[entry + 1] == word::NIL {
                // Removed; the collector may have put something in the place of the key.
                if !is_dead_key(key) {
                    self.value(entry)?;
                }
            } else {
                if key == word::NIL {
                    return Err(Damage::new(entry, "a field without a key"));
                }
                self.value(entry)?;
                self.value(entry + 1)?;
            }
        }
        Ok(())
    }

    fn closure(&self, at: usize) -> Checked {
        let broken = |what| Err(Damage::new(at + 1, what));
        let count = word::header_length(self.words[at]) as usize;
        if count == 0 {
            return Err(Damage::new(at, "a function without code"));
        }
        let place = self.words[at + 1];
        let upvalues = at + 2..at + 1 + count;
        if place == WRAP_PLACE {
            return match upvalues.len() {
                1 => self.expect(at + 2, Kind::Coroutine).map(|_| ()),
                _ => broken("a function with other captured variables"),
            };
        }
        let (number, index) = ((place >> 32) as u16, place as u32);
        let image = self.images.get(number as usize).filter(|image| {
            (index as usize) < image.prototypes.len() && place == closure_place(number, index)
        });
        let Some(image) = image else { return broken("a function of code that is not there") };
        if image.prototypes[index as usize].upvalues.len() != upvalues.len() {
            return broken("a function with other captured variables");
        }
        let boxed = image.boxed_upvalues(index as usize);
        let mut boxes = members(boxed).peekable();
        for (number, place) in upvalues.enumerate() {
            if boxes.next_if_eq(&number).is_some() {
                self.expect(place, Kind::Box)?;
            } else {
                self.value(place)?;
            }
        }
        Ok(())
    }

    /// The roots, but for the coroutines.
    pub(super) fn roots(&self) -> Checked {
        let words = self.words;
        for at in [root::ARGUMENTS, root::STATE, root::SOURCES] {
            if words[at] != word::NIL && !is_heap_table(words[at]) {
                return Err(Damage::new(at, "something else than a table"));
            }
            self.value(at)?;
        }
        for at in [root::INBOX, root::EVENTS] {
            if words[at] != word::NIL {
                let channel = self.expect(at, Kind::User)?;
                if word::header_flags(words[channel]) != class::CHANNEL {
                    return Err(Damage::new(at, "something else than a channel"));
                }
            }
        }
        self.value(root::SCRATCH)?;
        self.list(root::FINALIZABLE, root::FINALIZABLE_COUNT)?;
        self.list(root::PENDING, root::PENDING_COUNT)?;
        if words[root::FINALIZER] != word::NIL {
            self.expect(root::FINALIZER, Kind::Coroutine)?;
        }
        for (at, most) in
            [(root::INSTRUCTIONS, 1 << 62), (root::LAST_ID, 1 << 31), (root::FLAGS, 15)]
        {
            if words[at] > most {
                return Err(Damage::new(at, "a number that is too large"));
            }
        }
        for (number, at) in (root::OVERLAY..root::END).enumerate() {
            let is_table = is_heap_table(words[at]) && number < library().tables.len();
            if words[at] != word::NIL && !is_table {
                return Err(Damage::new(at, "something else than a table"));
            }
            self.value(at)?;
        }
        Ok(())
    }

    /// A list whose first items, as many as the word at `count` says, are tables; nil or 0 when there
    /// are none.
    fn list(&self, list: usize, count: usize) -> Checked {
        let used = self.words[count];
        if self.words[list] == word::NIL || self.words[list] == 0 {
            return if used == 0 {
                Ok(())
            } else {
                Err(Damage::new(count, "a list that is missing"))
            };
        }
        let at = self.expect_own(list, Kind::Array)?;
        if used > u64::from(word::header_length(self.words[at])) {
            return Err(Damage::new(count, "a list with more items than room"));
        }
        let items = at + 1..at + 1 + used as usize;
        match items.into_iter().find(|&item| !is_heap_table(self.words[item])) {
            Some(item) => Err(Damage::new(item, "something else than a table")),
            None => Ok(()),
        }
    }
}
