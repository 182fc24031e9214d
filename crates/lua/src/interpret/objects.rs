//! New tables and closures; variables to be closed.

use super::run::Run;
use super::{Done, Next};
use crate::bytecode::{Instruction, Upvalue};
use crate::frame::closure_place;
use crate::table::layout;
use crate::vm::{Raise, Vm};
use procession_types::word::{self, Kind, table};

/// Room in words, beyond that for its fields, that a table is made with.
const TABLE_ROOM: usize = 16;

impl Run<'_, '_> {
    /// A table without array part, and with few fields.
    #[inline(always)]
    pub(super) fn new_table(&mut self, i: Instruction) -> Done {
        let fields = i.b() as usize;
        let is_plain = i.d() == 0
            && fields <= word::HASH_LINEAR_MAX as usize
            && (4 * fields + TABLE_ROOM) as i64 <= self.room;
        if !is_plain {
            return None;
        }
        let (block, at) = if fields == 0 {
            (0, self.allocate(table::WORDS as usize)?)
        } else {
            let words = layout::hash_words(fields as u32);
            let block = self.allocate(words + table::WORDS as usize)?;
            layout::put_hash(self.words, block, fields as u32, words);
            self.clear(block + word::HASH_ENTRIES as usize, block + words);
            (block, block + words)
        };
        layout::put_table(self.words, at, 0, block);
        self.set(i.a(), word::make(word::TAG_TABLE, 0, at as u32))
    }

    #[inline(always)]
    pub(super) fn new_closure(&mut self, i: Instruction) -> Done {
        let callee = self.words[self.base - 3];
        if word::space(callee) != 0 {
            return None;
        }
        let place = self.words[word::index(callee) as usize + 1];
        let image = (place >> 32) as u16;
        let prototype = &self.shared.images[image as usize].prototypes[i.d() as usize];
        let at = self.allocate(2 + prototype.upvalues.len())?;
        let closure = word::make(word::TAG_FUNCTION, 0, at as u32);
        self.words[at] = word::header(Kind::Closure, 0, 1 + prototype.upvalues.len() as u32);
        self.words[at + 1] = closure_place(image, i.d());
        for (number, &source) in prototype.upvalues.iter().enumerate() {
            self.words[at + 2 + number] = match source {
                Upvalue::Register(register) => self.r(u32::from(register)),
                Upvalue::Outer(outer) => self.upvalue(u32::from(outer)),
                Upvalue::Itself => closure,
            };
        }
        self.set(i.a(), closure)
    }
}

impl Vm<'_> {
    pub(super) fn make_table(&mut self, i: Instruction) -> Result<Next, Raise> {
        let words = i.d() as usize + 4 * i.b() as usize + TABLE_ROOM;
        if self.heap.used() + words > self.heap.threshold {
            return Err(Raise::Collect(words));
        }
        let at = self.heap.table(i.d() as usize, i.b() as usize);
        self.set(i.a(), word::make(word::TAG_TABLE, 0, at as u32))
    }

    /// Puts the items of a constructor into its table.
    pub(super) fn fill_table(&mut self, i: Instruction) -> Result<Next, Raise> {
        let count = match i.b() {
            0 => self.top - self.base - i.a() as usize - 1,
            b => b as usize - 1,
        };
        self.set_list(i.a() as usize, count, i.d() as usize)?;
        Ok(Next::Step)
    }

    pub(super) fn make_closure(&mut self, i: Instruction) -> Result<Next, Raise> {
        let closure = self.closure(self.base, i.d());
        self.set(i.a(), closure)
    }

    pub(super) fn mark_variable(&mut self, i: Instruction) -> Result<Next, Raise> {
        self.mark_close(self.base + i.a() as usize)?;
        Ok(Next::Step)
    }

    pub(super) fn close_variables(&mut self, i: Instruction) -> Result<Next, Raise> {
        let is_called = self.close_next(self.base + i.a() as usize, None)?;
        Ok(if is_called { Next::Frame } else { Next::Step })
    }
}
