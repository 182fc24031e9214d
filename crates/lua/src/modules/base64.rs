//! The module `base64` (RFC 4648).

use crate::library::{Builtin, plain};
use crate::vm::{Args, Flow, Raise, Vm};
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, PAD};
use base64::engine::{DecodePaddingMode, Engine as _};
use procession_types::Error;

/// Bytes that count as one instruction.
const BYTES_PER_FUEL: usize = 8;

/// For URLs and file names: nothing is padded, and padding is not asked for.
const URL: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, PAD);

pub(crate) const FUNCTIONS: &[Builtin] = &[
    plain("base64.encode", |vm, args| encode(vm, args, &STANDARD)),
    plain("base64.decode", |vm, args| decode(vm, args, &STANDARD)),
    plain("base64.encode_url", |vm, args| encode(vm, args, &URL)),
    plain("base64.decode_url", |vm, args| decode(vm, args, &URL)),
];

fn encode(vm: &mut Vm<'_>, args: Args, engine: &GeneralPurpose) -> Result<Flow, Raise> {
    let data = match vm.input(args, 1, "data")? {
        Ok(data) => data,
        Err(error) => return vm.fail(args, &error),
    };
    let text = engine.encode(&*vm.bytes(data));
    vm.fuel -= (text.len() / BYTES_PER_FUEL) as i64;
    vm.give_long(args, text.as_bytes())
}

fn decode(vm: &mut Vm<'_>, args: Args, engine: &GeneralPurpose) -> Result<Flow, Raise> {
    let text = match vm.input(args, 1, "text")? {
        Ok(text) => text,
        Err(error) => return vm.fail(args, &error),
    };
    vm.fuel -= (vm.strings().length(vm.heap, text) / BYTES_PER_FUEL) as i64;
    let decoded = engine.decode(&*vm.bytes(text));
    match decoded {
        Ok(bytes) => vm.give_long(args, &bytes),
        Err(error) => vm.fail(args, &Error::invalid(format!("text is no base64: {}", why(error)))),
    }
}

fn why(error: base64::DecodeError) -> String {
    use base64::DecodeError;
    match error {
        DecodeError::InvalidByte(position, byte) => {
            format!("character {:?} at {}", char::from(byte), position + 1)
        }
        DecodeError::InvalidLength(length) => {
            let digits = if length == 1 { "digit" } else { "digits" };
            format!("the text has {length} {digits}: a group of four is cut after the first")
        }
        DecodeError::InvalidLastSymbol { .. } => "the last digit has bits that mean nothing".into(),
        DecodeError::InvalidPadding => "the padding with = is wrong or missing".into(),
    }
}
