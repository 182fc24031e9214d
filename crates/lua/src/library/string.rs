//! The string library, as far as it is written in Rust: slices, bytes and repetition here, the rest
//! in files of their own.

mod find;
mod format;
mod gsub;
mod pack;

use crate::library::{Builtin, plain};
use crate::vm::{Args, Flow, Raise, Vm};
use procession_types::word::{self, Word};

pub(crate) const FUNCTIONS: &[Builtin] = &[
    plain("string.byte", byte),
    plain("string.char", char),
    plain("string.find", find::find),
    plain("string.match", find::match_),
    plain("@find_match", find::find_match),
    plain("string.gmatch", gmatch),
    plain("@gmatch_step", find::gmatch_step),
    plain("string.gsub", gsub::gsub),
    plain("string.format", format::format),
    plain("string.len", len),
    plain("string.lower", lower),
    plain("string.upper", upper),
    plain("string.pack", pack::pack),
    plain("string.packsize", pack::packsize),
    plain("string.unpack", pack::unpack),
    plain("string.rep", rep),
    plain("string.reverse", reverse),
    plain("string.sub", sub),
];

/// Longest result of `string.rep`, as in PUC (`MAXSIZE` of its string library, an `int`).
const REP_BYTES_MAX: u64 = i32::MAX as u64;

/// A start position from a Lua argument, 0-based, possibly beyond the end.
fn start_of(position: i64, length: usize) -> usize {
    match position {
        0 => 0,
        1.. => position as usize - 1,
        _ if position.unsigned_abs() > length as u64 => 0,
        _ => length - position.unsigned_abs() as usize,
    }
}

/// A part of a string as a new one.
fn part(vm: &mut Vm<'_>, text: Word, from: usize, end: usize) -> Result<Word, Raise> {
    let length = end - from;
    if length <= 64 {
        let mut small = [0_u8; 64];
        small[..length].copy_from_slice(&vm.bytes(text)[from..end]);
        return Ok(vm.heap.string(&small[..length]));
    }
    vm.reserve(length / 8 + 4)?;
    vm.fuel -= (length / 64) as i64;
    let bytes = vm.bytes(text)[from..end].to_vec();
    Ok(vm.heap.string(&bytes))
}

fn len(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let text = vm.string_arg(args, 1)?;
    let length = vm.strings().length(vm.heap, text);
    vm.give(args, word::int_wrapping(length as i64))
}

fn sub(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let text = vm.string_arg(args, 1)?;
    let length = vm.strings().length(vm.heap, text);
    let from = start_of(vm.integer_arg(args, 2)?, length);
    let end = match vm.integer_or(args, 3, -1)? {
        end if end < 0 => (length as i64 + end + 1).max(0) as usize,
        end => (end as usize).min(length),
    };
    if from >= end {
        return vm.give(args, vm.library.names.empty);
    }
    if from == 0 && end == length {
        return vm.give(args, text);
    }
    slice(vm, args, text, from, end)
}

/// A part of a string as result.
fn slice(vm: &mut Vm<'_>, args: Args, text: Word, from: usize, end: usize) -> Result<Flow, Raise> {
    let word = part(vm, text, from, end)?;
    vm.give(args, word)
}

fn gmatch(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    vm.string_arg(args, 1)?;
    vm.string_arg(args, 2)?;
    let from = vm.integer_or(args, 3, 1)?;
    let from = vm.heap.integer(from);
    vm.heap.set(args.at + 2, from);
    vm.hand_over(Args { count: 3, ..args }, "general_string_gmatch")
}

fn mapped(vm: &mut Vm<'_>, args: Args, map: fn(&mut [u8])) -> Result<Flow, Raise> {
    let text = vm.string_arg(args, 1)?;
    let length = vm.strings().length(vm.heap, text);
    vm.reserve(length / 8 + 4)?;
    vm.fuel -= (length / 32) as i64;
    let mut bytes = vm.bytes(text).to_vec();
    map(&mut bytes);
    vm.give_text(args, &bytes)
}

fn lower(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    mapped(vm, args, <[u8]>::make_ascii_lowercase)
}

fn upper(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    mapped(vm, args, <[u8]>::make_ascii_uppercase)
}

fn reverse(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    mapped(vm, args, <[u8]>::reverse)
}

fn rep(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let text = vm.string_arg(args, 1)?;
    let count = vm.integer_arg(args, 2)?;
    let separator =
        if vm.arg(args, 3) == word::NIL { vm.library.names.empty } else { vm.string_arg(args, 3)? };
    if count <= 0 {
        return vm.give(args, vm.library.names.empty);
    }
    let length = vm.strings().length(vm.heap, text);
    let between = vm.strings().length(vm.heap, separator);
    if (length + between) as u64 > REP_BYTES_MAX / count as u64 {
        return Err(vm.error("resulting string too large"));
    }
    let total = length * count as usize + between * (count as usize - 1);
    vm.reserve_text(total)?;
    vm.fuel -= (total / 64) as i64;
    let mut unit = vm.bytes(text).to_vec();
    unit.extend_from_slice(&vm.bytes(separator));
    let bytes = unit.repeat(count as usize);
    vm.give_text(args, &bytes[..total])
}

fn byte(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let text = vm.string_arg(args, 1)?;
    let first = vm.integer_or(args, 2, 1)?;
    let last = vm.integer_or(args, 3, first)?;
    let length = vm.strings().length(vm.heap, text);
    let from = if first == 0 { 0 } else { start_of(first, length) };
    let end = match last {
        last if last < 0 => (length as i64 + last + 1).max(0) as usize,
        last => (last as usize).min(length),
    };
    if from >= end {
        return Ok(Flow::Return(0));
    }
    if end - from == 1 {
        let byte = vm.bytes(text)[from];
        return vm.give(args, word::int_wrapping(i64::from(byte)));
    }
    let count = end - from;
    let offset = args.slot() - vm.stack;
    if count >= 1 << 24 {
        return Err(vm.error("string slice too long"));
    }
    vm.ensure_stack(args.slot(), count + 16)?;
    vm.fuel -= (count / 8) as i64;
    let bytes = vm.bytes(text)[from..end].to_vec();
    let slot = vm.stack + offset;
    for (position, byte) in bytes.into_iter().enumerate() {
        vm.heap.set(slot + position, word::int_wrapping(i64::from(byte)));
    }
    Ok(Flow::Return(count))
}

fn char(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let mut bytes = Vec::with_capacity(args.count);
    for number in 1..=args.count {
        let code = vm.integer_arg(args, number)?;
        match u8::try_from(code) {
            Ok(byte) => bytes.push(byte),
            Err(_) => return Err(vm.bad_argument(number, "value out of range", args)),
        }
    }
    vm.give_text(args, &bytes)
}
