//! `string.format`.

use crate::strings::is_string;
use crate::text::cformat::{self, Spec};
use crate::text::number::Number;
use crate::text::quote;
use crate::vm::{Args, Flow, Raise, Vm};
use procession_types::word;

pub(super) fn format(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let format = vm.string_arg(args, 1)?;
    let format = vm.bytes(format).to_vec();
    let mut out = Vec::with_capacity(format.len() + 16 * args.count);
    let mut number = 1;
    let mut at = 0;
    while at < format.len() {
        let byte = format[at];
        at += 1;
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        if format.get(at) == Some(&b'%') {
            out.push(b'%');
            at += 1;
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
    if out.len() > 1 << 16 {
        vm.reserve(out.len() / 8 + 4)?;
    }
    vm.fuel -= (out.len() / 16) as i64;
    vm.give_text(args, &out)
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
            if is_string(value) && vm.bytes(value).contains(&0) {
                return Err(vm.bad_argument(number, "string contains zeros", args));
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
    out: &mut Vec<u8>,
) -> Result<bool, Raise> {
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
            let id =
                text.rsplit_once("0x").map_or("(null)".to_owned(), |(_, id)| format!("0x{id}"));
            cformat::format_string(spec, id.as_bytes(), out);
        }
        b'q' => quoted(vm, args, number, out)?,
        _ => {
            let value = vm.arg(args, number);
            if is_string(value) {
                let bytes = vm.bytes(value);
                if spec.has_no_modifiers() {
                    out.extend_from_slice(&bytes);
                } else {
                    cformat::format_string(spec, &bytes, out);
                }
                return Ok(true);
            }
            if let Some(message) = vm.error_message(value) {
                cformat::format_string(spec, &vm.bytes(message), out);
                return Ok(true);
            }
            if vm.metamethod(value, vm.library.names.tostring) != word::NIL {
                return Ok(false);
            }
            let text = vm.raw_text(value);
            cformat::format_string(spec, text.as_bytes(), out);
        }
    }
    Ok(true)
}

fn quoted(vm: &mut Vm<'_>, args: Args, number: usize, out: &mut Vec<u8>) -> Result<(), Raise> {
    let value = vm.arg(args, number);
    if is_string(value) {
        quote::quote_string(&vm.bytes(value), out);
        return Ok(());
    }
    match vm.number(value) {
        Some(Number::Int(value)) => quote::quote_int(value, out),
        Some(Number::Float(value)) => quote::quote_float(value, out),
        None => match value {
            word::NIL | word::TRUE | word::FALSE => {
                let text = vm.raw_text(value);
                out.extend_from_slice(text.as_bytes());
            }
            _ => return Err(vm.bad_argument(number, "value has no literal form", args)),
        },
    }
    Ok(())
}
