//! Raising and catching: `error`, `assert`, `pcall`, `xpcall`, tracebacks.

use crate::call::Called;
use crate::coroutine::FrameKind;
use crate::library::{Builtin, entering, is_builtin, plain};
use crate::strings::is_string;
use crate::vm::{Args, Flow, Raise, Vm};
use procession_types::word::{self, Word};

/// The functions; `prelude` puts `error` where [`ERROR`] says.
pub(crate) const FUNCTIONS: &[Builtin] = &[
    plain("error", error),
    plain("assert", assert),
    entering("pcall", pcall),
    entering("xpcall", xpcall),
    plain("@traceback", traceback),
];

/// Number of `error` among the built-in functions.
const ERROR: u32 = super::base::FUNCTIONS.len() as u32;

fn error(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let value = vm.arg(args, 1);
    let level = vm.integer_or(args, 2, 1)?;
    if level <= 0 {
        return Err(Raise::Error(value));
    }
    // A frame of the built-in itself would be level 0; it runs in its caller's.
    Err(vm.positioned(value, level as usize - 1))
}

impl Vm<'_> {
    /// An error with this value; text gets the position of the frame at `level`.
    fn positioned(&mut self, value: Word, level: usize) -> Raise {
        if !is_string(value) {
            return Raise::Error(value);
        }
        let mut text = self.position(level).into_bytes();
        text.extend_from_slice(&self.bytes(value));
        Raise::Error(self.heap.string(&text))
    }
}

/// Room for the frame of what `pcall` calls, before its arguments are moved.
fn prepare(vm: &mut Vm<'_>, callee: Word, args: Args) -> Result<(), Raise> {
    let registers =
        if word::tag(callee) == word::TAG_FUNCTION && !crate::coroutines::is_wrap(vm, callee) {
            vm.prototype(callee).registers as usize
        } else {
            0
        };
    vm.ensure_stack(args.slot(), 2 * args.count + registers + 48)?;
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
    let mut count = count;
    let mut callee = callee;
    let callable =
        vm.is_function(callee) || vm.metamethod(callee, vm.library.names.call) != word::NIL;
    if !callable {
        // The failure to call happens inside the protected call, where handlers see it.
        let kind_name = vm.type_name(callee);
        let message = vm.heap.string(format!("attempt to call a {kind_name} value").as_bytes());
        callee = crate::library::builtin_word(ERROR);
        vm.heap.set(slot, callee);
        vm.heap.set(slot + 3, message);
        vm.heap.set(slot + 4, word::int_wrapping(0));
        count = 2;
    }
    if is_builtin(callee) {
        // An error inside must find the protected frame, so a built-in gets a frame of its own.
        vm.push_builtin(slot, count, args.results, kind)?;
        return Ok(Flow::Entered);
    }
    match vm.call_value(slot, count, args.results, kind)? {
        Called::Entered => Ok(Flow::Entered),
        Called::Returned(..) => unreachable!("a Lua function makes a frame"),
    }
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

fn traceback(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let message = vm.arg(args, 1);
    let text = if message == word::NIL { None } else { vm.error_text(message) };
    if message != word::NIL && text.is_none() {
        return vm.give(args, message);
    }
    let level = vm.integer_or(args, 2, 0)?;
    let trace = vm.traceback(text.as_deref(), level.max(0) as usize);
    vm.give_text(args, trace.as_bytes())
}
