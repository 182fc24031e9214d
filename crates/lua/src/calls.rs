//! Operations whose result comes later: sleeping, calls, files. And the small ones that do not wait:
//! the clock, logging.

use crate::coroutine::wait;
use crate::index::Place;
use crate::library::{Builtin, plain};
use crate::mailbox::wake_waiting;
use crate::outgoing::cut;
use crate::vm::{Args, Flow, Raise, Stop, Vm};
use procession_environment::{Call, CallId, FsOperation, Level, LogRecord};
use procession_types::word::{self, Word};
use procession_types::{Error, ErrorKind, units};

/// Fields of one log record.
const LOG_FIELDS_MAX: usize = 64;
/// Bytes of the message of a log record, and of its fields together, that leave the process. They are more
/// than what a node keeps of either, so that it notes itself what is cut.
const LOG_MESSAGE_BYTES_MAX: usize = 32 << 10;
const LOG_FIELDS_BYTES_MAX: usize = 32 << 10;
/// Slots of a table of fields that count as one instruction.
const SLOTS_PER_FUEL: i64 = 4;
/// Bytes of a text for the host that count as one instruction.
const BYTES_PER_FUEL: usize = 16;

pub(crate) const FUNCTIONS: &[Builtin] = &[
    plain("@sleep_start", sleep_start),
    plain("@fs_start", fs_start),
    plain("@await", await_reply),
    plain("@abandon", abandon),
    plain("@now", now),
    plain("@duration", duration),
    plain("@time_format", time_format),
    plain("@time_parse", time_parse),
    plain("@log", log),
];

/// Gives the turn back when what was just done has ended the process: nothing further runs.
pub(crate) fn stop_if_ending(vm: &Vm<'_>) -> Result<(), Raise> {
    if vm.host.is_ending() { Err(Raise::Stop(Stop::Preempted)) } else { Ok(()) }
}

/// The number of a call that was started, or nil and an error.
pub(crate) fn started(vm: &mut Vm<'_>, args: Args, call: Call) -> Result<Flow, Raise> {
    let started = vm.host.start(call);
    stop_if_ending(vm)?;
    match started {
        Ok(id) => vm.give(args, word::int_wrapping(id.0 as i64)),
        Err(error) => vm.fail(args, &error),
    }
}

fn sleep_start(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let nanoseconds = vm.integer_arg(args, 1)?.max(0) as u64;
    started(vm, args, Call::Sleep { nanoseconds })
}

/// `@fs_start(operation, path, data)`.
fn fs_start(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let operation = vm.utf8_arg(args, 1)?;
    let path = vm.utf8_arg(args, 2)?;
    let operation = match operation.as_str() {
        "read" => FsOperation::Read { path },
        "list" => FsOperation::List { path },
        "stat" => FsOperation::Stat { path },
        "mkdir" => FsOperation::MakeDirectory { path },
        "remove" => FsOperation::Remove { path },
        _ => {
            let data = vm.string_arg(args, 3)?;
            vm.fuel -= (vm.strings().length(vm.heap, data) / 64) as i64;
            let data = vm.bytes(data).to_vec();
            if operation == "append" {
                FsOperation::Append { path, data }
            } else {
                FsOperation::Write { path, data }
            }
        }
    };
    started(vm, args, Call::Fs(operation))
}

/// `@await(id)`: the values of the reply, or nil and an error; waits for it.
fn await_reply(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let number = vm.integer_arg(args, 1)? as u64;
    match vm.host.finish(CallId(number)) {
        None if !vm.host.is_open(CallId(number)) => {
            vm.fail(args, &Error::new(ErrorKind::Canceled, "the call was canceled"))
        }
        None => Ok(Flow::Wait(wait::call(number), args.count)),
        Some(Ok(fragment)) => {
            let value = vm.unpack(&fragment).first().copied().unwrap_or(word::NIL);
            vm.give(args, value)
        }
        Some(Err(error)) => vm.fail(args, &error),
    }
}

fn abandon(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let number = vm.integer_arg(args, 1)? as u64;
    vm.host.abandon(CallId(number));
    stop_if_ending(vm)?;
    // Whoever waits for it is told.
    wake_waiting(vm, wait::call(number));
    Ok(Flow::Return(0))
}

fn now(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let now = vm.host.now().0;
    let word = vm.heap.integer(now);
    vm.give(args, word)
}

/// `@duration(v, number, option)`: nanoseconds of a duration text or integer, or nil and an error. What can
/// be none is wrong about argument `number` (1 when not told) of the caller, or about an option of it.
fn duration(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let value = vm.arg(args, 1);
    if crate::strings::is_string(value) {
        return match units::parse_duration(&vm.text_of(value)) {
            Ok(nanoseconds) => {
                let word = vm.heap.integer(nanoseconds as i64);
                vm.give(args, word)
            }
            Err(error) => vm.fail(args, &error),
        };
    }
    match vm.number(value).and_then(crate::numeric::as_integer) {
        Some(nanoseconds) if nanoseconds >= 0 => {
            let word = vm.heap.integer(nanoseconds);
            vm.give(args, word)
        }
        Some(_) => vm.fail(args, &Error::invalid("duration is negative")),
        None if value == word::NIL => vm.fail(args, &Error::invalid("duration is missing")),
        None => match vm.api_string(args, 3)? {
            Some(option) => {
                let (option, got) = (vm.text_of(option), vm.type_name(value));
                let message = format!("option {option} must be a duration, got {got}");
                vm.fail(args, &Error::invalid(message))
            }
            None => {
                let number = vm.integer_or(args, 2, 1)? as usize;
                let message = format!("duration expected, got {}", vm.type_name(value));
                Err(vm.bad_argument(number, &message, args))
            }
        },
    }
}

fn time_format(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let nanoseconds = vm.integer_arg(args, 1)?;
    vm.give_text(args, &crate::time::rfc3339(nanoseconds))
}

fn time_parse(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let text = vm.utf8_arg(args, 1)?;
    match crate::time::parse_rfc3339(&text) {
        Some(nanoseconds) => {
            let word = vm.heap.integer(nanoseconds);
            vm.give(args, word)
        }
        None => vm.fail(args, &Error::invalid(format!("\"{text}\" is no RFC 3339 time"))),
    }
}

/// `@log(level, message, fields)`; `fields` has texts for keys and values.
fn log(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let level = match vm.utf8_arg(args, 1)?.as_str() {
        "debug" => Level::Debug,
        "warn" => Level::Warn,
        "error" => Level::Error,
        _ => Level::Info,
    };
    let message = vm.string_arg(args, 2)?;
    let mut left = LOG_MESSAGE_BYTES_MAX;
    let message = cut_text(vm, message, &mut left);
    let (mut fields, mut left) = (Vec::new(), LOG_FIELDS_BYTES_MAX);
    let table = vm.arg(args, 3);
    if let Place::Heap(at) = vm.place_of(table) {
        let mut cursor = 0;
        while fields.len() < LOG_FIELDS_MAX
            && let Some((next, key, value)) = vm.heap.next_entry(at, cursor)
        {
            vm.fuel -= 1 + (next - cursor) as i64 / SLOTS_PER_FUEL;
            cursor = next;
            fields.push((cut_text(vm, key, &mut left), cut_text(vm, value, &mut left)));
        }
    }
    vm.host.log(LogRecord { level, message, fields });
    Ok(Flow::Return(0))
}

/// A string's text, as much of it as is left.
fn cut_text(vm: &mut Vm<'_>, value: Word, left: &mut usize) -> String {
    let bytes = vm.bytes(value);
    let kept = cut(&bytes, *left);
    let text = String::from_utf8_lossy(kept).into_owned();
    let copied = kept.len();
    *left -= copied;
    vm.fuel -= (copied / BYTES_PER_FUEL) as i64;
    text
}
