//! The table library, as far as it is written in Rust: tables without metamethods. The others are
//! served by library code in Lua (`table.lua`), where every access may call a metamethod.

use crate::index::is_heap_table;
use crate::library::{Builtin, plain};
use crate::numeric::{as_float, compare_numbers};
use crate::strings::is_string;
use crate::vm::{Args, Flow, Raise, Vm};
use procession_types::word::{self, Word, table};
use std::cmp::Ordering;

/// Longest list that is sorted at once; longer ones are divided by library code in Lua.
const SORT_AT_ONCE_MAX: usize = 1 << 14;
/// Most bytes that the comparisons of a list of strings sorted at once may look at.
const SORT_BYTES_MAX: usize = 1 << 24;
/// Longest list that is concatenated at once.
const CONCAT_AT_ONCE_MAX: i64 = 1 << 14;
/// Most values that `unpack` returns, as in PUC Lua.
const UNPACK_MAX: i64 = 999_999;

pub(crate) const FUNCTIONS: &[Builtin] = &[
    plain("table.insert", insert),
    plain("table.remove", remove),
    plain("table.concat", concat),
    plain("table.unpack", unpack),
    plain("table.pack", pack),
    plain("table.sort", sort),
    plain("@sort_at_once", sort_at_once),
    plain("table.move", move_),
    plain("table.create", create),
];

/// The heap table of an argument, if it has no metatable.
fn simple(vm: &mut Vm<'_>, args: Args, number: usize) -> Option<usize> {
    let value = vm.arg(args, number);
    let at = word::index(value) as usize;
    (is_heap_table(value) && vm.heap.get(at + table::META as usize) == word::NIL).then_some(at)
}

/// Checks that an argument is a table or has these metamethods.
fn check_table(vm: &mut Vm<'_>, args: Args, number: usize, events: &[Word]) -> Result<(), Raise> {
    let value = vm.arg(args, number);
    let is_table = vm.type_text(value) == "table";
    if is_table || events.iter().all(|&event| vm.metamethod(value, event) != word::NIL) {
        return Ok(());
    }
    Err(vm.argument_error(number, "table", value, args))
}

/// Hands the call to library code in Lua with the same arguments.
fn general(vm: &mut Vm<'_>, args: Args, name: &str) -> Result<Flow, Raise> {
    let names = &vm.library.names;
    let (index, newindex, len) = (names.index, names.newindex, names.len);
    let events = [len, index, newindex];
    let needed = if name == "general_table_concat" { &events[..2] } else { &events[..] };
    check_table(vm, args, 1, needed)?;
    vm.hand_over(args, name)
}

fn insert(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let Some(at) = simple(vm, args, 1) else { return general(vm, args, "general_table_insert") };
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
                return general(vm, args, "general_table_insert");
            }
        }
        _ => return Err(vm.error("wrong number of arguments to 'insert'")),
    }
    Ok(Flow::Return(0))
}

fn remove(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let Some(at) = simple(vm, args, 1) else { return general(vm, args, "general_table_remove") };
    let length = vm.heap.length(vm.strings(), at);
    let position = vm.integer_or(args, 2, length)?;
    if position != length && (position as u64).wrapping_sub(1) > length as u64 {
        return Err(vm.bad_argument(1, "position out of bounds", args));
    }
    let value = vm.heap.get_int(vm.strings(), at, position);
    let (block, used) = vm.heap.array_part(at);
    if position >= 1 && position < length {
        if used as i64 != length {
            return general(vm, args, "general_table_remove");
        }
        let position = position as usize;
        vm.heap.copy(block + position + 1, block + position, used - position);
        vm.fuel -= ((used - position) / 32) as i64;
        vm.heap.set_int(vm.strings(), at, length, word::NIL);
    } else {
        vm.heap.set_int(vm.strings(), at, position, word::NIL);
    }
    vm.give(args, value)
}

fn concat(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let Some(at) = simple(vm, args, 1) else { return general(vm, args, "general_table_concat") };
    let separator =
        if vm.arg(args, 2) == word::NIL { vm.library.names.empty } else { vm.string_arg(args, 2)? };
    let first = vm.integer_or(args, 3, 1)?;
    let length = vm.heap.length(vm.strings(), at);
    let last = vm.integer_or(args, 4, length)?;
    if first > last {
        return vm.give(args, vm.library.names.empty);
    }
    if last.checked_sub(first).is_none_or(|count| count >= CONCAT_AT_ONCE_MAX) {
        return general(vm, args, "general_table_concat");
    }
    vm.fuel -= last - first;
    let mut total = 0;
    let between = vm.strings().length(vm.heap, separator);
    for index in first..=last {
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
    }
    vm.reserve_text(total)?;
    vm.fuel -= (total / 32) as i64;
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
        return vm.hand_over(args, "general_table_unpack");
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
    let words = items as usize + 4 * fields as usize + 16;
    vm.reserve(words)?;
    vm.fuel -= (words / 32) as i64;
    let at = vm.heap.table(items as usize, fields as usize);
    vm.give(args, word::make(word::TAG_TABLE, 0, at as u32))
}

fn sort(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let Some(at) = simple(vm, args, 1) else { return general(vm, args, "general_table_sort") };
    let comparator = vm.arg(args, 2);
    let length = vm.heap.length(vm.strings(), at) as usize;
    if length < 2 {
        return Ok(Flow::Return(0));
    }
    if comparator != word::NIL && vm.type_text(comparator) != "function" {
        return Err(vm.argument_error(2, "function", comparator, args));
    }
    if comparator == word::NIL && sort_part(vm, at, 1, length) {
        return Ok(Flow::Return(0));
    }
    general(vm, args, "general_table_sort")
}

/// `@sort_at_once(t, low, high)`: whether it was done.
fn sort_at_once(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let (low, high) = (vm.integer_arg(args, 2)?, vm.integer_arg(args, 3)?);
    let done = match simple(vm, args, 1) {
        Some(at) => sort_part(vm, at, low as usize, high as usize),
        None => false,
    };
    vm.give(args, word::from_bool(done))
}

/// Sorts the items `low` to `high` of the array part, if they are only numbers or only strings and
/// it can be done at once.
fn sort_part(vm: &mut Vm<'_>, at: usize, low: usize, high: usize) -> bool {
    let (block, used) = vm.heap.array_part(at);
    if low < 1 || high > used || high < low || high - low >= SORT_AT_ONCE_MAX {
        return false;
    }
    let mut values = vm.heap.words()[block + low..=block + high].to_vec();
    vm.fuel -= (values.len() / 16) as i64;
    let comparisons = values.len() * (usize::BITS - values.len().leading_zeros()) as usize;
    if values.iter().all(|&value| is_number(vm, value)) {
        vm.fuel -= comparisons as i64;
        // Stable, so that 1 and 1.0 come out in the same order whatever the standard library does: a replay
        // may have another one.
        values.sort_by(|&a, &b| match (vm.number(a), vm.number(b)) {
            (Some(a), Some(b)) => compare_numbers(a, b).unwrap_or(Ordering::Equal),
            _ => Ordering::Equal,
        });
    } else if values.iter().all(|&value| is_string(value)) {
        let lengths = values.iter().map(|&value| vm.strings().length(vm.heap, value));
        let longest = lengths.max().unwrap_or(0);
        if longest.saturating_mul(comparisons) > SORT_BYTES_MAX {
            return false;
        }
        vm.fuel -= (comparisons * (2 + longest / 64)) as i64;
        values.sort_unstable_by(|&a, &b| vm.bytes(a).cmp(&vm.bytes(b)));
    } else {
        return false;
    }
    vm.heap.words_mut()[block + low..=block + high].copy_from_slice(&values);
    true
}

/// Whether the word is a number other than NaN (whose comparisons order nothing).
fn is_number(vm: &Vm<'_>, value: Word) -> bool {
    vm.number(value).is_some_and(|number| !as_float(number).is_nan())
}

fn move_(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    for number in 2..=4 {
        let value = vm.integer_arg(args, number)?;
        let value = vm.heap.integer(value);
        vm.heap.set(args.at + number - 1, value);
    }
    let (index, newindex) = (vm.library.names.index, vm.library.names.newindex);
    let target = if vm.arg(args, 5) == word::NIL { 1 } else { 5 };
    check_table(vm, args, 1, &[index])?;
    check_table(vm, args, target, &[newindex])?;
    vm.hand_over(args, "general_table_move")
}
