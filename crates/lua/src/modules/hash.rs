//! The module `hash`: digests, keyed digests, checksums.

use crate::library::{Builtin, plain};
use crate::vm::{Args, Flow, Raise, Vm};
use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::Md5;
use procession_types::Error;
use procession_types::word::{self, Word};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// Bytes that count as one instruction.
const BYTES_PER_FUEL: usize = 2;
/// Instructions that a digest of nothing counts for.
const FUEL_MIN: i64 = 100;

pub(crate) const FUNCTIONS: &[Builtin] = &[
    plain("hash.md5", |vm, args| digest(vm, args, &hash::<Md5>)),
    plain("hash.sha1", |vm, args| digest(vm, args, &hash::<Sha1>)),
    plain("hash.sha256", |vm, args| digest(vm, args, &hash::<Sha256>)),
    plain("hash.sha384", |vm, args| digest(vm, args, &hash::<Sha384>)),
    plain("hash.sha512", |vm, args| digest(vm, args, &hash::<Sha512>)),
    plain("hash.blake3", |vm, args| {
        digest(vm, args, &|data| blake3::hash(data).as_bytes().to_vec())
    }),
    plain("hash.hmac", hmac),
    plain("hash.crc32", crc32),
    plain("hash.equal", equal),
];

fn hash<D: Digest>(data: &[u8]) -> Vec<u8> {
    D::digest(data).to_vec()
}

/// `hash.NAME(data, raw)`: the digest in lower-case hex digits, or its bytes when `raw` is true.
fn digest(
    vm: &mut Vm<'_>,
    args: Args,
    algorithm: &dyn Fn(&[u8]) -> Vec<u8>,
) -> Result<Flow, Raise> {
    let data = match vm.input(args, 1, "data")? {
        Ok(data) => data,
        Err(error) => return vm.fail(args, &error),
    };
    charge(vm, data);
    let bytes = algorithm(&vm.bytes(data));
    let is_raw = vm.arg(args, 2) == word::TRUE;
    give(vm, args, &bytes, is_raw)
}

/// `hash.hmac(algorithm, key, data, raw)`: RFC 2104.
fn hmac(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let Some(name) = vm.api_string(args, 1)? else {
        return vm.fail_invalid(args, "algorithm is missing");
    };
    let mut inputs = [word::NIL; 2];
    for (number, what) in [(2, "key"), (3, "data")] {
        match vm.input(args, number, what)? {
            Ok(value) => inputs[number - 2] = value,
            Err(error) => return vm.fail(args, &error),
        }
    }
    let [key, data] = inputs;
    charge(vm, key);
    charge(vm, data);
    let name = vm.text_of(name);
    let (key, text) = (vm.bytes(key), vm.bytes(data));
    macro_rules! keyed {
        ($digest:ty) => {{
            // HMAC takes keys of every length.
            let mac = Hmac::<$digest>::new_from_slice(&key).map(|mac| mac.chain_update(&*text));
            mac.map(|mac| mac.finalize().into_bytes().to_vec()).unwrap_or_default()
        }};
    }
    let bytes = match name.as_str() {
        "md5" => keyed!(Md5),
        "sha1" => keyed!(Sha1),
        "sha256" => keyed!(Sha256),
        "sha384" => keyed!(Sha384),
        "sha512" => keyed!(Sha512),
        _ => {
            let message = format!(
                "unknown algorithm \"{name}\": there are md5, sha1, sha256, sha384 and sha512"
            );
            return vm.fail(args, &Error::invalid(message));
        }
    };
    let is_raw = vm.arg(args, 4) == word::TRUE;
    give(vm, args, &bytes, is_raw)
}

/// `hash.crc32(data)`: the checksum of Ethernet, gzip and PNG, as an integer.
fn crc32(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let data = match vm.input(args, 1, "data")? {
        Ok(data) => data,
        Err(error) => return vm.fail(args, &error),
    };
    charge(vm, data);
    let sum = crc32fast::hash(&vm.bytes(data));
    vm.give(args, word::int_wrapping(i64::from(sum)))
}

/// `hash.equal(a, b)`: whether two strings are the same, in a time that depends on their lengths
/// only, so that nobody learns from it how much of a signature was right.
fn equal(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let (a, b) = match (vm.input(args, 1, "the first text")?, vm.input(args, 2, "the second text")?)
    {
        (Ok(a), Ok(b)) => (a, b),
        (Err(error), _) | (_, Err(error)) => return vm.fail(args, &error),
    };
    charge(vm, a);
    let (a, b) = (vm.bytes(a), vm.bytes(b));
    let differing = a.iter().zip(b.iter()).fold(0, |bits, (x, y)| bits | (x ^ y));
    let is_equal = a.len() == b.len() && std::hint::black_box(differing) == 0;
    vm.give(args, word::from_bool(is_equal))
}

fn charge(vm: &mut Vm<'_>, data: Word) {
    let bytes = vm.strings().length(vm.heap, data);
    vm.fuel -= FUEL_MIN + (bytes / BYTES_PER_FUEL) as i64;
}

fn give(vm: &mut Vm<'_>, args: Args, bytes: &[u8], is_raw: bool) -> Result<Flow, Raise> {
    if is_raw {
        return vm.give_text(args, bytes);
    }
    let mut text = Vec::with_capacity(bytes.len() * 2);
    for &byte in bytes {
        text.extend([byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]));
    }
    vm.give_text(args, &text)
}
