//! The table library, as far as it is written in Rust: tables without metamethods. The others are
//! served by library code in Lua (`prelude.lua`), where every access may call a metamethod.

use crate::index::is_heap_table;
use crate::library::{Builtin, plain};
use crate::operate::{as_float, compare_numbers};
use crate::strings::is_string;
use crate::vm::{Args, Flow, Raise, Vm};
use procession_types::word::{self, Word, table};
use std::cmp::Ordering;

/// Longest list that is sorted at once; longer ones are sorted by library code that can be preempted.
const SORT_AT_ONCE_MAX: usize = 1 << 18;
/// Most values that `unpack` returns.
const UNPACK_MAX: i64 = 1 << 24;

pub(crate) const FUNCTIONS: &[Builtin] = &[
    plain("table.insert", insert),
    plain("table.remove", remove),
    plain("table.concat", concat),
    plain("table.unpack", unpack),
    plain("table.pack", pack),
    plain("table.sort", sort),
    plain("table.move", move_),
    plain("table.create", create),
];

/// The heap table of an argument, if it has no metatable.
fn simple(vm: &mut Vm<'_>, args: Args, number: usize) -> Option<usize> {
    let value = vm.arg(args, number);
    let at = word::index(value) as usize;
    (is_heap_table(value) && vm.heap.get(at + table::META as usize) == word::NIL).then_some(at)
}

/// Hands the call to library code in Lua with the same arguments.
fn general(vm: &mut Vm<'_>, args: Args, name: &str) -> Result<Flow, Raise> {
    let value = vm.arg(args, 1);
    if vm.type_text(value) != "table" && vm.metatable(value) == word::NIL {
        return Err(vm.argument_error(1, "table", value, args));
    }
    let function = vm.library_function(name);
    vm.heap.set(args.slot(), function);
    Ok(Flow::TailCall(args.count))
}

fn insert(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let Some(at) = simple(vm, args, 1) else { return general(vm, args, "table_insert") };
    let end = vm.heap.length(vm.strings(), at) + 1;
    let growth = vm.heap.growth(at);
    if growth > 4096 {
        let full = vm.heap.array_part(at);
        if full.1 as i64 + 1 == end && growth > 1 << 16 {
            vm.reserve(growth)?;
        }
    }
    match args.count {
        2 => {
            let value = vm.arg(args, 2);
            vm.heap.set_int(vm.strings(), at, end, value);
        }
        3 => {
            let position = vm.integer_arg(args, 2)?;
            if (position as u64).wrapping_sub(1) >= end as u64 {
                return Err(vm.bad_argument(2, "position out of bounds", args));
            }
            let value = vm.arg(args, 3);
            let (block, used) = vm.heap.array_part(at);
            if used as i64 + 1 == end && position < end {
                // The last item goes one up, the others are moved within the array.
                let last = vm.heap.get(block + used);
                vm.heap.set_int(vm.strings(), at, end, last);
                let (block, _) = vm.heap.array_part(at);
                let position = position as usize;
                vm.heap.copy(block + position, block + position + 1, used - position);
                vm.fuel -= ((used - position) / 32) as i64;
                vm.heap.set_int(vm.strings(), at, position as i64, value);
            } else if position == end {
                vm.heap.set_int(vm.strings(), at, end, value);
            } else {
                return general(vm, args, "table_insert");
            }
        }
        _ => return Err(vm.error("wrong number of arguments to 'insert'")),
    }
    Ok(Flow::Return(0))
}

fn remove(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let Some(at) = simple(vm, args, 1) else { return general(vm, args, "table_remove") };
    let length = vm.heap.length(vm.strings(), at);
    let position = vm.integer_or(args, 2, length)?;
    if args.count > 1 && (length as u64 + 1).wrapping_sub(position as u64) > length as u64 {
        let last_chance = length + 1 == position || length == 0 && position == 0;
        if !last_chance {
            return Err(vm.bad_argument(2, "position out of bounds", args));
        }
    }
    let value = vm.heap.get_int(vm.strings(), at, position);
    let (block, used) = vm.heap.array_part(at);
    if position >= 1 && position < length {
        if used as i64 != length {
            return general(vm, args, "table_remove");
        }
        let position = position as usize;
        vm.heap.copy(block + position + 1, block + position, used - position);
        vm.fuel -= ((used - position) / 32) as i64;
        vm.heap.set_int(vm.strings(), at, length, word::NIL);
    } else if position == length || position == length + 1 {
        vm.heap.set_int(vm.strings(), at, position, word::NIL);
    }
    vm.give(args, value)
}

fn concat(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let Some(at) = simple(vm, args, 1) else { return general(vm, args, "table_concat") };
    let separator =
        if vm.arg(args, 2) == word::NIL { vm.library.names.empty } else { vm.string_arg(args, 2)? };
    let first = vm.integer_or(args, 3, 1)?;
    let length = vm.heap.length(vm.strings(), at);
    let last = vm.integer_or(args, 4, length)?;
    let mut total = 0;
    let mut index = first;
    let between = vm.strings().length(vm.heap, separator);
    while index <= last {
        let value = vm.heap.get_int(vm.strings(), at, index);
        total += between;
        if is_string(value) {
            total += vm.strings().length(vm.heap, value);
        } else if vm.number(value).is_some() {
            total += 32;
        } else {
            let kind = vm.type_text(value);
            let text = format!("invalid value ({kind}) at index {index} in table for 'concat'");
            return Err(vm.error(&text));
        }
        if index == i64::MAX {
            break;
        }
        index += 1;
    }
    vm.reserve(total / 8 + 4)?;
    vm.fuel -= (total / 32) as i64 + (last - first).max(0);
    let mut joined = Vec::with_capacity(total);
    for index in first..=last {
        if index != first {
            joined.extend_from_slice(&vm.bytes(separator));
        }
        let value = vm.heap.get_int(vm.strings(), at, index);
        if is_string(value) {
            joined.extend_from_slice(&vm.bytes(value));
        } else {
            vm.push_number(value, &mut joined);
        }
    }
    vm.give_text(args, &joined)
}

fn unpack(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let Some(at) = simple(vm, args, 1) else {
        let function = vm.library_function("table_unpack");
        vm.heap.set(args.slot(), function);
        return Ok(Flow::TailCall(args.count));
    };
    let first = vm.integer_or(args, 2, 1)?;
    let length = if vm.arg(args, 3) == word::NIL { vm.heap.length(vm.strings(), at) } else { 0 };
    let last = vm.integer_or(args, 3, length)?;
    if first > last {
        return Ok(Flow::Return(0));
    }
    let count = last.checked_sub(first).filter(|&count| count < UNPACK_MAX);
    let Some(count) = count else { return Err(vm.error("too many results to unpack")) };
    let count = count as usize + 1;
    let offset = args.slot() - vm.stack;
    vm.ensure_stack(args.slot(), count + 16)?;
    vm.fuel -= (count / 8) as i64;
    let slot = vm.stack + offset;
    // The table's word is overwritten by the first result; its place does not change.
    let at = word::index(vm.heap.get(slot + 3)) as usize;
    for position in 0..count {
        let value = vm.heap.get_int(vm.strings(), at, first + position as i64);
        vm.heap.set(slot + position, value);
    }
    Ok(Flow::Return(count))
}

pub(crate) fn pack(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    vm.reserve(args.count + 32)?;
    let at = vm.heap.table(args.count, 1);
    for position in 0..args.count {
        let value = vm.heap.get(args.at + position);
        vm.heap.set_int(vm.strings(), at, position as i64 + 1, value);
    }
    let count = word::int_wrapping(args.count as i64);
    vm.heap.set_hashed(vm.strings(), at, vm.library.names.n, count);
    vm.fuel -= (args.count / 8) as i64;
    vm.give(args, word::make(word::TAG_TABLE, 0, at as u32))
}

fn create(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let items = vm.integer_arg(args, 1)?;
    let fields = vm.integer_or(args, 2, 0)?;
    if !(0..=1 << 28).contains(&items) {
        return Err(vm.bad_argument(1, "out of range", args));
    }
    if !(0..=1 << 24).contains(&fields) {
        return Err(vm.bad_argument(2, "out of range", args));
    }
    vm.reserve(items as usize + 4 * fields as usize + 16)?;
    let at = vm.heap.table(items as usize, fields as usize);
    vm.give(args, word::make(word::TAG_TABLE, 0, at as u32))
}

fn sort(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let comparator = vm.arg(args, 2);
    if comparator != word::NIL && vm.type_text(comparator) != "function" {
        vm.table_arg(args, 1)?;
        return Err(vm.argument_error(2, "function", comparator, args));
    }
    let Some(at) = simple(vm, args, 1) else { return general(vm, args, "table_sort") };
    let (block, used) = vm.heap.array_part(at);
    let length = vm.heap.length(vm.strings(), at) as usize;
    if comparator != word::NIL || length != used || length > SORT_AT_ONCE_MAX {
        return general(vm, args, "table_sort");
    }
    if length < 2 {
        return Ok(Flow::Return(0));
    }
    let mut values = vm.heap.words()[block + 1..=block + used].to_vec();
    let cost = (length * (usize::BITS - length.leading_zeros()) as usize) as i64;
    vm.fuel -= cost / 4;
    if values.iter().all(|&value| is_number(vm, value)) {
        values.sort_unstable_by(|&a, &b| match (vm.number(a), vm.number(b)) {
            (Some(a), Some(b)) => compare_numbers(a, b).unwrap_or(Ordering::Equal),
            _ => Ordering::Equal,
        });
    } else if values.iter().all(|&value| is_string(value)) {
        values.sort_unstable_by(|&a, &b| vm.bytes(a).cmp(&vm.bytes(b)));
    } else {
        return general(vm, args, "table_sort");
    }
    vm.heap.words_mut()[block + 1..=block + used].copy_from_slice(&values);
    Ok(Flow::Return(0))
}

/// Whether the word is a number other than NaN (whose comparisons order nothing).
fn is_number(vm: &Vm<'_>, value: Word) -> bool {
    vm.number(value).is_some_and(|number| !as_float(number).is_nan())
}

fn move_(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    general(vm, args, "table_move")
}
