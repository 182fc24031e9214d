//! The module `http`: starting a request.

use crate::library::{Builtin, plain};
use crate::outgoing::{HEADERS, Outgoing};
use crate::vm::{Args, Flow, Raise, Vm};
use procession_environment::{Call, HttpRequest};
use procession_types::Error;
use procession_types::word::{self, Word};

/// Bytes of a body that count as one instruction.
const BYTES_PER_FUEL: usize = 64;
/// Bytes of a request's body.
const BODY_BYTES_MAX: usize = 16 << 20;

pub(crate) const FUNCTIONS: &[Builtin] = &[plain("@http_start", http_start)];

/// `@http_start(method, url, headers, body, timeout, body_max, redirects)`: the number of the
/// pending call, or nil and an error. `headers` is a list of names and values in turn.
fn http_start(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let method = vm.name_arg(args, 1)?;
    let url = vm.utf8_arg(args, 2)?;
    let list = vm.arg(args, 3);
    let headers = match headers(vm, list) {
        Ok(headers) => headers,
        Err(error) => return vm.fail(args, &error),
    };
    let mut body = None;
    if vm.arg(args, 4) != word::NIL {
        let value = vm.string_arg(args, 4)?;
        let length = vm.strings().length(vm.heap, value);
        if length > BODY_BYTES_MAX {
            let message = format!("body is larger than {BODY_BYTES_MAX} bytes");
            return vm.fail_invalid(args, &message);
        }
        vm.fuel -= (length / BYTES_PER_FUEL) as i64;
        body = Some(vm.bytes(value).to_vec());
    }
    let timeout_ns = vm.integer_arg(args, 5)?.max(0) as u64;
    let body_bytes_max = vm.integer_arg(args, 6)?.max(0) as u64;
    let redirects_max = vm.integer_arg(args, 7)?.clamp(0, 100) as u32;
    let request =
        HttpRequest { method, url, headers, body, timeout_ns, body_bytes_max, redirects_max };
    crate::calls::started(vm, args, Call::Http(Box::new(request)))
}

/// Names and values from a list of them in turn.
fn headers(vm: &mut Vm<'_>, list: Word) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let mut outgoing = Outgoing::new(&HEADERS);
    let mut headers = Vec::new();
    let mut items = outgoing.entries(vm, list)?.into_iter().map(|(_, item)| item);
    while let (Some(name), Some(value)) = (items.next(), items.next()) {
        headers.push((outgoing.text(vm, name)?, outgoing.bytes(vm, value)?));
    }
    Ok(headers)
}
