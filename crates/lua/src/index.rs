//! Reading and writing fields: tables, library tables, metatables.

use crate::heap::root;
use crate::library::{Library, class, number, table_word};
use crate::strings::is_string;
use crate::vm::{Raise, Vm};
use procession_types::word::{self, Kind, Word, table};

/// How many `__index` or `__newindex` steps one access may take.
const CHAIN_MAX: usize = 2000;

/// Bytes of the longest key of a library table, and a few more.
const KEY_BYTES_MAX: usize = 64;

/// Where a table's content is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    /// A table object of the heap.
    Heap(usize),
    /// A library table that the process has not written to.
    Frozen(u16),
    /// It is no table: library code that is given something else finds nothing there.
    Nowhere,
}

/// What an access came to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Access {
    /// The value; or, for a write, done.
    Value(Word),
    /// This metamethod is to be called with this receiver.
    Call(Word, Word),
}

/// Whether the word is a table of the heap.
#[inline(always)]
pub(crate) const fn is_heap_table(value: Word) -> bool {
    value >> 32 == word::TAG_TABLE << 16
}

/// What a library table holds under a constant, if the process has not written to it and the constant
/// is the library's own: the short way to `string.format` and the like.
#[inline(always)]
fn frozen_constant(words: &[Word], library: &Library, table: u16, key: Word) -> Option<Word> {
    if words[root::OVERLAY + table as usize] != word::NIL {
        return None;
    }
    // A key of another image may be an equal string; extreme integers must be thawed.
    let value = library.tables[table as usize].plain(key);
    (value != word::NIL).then_some(value)
}

/// The same for any value: a library table, an object whose class has the method, a string.
#[inline(always)]
pub(crate) fn frozen_field(
    words: &[Word],
    library: &Library,
    target: Word,
    key: Word,
) -> Option<Word> {
    if target >> 32 == word::TAG_TABLE << 16 | 1 {
        return frozen_constant(words, library, word::index(target) as u16, key);
    }
    if target >> 32 == word::TAG_OBJECT << 16 | Kind::User as u64 {
        let class = word::header_flags(words[word::index(target) as usize]);
        if class < class::COUNT {
            return frozen_constant(words, library, number::CLASS_META + class as u16, key);
        }
    }
    // The metatable of strings leads to the library `string`.
    if is_string(target) && words[root::OVERLAY + number::STRING_META as usize] == word::NIL {
        return frozen_constant(words, library, number::STRINGS, key);
    }
    None
}

impl Vm<'_> {
    /// Where a table keeps its content.
    #[inline]
    pub(crate) fn place_of(&self, value: Word) -> Place {
        if is_heap_table(value) {
            return Place::Heap(word::index(value) as usize);
        }
        if value >> 32 != word::TAG_TABLE << 16 | 1 {
            return Place::Nowhere;
        }
        let number = word::index(value) as u16;
        let own = self.heap.get(root::OVERLAY + number as usize);
        if own == word::NIL {
            Place::Frozen(number)
        } else {
            Place::Heap(word::index(own) as usize)
        }
    }

    /// The process's own copy of a table, made now if there is none yet; of something else a new
    /// table that nobody will see.
    pub(crate) fn writable(&mut self, value: Word) -> usize {
        match self.place_of(value) {
            Place::Heap(at) => at,
            Place::Nowhere => self.heap.table(0, 1),
            Place::Frozen(number) => {
                let frozen = &self.library.tables[number as usize];
                let at = self.heap.table(0, frozen.entries.len() + 4);
                for &(key, value) in &frozen.entries {
                    let value = self.thawed(value);
                    self.heap.set_hashed(self.strings(), at, key, value);
                }
                let own = word::make(word::TAG_TABLE, 0, at as u32);
                self.heap.set(root::OVERLAY + number as usize, own);
                at
            }
        }
    }

    /// A value of a library table as the heap holds it.
    #[inline]
    pub(crate) fn thawed(&mut self, value: Word) -> Word {
        match crate::library::extreme(value) {
            Some(integer) => self.heap.integer(integer),
            None => value,
        }
    }

    /// A key as tables hold it: a float with an integer's value becomes that integer.
    #[inline]
    pub(crate) fn normal_key(&mut self, key: Word) -> Word {
        if word::is_float(key)
            && let Some(value) = crate::text::number::float_to_int(word::to_f64(key))
        {
            return self.heap.integer(value);
        }
        key
    }

    /// The form of a string key in library tables.
    fn canonical(&self, key: Word) -> Option<Word> {
        if word::tag(key) == word::TAG_STRING && word::space(key) != 1 {
            let bytes = self.bytes(key);
            return match bytes.len() {
                0..=KEY_BYTES_MAX => self.library.strings.get(&*bytes).copied(),
                _ => None,
            };
        }
        Some(key)
    }

    /// `rawget`; nil for what is no table.
    #[inline]
    pub(crate) fn raw_get(&mut self, target: Word, key: Word) -> Word {
        let key = self.normal_key(key);
        match self.place_of(target) {
            Place::Heap(at) => self.heap.get_any(self.strings(), at, key),
            Place::Frozen(number) => match self.canonical(key) {
                Some(key) => {
                    let value = self.library.tables[number as usize].get(key);
                    self.thawed(value)
                }
                None => word::NIL,
            },
            Place::Nowhere => word::NIL,
        }
    }

    /// `rawset` without checks: the key must be neither nil nor NaN.
    pub(crate) fn raw_set(&mut self, target: Word, key: Word, value: Word) {
        let key = self.normal_key(key);
        let at = self.writable(target);
        self.heap.set_any(self.strings(), at, key, value);
    }

    /// The metatable of any value, or nil.
    #[inline]
    pub(crate) fn metatable(&self, value: Word) -> Word {
        match word::tag(value) {
            _ if word::is_float(value) => word::NIL,
            word::TAG_TABLE => match self.place_of(value) {
                Place::Heap(at) => self.heap.get(at + table::META as usize),
                Place::Frozen(_) | Place::Nowhere => word::NIL,
            },
            word::TAG_SHORT | word::TAG_STRING => table_word(number::STRING_META),
            word::TAG_OBJECT if word::space(value) == Kind::User as u16 => {
                let head = self.heap.get(word::index(value) as usize);
                let class = word::header_flags(head);
                if class < class::COUNT {
                    table_word(number::CLASS_META + class as u16)
                } else {
                    word::NIL
                }
            }
            _ => word::NIL,
        }
    }

    /// A metamethod of any value, or nil.
    pub(crate) fn metamethod(&mut self, value: Word, name: Word) -> Word {
        let meta = self.metatable(value);
        if meta == word::NIL { word::NIL } else { self.raw_get(meta, name) }
    }

    /// `target[key]` with metamethods.
    pub(crate) fn index(&mut self, target: Word, key: Word) -> Result<Access, Raise> {
        let first = target;
        let mut target = target;
        for _ in 0..CHAIN_MAX {
            let method;
            if word::tag(target) == word::TAG_TABLE && !word::is_float(target) {
                let value = self.raw_get(target, key);
                if value != word::NIL {
                    return Ok(Access::Value(value));
                }
                method = self.metamethod(target, self.library.names.index);
                if method == word::NIL {
                    return Ok(Access::Value(word::NIL));
                }
            } else {
                method = self.metamethod(target, self.library.names.index);
                if method == word::NIL {
                    return Err(self.index_error(target, target == first));
                }
            }
            if self.is_function(method) {
                return Ok(Access::Call(method, target));
            }
            target = method;
            self.fuel -= 1;
        }
        Err(self.error("'__index' chain too long; possible loop"))
    }

    /// `target[key] = value` with metamethods.
    pub(crate) fn set_index(
        &mut self,
        target: Word,
        key: Word,
        value: Word,
    ) -> Result<Access, Raise> {
        let first = target;
        let mut target = target;
        for _ in 0..CHAIN_MAX {
            let method;
            if word::tag(target) == word::TAG_TABLE && !word::is_float(target) {
                let meta = self.metatable(target);
                if meta == word::NIL || self.raw_get(target, key) != word::NIL {
                    method = word::NIL;
                } else {
                    method = self.raw_get(meta, self.library.names.newindex);
                }
                if method == word::NIL {
                    self.checked_set(target, key, value)?;
                    return Ok(Access::Value(word::NIL));
                }
            } else {
                method = self.metamethod(target, self.library.names.newindex);
                if method == word::NIL {
                    return Err(self.index_error(target, target == first));
                }
            }
            if self.is_function(method) {
                return Ok(Access::Call(method, target));
            }
            target = method;
            self.fuel -= 1;
        }
        Err(self.error("'__newindex' chain too long; possible loop"))
    }

    /// Why a key can't be set.
    pub(crate) fn bad_key(key: Word) -> Option<&'static str> {
        if key == word::NIL {
            return Some("table index is nil");
        }
        (word::is_float(key) && word::to_f64(key).is_nan()).then_some("table index is NaN")
    }

    /// `rawset` with its checks.
    pub(crate) fn checked_set(
        &mut self,
        target: Word,
        key: Word,
        value: Word,
    ) -> Result<(), Raise> {
        if let Some(message) = Self::bad_key(key) {
            return Err(self.error(message));
        }
        let growth = match self.place_of(target) {
            Place::Heap(at) => self.heap.growth(at),
            Place::Frozen(number) => 8 * self.library.tables[number as usize].entries.len() + 64,
            Place::Nowhere => 0,
        };
        if growth > 4096 {
            self.reserve(growth)?;
        }
        self.raw_set(target, key, value);
        Ok(())
    }

    fn index_error(&mut self, target: Word, has_name: bool) -> Raise {
        let in_code = self.is_lua_frame() && !self.is_library(self.heap.get(self.base - 3));
        let name = if has_name && in_code { self.described_table() } else { String::new() };
        let message = format!("attempt to index a {} value{name}", self.type_name(target));
        self.error(&message)
    }

    /// Whether the value can be called without `__call`.
    pub(crate) fn is_function(&self, value: Word) -> bool {
        (word::tag(value) == word::TAG_FUNCTION && !word::is_float(value))
            || crate::library::is_builtin(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::library;
    use crate::strings::Strings;

    #[test]
    fn no_key_of_the_library_is_too_long() {
        let heap = crate::heap::Heap::new(1 << 20);
        let images = [std::sync::Arc::clone(&library().image)];
        let strings = Strings { images: &images };
        for (key, _) in library().tables.iter().flat_map(|table| &table.entries) {
            let length = if is_string(*key) { strings.length(&heap, *key) } else { 0 };
            assert!(
                length <= KEY_BYTES_MAX,
                "{}",
                String::from_utf8_lossy(&strings.bytes(&heap, *key))
            );
        }
    }
}
