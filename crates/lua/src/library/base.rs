//! The base library: tables, metatables, conversions, iteration.

use crate::index::{Access, is_heap_table};
use crate::library::{Builtin, builtin_word, entering, plain, short};
use crate::strings::is_string;
use crate::text::number;
use crate::vm::{Args, Flow, Raise, Vm};
use procession_types::word::{self, table};

/// Number of `next` among the built-in functions.
pub(crate) const NEXT: u32 = 0;
/// Number of the built-in that calls what it is given.
pub(crate) const CALL: u32 = 1;
/// Number of the step of `ipairs`.
const IPAIRS_STEP: u32 = 2;
/// Number of the built-in that returns its arguments.
pub(crate) const HAND_ON: u32 = 3;

/// The functions; the first four have fixed numbers.
pub(crate) const FUNCTIONS: &[Builtin] = &[
    plain("next", next),
    entering("@call", call),
    plain("@ipairs_step", ipairs_step),
    plain("@hand_on", hand_on),
    plain("pairs", pairs),
    plain("ipairs", ipairs),
    plain("type", type_of).with_short(short::type_of),
    plain("rawget", rawget),
    plain("rawset", rawset),
    plain("rawequal", rawequal),
    plain("rawlen", rawlen),
    plain("select", select),
    plain("setmetatable", setmetatable),
    plain("getmetatable", getmetatable),
    plain("@metamethod", metamethod_of),
    plain("tonumber", tonumber),
    plain("collectgarbage", super::collectgarbage::collectgarbage),
    plain("load", crate::load::load),
    plain("@pack", super::table::pack),
];

fn call(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    vm.any_arg(args, 1)?;
    let slot = args.slot();
    vm.heap.copy(slot + 3, slot, 1);
    vm.heap.copy(slot + 4, slot + 3, args.count - 1);
    Ok(Flow::TailCall(args.count - 1))
}

fn hand_on(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    vm.fuel -= (args.count / 16) as i64;
    vm.heap.copy(args.at, args.slot(), args.count);
    Ok(Flow::Return(args.count))
}

fn next(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let target = vm.table_arg(args, 1)?;
    let key = vm.arg(args, 2);
    let key = vm.normal_key(key);
    let entry = match vm.place_of(target) {
        crate::index::Place::Heap(at) => match vm.heap.cursor(vm.strings(), at, key) {
            Some(cursor) => {
                let entry = vm.heap.next_entry(at, cursor);
                let next = entry.map_or_else(|| vm.heap.entries(at), |(next, ..)| next);
                vm.fuel -= (next.saturating_sub(cursor) / 8) as i64;
                entry
            }
            None => return Err(vm.bare_error("invalid key to 'next'")),
        },
        crate::index::Place::Frozen(number) => {
            let entries = &vm.library.tables[number as usize].entries;
            let position = if key == word::NIL {
                0
            } else {
                let known =
                    entries.iter().position(|(known, _)| vm.strings().same(vm.heap, *known, key));
                match known {
                    Some(position) => position + 1,
                    None => return Err(vm.bare_error("invalid key to 'next'")),
                }
            };
            entries.get(position).map(|&(key, value)| (0, key, value))
        }
        crate::index::Place::Nowhere => None,
    };
    match entry {
        Some((_, key, value)) => {
            let value = vm.thawed(value);
            vm.give_all(args, &[key, value])
        }
        None => vm.give(args, word::NIL),
    }
}

fn type_of(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let value = vm.any_arg(args, 1)?;
    let names = &vm.library.names;
    let name = match vm.type_text(value) {
        "nil" => names.nil,
        "boolean" => names.boolean,
        "number" => names.number,
        "string" => names.string,
        "table" => names.table,
        "function" => names.function,
        "thread" => names.thread,
        _ => names.userdata,
    };
    vm.give(args, name)
}

fn rawget(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let target = vm.table_arg(args, 1)?;
    let key = vm.any_arg(args, 2)?;
    let value = vm.raw_get(target, key);
    vm.give(args, value)
}

fn rawset(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let target = vm.table_arg(args, 1)?;
    vm.any_arg(args, 2)?;
    vm.any_arg(args, 3)?;
    let key = vm.arg(args, 2);
    if let Some(message) = Vm::bad_key(key) {
        return Err(vm.bare_error(message));
    }
    vm.checked_set(target, key, vm.arg(args, 3))?;
    vm.give(args, target)
}

fn rawequal(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let (a, b) = (vm.any_arg(args, 1)?, vm.any_arg(args, 2)?);
    if is_string(a) && is_string(b) {
        vm.pay_for_text(a);
    }
    let equal = vm.raw_equal(a, b);
    vm.give(args, word::from_bool(equal))
}

fn rawlen(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let value = vm.arg(args, 1);
    if is_string(value) {
        let length = vm.strings().length(vm.heap, value);
        return vm.give(args, word::int_wrapping(length as i64));
    }
    if vm.type_text(value) != "table" {
        return Err(vm.argument_error(1, "table or string", value, args));
    }
    let length = vm.raw_len(value);
    vm.give(args, word::int_wrapping(length))
}

fn select(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let first = vm.arg(args, 1);
    if first == vm.library.names.hash || is_string(first) && vm.bytes(first).first() == Some(&b'#')
    {
        return vm.give(args, word::int_wrapping(args.count as i64 - 1));
    }
    let n = vm.integer_arg(args, 1)?;
    let count = args.count as i64;
    let from = if n < 0 { count + n } else { n.min(count) };
    if from < 1 {
        return Err(vm.bad_argument(1, "index out of range", args));
    }
    let kept = (count - from) as usize;
    vm.heap.copy(args.at + from as usize, args.slot(), kept);
    Ok(Flow::Return(kept))
}

fn setmetatable(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let (target, meta) = (vm.arg(args, 1), vm.arg(args, 2));
    if is_heap_table(target) && is_heap_table(meta) {
        let at = word::index(target) as usize;
        if vm.heap.get(at + table::META as usize) == word::NIL {
            // The first metatable of a table: what constructors do.
            vm.note_finalizer(at, meta)?;
            vm.heap.set(at + table::META as usize, meta);
            return vm.give(args, target);
        }
    }
    let target = vm.table_arg(args, 1)?;
    if args.count < 2 || (meta != word::NIL && vm.type_text(meta) != "table") {
        return Err(vm.argument_error(2, "nil or table", meta, args));
    }
    if vm.metamethod(target, vm.library.names.metatable) != word::NIL {
        return Err(vm.error("cannot change a protected metatable"));
    }
    let at = vm.writable(target);
    vm.note_finalizer(at, meta)?;
    vm.heap.set(at + table::META as usize, meta);
    vm.give(args, target)
}

fn getmetatable(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let value = vm.any_arg(args, 1)?;
    let meta = vm.metatable(value);
    if meta == word::NIL {
        return vm.give(args, word::NIL);
    }
    let shown = vm.raw_get(meta, vm.library.names.metatable);
    vm.give(args, if shown == word::NIL { meta } else { shown })
}

fn tonumber(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let base = vm.arg(args, 2);
    if base == word::NIL {
        let value = vm.any_arg(args, 1)?;
        if vm.number(value).is_some() {
            return vm.give(args, value);
        }
        let number = vm.coerced(value);
        let word = match number {
            Some(number) => vm.number_word(number),
            None => word::NIL,
        };
        return vm.give(args, word);
    }
    let base = vm.integer_arg(args, 2)?;
    let value = vm.arg(args, 1);
    if !is_string(value) {
        return Err(vm.argument_error(1, "string", value, args));
    }
    if !(2..=36).contains(&base) {
        return Err(vm.bad_argument(2, "base out of range", args));
    }
    vm.fuel -= (vm.strings().length(vm.heap, value) / 8) as i64;
    let word = match number::parse_radix(&vm.bytes(value), base as u32) {
        Some(value) => vm.heap.integer(value),
        None => word::NIL,
    };
    vm.give(args, word)
}

fn metamethod_of(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let name = vm.arg(args, 2);
    let value = vm.arg(args, 1);
    let method = vm.metamethod(value, name);
    vm.give(args, method)
}

fn pairs(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let target = vm.any_arg(args, 1)?;
    if vm.metamethod(target, vm.library.names.pairs) != word::NIL {
        return vm.hand_over(args, "general_pairs");
    }
    vm.give_all(args, &[builtin_word(NEXT), target, word::NIL])
}

fn ipairs(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let target = vm.any_arg(args, 1)?;
    let step = builtin_word(IPAIRS_STEP);
    vm.give_all(args, &[step, target, word::int_wrapping(0)])
}

fn ipairs_step(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let target = vm.arg(args, 1);
    let key = vm.integer_arg(args, 2)?.wrapping_add(1);
    let key_word = vm.heap.integer(key);
    if vm.type_text(target) == "table" {
        match vm.index(target, key_word)? {
            Access::Value(word::NIL) => return vm.give(args, word::NIL),
            Access::Value(value) => return vm.give_all(args, &[key_word, value]),
            Access::Call(..) => {}
        }
    }
    // Metamethods are asked, and errors raised, by library code in Lua.
    vm.hand_over(args, "ipairs_step")
}
