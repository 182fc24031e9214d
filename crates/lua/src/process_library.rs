//! The process API: sending, spawning, relations, names, as far as it is written in Rust.

mod context;
mod others;
mod spawn;
mod topic;

pub(crate) use context::context_change;

use crate::library::{Builtin, plain};
use crate::message::PackError;
use crate::strings::is_string;
use crate::vm::{Args, Flow, Raise, Stop, Vm};
use context::{actor, can, check, context_all, context_get, scope};
use others::{cancel, info_start, relate, terminate};
use procession_environment::{Options, Relation};
use procession_types::word::{self, Word};
use procession_types::{Error, Fragment, Limit, Pid, SmolStr};
use spawn::{call_start, spawn, spawn_with};
use std::cell::RefCell;

/// Bytes of one payload that the environment is willing to build; the host's limit may be lower.
pub(crate) const PAYLOAD_BYTES_MAX: usize = 64 << 20;

thread_local! {
    /// Where the text of a PID is made.
    static TEXT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

pub(crate) const FUNCTIONS: &[Builtin] = &[
    plain("process.id", id),
    plain("process.pid", pid),
    plain("process.send", send),
    plain("process.spawn", |vm, args| spawn(vm, args, false, false)),
    plain("process.spawn_monitored", |vm, args| spawn(vm, args, true, false)),
    plain("process.spawn_linked", |vm, args| spawn(vm, args, false, true)),
    plain("process.spawn_linked_monitored", |vm, args| spawn(vm, args, true, true)),
    plain("@spawn_with", spawn_with),
    plain("@call_start", call_start),
    plain("@info_start", info_start),
    plain("process.terminate", terminate),
    plain("process.cancel", cancel),
    plain("process.monitor", |vm, args| relate(vm, args, Relation::Monitor)),
    plain("process.unmonitor", |vm, args| relate(vm, args, Relation::Unmonitor)),
    plain("process.link", |vm, args| relate(vm, args, Relation::Link)),
    plain("process.unlink", |vm, args| relate(vm, args, Relation::Unlink)),
    plain("process.get_options", get_options),
    plain("@set_trap_links", set_trap_links),
    plain("process.upgrade", upgrade),
    plain("process.usage", usage),
    plain("process/registry.register", register),
    plain("process/registry.lookup", lookup),
    plain("process/registry.unregister", unregister),
    plain("@check", check),
    plain("@can", can),
    plain("@unsendable", unsendable),
    plain("@context_get", context_get),
    plain("@context_all", context_all),
    plain("@actor", actor),
    plain("@scope", scope),
];

impl Vm<'_> {
    /// A PID as a string.
    pub(crate) fn pid_word(&mut self, pid: Pid) -> Word {
        TEXT.with_borrow_mut(|text| {
            text.clear();
            self.host.write_pid(pid, text);
            self.heap.string(text)
        })
    }

    /// Packs values as a payload; the error says where what is wrong.
    pub(crate) fn payload(&mut self, values: &[Word], root: &str) -> Result<Fragment, Error> {
        self.payload_below(values, root, PAYLOAD_BYTES_MAX)
    }

    /// Likewise, of at most so many bytes.
    pub(crate) fn payload_below(
        &mut self,
        values: &[Word],
        root: &str,
        bytes_max: usize,
    ) -> Result<Fragment, Error> {
        if values.is_empty() {
            return Ok(Fragment::default());
        }
        match self.pack(values, bytes_max as u64) {
            Ok(fragment) => Ok(fragment),
            Err(PackError::Unsendable) => Err(Error::invalid(self.unsendable_path(values, root))),
            Err(PackError::TooLarge) => Err(Error::limit(
                Limit::MessageSize,
                format!("message is larger than {bytes_max} bytes"),
            )),
        }
    }

    /// The words of the arguments from `number` on.
    pub(crate) fn rest(&self, args: Args, number: usize) -> Vec<Word> {
        (number..=args.count).map(|number| self.arg(args, number)).collect()
    }

    /// A string argument of the API: a missing one is `Ok(None)`, another type raises.
    #[inline]
    pub(crate) fn api_string(&mut self, args: Args, number: usize) -> Result<Option<Word>, Raise> {
        let value = self.arg(args, number);
        if is_string(value) {
            return Ok(Some(value));
        }
        self.api_string_of(value, args, number)
    }

    #[inline(never)]
    fn api_string_of(
        &mut self,
        value: Word,
        args: Args,
        number: usize,
    ) -> Result<Option<Word>, Raise> {
        if value == word::NIL {
            return Ok(None);
        }
        match self.error_message(value) {
            Some(message) => Ok(Some(message)),
            None => Err(self.argument_error(number, "string", value, args)),
        }
    }

    fn small_text(&mut self, value: Word) -> SmolStr {
        self.pay_for_text(value);
        let bytes = self.bytes(value);
        match std::str::from_utf8(&bytes) {
            Ok(text) => SmolStr::new(text),
            Err(_) => SmolStr::new(String::from_utf8_lossy(&bytes)),
        }
    }
}

fn id(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let word = vm.heap.string(vm.host.program().as_bytes());
    vm.give(args, word)
}

fn pid(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let pid = vm.host.pid();
    let word = vm.pid_word(pid);
    vm.give(args, word)
}

fn send(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let Some(to) = vm.api_string(args, 1)? else {
        return vm.fail_invalid(args, "destination is missing");
    };
    let Some(topic) = vm.api_string(args, 2)? else {
        return vm.fail_invalid(args, "topic is missing");
    };
    let topic = match vm.topic(topic) {
        Ok(topic) => topic,
        Err(error) => return vm.fail(args, &error),
    };
    let payload = if args.count == 3 {
        match vm.arg(args, 3) {
            value if word::is_scalar(value) => Ok(Fragment::scalar(value)),
            value => vm.payload(&[value], "payload"),
        }
    } else {
        let values = vm.rest(args, 3);
        vm.payload(&values, "payload")
    };
    let payload = match payload {
        Ok(payload) => payload,
        Err(error) => return vm.fail(args, &error),
    };
    vm.fuel -= 20;
    let strings = vm.strings();
    let to = strings.bytes(vm.heap, to);
    let sent = vm.host.send(&to, topic, payload);
    vm.give_done(args, sent)
}

fn get_options(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let options = vm.host.options();
    let key = vm.heap.string(b"trap_links");
    let at = vm.heap.table(0, 1);
    vm.heap.set_hashed(vm.strings(), at, key, word::from_bool(options.trap_links));
    vm.give(args, word::make(word::TAG_TABLE, 0, at as u32))
}

fn set_trap_links(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let trap_links = vm.arg(args, 1) == word::TRUE;
    vm.host.set_options(Options { trap_links });
    Ok(Flow::Return(0))
}

fn upgrade(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let source = vm.api_string(args, 1)?.map(|source| vm.text_of(source));
    let values = vm.rest(args, 2);
    let arguments = match vm.payload(&values, "arguments") {
        Ok(arguments) => arguments,
        Err(error) => return vm.fail(args, &error),
    };
    match vm.host.upgrade(source.as_deref(), arguments) {
        Ok(()) => Err(Raise::Stop(Stop::Replaced)),
        Err(error) => vm.fail(args, &error),
    }
}

fn usage(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let executed = vm.heap.get(crate::heap::root::INSTRUCTIONS) as i64 + vm.executed();
    let instructions = vm.heap.integer(executed);
    let memory = word::int_wrapping(vm.heap.used() as i64 * 8);
    let (first, second) = (vm.heap.string(b"instructions"), vm.heap.string(b"memory_bytes"));
    let at = vm.heap.table(0, 2);
    vm.heap.set_hashed(vm.strings(), at, first, instructions);
    vm.heap.set_hashed(vm.strings(), at, second, memory);
    vm.give(args, word::make(word::TAG_TABLE, 0, at as u32))
}

fn register(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let Some(name) = vm.api_string(args, 1)? else {
        return vm.fail_invalid(args, "name is missing");
    };
    let name = vm.text_of(name);
    let pid = vm.api_string(args, 2)?.map(|pid| vm.bytes(pid).to_vec());
    let done = vm.host.register(&name, pid.as_deref());
    vm.give_done(args, done)
}

fn lookup(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let Some(name) = vm.api_string(args, 1)? else {
        return vm.fail_invalid(args, "name is missing");
    };
    let name = vm.text_of(name);
    match vm.host.lookup(&name) {
        Ok(pid) => {
            let word = vm.pid_word(pid);
            vm.give(args, word)
        }
        Err(error) => vm.fail(args, &error),
    }
}

fn unregister(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let Some(name) = vm.api_string(args, 1)? else { return vm.give(args, word::FALSE) };
    let name = vm.text_of(name);
    match vm.host.unregister(&name) {
        Ok(released) => vm.give(args, word::from_bool(released)),
        Err(error) => {
            let object = vm.error_object(&error);
            vm.give_all(args, &[word::FALSE, object])
        }
    }
}

/// `@unsendable(value, root)`: where in the value something is that can't be sent, or nil.
fn unsendable(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let value = vm.arg(args, 1);
    let root = vm.utf8_arg(args, 2)?;
    match vm.payload(&[value], &root) {
        Ok(_) => vm.give(args, word::NIL),
        Err(error) => vm.give_text(args, error.message.as_bytes()),
    }
}
