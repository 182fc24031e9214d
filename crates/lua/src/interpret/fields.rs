//! Globals, fields and items of tables, methods.

use super::run::Run;
use super::{Done, Next};
use crate::bytecode::{Instruction, Known, Prototype};
use crate::call::BUILTIN_FUEL;
use crate::heap::root;
use crate::index::{Access, frozen_field, is_heap_table};
use crate::library::{number, table_word};
use crate::table::seen::{Seen, see_string};
use crate::table::{HASH_STALE, layout};
use crate::vm::{Raise, Vm};
use procession_types::word::{self, Kind, Word, table};

/// Up to so many items of a table, setting a key makes sure of no room.
const ITEMS_FEW: usize = 400;

impl Run<'_, '_> {
    /// Whether the process has not written to a library table.
    #[inline(always)]
    fn is_untouched(&self, table: u16) -> bool {
        self.words[root::OVERLAY + table as usize] == word::NIL
    }

    /// The metatable of the table at a position.
    #[inline(always)]
    fn meta(&self, at: usize) -> Word {
        self.words[at + table::META as usize]
    }

    /// The array block of the table at a position, and how many items it has.
    #[inline(always)]
    fn array(&self, at: usize) -> (usize, usize) {
        layout::array_part(self.words, at)
    }

    /// The entry of a string key in the table at a position.
    #[inline(always)]
    fn see(&self, at: usize, key: Word) -> Seen {
        match self.words[at + table::HASH as usize] as u32 as usize {
            0 => Seen::Absent,
            block => see_string(self.words, self.shared.images, block, key),
        }
    }

    /// What the table at a position itself holds under a string key, if a look tells.
    #[inline(always)]
    fn own_field(&self, at: usize, key: Word) -> Option<Word> {
        match self.see(at, key) {
            Seen::At(entry) => Some(self.words[entry + 1]),
            Seen::Absent => Some(word::NIL),
            Seen::Unknown => None,
        }
    }

    /// A field of a value, without metamethods.
    #[inline(always)]
    fn field(&self, target: Word, key: Word) -> Option<Word> {
        if !is_heap_table(target) {
            return frozen_field(self.words, self.shared.library, target, key);
        }
        let at = word::index(target) as usize;
        let value = self.own_field(at, key)?;
        (value != word::NIL || self.meta(at) == word::NIL).then_some(value)
    }

    /// The field of a table or, when it has none, of the table its metatable's `__index` is.
    #[inline(always)]
    fn method_of_table(&self, target: Word, key: Word) -> Option<Word> {
        let at = word::index(target) as usize;
        let value = self.own_field(at, key)?;
        if value != word::NIL {
            return Some(value);
        }
        let meta = self.meta(at);
        if !is_heap_table(meta) {
            return None;
        }
        let class = self.own_field(word::index(meta) as usize, self.shared.library.names.index)?;
        if !is_heap_table(class) {
            return None;
        }
        self.own_field(word::index(class) as usize, key).filter(|&value| value != word::NIL)
    }

    #[inline(always)]
    pub(super) fn get_global(&mut self, i: Instruction) -> Done {
        let env = self.upvalue(i.b());
        let known = self.function.prototype.known.get((i.c() as usize).wrapping_sub(1));
        if let Some(known) = known
            && env == table_word(number::GLOBALS)
            && self.is_untouched(number::GLOBALS)
        {
            self.set(i.a(), known.value)?;
            if known.field != word::NIL && self.is_untouched(known.table) {
                // The next instruction reads this field.
                let next = self.fetch();
                self.set(next.a(), known.field)?;
            }
            return Some(());
        }
        let key = self.k(i.d());
        if let Some(value) = frozen_field(self.words, self.shared.library, env, key) {
            return self.set(i.a(), value);
        }
        let at = self.globals(env)?;
        let value = self.own_field(at, key).filter(|&value| value != word::NIL)?;
        self.set(i.a(), value)
    }

    /// Where an `_ENV` keeps its content, if that is in the heap.
    #[inline(always)]
    fn globals(&self, env: Word) -> Option<usize> {
        let own = match env == table_word(number::GLOBALS) {
            true => self.words[root::OVERLAY + number::GLOBALS as usize],
            false => env,
        };
        is_heap_table(own).then_some(word::index(own) as usize)
    }

    #[inline(always)]
    pub(super) fn get_field(&mut self, i: Instruction) -> Done {
        let value = self.field(self.r(i.b()), self.k(i.d()))?;
        self.set(i.a(), value)
    }

    /// Sets a field that is there.
    #[inline(always)]
    pub(super) fn set_field(&mut self, i: Instruction) -> Done {
        let target = self.r(i.a());
        if !is_heap_table(target) {
            return None;
        }
        let (at, key, value) = (word::index(target) as usize, self.k(i.d()), self.r(i.c()));
        match self.see(at, key) {
            Seen::At(entry) if self.words[entry + 1] != word::NIL => {
                self.words[entry + 1] = value;
                Some(())
            }
            Seen::Absent => self.add_field(at, key, value),
            _ => None,
        }
    }

    /// Adds a field where there is room for it.
    #[inline(always)]
    fn add_field(&mut self, at: usize, key: Word, value: Word) -> Done {
        let block = self.words[at + table::HASH as usize] as u32 as usize;
        if block == 0 {
            return None;
        }
        let (used, capacity) = layout::hash_size(self.words, block);
        let is_plain = used < capacity
            && capacity <= word::HASH_LINEAR_MAX as usize
            && word::header_flags(self.words[block]) & HASH_STALE == 0
            && self.meta(at) == word::NIL
            && self.array(at).1 <= ITEMS_FEW
            && value != word::NIL;
        if !is_plain {
            return None;
        }
        layout::put_entry(self.words, block, key, value);
        Some(())
    }

    /// An item of a table's array.
    #[inline(always)]
    fn item(&self, target: Word, key: i64) -> Option<Word> {
        if !is_heap_table(target) {
            return None;
        }
        let (block, used) = self.array(word::index(target) as usize);
        let position = (key as u64).wrapping_sub(1);
        if position >= used as u64 {
            return None;
        }
        let value = self.words[block + 1 + position as usize];
        (value != word::NIL).then_some(value)
    }

    #[inline(always)]
    pub(super) fn get_index(&mut self, i: Instruction) -> Done {
        let key = self.r(i.c());
        if !word::is_int(key) {
            return None;
        }
        let value = self.item(self.r(i.b()), word::to_int(key))?;
        self.set(i.a(), value)
    }

    #[inline(always)]
    pub(super) fn get_int(&mut self, i: Instruction) -> Done {
        let value = self.item(self.r(i.b()), i64::from(i.d()))?;
        self.set(i.a(), value)
    }

    /// Sets an item of a table's array.
    #[inline(always)]
    pub(super) fn set_index(&mut self, i: Instruction) -> Done {
        let (target, key, value) = (self.r(i.a()), self.r(i.b()), self.r(i.c()));
        if !is_heap_table(target) || !word::is_int(key) || value == word::NIL {
            return None;
        }
        let at = word::index(target) as usize;
        let (block, used) = self.array(at);
        let position = (word::to_int(key) as u64).wrapping_sub(1);
        if position >= used as u64 {
            return self.add_item(at, position as usize, value);
        }
        let item = block + 1 + position as usize;
        if self.meta(at) != word::NIL && self.words[item] == word::NIL {
            return None;
        }
        self.words[item] = value;
        Some(())
    }

    /// Adds an item above the used part of an array, where there is room for it.
    #[inline(always)]
    fn add_item(&mut self, at: usize, position: usize, value: Word) -> Done {
        let (block, used) = self.array(at);
        let is_plain = block != 0
            && position < word::header_length(self.words[block]) as usize
            && self.words[at + table::HASH as usize] as u32 == 0
            && self.meta(at) == word::NIL
            // The long way would have to make sure that a larger array fits.
            && (used <= ITEMS_FEW || (8 * used + 64) as i64 <= self.room);
        if !is_plain {
            return None;
        }
        layout::put_item(self.words, at, block, position, value);
        Some(())
    }

    /// The method that an object of the runtime is known to have.
    #[inline(always)]
    fn known_method(&self, i: Instruction, target: Word) -> Option<Known> {
        if target >> 32 != word::TAG_OBJECT << 16 | Kind::User as u64 {
            return None;
        }
        let known = *self.function.prototype.known.get((i.c() as usize).wrapping_sub(1))?;
        let class = word::header_flags(self.words[word::index(target) as usize]);
        let is_its = class + u32::from(number::CLASS_META) == u32::from(known.table);
        (is_its && self.is_untouched(known.table)).then_some(known)
    }

    #[inline(always)]
    pub(super) fn method(&mut self, i: Instruction) -> Done {
        let target = self.r(i.b());
        if let Some(known) = self.known_method(i, target) {
            self.set(i.a() + 3, target)?;
            if known.field != word::TRUE || self.call_known(i, known.value).is_none() {
                self.set(i.a(), known.value)?;
            }
            return Some(());
        }
        let key = self.k(i.d());
        let method = if is_heap_table(target) {
            self.method_of_table(target, key)?
        } else {
            frozen_field(self.words, self.shared.library, target, key)?
        };
        self.set(i.a() + 3, target)?;
        self.set(i.a(), method)
    }

    /// Does the next instruction too, a call of this built-in method for one result.
    #[inline(always)]
    fn call_known(&mut self, i: Instruction, method: Word) -> Done {
        let library = self.shared.library;
        let short = library.builtins.get(word::index(method) as usize)?.short?;
        self.poll()?;
        let value = short(self.words, library, self.base + i.a() as usize + 3, 1)?;
        self.fetch();
        self.charge(BUILTIN_FUEL);
        self.set(i.a(), value)
    }
}

impl Vm<'_> {
    /// `R[a] = target[key]`
    fn get(&mut self, i: Instruction, target: Word, key: Word) -> Result<Next, Raise> {
        match self.index(target, key)? {
            Access::Value(value) => self.set(i.a(), value),
            Access::Call(method, target) => {
                self.call_meta(method, &[target, key])?;
                Ok(Next::Frame)
            }
        }
    }

    /// `target[key] = value`
    fn put(&mut self, target: Word, key: Word, value: Word) -> Result<Next, Raise> {
        match self.set_index(target, key, value)? {
            Access::Value(_) => Ok(Next::Step),
            Access::Call(method, target) => {
                self.call_meta(method, &[target, key, value])?;
                Ok(Next::Frame)
            }
        }
    }

    pub(super) fn get_global(&mut self, of: &Prototype, i: Instruction) -> Result<Next, Raise> {
        let env = self.upvalue(self.base, i.b());
        self.get(i, env, of.constants[i.d() as usize])
    }

    pub(super) fn set_global(&mut self, of: &Prototype, i: Instruction) -> Result<Next, Raise> {
        let env = self.upvalue(self.base, i.b());
        self.put(env, of.constants[i.d() as usize], self.r(i.a()))
    }

    pub(super) fn get_field(&mut self, of: &Prototype, i: Instruction) -> Result<Next, Raise> {
        self.get(i, self.r(i.b()), of.constants[i.d() as usize])
    }

    pub(super) fn get_method(&mut self, of: &Prototype, i: Instruction) -> Result<Next, Raise> {
        let (target, key) = (self.r(i.b()), of.constants[i.d() as usize]);
        self.set(i.a() + 3, target)?;
        if is_heap_table(target)
            && let Some(method) = self.method_of_table(target, key)
        {
            return self.set(i.a(), method);
        }
        self.get(i, target, key)
    }

    /// As the method of [`Run`]: this look counts for nothing, however it is done.
    fn method_of_table(&mut self, target: Word, key: Word) -> Option<Word> {
        let strings = self.strings();
        let at = word::index(target) as usize;
        let value = self.heap.get_str(strings, at, key);
        if value != word::NIL {
            return Some(value);
        }
        let meta = self.heap.get(at + table::META as usize);
        if !is_heap_table(meta) {
            return None;
        }
        let index = self.library.names.index;
        let class = self.heap.get_str(strings, word::index(meta) as usize, index);
        if !is_heap_table(class) {
            return None;
        }
        let value = self.heap.get_str(strings, word::index(class) as usize, key);
        (value != word::NIL).then_some(value)
    }

    pub(super) fn set_field(&mut self, of: &Prototype, i: Instruction) -> Result<Next, Raise> {
        self.put(self.r(i.a()), of.constants[i.d() as usize], self.r(i.c()))
    }

    pub(super) fn get_index(&mut self, i: Instruction) -> Result<Next, Raise> {
        self.get(i, self.r(i.b()), self.r(i.c()))
    }

    pub(super) fn set_index_of(&mut self, i: Instruction) -> Result<Next, Raise> {
        self.put(self.r(i.a()), self.r(i.b()), self.r(i.c()))
    }

    pub(super) fn get_int(&mut self, i: Instruction) -> Result<Next, Raise> {
        self.get(i, self.r(i.b()), word::int_wrapping(i64::from(i.d())))
    }

    pub(super) fn set_int(&mut self, i: Instruction) -> Result<Next, Raise> {
        self.put(self.r(i.a()), word::int_wrapping(i64::from(i.d())), self.r(i.c()))
    }
}
