//! `string.pack`, `string.unpack`, `string.packsize`.

use crate::draft::Draft;
use crate::text::packing::{self, FormatError, Item, Kind, Reader, SIZE_MAX};
use crate::vm::{Args, Flow, Raise, Vm};
use procession_types::word::{self, Word};

/// Most results of one `string.unpack`.
const RESULTS_MAX: usize = 1_000_000;
/// Bytes of the largest number.
const NUMBER_BYTES_MAX: usize = 16;

fn format_error(vm: &mut Vm<'_>, args: Args, error: FormatError) -> Raise {
    match error {
        FormatError::Message(message) => vm.error_bytes(&message),
        FormatError::Argument(message) => vm.bad_argument(1, message, args),
    }
}

pub(super) fn pack(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let format = vm.text_arg(args, 1)?.to_vec();
    vm.fuel -= format.len() as i64;
    // PUC has a nil of its own after the arguments, which messages tell of.
    vm.heap.set(args.at + args.count, word::NIL);
    let args = Args { count: args.count + 1, ..args };
    let mut reader = Reader::new(&format);
    let mut draft = Draft::default();
    let mut number = 1;
    loop {
        let item = match reader.next(draft.text.len()) {
            Ok(Some(item)) => item,
            Ok(None) => break,
            Err(error) => return Err(format_error(vm, args, error)),
        };
        draft.room(vm, item.padding + NUMBER_BYTES_MAX)?;
        let out = &mut draft.text;
        out.resize(out.len() + item.padding, 0);
        match item.kind {
            Kind::Padding => out.push(0),
            Kind::Alignment | Kind::Nothing => {}
            _ => {
                number += 1;
                pack_one(vm, args, number, item, reader.is_little, &mut draft)?;
            }
        }
    }
    draft.give(vm, args)
}

/// Appends argument `number`.
fn pack_one(
    vm: &mut Vm<'_>,
    args: Args,
    number: usize,
    item: Item,
    is_little: bool,
    draft: &mut Draft,
) -> Result<(), Raise> {
    let size = item.size;
    let out = &mut draft.text;
    match item.kind {
        Kind::Signed | Kind::Unsigned => {
            let value = vm.integer_arg(args, number)?;
            let is_signed = item.kind == Kind::Signed;
            if size < 8 {
                let bits = 8 * size as u32;
                let kept = if is_signed {
                    value << (64 - bits) >> (64 - bits)
                } else {
                    value & ((1 << bits) - 1)
                };
                if kept != value {
                    let what = if is_signed { "integer overflow" } else { "unsigned overflow" };
                    return Err(vm.bad_argument(number, what, args));
                }
            }
            packing::push_integer(value, size, is_signed, is_little, out);
        }
        Kind::Float => {
            let value = crate::numeric::as_float(vm.number_arg(args, number)?);
            let start = out.len();
            match size {
                4 => out.extend((value as f32).to_le_bytes()),
                _ => out.extend(value.to_le_bytes()),
            }
            if !is_little {
                out[start..].reverse();
            }
        }
        _ => pack_text(vm, args, number, item, is_little, draft)?,
    }
    Ok(())
}

fn pack_text(
    vm: &mut Vm<'_>,
    args: Args,
    number: usize,
    item: Item,
    is_little: bool,
    draft: &mut Draft,
) -> Result<(), Raise> {
    let text = vm.string_arg(args, number)?;
    let length = vm.strings().length(vm.heap, text);
    if item.kind == Kind::Terminated {
        vm.fuel -= (length / 16) as i64;
    }
    let problem = match item.kind {
        Kind::Fixed if length > item.size => Some("string longer than given size"),
        Kind::Counted if item.size < 8 && length >> (8 * item.size) != 0 => {
            Some("string length does not fit in given size")
        }
        Kind::Terminated if vm.bytes(text).contains(&0) => Some("string contains zeros"),
        _ => None,
    };
    if let Some(problem) = problem {
        return Err(vm.bad_argument(number, problem, args));
    }
    draft.room(vm, length.max(item.size) + NUMBER_BYTES_MAX)?;
    let out = &mut draft.text;
    let start = out.len();
    if item.kind == Kind::Counted {
        packing::push_integer(length as i64, item.size, false, is_little, out);
    }
    out.extend_from_slice(&vm.bytes(text));
    match item.kind {
        Kind::Fixed => out.resize(start + item.size, 0),
        Kind::Terminated => out.push(0),
        _ => {}
    }
    Ok(())
}

pub(super) fn packsize(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let format = vm.text_arg(args, 1)?.to_vec();
    let mut reader = Reader::new(&format);
    let mut total = 0;
    vm.fuel -= format.len() as i64;
    loop {
        let item = match reader.next(total) {
            Ok(Some(item)) => item,
            Ok(None) => break,
            Err(error) => return Err(format_error(vm, args, error)),
        };
        if matches!(item.kind, Kind::Counted | Kind::Terminated) {
            return Err(vm.bad_argument(1, "variable-length format", args));
        }
        total += item.size + item.padding;
        if total > SIZE_MAX {
            return Err(vm.bad_argument(1, "format result too large", args));
        }
    }
    vm.give(args, word::int_wrapping(total as i64))
}

pub(super) fn unpack(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let format = vm.text_arg(args, 1)?.to_vec();
    vm.fuel -= format.len() as i64;
    let data = vm.string_arg(args, 2)?;
    let length = vm.strings().length(vm.heap, data);
    let position = vm.integer_or(args, 3, 1)?;
    let mut at = match position {
        0 => 0,
        _ => super::start_of(position, length),
    };
    if at > length {
        return Err(vm.bad_argument(3, "initial position out of string", args));
    }
    let mut reader = Reader::new(&format);
    let mut results = Vec::new();
    loop {
        let item = match reader.next(at) {
            Ok(Some(item)) => item,
            Ok(None) => break,
            Err(error) => return Err(format_error(vm, args, error)),
        };
        if item.padding + item.size > length - at {
            return Err(vm.bad_argument(2, "data string too short", args));
        }
        at += item.padding;
        match item.kind {
            Kind::Padding | Kind::Alignment | Kind::Nothing => at += item.size,
            _ if results.len() >= RESULTS_MAX => {
                return Err(vm.error("stack overflow (too many results)"));
            }
            _ => results.push(unpack_one(vm, args, &mut at, item, reader.is_little)?),
        }
    }
    results.push(word::int_wrapping(at as i64 + 1));
    let offset = args.slot() - vm.stack;
    vm.ensure_stack(args.slot(), results.len() + 16)?;
    for (position, &value) in results.iter().enumerate() {
        vm.heap.set(vm.stack + offset + position, value);
    }
    Ok(Flow::Return(results.len()))
}

/// The value of an option whose bytes start at `at`, which goes behind them.
fn unpack_one(
    vm: &mut Vm<'_>,
    args: Args,
    at: &mut usize,
    item: Item,
    is_little: bool,
) -> Result<Word, Raise> {
    let data = vm.arg(args, 2);
    let start = *at;
    *at += item.size;
    if item.kind == Kind::Terminated {
        return unpack_terminated(vm, args, at);
    }
    let bytes = vm.bytes(data);
    let fields = &bytes[start..*at];
    match item.kind {
        Kind::Signed | Kind::Unsigned => {
            match packing::read_integer(fields, item.kind == Kind::Signed, is_little) {
                Some(value) => Ok(vm.heap.integer(value)),
                None => {
                    let size = item.size;
                    Err(vm.error(&format!("{size}-byte integer does not fit into Lua Integer")))
                }
            }
        }
        Kind::Float => Ok(word::from_f64(read_float(fields, is_little))),
        Kind::Counted => {
            let count = packing::read_integer(fields, false, is_little);
            let rest = bytes.len() - *at;
            match count.map(|count| count as u64 as usize) {
                Some(count) if count <= rest => {
                    let start = *at;
                    *at += count;
                    vm.fuel -= (count / 16) as i64;
                    super::part(vm, data, start, *at)
                }
                Some(_) => Err(vm.bad_argument(2, "data string too short", args)),
                None => {
                    let size = item.size;
                    Err(vm.error(&format!("{size}-byte integer does not fit into Lua Integer")))
                }
            }
        }
        _ => {
            vm.fuel -= (item.size / 16) as i64;
            super::part(vm, data, start, *at)
        }
    }
}

/// The text from `at` to a zero, behind which `at` goes.
fn unpack_terminated(vm: &mut Vm<'_>, args: Args, at: &mut usize) -> Result<Word, Raise> {
    let (data, start) = (vm.arg(args, 2), *at);
    let (length, rest) = {
        let bytes = vm.bytes(data);
        (bytes[start..].iter().position(|&byte| byte == 0), bytes.len() - start)
    };
    vm.fuel -= (length.unwrap_or(rest) / 16) as i64;
    match length {
        Some(length) => {
            *at += length + 1;
            super::part(vm, data, start, start + length)
        }
        None => Err(vm.bad_argument(2, "unfinished string for format 'z'", args)),
    }
}

/// The float in four or eight bytes.
fn read_float(bytes: &[u8], is_little: bool) -> f64 {
    let mut padded = [0; 8];
    padded[..bytes.len()].copy_from_slice(bytes);
    if !is_little {
        padded[..bytes.len()].reverse();
    }
    let bits = u64::from_le_bytes(padded);
    if bytes.len() == 4 { f64::from(f32::from_bits(bits as u32)) } else { f64::from_bits(bits) }
}
