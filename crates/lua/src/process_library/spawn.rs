//! Starting processes: the arguments of `spawn` and `call` as requests.

use super::context::context_change;
use crate::calls::stop_if_ending;
use crate::outgoing::{MESSAGES, Outgoing};
use crate::strings::is_string;
use crate::vm::{Args, Flow, Raise, Vm};
use procession_environment::{Call, SpawnRequest};
use procession_types::word::{self, Word};
use procession_types::{Error, Fragment, SmolStr, Topic};
use std::cell::RefCell;

/// Longest id of a program or host.
const ID_BYTES_MAX: usize = 255;
/// Bytes that a message counts for, beside its values.
const MESSAGE_BYTES: usize = 128;
/// Ids that a thread remembers.
const IDS: usize = 8;

thread_local! {
    /// Ids that were asked for lately, the last ones first: who spawns, spawns mostly the same.
    static KNOWN: RefCell<Vec<SmolStr>> = const { RefCell::new(Vec::new()) };
}

/// Whether it is of the form `namespace:name`.
fn is_id(text: &[u8]) -> bool {
    let colon = text.iter().position(|&byte| byte == b':');
    colon.is_some_and(|colon| colon > 0 && colon + 1 < text.len()) && text.len() <= ID_BYTES_MAX
}

/// An id in its own right, when it is one.
fn id(text: &[u8]) -> Option<SmolStr> {
    KNOWN.with_borrow_mut(|known| {
        if let Some(at) = known.iter().position(|id| id.as_bytes() == text) {
            let id = known[at].clone();
            // A program and its process host, asked for by turns, stay where they are.
            if at >= 2 {
                known.swap(at % 2, at);
            }
            return Some(id);
        }
        if !is_id(text) {
            return None;
        }
        let id = SmolStr::new(String::from_utf8_lossy(text));
        // What is not UTF-8 would never be found again.
        if id.as_bytes() == text {
            known.truncate(IDS - 1);
            known.push(id.clone());
        }
        Some(id)
    })
}

/// Program and host ids and the arguments, from argument `number` on.
fn request(
    vm: &mut Vm<'_>,
    args: Args,
    number: usize,
) -> Result<Result<SpawnRequest, Error>, Raise> {
    let Some(program) = vm.api_string(args, number)? else {
        return Ok(Err(Error::invalid("program id is missing")));
    };
    let Some(host) = vm.api_string(args, number + 1)? else {
        return Ok(Err(Error::invalid("host id is missing")));
    };
    let Some(program_id) = id(&vm.bytes(program)) else {
        return Ok(Err(no_id("program", &vm.text_of(program))));
    };
    let Some(host_id) = id(&vm.bytes(host)) else {
        return Ok(Err(no_id("host", &vm.text_of(host))));
    };
    let values = vm.rest(args, number + 2);
    let arguments = match vm.payload(&values, "arguments") {
        Ok(arguments) => arguments,
        Err(error) => return Ok(Err(error)),
    };
    vm.fuel -= 100;
    Ok(Ok(SpawnRequest {
        program: program_id,
        host: host_id,
        arguments,
        ..SpawnRequest::default()
    }))
}

#[cold]
fn no_id(what: &str, text: &str) -> Error {
    Error::invalid(format!("{what} id \"{text}\" is not of the form namespace:name"))
}

fn spawned(vm: &mut Vm<'_>, args: Args, request: SpawnRequest) -> Result<Flow, Raise> {
    let spawned = vm.host.spawn(request);
    stop_if_ending(vm)?;
    match spawned {
        Ok(pid) => {
            let word = vm.pid_word(pid);
            vm.give(args, word)
        }
        Err(error) => vm.fail(args, &error),
    }
}

pub(super) fn spawn(
    vm: &mut Vm<'_>,
    args: Args,
    monitored: bool,
    linked: bool,
) -> Result<Flow, Raise> {
    match request(vm, args, 1)? {
        Ok(request) => spawned(vm, args, SpawnRequest { monitored, linked, ..request }),
        Err(error) => vm.fail(args, &error),
    }
}

/// `@spawn_with(monitored, linked, values, actor, scope, name, messages, id, host, …)`; `messages` is
/// a list of lists `{topic, n = values, …}`.
pub(super) fn spawn_with(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let mut request = match request(vm, args, 8)? {
        Ok(request) => request,
        Err(error) => return vm.fail(args, &error),
    };
    request.monitored = vm.arg(args, 1) == word::TRUE;
    request.linked = vm.arg(args, 2) == word::TRUE;
    match context_change(vm, [3, 4, 5].map(|number| vm.arg(args, number))) {
        Ok(change) => request.context = Some(Box::new(change)),
        Err(error) => return vm.fail(args, &error),
    }
    let name = vm.arg(args, 6);
    if is_string(name) {
        request.name = Some(vm.small_text(name));
    }
    let list = vm.arg(args, 7);
    match messages(vm, list) {
        Ok(messages) => request.messages = messages,
        Err(error) => return vm.fail(args, &error),
    }
    spawned(vm, args, request)
}

/// The messages of a list of lists `{topic, n = values, …}`.
fn messages(vm: &mut Vm<'_>, list: Word) -> Result<Vec<(Topic, Fragment)>, Error> {
    let mut messages = Vec::new();
    if vm.type_text(list) != "table" {
        return Ok(messages);
    }
    let mut outgoing = Outgoing::new(&MESSAGES);
    for number in 1..=vm.raw_len(list) {
        let message = vm.raw_get(list, word::int_wrapping(number));
        let count = vm.raw_get(message, vm.library.names.n);
        let topic = vm.raw_get(message, word::int_wrapping(1));
        // A list can't have more values than the heap has words.
        let count = word::to_int(count).clamp(1, vm.heap.used() as i64);
        outgoing.take(vm, MESSAGE_BYTES + 8 * count as usize)?;
        let values: Vec<Word> =
            (2..=count).map(|index| vm.raw_get(message, word::int_wrapping(index))).collect();
        let topic = vm.topic(topic)?;
        messages.push((topic, outgoing.payload(vm, &values, "payload")?));
    }
    Ok(messages)
}

/// `@call_start(id, host, …)`: the number of the pending call, or nil and an error.
pub(super) fn call_start(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    match request(vm, args, 1)? {
        Ok(request) => crate::calls::started(vm, args, Call::Process(Box::new(request))),
        Err(error) => vm.fail(args, &error),
    }
}
