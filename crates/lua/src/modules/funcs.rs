//! The module `funcs`: starting a function as a short process, and waiting for its result.

use crate::library::{Builtin, plain};
use crate::process_library::context_change;
use crate::vm::{Args, Flow, Raise, Vm};
use procession_environment::{Call, CallId, SpawnRequest};
use procession_types::{SmolStr, word};

/// Instructions that a call counts for, as a spawn.
const CALL_COST: i64 = 100;

pub(crate) const FUNCTIONS: &[Builtin] = &[
    plain("@function_start", function_start),
    plain("@expire", expire),
    plain("@is_finished", is_finished),
];

/// `@function_start(values, actor, scope, id, …)`: the number of the pending call, or nil and an
/// error.
fn function_start(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let Some(program) = vm.api_string(args, 4)? else {
        return vm.fail_invalid(args, "program id is missing");
    };
    let values = vm.rest(args, 5);
    let arguments = match vm.payload(&values, "arguments") {
        Ok(arguments) => arguments,
        Err(error) => return vm.fail(args, &error),
    };
    let mut request = SpawnRequest {
        program: SmolStr::new(vm.text_of(program)),
        arguments,
        ..SpawnRequest::default()
    };
    match context_change(vm, [1, 2, 3].map(|number| vm.arg(args, number))) {
        Ok(change) => request.context = Some(Box::new(change)),
        Err(error) => return vm.fail(args, &error),
    }
    vm.fuel -= CALL_COST;
    crate::calls::started(vm, args, Call::Function(Box::new(request)))
}

fn call_arg(vm: &mut Vm<'_>, args: Args) -> Result<CallId, Raise> {
    Ok(CallId(vm.integer_arg(args, 1)? as u64))
}

/// `@expire(call, nanoseconds)`: the call fails with `Timeout` when it takes longer.
fn expire(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let call = call_arg(vm, args)?;
    let nanoseconds = vm.integer_arg(args, 2)?.max(0) as u64;
    let done = vm.host.expire(call, nanoseconds);
    vm.give_done(args, done)
}

fn is_finished(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let call = call_arg(vm, args)?;
    let is_finished = vm.host.is_finished(call);
    vm.give(args, word::from_bool(is_finished))
}
