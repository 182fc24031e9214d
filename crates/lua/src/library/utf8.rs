//! The utf8 library.

use crate::library::{Builtin, CONTINUED, plain};
use crate::text::utf8::{self, Count, Strictness};
use crate::vm::{Args, Flow, Raise, Vm};
use procession_types::word::{self, Word};

/// Most code points that `codepoint` returns.
const CODES_MAX: usize = 1 << 20;
/// Bytes that `len` looks at between two looks at the fuel.
const LEN_BLOCK: usize = 1 << 14;

pub(crate) const FUNCTIONS: &[Builtin] = &[
    plain("utf8.char", char),
    plain("utf8.codepoint", codepoint),
    plain("utf8.len", len),
    plain("utf8.offset", offset),
    plain("utf8.codes", codes),
    plain("@utf8_step", |vm, args| step(vm, args, Strictness::Strict)),
    plain("@utf8_step_lax", |vm, args| step(vm, args, Strictness::Lax)),
];

fn codes(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let text = vm.string_arg(args, 1)?;
    let name: &[u8] = if word::is_falsy(vm.arg(args, 2)) { b"utf8_step" } else { b"utf8_step_lax" };
    let step = vm.library.strings.get(name).map_or(word::NIL, |&key| {
        vm.library.tables[crate::library::number::PRIVATE as usize].get(key)
    });
    vm.give_all(args, &[step, text, word::int_wrapping(0)])
}

fn refuse(vm: &mut Vm<'_>, args: Args, error: utf8::Utf8Error) -> Raise {
    match error.argument() {
        Some(number) => vm.bad_argument(usize::from(number), &error.to_string(), args),
        None => vm.error(&error.to_string()),
    }
}

fn strictness(lax: Word) -> Strictness {
    if word::is_falsy(lax) { Strictness::Strict } else { Strictness::Lax }
}

fn char(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    vm.fuel -= (args.count / 8) as i64;
    let mut text = Vec::with_capacity(args.count);
    for number in 1..=args.count {
        let code = vm.integer_arg(args, number)?;
        match u32::try_from(code) {
            Ok(code) if code <= utf8::CODE_MAX => utf8::encode(code, &mut text),
            _ => return Err(vm.bad_argument(number, "value out of range", args)),
        }
    }
    vm.give_text(args, &text)
}

fn codepoint(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let text = vm.string_arg(args, 1)?;
    let first = vm.integer_or(args, 2, 1)?;
    let last = vm.integer_or(args, 3, first)?;
    let strict = strictness(vm.arg(args, 4));
    let length = vm.strings().length(vm.heap, text);
    let (mut at, end) = match utf8::codepoint_range(length, first, Some(last)) {
        Ok(range) => range,
        Err(error) => return Err(refuse(vm, args, error)),
    };
    vm.fuel -= (end.saturating_sub(at) / 2) as i64;
    let mut codes = Vec::new();
    while at < end {
        match utf8::decode(&vm.bytes(text)[at..], strict) {
            Some((code, used)) => {
                codes.push(word::int_wrapping(i64::from(code)));
                at += used;
            }
            None => return Err(refuse(vm, args, utf8::Utf8Error::InvalidCode)),
        }
        if codes.len() > CODES_MAX {
            return Err(vm.error("string slice too long"));
        }
    }
    let offset = args.slot() - vm.stack;
    vm.ensure_stack(args.slot(), codes.len() + 16)?;
    let slot = vm.stack + offset;
    for (position, &code) in codes.iter().enumerate() {
        vm.heap.set(slot + position, code);
    }
    Ok(Flow::Return(codes.len()))
}

fn len(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let text = vm.string_arg(args, 1)?;
    let (first, last) = (vm.integer_or(args, 2, 1)?, vm.integer_or(args, 3, -1)?);
    let strict = strictness(vm.arg(args, 4));
    let length = vm.strings().length(vm.heap, text);
    let (mut from, to) = match utf8::len_range(length, first, last) {
        Ok(range) => range,
        Err(error) => return Err(refuse(vm, args, error)),
    };
    let is_continued = args.count == 6 && vm.arg(args, 6) == CONTINUED;
    let mut total = if is_continued { word::to_int(vm.arg(args, 5)) } else { 0 };
    loop {
        let end = to.min(from.saturating_add(LEN_BLOCK));
        vm.fuel -= 1 + (end.saturating_sub(from) / 4) as i64;
        match utf8::len(&vm.bytes(text), from, end, strict) {
            Count::InvalidAt(at) => {
                return vm.give_all(args, &[word::NIL, word::int_wrapping(at as i64)]);
            }
            Count::Characters { count, next } => {
                total += count as i64;
                from = next;
            }
        }
        if from >= to {
            return vm.give(args, word::int_wrapping(total));
        }
        if vm.fuel <= 0 {
            let lax = vm.arg(args, 4);
            let [from, to] = [from as i64 + 1, to as i64].map(word::int_wrapping);
            let values = [from, to, lax, word::int_wrapping(total), CONTINUED];
            for (position, value) in values.into_iter().enumerate() {
                vm.heap.set(args.at + 1 + position, value);
            }
            return Ok(Flow::Again(6));
        }
    }
}

fn offset(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let text = vm.string_arg(args, 1)?;
    let n = vm.integer_arg(args, 2)?;
    let from = if vm.arg(args, 3) == word::NIL { None } else { Some(vm.integer_arg(args, 3)?) };
    let found = utf8::offset(&vm.bytes(text), n, from);
    let length = vm.strings().length(vm.heap, text) as i64;
    let start = from.unwrap_or(if n >= 0 { 1 } else { length + 1 });
    let start = if start < 0 { length + start + 1 } else { start };
    let end = match found {
        Ok(Some(at)) => at as i64,
        Ok(None) if n >= 0 => length,
        _ => 1,
    };
    vm.fuel -= start.wrapping_sub(end).unsigned_abs().min(length as u64) as i64 / 4;
    match found {
        Ok(Some(at)) => vm.give(args, word::int_wrapping(at as i64)),
        Ok(None) => vm.give(args, word::NIL),
        Err(error) => Err(refuse(vm, args, error)),
    }
}

fn step(vm: &mut Vm<'_>, args: Args, strict: Strictness) -> Result<Flow, Raise> {
    let text = vm.string_arg(args, 1)?;
    let control = vm.integer_arg(args, 2)?;
    let next = utf8::next_code(&vm.bytes(text), control, strict);
    let end = match next {
        Ok(Some((at, _))) => at,
        Ok(None) | Err(_) => vm.strings().length(vm.heap, text),
    };
    let skipped = end.saturating_sub(usize::try_from(control).unwrap_or(usize::MAX));
    vm.fuel -= (skipped / 8) as i64;
    match next {
        Ok(Some((at, code))) => {
            let values = [word::int_wrapping(at as i64), word::int_wrapping(i64::from(code))];
            vm.give_all(args, &values)
        }
        Ok(None) => Ok(Flow::Return(0)),
        Err(error) => Err(refuse(vm, args, error)),
    }
}
