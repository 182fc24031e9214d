//! JSON (RFC 8259): the module `json`, whose public half is in `modules/json.lua`.
//!
//! A table whose keys are 1 … n is an array, so an empty one is `[]`; one with string keys is an
//! object in the table's order; nothing else is guessed. Metatables are not asked. Both directions
//! run at once, so their work has limits; neither may change anything a program can see before it
//! has reserved its memory.

mod decode;
mod encode;
#[cfg(test)]
mod tests;

use crate::library::{Builtin, plain};
use crate::vm::{Args, Flow, Raise, Vm};
use decode::Decoded;
use procession_types::word;

/// Levels of arrays and objects, both ways: what `serde_json` reads by default.
const DEPTH_MAX: usize = 127;
/// Bytes of a text, both ways: the work can't be preempted, and later turns pay for it.
const TEXT_BYTES_MAX: usize = 16 << 20;

pub(crate) const FUNCTIONS: &[Builtin] =
    &[plain("@json_encode", encode), plain("@json_decode", decode)];

/// `@json_encode(value)`: the text, or nil and a message.
fn encode(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let value = vm.arg(args, 1);
    let strings = vm.strings();
    let mut encoder = encode::Encoder::new(vm.heap, strings);
    let done = encoder.run(value);
    let (text, slots) = (encoder.text, encoder.slots);
    vm.fuel -= (text.len() / 2 + slots) as i64;
    match done {
        Ok(()) => {
            // A collection that this makes due encodes once more, which is correct and rare.
            vm.reserve(word::string_words(text.len()) + 1)?;
            vm.give_text(args, &text)
        }
        Err(error) => {
            let message = vm.heap.string(error.to_string().as_bytes());
            vm.give_all(args, &[word::NIL, message])
        }
    }
}

/// `@json_decode(text)`: true and the value, or false and a message.
fn decode(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let text = vm.string_arg(args, 1)?;
    let strings = vm.strings();
    if strings.length(vm.heap, text) > TEXT_BYTES_MAX {
        let message = format!("text is larger than {TEXT_BYTES_MAX} bytes");
        let message = vm.heap.string(message.as_bytes());
        return vm.give_all(args, &[word::FALSE, message]);
    }
    // The heap grows while the text is read, so the text must lie elsewhere.
    let text = vm.bytes(text).to_vec();
    let (decoded, words) = decode::decode(vm.heap, strings, &text);
    vm.fuel -= (text.len() + words) as i64;
    match decoded {
        Ok(Decoded::Value(value)) => vm.give_all(args, &[word::TRUE, value]),
        // What was made so far is garbage.
        Ok(Decoded::NoRoom) => Err(Raise::Collect(words)),
        Err(message) => {
            let message = vm.heap.string(message.as_bytes());
            vm.give_all(args, &[word::FALSE, message])
        }
    }
}
