//! The module `uuid` (RFC 9562). Random bits and the time come from the host.

use crate::library::{Builtin, plain};
use crate::vm::{Args, Flow, Raise, Vm};
use procession_types::Error;
use procession_types::word;
use sha1::{Digest as _, Sha1};

/// Nanoseconds of a millisecond, and parts of one that version 7 tells apart.
const MILLISECOND_NS: i128 = 1_000_000;
const PARTS: i128 = 4096;

pub(crate) const FUNCTIONS: &[Builtin] = &[
    plain("uuid.v4", v4),
    plain("uuid.v5", v5),
    plain("uuid.v7", v7),
    plain("uuid.parse", parse),
    plain("uuid.is_valid", is_valid),
];

fn v4(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let bits = u128::from(vm.host.random()) << 64 | u128::from(vm.host.random());
    give(vm, args, stamped(bits, 4))
}

/// `uuid.v5(namespace, name)`: always the same for the same name.
fn v5(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let namespace = match identifier(vm, args, "namespace")? {
        Ok(namespace) => namespace,
        Err(error) => return vm.fail(args, &error),
    };
    let name = match vm.input(args, 2, "name")? {
        Ok(name) => name,
        Err(error) => return vm.fail(args, &error),
    };
    vm.fuel -= 100 + (vm.strings().length(vm.heap, name) / 2) as i64;
    let hash =
        Sha1::new().chain_update(namespace.to_be_bytes()).chain_update(&*vm.bytes(name)).finalize();
    let bits = hash[..16].iter().fold(0, |bits, &byte| bits << 8 | u128::from(byte));
    give(vm, args, stamped(bits, 5))
}

/// `uuid.v7()`: the time in 4096ths of a millisecond, then random bits. Those of one process are in
/// the order in which they were made.
fn v7(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let now = i128::from(vm.host.now().0.max(0));
    let parts = (now * PARTS / MILLISECOND_NS) as i64;
    let key = vm.heap.string(b"uuid");
    let state = vm.state_table(key);
    let last = vm.raw_get(state, word::int_wrapping(1));
    let last = vm.number(last).and_then(crate::numeric::as_integer).unwrap_or(0);
    let parts = parts.max(last.saturating_add(1));
    let kept = vm.heap.integer(parts);
    vm.raw_set(state, word::int_wrapping(1), kept);
    let bits = (parts as u128 >> 12) << 80 | (parts as u128 & 0xFFF) << 64;
    let bits = bits | u128::from(vm.host.random());
    give(vm, args, stamped(bits, 7))
}

/// `uuid.parse(text)`: a table with the text in lower case, the version, and the time of version 7.
fn parse(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let bits = match identifier(vm, args, "text")? {
        Ok(bits) => bits,
        Err(error) => return vm.fail(args, &error),
    };
    let version = (bits >> 76 & 0xF) as i64;
    let text = text(bits);
    let mut fields = vec![
        (vm.heap.string(b"text"), vm.heap.string(text.as_bytes())),
        (vm.heap.string(b"version"), word::int_wrapping(version)),
    ];
    if version == 7 {
        let nanoseconds = (bits >> 80) as i128 * MILLISECOND_NS;
        let time = vm.heap.integer(i64::try_from(nanoseconds).unwrap_or(i64::MAX));
        fields.push((vm.heap.string(b"time"), time));
    }
    let record = vm.record(&fields);
    vm.give(args, record)
}

fn is_valid(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let value = vm.arg(args, 1);
    let is_valid = crate::strings::is_string(value) && read(&vm.bytes(value)).is_some();
    vm.give(args, word::from_bool(is_valid))
}

/// The bits of the UUID in argument 1.
fn identifier(vm: &mut Vm<'_>, args: Args, what: &str) -> Result<Result<u128, Error>, Raise> {
    let Some(value) = vm.api_string(args, 1)? else {
        return Ok(Err(Error::invalid(format!("{what} is missing"))));
    };
    let bits = read(&vm.bytes(value));
    Ok(bits.ok_or_else(|| {
        let shown: String = vm.text_of(value).chars().take(64).collect();
        Error::invalid(format!("{what} \"{shown}\" is no UUID"))
    }))
}

/// The bits with version and variant.
fn stamped(bits: u128, version: u128) -> u128 {
    bits & !(0xF << 76) & !(3 << 62) | version << 76 | 2 << 62
}

fn give(vm: &mut Vm<'_>, args: Args, bits: u128) -> Result<Flow, Raise> {
    vm.give_text(args, text(bits).as_bytes())
}

fn text(bits: u128) -> String {
    let digits = format!("{bits:032x}");
    let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    parts.join("-")
}

/// The bits of `8-4-4-4-12` hex digits.
fn read(text: &[u8]) -> Option<u128> {
    if text.len() != 36 {
        return None;
    }
    let mut bits = 0;
    for (position, &byte) in text.iter().enumerate() {
        if [8, 13, 18, 23].contains(&position) {
            if byte != b'-' {
                return None;
            }
        } else {
            bits = bits << 4 | u128::from(char::from(byte).to_digit(16)?);
        }
    }
    Some(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_as_they_are_written() {
        for bits in [0, 1, u128::MAX, 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef] {
            assert_eq!(read(text(bits).as_bytes()), Some(bits));
        }
        assert_eq!(text(u128::MAX), "ffffffff-ffff-ffff-ffff-ffffffffffff");
        let upper = "0123ABCD-0000-0000-0000-00000000000F";
        assert_eq!(read(upper.as_bytes()), Some(0x0123_ABCD << 96 | 15));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "ffffffffffffffffffffffffffffffff",
            "ffffffff-ffff-ffff-ffff-fffffffffff",
            "ffffffff-ffff-ffff-ffff-ffffffffffffg",
            "fffffff-fffff-ffff-ffff-ffffffffffff",
            "gfffffff-ffff-ffff-ffff-ffffffffffff",
            "{fffffff-ffff-ffff-ffff-fffffffffff}",
        ] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
    }
}
