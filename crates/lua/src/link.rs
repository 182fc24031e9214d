//! Linking a program to the library: what `print` and `string.format` mean is found out once.
//!
//! A name like `string.format` is two instructions, each with a look into a table. As long as the
//! process has written to neither table, their outcome is known; [`link`] notes it beside the first
//! instruction, which then does the work of both (see `GetGlobal` in the interpreter). The code itself
//! does not change its length or meaning.

use crate::bytecode::{Instruction, Known, Op, Prototype};
use crate::image::Image;
use crate::library::{Library, number};
use procession_types::word::{self, Word};

/// Entries that the operand of an instruction can name.
const KNOWN_MAX: usize = 255;

/// Notes in every `GetGlobal` of the image what it finds in the untouched library.
pub(crate) fn link(image: &mut Image, library: &Library) {
    for prototype in &mut image.prototypes {
        for pc in 0..prototype.code.len() {
            if prototype.code[pc].op() == Op::GetGlobal {
                link_global(prototype, pc, library);
            }
        }
    }
}

fn link_global(prototype: &mut Prototype, pc: usize, library: &Library) {
    let i = prototype.code[pc];
    let value = library.tables[number::GLOBALS as usize].plain(prototype.constants[i.d() as usize]);
    if value == word::NIL {
        return;
    }
    let (table, field) = following_field(prototype, pc, value, library).unwrap_or((0, word::NIL));
    let known = Known { value, table, field };
    let index = prototype.known.iter().position(|other| *other == known).unwrap_or_else(|| {
        prototype.known.push(known);
        prototype.known.len() - 1
    });
    if index < KNOWN_MAX {
        let (a, b) = (i.a() as u8, i.b() as u8);
        prototype.code[pc] = Instruction::new(Op::GetGlobal, a, b, index as u8 + 1, i.d());
    } else {
        prototype.known.truncate(KNOWN_MAX);
    }
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
