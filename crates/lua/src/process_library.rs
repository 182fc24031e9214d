//! The process API: sending, spawning, relations, names, as far as it is written in Rust.

use crate::calls::stop_if_ending;
use crate::library::{Builtin, class, plain};
use crate::message::PackError;
use crate::strings::is_string;
use crate::vm::{Args, Flow, Raise, Stop, Vm};
use procession_environment::{Call, CancelRequest, Options, Relation, SpawnRequest};
use procession_types::word::{self, Word};
use procession_types::{
    Actor, ContextChange, Error, Fragment, Limit, Pid, Scalar, Scope, SmolStr, TOPIC_BYTES_MAX,
    Topic, units,
};
use std::cell::RefCell;

/// Bytes of one payload that the environment is willing to build; the host's limit may be lower.
const PAYLOAD_BYTES_MAX: u64 = 64 << 20;
thread_local! {
    /// Where the text of a PID is made.
    static TEXT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Longest id of a program or host.
const ID_BYTES_MAX: usize = 255;

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
        match self.pack(values, PAYLOAD_BYTES_MAX) {
            Ok(fragment) => Ok(fragment),
            Err(PackError::Unsendable) => Err(Error::invalid(self.unsendable_path(values, root))),
            Err(PackError::TooLarge) => Err(Error::limit(
                Limit::MessageSize,
                format!("message is larger than {} bytes", PAYLOAD_BYTES_MAX),
            )),
        }
    }

    /// The words of the arguments from `number` on.
    pub(crate) fn rest(&self, args: Args, number: usize) -> Vec<Word> {
        (number..=args.count).map(|number| self.arg(args, number)).collect()
    }

    /// A string argument of the API: a missing one is `Ok(None)`, another type raises.
    pub(crate) fn api_string(&mut self, args: Args, number: usize) -> Result<Option<Word>, Raise> {
        let value = self.arg(args, number);
        if value == word::NIL {
            return Ok(None);
        }
        if is_string(value) {
            return Ok(Some(value));
        }
        match self.error_message(value) {
            Some(message) => Ok(Some(message)),
            None => Err(self.argument_error(number, "string", value, args)),
        }
    }

    /// A topic: not empty, not reserved, not too long.
    pub(crate) fn topic(&mut self, value: Word) -> Result<Topic, Error> {
        // Most topics are short strings of ASCII: a few looks at one word tell that all is well.
        const NOT_ASCII: Word = 0x80_8080_8080;
        let (bytes, length) = word::short_bytes(value);
        let is_plain = word::tag(value) == word::TAG_SHORT
            && value & NOT_ASCII == 0
            && length > 0
            && bytes[0] != b'@';
        match std::str::from_utf8(&bytes[..length.min(word::SHORT_MAX)]) {
            Ok(text) if is_plain => Ok(SmolStr::new_inline(text)),
            _ => self.checked_topic(value),
        }
    }

    #[inline(never)]
    fn checked_topic(&mut self, value: Word) -> Result<Topic, Error> {
        let bytes = self.bytes(value);
        let Ok(text) = std::str::from_utf8(&bytes) else {
            return Err(Error::invalid("topic is not UTF-8 text"));
        };
        if text.is_empty() {
            return Err(Error::invalid("topic is empty"));
        }
        if text.starts_with('@') {
            return Err(Error::invalid(format!(
                "topic \"{text}\" starts with @, which is reserved"
            )));
        }
        if text.len() > TOPIC_BYTES_MAX {
            return Err(Error::invalid(format!("topic is longer than {TOPIC_BYTES_MAX} bytes")));
        }
        Ok(SmolStr::new(text))
    }

    fn small_text(&self, value: Word) -> SmolStr {
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
        let value = vm.arg(args, 3);
        vm.payload(&[value], "payload")
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
    let to = strings.bytes(&vm.heap, to);
    let sent = vm.host.send(&to, topic, payload);
    vm.give_done(args, sent)
}

/// Whether it is of the form `namespace:name`.
fn is_id(text: &[u8]) -> bool {
    let colon = text.iter().position(|&byte| byte == b':');
    colon.is_some_and(|colon| colon > 0 && colon + 1 < text.len()) && text.len() <= ID_BYTES_MAX
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
    for (what, value) in [("program", program), ("host", host)] {
        if !is_id(&vm.bytes(value)) {
            let text = vm.text_of(value);
            let message = format!("{what} id \"{text}\" is not of the form namespace:name");
            return Ok(Err(Error::invalid(message)));
        }
    }
    let values = vm.rest(args, number + 2);
    let arguments = match vm.payload(&values, "arguments") {
        Ok(arguments) => arguments,
        Err(error) => return Ok(Err(error)),
    };
    vm.fuel -= 100;
    Ok(Ok(SpawnRequest {
        program: vm.small_text(program),
        host: vm.small_text(host),
        arguments,
        ..SpawnRequest::default()
    }))
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

fn spawn(vm: &mut Vm<'_>, args: Args, monitored: bool, linked: bool) -> Result<Flow, Raise> {
    match request(vm, args, 1)? {
        Ok(request) => spawned(vm, args, SpawnRequest { monitored, linked, ..request }),
        Err(error) => vm.fail(args, &error),
    }
}

/// `@spawn_with(monitored, linked, values, actor, scope, name, messages, id, host, …)`; `messages` is
/// a list of lists `{topic, n = values, …}`.
fn spawn_with(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
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
    let messages = vm.arg(args, 7);
    if vm.type_text(messages) == "table" {
        for number in 1..=vm.raw_len(messages) {
            let message = vm.raw_get(messages, word::int_wrapping(number));
            let count = vm.raw_get(message, vm.library.names.n);
            let topic = vm.raw_get(message, word::int_wrapping(1));
            // A list can't have more values than the heap has words.
            let count = word::to_int(count).min(vm.heap.used() as i64);
            let values: Vec<Word> =
                (2..=count).map(|index| vm.raw_get(message, word::int_wrapping(index))).collect();
            let packed = vm
                .topic(topic)
                .and_then(|topic| vm.payload(&values, "payload").map(|payload| (topic, payload)));
            match packed {
                Ok(message) => request.messages.push(message),
                Err(error) => return vm.fail(args, &error),
            }
        }
    }
    spawned(vm, args, request)
}

/// The change of context that a spawner holds: values, actor, scope.
pub(crate) fn context_change(vm: &mut Vm<'_>, parts: [Word; 3]) -> Result<ContextChange, Error> {
    let [values, actor, scope] = parts;
    let mut change = ContextChange::default();
    if vm.type_text(values) == "table" {
        for (key, value) in entries(vm, values) {
            let name = vm.text_of(key);
            let root = format!("context.{name}");
            change.values.insert(name, vm.payload(&[value], &root)?);
        }
    }
    if crate::library::is_class(vm, actor, class::ACTOR) {
        let at = word::index(actor) as usize;
        let (id, meta) = (vm.heap.get(at + 1), vm.heap.get(at + 2));
        let meta = if vm.type_text(meta) == "table" { attributes(vm, meta) } else { Vec::new() };
        change.actor = Some(Actor { id: vm.text_of(id), meta: meta.into_iter().collect() });
    }
    if crate::library::is_class(vm, scope, class::SCOPE) {
        let list = vm.heap.get(word::index(scope) as usize + 1);
        let policies = entries(vm, list).iter().map(|&(_, policy)| vm.text_of(policy)).collect();
        change.scope = Some(Scope { policies });
    }
    Ok(change)
}

/// All entries of a table.
pub(crate) fn entries(vm: &mut Vm<'_>, value: Word) -> Vec<(Word, Word)> {
    match vm.place_of(value) {
        crate::index::Place::Heap(at) => {
            let mut found = Vec::new();
            let mut cursor = 0;
            while let Some((next, key, value)) = vm.heap.next_entry(at, cursor) {
                cursor = next;
                found.push((key, value));
            }
            found
        }
        crate::index::Place::Frozen(number) => vm.library.tables[number as usize].entries.clone(),
        crate::index::Place::Nowhere => Vec::new(),
    }
}

/// A plain value for an actor's attributes; lists down to `depth`.
fn scalar(vm: &mut Vm<'_>, value: Word, depth: usize) -> Option<Scalar> {
    use crate::text::number::Number;
    match (value, vm.number(value)) {
        (word::TRUE, _) => return Some(Scalar::Bool(true)),
        (word::FALSE, _) => return Some(Scalar::Bool(false)),
        (_, Some(Number::Int(value))) => return Some(Scalar::Int(value)),
        (_, Some(Number::Float(value))) => return Some(Scalar::Float(value)),
        _ => {}
    }
    if is_string(value) {
        return Some(Scalar::Text(vm.text_of(value)));
    }
    if vm.type_text(value) == "table" && depth > 0 {
        let items = entries(vm, value);
        let items = items.into_iter().filter_map(|(_, item)| scalar(vm, item, depth - 1));
        return Some(Scalar::List(items.collect()));
    }
    None
}

/// `@call_start(id, host, …)`: the number of the pending call, or nil and an error.
fn call_start(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    match request(vm, args, 1)? {
        Ok(request) => crate::calls::started(vm, args, Call::Process(Box::new(request))),
        Err(error) => vm.fail(args, &error),
    }
}

/// `@info_start(destination)`: the number of the pending call, or nil and an error.
fn info_start(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    match destination(vm, args)? {
        Some(to) => crate::calls::started(vm, args, Call::Info { to }),
        None => vm.fail_invalid(args, "destination is missing"),
    }
}

/// The destination in argument 1 as bytes; `None` when it is missing.
fn destination(vm: &mut Vm<'_>, args: Args) -> Result<Option<Vec<u8>>, Raise> {
    Ok(vm.api_string(args, 1)?.map(|to| vm.bytes(to).to_vec()))
}

fn terminate(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let Some(to) = destination(vm, args)? else {
        return vm.fail_invalid(args, "destination is missing");
    };
    let done = vm.host.terminate(&to);
    stop_if_ending(vm)?;
    vm.give_done(args, done)
}

fn cancel(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
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

fn relate(vm: &mut Vm<'_>, args: Args, relation: Relation) -> Result<Flow, Raise> {
    let Some(to) = destination(vm, args)? else {
        return vm.fail_invalid(args, "destination is missing");
    };
    let done = vm.host.relate(relation, &to);
    stop_if_ending(vm)?;
    vm.give_done(args, done)
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

fn check(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let (action, resource) = (vm.utf8_arg(args, 1)?, vm.utf8_arg(args, 2)?);
    let done = vm.host.check(&action, &resource);
    vm.give_done(args, done)
}

/// `@can(action, resource, meta)`.
fn can(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let (action, resource) = (vm.utf8_arg(args, 1)?, vm.utf8_arg(args, 2)?);
    let meta = vm.arg(args, 3);
    let attributes = if vm.type_text(meta) == "table" { attributes(vm, meta) } else { Vec::new() };
    let allowed = vm.host.can_with(&action, &resource, &attributes);
    vm.give(args, word::from_bool(allowed))
}

/// The plain values of a table by name.
fn attributes(vm: &mut Vm<'_>, table: Word) -> Vec<(String, Scalar)> {
    let mut found = Vec::new();
    for (key, value) in entries(vm, table) {
        if let Some(scalar) = scalar(vm, value, 4) {
            found.push((vm.text_of(key), scalar));
        }
    }
    found
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

fn context_get(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let name = vm.utf8_arg(args, 1)?;
    let Some(fragment) = vm.host.context().values.get(&name).cloned() else {
        let error = Error::not_found(format!("context has no value \"{name}\""));
        return vm.fail(args, &error);
    };
    let value = vm.unpack(&fragment).first().copied().unwrap_or(word::NIL);
    vm.give(args, value)
}

fn context_all(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let values = vm.host.context().values.clone();
    let at = vm.heap.table(0, values.len());
    for (name, fragment) in &values {
        let key = vm.heap.string(name.as_bytes());
        let value = vm.unpack(fragment).first().copied().unwrap_or(word::NIL);
        vm.heap.set_hashed(vm.strings(), at, key, value);
    }
    vm.give(args, word::make(word::TAG_TABLE, 0, at as u32))
}

fn actor(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let Some(actor) = vm.host.actor().cloned() else { return vm.give(args, word::NIL) };
    let id = vm.heap.string(actor.id.as_bytes());
    let at = vm.heap.table(0, actor.meta.len());
    for (name, value) in &actor.meta {
        let key = vm.heap.string(name.as_bytes());
        let value = scalar_word(vm, value);
        vm.heap.set_hashed(vm.strings(), at, key, value);
    }
    let meta = word::make(word::TAG_TABLE, 0, at as u32);
    let object = vm.heap.user(class::ACTOR, &[id, meta]);
    vm.give(args, object)
}

fn scalar_word(vm: &mut Vm<'_>, value: &Scalar) -> Word {
    match value {
        Scalar::Bool(value) => word::from_bool(*value),
        Scalar::Int(value) => vm.heap.integer(*value),
        Scalar::Float(value) => word::from_f64(*value),
        Scalar::Text(text) => vm.heap.string(text.as_bytes()),
        Scalar::List(items) => {
            let at = vm.heap.table(items.len(), 0);
            for (position, item) in items.iter().enumerate() {
                let item = scalar_word(vm, item);
                vm.heap.set_int(vm.strings(), at, position as i64 + 1, item);
            }
            word::make(word::TAG_TABLE, 0, at as u32)
        }
    }
}

fn scope(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let Some(scope) = vm.host.context().scope.clone() else { return vm.give(args, word::NIL) };
    let at = vm.heap.table(scope.policies.len(), 0);
    for (position, policy) in scope.policies.iter().enumerate() {
        let policy = vm.heap.string(policy.as_bytes());
        vm.heap.set_int(vm.strings(), at, position as i64 + 1, policy);
    }
    let list = word::make(word::TAG_TABLE, 0, at as u32);
    let object = vm.heap.user(class::SCOPE, &[list]);
    vm.give(args, object)
}
