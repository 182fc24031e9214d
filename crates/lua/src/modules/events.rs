//! The module `events`: publishing, and channels that the mailbox feeds with what was published.

use crate::library::{Builtin, plain};
use crate::mailbox::event_channel;
use crate::message::PackError;
use crate::process_library::PAYLOAD_BYTES_MAX;
use crate::vm::{Args, Flow, Raise, Vm};
use procession_environment::Request;
use procession_types::{Error, Limit, word};

/// Instructions that a subscriber counts for.
const RECEIVER_COST: i64 = 20;

pub(crate) const FUNCTIONS: &[Builtin] = &[
    plain("@publish", publish),
    plain("@subscribe_events", subscribe),
    plain("@unsubscribe_events", unsubscribe),
];

/// `@publish(topic, …)`: how many mailboxes it is in. The topic travels as the first value.
fn publish(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let topic = vm.name_arg(args, 1)?;
    let values = vm.rest(args, 1);
    let payload = match vm.pack(&values, PAYLOAD_BYTES_MAX as u64) {
        Ok(payload) => payload,
        Err(PackError::Unsendable) => {
            let path = vm.unsendable_path(&values[1..], "payload");
            return vm.fail(args, &Error::invalid(path));
        }
        Err(PackError::TooLarge) => {
            let message = format!("event is larger than {PAYLOAD_BYTES_MAX} bytes");
            return vm.fail(args, &Error::limit(Limit::MessageSize, message));
        }
    };
    match vm.host.ask(Request::Publish { topic, payload }) {
        Ok(count) => {
            let count = count.values().first().map_or(0, |&count| word::to_int(count));
            vm.fuel -= RECEIVER_COST * (count + 1);
            vm.give(args, word::int_wrapping(count))
        }
        Err(error) => vm.fail(args, &error),
    }
}

/// `@subscribe_events(pattern)`: a channel, or nil and an error.
fn subscribe(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let pattern = vm.name_arg(args, 1)?;
    match vm.host.ask(Request::Subscribe { pattern }) {
        Ok(queue) => {
            let queue = queue.values().first().map_or(0, |&queue| word::to_int(queue));
            let channel = event_channel(vm, queue);
            vm.give(args, channel)
        }
        Err(error) => vm.fail(args, &error),
    }
}

fn unsubscribe(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let pattern = vm.name_arg(args, 1)?;
    vm.ask(args, Request::Unsubscribe { pattern })
}
