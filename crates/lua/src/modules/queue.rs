//! The module `queue`: what it asks of the node's queues.

use crate::library::{Builtin, plain};
use crate::numeric::as_integer;
use crate::vm::{Args, Flow, Raise, Vm};
use procession_environment::{Call, CallId, QueueOperation, QueueOptions, QueueRequest, Request};
use procession_types::{SmolStr, word};

pub(crate) const FUNCTIONS: &[Builtin] = &[
    plain("@queue_declare", declare),
    plain("@queue_publish", publish),
    plain("@queue_ack", |vm, args| settle(vm, args, true)),
    plain("@queue_nack", |vm, args| settle(vm, args, false)),
    plain("@queue_info", |vm, args| simple(vm, args, QueueOperation::Info)),
    plain("@queue_purge", |vm, args| simple(vm, args, QueueOperation::Purge)),
    plain("@consume_start", consume_start),
    plain("@await_all", await_all),
];

fn ask(
    vm: &mut Vm<'_>,
    args: Args,
    queue: SmolStr,
    operation: QueueOperation,
) -> Result<Flow, Raise> {
    vm.ask(args, Request::Queue(QueueRequest { queue, operation }))
}

/// `@queue_declare(name, deliveries_max, messages_max, dead_letter, ack_timeout)`; nil = the default.
fn declare(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let queue = vm.name_arg(args, 1)?;
    let mut options = QueueOptions::default();
    for (number, option) in [(2, &mut options.deliveries_max), (3, &mut options.messages_max)] {
        let value = vm.arg(args, number);
        if let Some(value) = vm.number(value).and_then(as_integer) {
            *option = u32::try_from(value).unwrap_or(0);
        }
    }
    if vm.arg(args, 4) != word::NIL {
        options.dead_letter = Some(vm.name_arg(args, 4)?);
    }
    if vm.arg(args, 5) != word::NIL {
        options.ack_timeout_ns = Some(vm.integer_arg(args, 5)?.max(0) as u64);
    }
    ask(vm, args, queue, QueueOperation::Declare(options))
}

/// `@queue_publish(name, value, delay)`, in nanoseconds.
fn publish(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let queue = vm.name_arg(args, 1)?;
    let value = vm.arg(args, 2);
    let delay_ns = vm.integer_arg(args, 3)?.max(0) as u64;
    match vm.payload(&[value], "value") {
        Ok(payload) => ask(vm, args, queue, QueueOperation::Publish { payload, delay_ns }),
        Err(error) => vm.fail(args, &error),
    }
}

/// `@queue_ack(name, delivery)` and `@queue_nack(name, delivery, requeue)`.
fn settle(vm: &mut Vm<'_>, args: Args, is_done: bool) -> Result<Flow, Raise> {
    let queue = vm.name_arg(args, 1)?;
    let delivery = vm.integer_arg(args, 2)? as u64;
    let requeue = vm.arg(args, 3) == word::TRUE;
    let operation = if is_done {
        QueueOperation::Ack { delivery }
    } else {
        QueueOperation::Nack { delivery, requeue }
    };
    ask(vm, args, queue, operation)
}

fn simple(vm: &mut Vm<'_>, args: Args, operation: QueueOperation) -> Result<Flow, Raise> {
    let queue = vm.name_arg(args, 1)?;
    ask(vm, args, queue, operation)
}

/// `@consume_start(name)`: the number of the pending call, or nil and an error.
fn consume_start(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let queue = vm.name_arg(args, 1)?;
    crate::calls::started(vm, args, Call::Consume { queue })
}

/// `@await_all(id)`: all values of the reply, or nil and an error; waits for it.
fn await_all(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let number = vm.integer_arg(args, 1)? as u64;
    match vm.host.finish(CallId(number)) {
        None => Ok(Flow::Wait(crate::coroutine::wait::call(number), args.count)),
        Some(Ok(fragment)) => {
            let values = vm.unpack(&fragment);
            vm.give_all(args, &values)
        }
        Some(Err(error)) => vm.fail(args, &error),
    }
}
