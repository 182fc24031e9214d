//! What a process does to others, named by a PID or a name: asking about them, ending them, relating
//! to them.

use crate::calls::stop_if_ending;
use crate::strings::is_string;
use crate::vm::{Args, Flow, Raise, Vm};
use procession_environment::{Call, CancelRequest, Relation};
use procession_types::{units, word};

/// `@info_start(destination)`: the number of the pending call, or nil and an error.
pub(super) fn info_start(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    match destination(vm, args)? {
        Some(to) => crate::calls::started(vm, args, Call::Info { to }),
        None => vm.fail_invalid(args, "destination is missing"),
    }
}

/// The destination in argument 1 as bytes; `None` when it is missing.
fn destination(vm: &mut Vm<'_>, args: Args) -> Result<Option<Vec<u8>>, Raise> {
    Ok(vm.api_string(args, 1)?.map(|to| {
        vm.pay_for_text(to);
        vm.bytes(to).to_vec()
    }))
}

pub(super) fn terminate(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let Some(to) = destination(vm, args)? else {
        return vm.fail_invalid(args, "destination is missing");
    };
    let done = vm.host.terminate(&to);
    stop_if_ending(vm)?;
    vm.give_done(args, done)
}

pub(super) fn cancel(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let Some(to) = destination(vm, args)? else {
        return vm.fail_invalid(args, "destination is missing");
    };
    let mut request = CancelRequest::default();
    let deadline = vm.arg(args, 2);
    if is_string(deadline) {
        let text = vm.text_of(deadline);
        // A text that begins like a number is meant as a duration; any other is the reason.
        if text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first)) {
            match units::parse_duration(&text) {
                Ok(nanoseconds) => request.deadline_ns = Some(nanoseconds),
                Err(error) => return vm.fail(args, &error),
            }
        } else {
            request.reason = Some(text);
        }
    } else if deadline != word::NIL {
        let milliseconds = vm.integer_arg(args, 2)?;
        match u64::try_from(milliseconds) {
            Ok(ms) => request.deadline_ns = Some(ms.saturating_mul(1_000_000)),
            Err(_) => return vm.fail_invalid(args, "deadline is negative"),
        }
    }
    let reason = vm.arg(args, 3);
    if is_string(reason) {
        request.reason = Some(vm.text_of(reason));
    }
    let done = vm.host.cancel(&to, request);
    vm.give_done(args, done)
}

pub(super) fn relate(vm: &mut Vm<'_>, args: Args, relation: Relation) -> Result<Flow, Raise> {
    let Some(to) = destination(vm, args)? else {
        return vm.fail_invalid(args, "destination is missing");
    };
    let done = vm.host.relate(relation, &to);
    stop_if_ending(vm)?;
    vm.give_done(args, done)
}
