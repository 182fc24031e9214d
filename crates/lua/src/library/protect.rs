//! Raising and catching: `error`, `assert`, `pcall`, `xpcall`, tracebacks.

use crate::coroutine::{FrameKind, is_coroutine};
use crate::draft::Draft;
use crate::library::{Builtin, entering, is_builtin, plain};
use crate::strings::is_string;
use crate::vm::{Args, Flow, Raise, Raising, Vm};
use procession_types::word::{self, Word};

pub(crate) const FUNCTIONS: &[Builtin] = &[
    plain("error", error),
    plain("assert", assert),
    entering("pcall", pcall),
    entering("xpcall", xpcall),
    plain("debug.traceback", debug_traceback),
    plain("@traceback", traceback),
    plain("@fail", fail),
    plain("@bad_argument", bad_argument),
    plain("@position", position),
];

fn error(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let value = vm.arg(args, 1);
    let level = vm.integer_or(args, 2, 1)?;
    if level <= 0 {
        return Err(Raise::Error(value));
    }
    // The function itself is level 0; mostly it runs in its caller's frame.
    let in_own_frame = args.at == vm.base;
    Err(vm.positioned(value, level as usize - usize::from(!in_own_frame)))
}

impl Vm<'_> {
    /// An error with this value; text gets the position of the frame at `level`.
    fn positioned(&mut self, value: Word, level: usize) -> Raise {
        if !is_string(value) {
            return Raise::Error(value);
        }
        let length = self.strings().length(self.heap, value);
        if let Err(collect) = self.reserve(length / 8 + 64) {
            return collect;
        }
        self.pay_for_text(value);
        let mut text = self.position(level).into_bytes();
        text.extend_from_slice(&self.bytes(value));
        Raise::Error(self.heap.string(&text))
    }
}

/// Room for the frame of what `pcall` calls, before its arguments are moved.
fn prepare(vm: &mut Vm<'_>, callee: Word, args: Args) -> Result<(), Raise> {
    let registers = match vm.is_plain_function(callee) {
        true => vm.prototype(callee).registers as usize,
        false => 0,
    };
    vm.ensure_stack(args.slot(), 2 * (args.count + registers) + 48)?;
    // What a collection would be due for is done before the arguments move.
    vm.reserve(0)
}

fn pcall(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let callee = vm.any_arg(args, 1)?;
    let offset = args.slot() - vm.stack;
    prepare(vm, callee, args)?;
    let slot = vm.stack + offset;
    vm.heap.set(slot, callee);
    vm.heap.copy(slot + 4, slot + 3, args.count - 1);
    protected(vm, slot, args.count - 1, args, FrameKind::Protected)
}

fn xpcall(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let handler = vm.arg(args, 2);
    if vm.type_text(handler) != "function" {
        return Err(vm.argument_error(2, "function", handler, args));
    }
    let callee = vm.arg(args, 1);
    let offset = args.slot() - vm.stack;
    prepare(vm, callee, args)?;
    let slot = vm.stack + offset;
    vm.heap.copy(slot + 5, slot + 4, args.count - 2);
    vm.heap.set(slot, handler);
    vm.heap.set(slot + 1, callee);
    protected(vm, slot + 1, args.count - 2, args, FrameKind::Handled)
}

fn protected(
    vm: &mut Vm<'_>,
    slot: usize,
    count: usize,
    args: Args,
    kind: FrameKind,
) -> Result<Flow, Raise> {
    let callee = vm.heap.get(slot);
    // An error inside must find the protected frame, so whatever is called gets one.
    if is_builtin(callee) {
        vm.push_builtin(slot, count, args.results, kind)?;
    } else if vm.is_plain_function(callee) {
        vm.push_frame(vm.prototype(callee), slot, count, args.results, kind)?;
    } else {
        vm.call_by_frame(slot, count, args.results, kind)?;
    }
    Ok(Flow::Entered)
}

fn assert(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let value = vm.any_arg(args, 1)?;
    if !word::is_falsy(value) {
        vm.heap.copy(args.at, args.slot(), args.count);
        return Ok(Flow::Return(args.count));
    }
    let message =
        if args.count > 1 { vm.arg(args, 2) } else { vm.heap.string(b"assertion failed!") };
    Err(vm.positioned(message, 0))
}

/// `@fail(message)`: an error of the library function that the program called.
fn fail(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let message = vm.text_arg(args, 1)?.to_vec();
    Err(vm.error_bytes(&message))
}

/// `@position()`: where the program called the library function that runs, as messages begin.
fn position(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let text = vm.call_position();
    vm.give_text(args, text.as_bytes())
}

/// `@bad_argument(number, message)`: likewise, about one of its arguments.
fn bad_argument(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let number = vm.integer_arg(args, 1)? as usize;
    let message = vm.utf8_arg(args, 2)?;
    Err(vm.bad_argument(number, &message, args))
}

/// `debug.traceback([thread,] [message [, level]])`.
fn debug_traceback(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let first = vm.arg(args, 1);
    let has_thread = is_coroutine(first);
    let offset = usize::from(has_thread);
    let co = if has_thread { word::index(first) as usize } else { vm.co };
    let message = vm.arg(args, 1 + offset);
    let mut draft = Draft::default();
    if is_string(message) {
        draft.push(vm, message)?;
    } else if message != word::NIL {
        match vm.error_text(message) {
            Some(text) => draft.text.extend_from_slice(text.as_bytes()),
            None => return vm.give(args, message),
        }
    }
    if message != word::NIL {
        draft.text.push(b'\n');
    }
    let level = vm.integer_or(args, 2 + offset, i64::from(co == vm.co))?;
    if level < 0 {
        // There is no such level, and so none after it.
        draft.text.extend_from_slice(b"stack traceback:");
    } else {
        // A message handler is no level of its own here.
        let above = i64::from(vm.raising != Raising::No && co == vm.co);
        let trace = vm.traceback_of(co, (level - above).max(0) as usize);
        draft.text.extend_from_slice(trace.as_bytes());
    }
    draft.give(vm, args)
}

/// `@traceback()` of the library function that runs.
fn traceback(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let trace = vm.traceback(0);
    vm.give_text(args, trace.as_bytes())
}
