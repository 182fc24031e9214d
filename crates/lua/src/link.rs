//! Linking a program to the library: what `print` and `string.format` mean is found out once.
//!
//! A name like `string.format` is two instructions, each with a look into a table. As long as the
//! process has written to neither table, their outcome is known; [`link`] notes it beside the first
//! instruction, which then does the work of both (see `GetGlobal` in the interpreter). Likewise a
//! method that objects of the library have, as `message:topic()`, which is called at once if it has a
//! short way. The code itself does not change its length or meaning.

use crate::bytecode::{Instruction, Known, Op, Prototype};
use crate::image::Image;
use crate::library::{Library, class, is_builtin, number};
use procession_types::word::{self, Word};

/// Entries that the operand of an instruction can name.
const KNOWN_MAX: usize = 255;

/// Notes in every `GetGlobal` and `Method` of the image what it finds in the untouched library.
pub(crate) fn link(image: &mut Image, library: &Library) {
    for prototype in &mut image.prototypes {
        for pc in 0..prototype.code.len() {
            match prototype.code[pc].op() {
                Op::GetGlobal => link_global(prototype, pc, library),
                Op::Method => link_method(prototype, pc, library),
                _ => {}
            }
        }
    }
}

fn link_method(prototype: &mut Prototype, pc: usize, library: &Library) {
    let key = prototype.constants[prototype.code[pc].d() as usize];
    let first = number::CLASS_META;
    // Others have to look.
    let found = (first..first + class::COUNT as u16).find_map(|table| {
        let value = library.tables[table as usize].plain(key);
        (value != word::NIL).then_some((table, value))
    });
    if let Some((table, value)) = found {
        let is_called = is_called_at_once(prototype, pc) && has_short_way(value, library);
        note(prototype, pc, Known { value, table, field: word::from_bool(is_called) });
    }
}

/// Whether the instruction behind a `Method` calls it without arguments, for one result.
fn is_called_at_once(prototype: &Prototype, pc: usize) -> bool {
    let a = prototype.code[pc].a();
    let next = prototype.code.get(pc + 1);
    next.is_some_and(|i| i.op() == Op::Call && i.a() == a && i.b() == 2 && i.c() == 2)
}

fn has_short_way(function: Word, library: &Library) -> bool {
    let builtin = library.builtins.get(word::index(function) as usize);
    is_builtin(function) && builtin.is_some_and(|builtin| builtin.short.is_some())
}

/// Notes what is known at an instruction, in its operand `c`.
fn note(prototype: &mut Prototype, pc: usize, known: Known) {
    let index = prototype.known.iter().position(|other| *other == known).unwrap_or_else(|| {
        prototype.known.push(known);
        prototype.known.len() - 1
    });
    if index < KNOWN_MAX {
        let i = prototype.code[pc];
        let (a, b) = (i.a() as u8, i.b() as u8);
        prototype.code[pc] = Instruction::new(i.op(), a, b, index as u8 + 1, i.d());
    } else {
        prototype.known.truncate(KNOWN_MAX);
    }
}

fn link_global(prototype: &mut Prototype, pc: usize, library: &Library) {
    let i = prototype.code[pc];
    let value = library.tables[number::GLOBALS as usize].plain(prototype.constants[i.d() as usize]);
    if value == word::NIL {
        return;
    }
    let (table, field) = following_field(prototype, pc, value, library).unwrap_or((0, word::NIL));
    note(prototype, pc, Known { value, table, field });
}

/// The library table that a global is and its field that the next instruction reads.
fn following_field(
    prototype: &Prototype,
    pc: usize,
    global: Word,
    library: &Library,
) -> Option<(u16, Word)> {
    let next = prototype.code.get(pc + 1)?;
    let reads_field = next.op() == Op::GetField && next.b() == prototype.code[pc].a();
    if !reads_field || global >> 32 != word::TAG_TABLE << 16 | 1 {
        return None;
    }
    let table = word::index(global) as u16;
    let key = prototype.constants[next.d() as usize];
    let field = library.tables[table as usize].plain(key);
    (field != word::NIL).then_some((table, field))
}
