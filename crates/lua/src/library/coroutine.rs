//! The coroutine library, and what library code in Lua needs of tasks.

use crate::coroutine::{coroutine, field, is_coroutine, status as co_status, wait};
use crate::heap::root;
use crate::library::{Builtin, entering, plain};
use crate::vm::{Args, Flow, Raise, Vm};
use procession_types::word::{self, Word};

pub(crate) const FUNCTIONS: &[Builtin] = &[
    entering("coroutine.resume", resume),
    entering("coroutine.yield", yield_values),
    plain("coroutine.create", create),
    plain("coroutine.wrap", wrap),
    plain("coroutine.status", status),
    plain("coroutine.running", running),
    plain("coroutine.isyieldable", isyieldable),
    plain("coroutine.close", close),
    plain("@bury", bury),
    plain("coroutine.spawn", spawn),
    plain("@look", look),
    plain("@park", park),
    plain("@wake", wake),
    plain("@task", task),
];

fn function_arg(vm: &mut Vm<'_>, args: Args) -> Result<Word, Raise> {
    let function = vm.arg(args, 1);
    if vm.is_function(function) {
        return Ok(function);
    }
    Err(vm.argument_error(1, "function", function, args))
}

fn resume(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    vm.resume(args)
}

fn yield_values(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    vm.yield_values(args)
}

fn create(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let function = function_arg(vm, args)?;
    let co = crate::coroutines::create(vm.heap, function);
    vm.give(args, coroutine(co))
}

fn wrap(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let function = function_arg(vm, args)?;
    let co = crate::coroutines::create(vm.heap, function);
    let wrapped = vm.wrap(co);
    vm.give(args, wrapped)
}

fn coroutine_arg(vm: &mut Vm<'_>, args: Args) -> Result<usize, Raise> {
    let value = vm.arg(args, 1);
    if is_coroutine(value) {
        return Ok(word::index(value) as usize);
    }
    Err(vm.argument_error(1, "thread", value, args))
}

fn status(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let co = coroutine_arg(vm, args)?;
    let names = &vm.library.names;
    let name = match vm.status(co) {
        co_status::SUSPENDED => names.suspended,
        co_status::RUNNING => names.running,
        co_status::NORMAL => names.normal,
        _ => names.dead,
    };
    vm.give(args, name)
}

fn running(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let is_main = vm.heap.get(vm.co + field::RESUMER) == word::NIL;
    let running = coroutine(vm.co);
    vm.give_all(args, &[running, word::from_bool(is_main)])
}

fn isyieldable(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let co = if args.count > 0 { coroutine_arg(vm, args)? } else { vm.co };
    let is_task = word::header_flags(vm.heap.get(co)) & co_status::TASK != 0;
    vm.give(args, word::from_bool(!is_task))
}

fn close(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let co = coroutine_arg(vm, args)?;
    let status = vm.status(co);
    if status != co_status::SUSPENDED && status != co_status::DEAD {
        let name = if status == co_status::RUNNING { "running" } else { "normal" };
        return Err(vm.error(&format!("cannot close a {name} coroutine")));
    }
    vm.hand_over(args, "general_coroutine_close")
}

/// Marks a coroutine dead; returns the error it died with (or nil), a table of the values to close,
/// and whether it died with an error.
fn bury(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let co = coroutine_arg(vm, args)?;
    if !matches!(vm.status(co), co_status::SUSPENDED | co_status::DEAD) {
        return Err(vm.error("cannot close a running coroutine"));
    }
    let marked = vm.bury(co);
    let error = vm.take_error(co);
    let at = vm.heap.table(marked.len(), 0);
    for (position, &value) in marked.iter().enumerate() {
        vm.heap.set_int(vm.strings(), at, position as i64 + 1, value);
    }
    let list = word::make(word::TAG_TABLE, 0, at as u32);
    let failed = word::from_bool(error.is_some());
    vm.give_all(args, &[error.unwrap_or(word::NIL), list, failed])
}

fn spawn(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    function_arg(vm, args)?;
    let co = vm.spawn_task(args)?;
    vm.give(args, coroutine(co))
}

/// Comes before a look at what may have come from outside, and that before `@park(true)`.
fn look(vm: &mut Vm<'_>, _: Args) -> Result<Flow, Raise> {
    let task = word::index(vm.heap.get(root::TASK)) as usize;
    vm.set_looked(task, true);
    Ok(Flow::Return(0))
}

/// Waits until another coroutine of the process wakes this task (`@park()`), or until something comes
/// from outside as well (`@park(true)`, which returns at once when a turn has begun since the look).
/// It returns when called the second time.
fn park(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let outside = vm.arg(args, 1);
    if args.count == 2 {
        return Ok(Flow::Return(0));
    }
    let task = word::index(vm.heap.get(root::TASK)) as usize;
    let looked = word::header_flags(vm.heap.get(task)) & co_status::LOOKED != 0;
    if outside == word::TRUE && !looked {
        return Ok(Flow::Return(0));
    }
    let what = if outside == word::TRUE { wait::ANYTHING } else { wait::WAKE };
    // The second argument says that it has waited.
    vm.heap.set(args.at, outside);
    vm.heap.set(args.at + 1, word::TRUE);
    Ok(Flow::Wait(what, 2))
}

fn wake(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let co = coroutine_arg(vm, args)?;
    vm.wake(co);
    Ok(Flow::Return(0))
}

fn task(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let task = vm.heap.get(root::TASK);
    vm.give(args, task)
}
