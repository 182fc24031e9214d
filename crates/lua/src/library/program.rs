//! What the library's own Lua code needs to start a program: its modules, its arguments, state.

use crate::heap::root;
use crate::library::{Builtin, number, plain, table_word};
use crate::vm::{Args, Flow, Raise, Stop, Vm};
use procession_types::word;

pub(crate) const FUNCTIONS: &[Builtin] = &[
    plain("@state_of", state_of),
    plain("@find_module", find_module),
    plain("@loaded", loaded),
    plain("@arguments", arguments),
];

/// `@state_of(name)`: a table of the library's own state in this process.
fn state_of(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let name = vm.string_arg(args, 1)?;
    let table = vm.state_table(name);
    vm.give(args, table)
}

/// `@find_module(name)`: "library" and its table, or "import" and its main function, or nothing.
fn find_module(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let name = vm.utf8_arg(args, 1)?;
    let image = &vm.images[1];
    let found = image.modules.iter().skip(1).position(|(module, _)| **module == *name);
    if let Some(position) = found {
        let env = table_word(number::GLOBALS);
        let main = crate::load::module_closure(vm.heap, image, 1, position + 1, env);
        let kind = vm.heap.string(b"import");
        return vm.give_all(args, &[kind, main]);
    }
    let allowed = image.allowed.iter().any(|module| **module == *name);
    let library = vm.library.modules.iter().find(|(module, _)| allowed && *module == name);
    match library {
        Some(&(_, number)) => {
            let kind = vm.heap.string(b"library");
            vm.give_all(args, &[kind, table_word(number)])
        }
        None => Ok(Flow::Return(0)),
    }
}

/// The program's top level has been executed.
fn loaded(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let _ = args;
    let flags = vm.heap.get(root::FLAGS);
    if flags & root::FLAG_LOADED != 0 {
        return Ok(Flow::Return(0));
    }
    vm.heap.set(root::FLAGS, flags | root::FLAG_LOADED);
    // The next turn starts with this call again, which then returns.
    Err(Raise::Stop(Stop::Loaded))
}

/// The arguments of the program's function.
fn arguments(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let list = vm.heap.get(root::ARGUMENTS);
    if list == word::NIL {
        return Ok(Flow::Return(0));
    }
    let count = word::to_int(vm.raw_get(list, vm.library.names.n)).max(0) as usize;
    let offset = args.slot() - vm.stack;
    vm.ensure_stack(args.slot(), count + 16)?;
    let slot = vm.stack + offset;
    let list = vm.heap.get(root::ARGUMENTS);
    for position in 0..count {
        let value = vm.raw_get(list, word::int_wrapping(position as i64 + 1));
        vm.heap.set(slot + position, value);
    }
    vm.heap.set(root::ARGUMENTS, word::NIL);
    Ok(Flow::Return(count))
}
