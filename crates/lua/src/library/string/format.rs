//! `string.format`.

use crate::draft::Draft;
use crate::strings::is_string;
use crate::text::cformat::{self, Spec};
use crate::text::number::Number;
use crate::text::quote;
use crate::vm::{Args, Flow, Raise, Vm};
use procession_types::word::{self, Word};

/// Bytes of a format that count as one instruction, and of an argument that is looked through.
const BYTES_PER_FUEL: usize = 64;
/// Longest text of a conversion but for those of strings: a number with 99 digits behind the point.
const NUMBER_BYTES_MAX: usize = 512;

pub(super) fn format(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let format = vm.string_arg(args, 1)?;
    pay(vm, format);
    let format = vm.bytes(format).to_vec();
    let mut out = Draft::with_capacity(format.len() + 16 * args.count);
    let mut number = 1;
    let mut at = 0;
    while at < format.len() {
        let byte = format[at];
        at += 1;
        if byte != b'%' || format.get(at) == Some(&b'%') {
            at += usize::from(byte == b'%');
            // They are not more than those of the format, which is there already.
            out.text.push(byte);
            continue;
        }
        number += 1;
        if number > args.count {
            return Err(vm.bad_argument(number, "no value", args));
        }
        let (letter, used) =
            cformat::conversion(&format[at..]).map_err(|error| vm.error_bytes(&error.message()))?;
        check_argument(vm, args, number, (letter, used > 1))?;
        let (spec, _) =
            Spec::parse(&format[at..]).map_err(|error| vm.error_bytes(&error.message()))?;
        at += used;
        if !format_one(vm, args, number, &spec, &mut out)? {
            return vm.hand_over(args, "general_string_format");
        }
    }
    out.give(vm, args)
}

/// Pays for looking through a string.
fn pay(vm: &mut Vm<'_>, text: Word) {
    vm.fuel -= (vm.strings().length(vm.heap, text) / BYTES_PER_FUEL) as i64;
}

/// Most conversions look at their argument before they look at their flags, as in PUC Lua.
fn check_argument(
    vm: &mut Vm<'_>,
    args: Args,
    number: usize,
    (letter, has_modifiers): (u8, bool),
) -> Result<(), Raise> {
    match letter {
        b'd' | b'i' | b'u' | b'o' | b'x' | b'X' => drop(vm.integer_arg(args, number)?),
        b'e' | b'E' | b'f' | b'g' | b'G' => drop(vm.number_arg(args, number)?),
        b's' if has_modifiers => {
            let value = vm.arg(args, number);
            if is_string(value) {
                pay(vm, value);
                if vm.bytes(value).contains(&0) {
                    return Err(vm.bad_argument(number, "string contains zeros", args));
                }
            }
        }
        _ => {}
    }
    Ok(())
}

/// Formats one argument; false when a metamethod must be asked for its text.
fn format_one(
    vm: &mut Vm<'_>,
    args: Args,
    number: usize,
    spec: &Spec,
    draft: &mut Draft,
) -> Result<bool, Raise> {
    draft.room(vm, NUMBER_BYTES_MAX)?;
    let out = &mut draft.text;
    match spec.conversion {
        b'c' => {
            let code = vm.integer_arg(args, number)?;
            cformat::format_char(spec, code as u8, out);
        }
        b'd' | b'i' | b'u' | b'o' | b'x' | b'X' => {
            let value = vm.integer_arg(args, number)?;
            cformat::format_int(spec, value, out);
        }
        b'a' | b'A' | b'e' | b'E' | b'f' | b'F' | b'g' | b'G' => {
            let value = crate::numeric::as_float(vm.number_arg(args, number)?);
            cformat::format_float(spec, value, out);
        }
        b'p' => {
            let value = vm.arg(args, number);
            let text = vm.raw_text(value);
            // The colon before it is the last one.
            let id = text.iter().rposition(|&byte| byte == b':').map(|at| &text[at + 2..]);
            cformat::format_string(spec, id.unwrap_or(b"(null)"), out);
        }
        b'q' => quoted(vm, args, number, draft)?,
        _ => {
            let value = vm.arg(args, number);
            if is_string(value) {
                push_string(vm, value, spec, draft)?;
                return Ok(true);
            }
            if let Some(message) = vm.error_message(value) {
                push_string(vm, message, spec, draft)?;
                return Ok(true);
            }
            if vm.metamethod(value, vm.library.names.tostring) != word::NIL {
                return Ok(false);
            }
            // Its type may have a long name.
            let text = vm.raw_text(value);
            draft.room(vm, text.len().max(spec.width.into()))?;
            cformat::format_string(spec, &text, &mut draft.text);
        }
    }
    Ok(true)
}

/// Appends a string.
fn push_string(vm: &mut Vm<'_>, value: Word, spec: &Spec, draft: &mut Draft) -> Result<(), Raise> {
    if spec.has_no_modifiers() {
        return draft.push(vm, value);
    }
    let length = vm.strings().length(vm.heap, value);
    let kept = spec.precision.map_or(length, |precision| length.min(precision.into()));
    draft.room(vm, kept.max(spec.width.into()))?;
    cformat::format_string(spec, &vm.bytes(value), &mut draft.text);
    Ok(())
}

fn quoted(vm: &mut Vm<'_>, args: Args, number: usize, draft: &mut Draft) -> Result<(), Raise> {
    let value = vm.arg(args, number);
    if is_string(value) {
        pay(vm, value);
        draft.room(vm, quote::quoted_length(&vm.bytes(value)))?;
        quote::quote_string(&vm.bytes(value), &mut draft.text);
        return Ok(());
    }
    let out = &mut draft.text;
    match vm.number(value) {
        Some(Number::Int(value)) => quote::quote_int(value, out),
        Some(Number::Float(value)) => quote::quote_float(value, out),
        None => match value {
            word::NIL | word::TRUE | word::FALSE => {
                let text = vm.raw_text(value);
                out.extend_from_slice(&text);
            }
            _ => return Err(vm.bad_argument(number, "value has no literal form", args)),
        },
    }
    Ok(())
}
