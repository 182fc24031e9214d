//! How a guest comes to be: from a program, and with arguments.

use super::LuaGuest;
use crate::coroutine::{coroutine, field, wait};
use crate::environment::Shared;
use crate::heap::{Heap, root};
use crate::library::{library, number, table_word};
use crate::strings::Strings;
use procession_types::word;
use procession_types::{Fragment, Limits};
use std::sync::Arc;

/// Slots of the first stack beside the first frame's registers: the function, two links, and room for a
/// small program's function with what it calls, so that most processes never need a larger stack.
const FIRST_SLOTS: usize = 25;

impl LuaGuest {
    /// A guest that has not executed its top level.
    pub(crate) fn unprepared(shared: &Arc<Shared>, limits: &Limits) -> Self {
        let mut heap = Heap::new(limits.memory_bytes_max);
        let globals = table_word(number::GLOBALS);
        let chunk = crate::load::module_closure(&mut heap, &shared.images[1], 1, 0, globals);
        let boot = library().functions["boot"];
        // The first frame must fit: there is no instruction yet that could be executed again after a
        // collection, which arguments or a small limit may make due at once.
        let registers = library().image.prototypes[word::index(boot) as usize].registers;
        let slots = FIRST_SLOTS + registers as usize;
        let main = crate::coroutines::create_with(&mut heap, boot, slots);
        let method = match &shared.method {
            Some(method) => heap.string(method.as_bytes()),
            None => word::NIL,
        };
        let stack = word::index(heap.get(main + field::STACK)) as usize;
        heap.set(stack + 4, chunk);
        heap.set(stack + 5, method);
        heap.set(main + field::TOP, word::int_wrapping(2));
        heap.set(main + field::WAIT, wait::NOTHING);
        heap.set(main + field::LEAF, coroutine(main));
        let head = heap.get(main);
        heap.set(main, head | u64::from(crate::coroutine::status::TASK) << 8);
        for place in [root::CURRENT, root::TASK, root::TASKS] {
            heap.set(place, coroutine(main));
        }
        Self::new(heap, shared, false)
    }

    /// What its first call gets.
    pub(crate) fn set_arguments(&mut self, arguments: &Fragment) {
        if arguments.is_empty() {
            return;
        }
        let values = crate::message::unpack(&mut self.heap, arguments);
        let at = self.heap.table(values.len(), 1);
        let strings = Strings { images: &self.shared.images };
        for (position, &value) in values.iter().enumerate() {
            self.heap.set_int(strings, at, position as i64 + 1, value);
        }
        let count = word::int_wrapping(values.len() as i64);
        self.heap.set_hashed(strings, at, library().names.n, count);
        self.heap.set(root::ARGUMENTS, word::make(word::TAG_TABLE, 0, at as u32));
    }
}
