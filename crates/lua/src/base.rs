//! The base library: what Lua programs find among their globals.

use crate::coroutine::FrameKind;
use crate::call::Called;
use crate::library::{Builtin, is_builtin};

use crate::strings::is_string;
use crate::text::number;
use crate::vm::{Args, Flow, Raise, Vm};
use procession_types::word::{self, Kind, Word, table};

/// Number of `next` among the built-in functions.
pub(crate) const NEXT: u32 = 0;
/// Number of the built-in that calls what it is given.
pub(crate) const CALL: u32 = 1;

pub(crate) const fn plain(name: &'static str, run: crate::library::Run) -> Builtin {
    Builtin { name, run, enters: false }
}

pub(crate) const fn entering(name: &'static str, run: crate::library::Run) -> Builtin {
    Builtin { name, run, enters: true }
}

/// The functions; the first two have fixed numbers.
pub(crate) const FUNCTIONS: &[Builtin] = &[
    plain("next", next),
    entering("@call", call),
    plain("type", type_of),
    plain("rawget", rawget),
    plain("rawset", rawset),
    plain("rawequal", rawequal),
    plain("rawlen", rawlen),
    plain("select", select),
    plain("setmetatable", setmetatable),
    plain("getmetatable", getmetatable),
    plain("tonumber", tonumber),
    plain("assert", assert),
    plain("error", error),
    entering("pcall", pcall),
    entering("xpcall", xpcall),
    plain("collectgarbage", collectgarbage),
    plain("load", load),
    plain("@tostring_raw", raw_tostring),
    plain("@write", write_line),
    plain("@metamethod", metamethod_of),
    plain("@traceback", traceback),
    plain("@ipairs_step", ipairs_step),
    plain("ipairs", ipairs),
    entering("coroutine.resume", resume),
    entering("coroutine.yield", yield_values),
    plain("coroutine.create", coroutine_create),
    plain("coroutine.wrap", coroutine_wrap),
    plain("coroutine.status", coroutine_status),
    plain("coroutine.running", coroutine_running),
    plain("coroutine.isyieldable", coroutine_isyieldable),
    plain("@bury", coroutine_bury),
    plain("coroutine.spawn", coroutine_spawn),
    plain("@park", park),
    plain("@wake", wake),
    plain("@task", task),
    plain("tostring", tostring),
    plain("print", print),
    plain("@pack", pack),
    plain("@state_of", state_of),
    plain("@find_module", find_module),
    plain("@loaded", loaded),
    plain("@arguments", arguments),
];

fn call(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    vm.any_arg(args, 1)?;
    let slot = args.slot();
    vm.heap.copy(slot + 3, slot, 1);
    vm.heap.copy(slot + 4, slot + 3, args.count - 1);
    Ok(Flow::TailCall(args.count - 1))
}

fn next(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let target = vm.table_arg(args, 1)?;
    let key = vm.arg(args, 2);
    let key = vm.normal_key(key);
    let entry = match vm.place_of(target) {
        crate::index::Place::Heap(at) => match vm.heap.cursor(vm.strings(), at, key) {
            Some(cursor) => vm.heap.next_entry(at, cursor),
            None => return Err(vm.error("invalid key to 'next'")),
        },
        crate::index::Place::Frozen(number) => {
            let entries = &vm.library.tables[number as usize].entries;
            let position = if key == word::NIL {
                0
            } else {
                let known = entries.iter().position(|(known, _)| {
                    vm.strings().same(vm.heap, *known, key)
                });
                match known {
                    Some(position) => position + 1,
                    None => return Err(vm.error("invalid key to 'next'")),
                }
            };
            entries.get(position).map(|&(key, value)| (0, key, value))
        }
    };
    match entry {
        Some((_, key, value)) => {
            let value = vm.thawed(value);
            vm.give_all(args, &[key, value])
        }
        None => vm.give(args, word::NIL),
    }
}

fn type_of(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let value = vm.any_arg(args, 1)?;
    let names = &vm.library.names;
    let name = match vm.type_text(value) {
        "nil" => names.nil,
        "boolean" => names.boolean,
        "number" => names.number,
        "string" => names.string,
        "table" => names.table,
        "function" => names.function,
        "thread" => names.thread,
        _ => names.userdata,
    };
    vm.give(args, name)
}

fn rawget(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let target = vm.table_arg(args, 1)?;
    let key = vm.any_arg(args, 2)?;
    let value = vm.raw_get(target, key);
    vm.give(args, value)
}

fn rawset(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let target = vm.table_arg(args, 1)?;
    vm.any_arg(args, 2)?;
    vm.any_arg(args, 3)?;
    vm.checked_set(target, vm.arg(args, 2), vm.arg(args, 3))?;
    vm.give(args, target)
}

fn rawequal(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let (a, b) = (vm.any_arg(args, 1)?, vm.any_arg(args, 2)?);
    let equal = vm.raw_equal(a, b);
    vm.give(args, word::from_bool(equal))
}

fn rawlen(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let value = vm.arg(args, 1);
    if is_string(value) {
        let length = vm.strings().length(vm.heap, value);
        return vm.give(args, word::int_wrapping(length as i64));
    }
    if vm.type_text(value) != "table" {
        return Err(vm.argument_error(1, "table or string", value, args));
    }
    let length = vm.raw_len(value);
    vm.give(args, word::int_wrapping(length))
}

fn select(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let first = vm.arg(args, 1);
    if first == vm.library.names.hash {
        return vm.give(args, word::int_wrapping(args.count as i64 - 1));
    }
    let n = vm.integer_arg(args, 1)?;
    let count = args.count as i64;
    let from = if n < 0 { count + n } else { n.min(count) };
    if from < 1 {
        return Err(vm.bad_argument(1, "index out of range", args));
    }
    let kept = (count - from) as usize;
    vm.heap.copy(args.at + from as usize, args.slot(), kept);
    Ok(Flow::Return(kept))
}

fn setmetatable(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let target = vm.table_arg(args, 1)?;
    let meta = vm.arg(args, 2);
    if args.count < 2 || (meta != word::NIL && vm.type_text(meta) != "table") {
        return Err(vm.argument_error(2, "nil or table", meta, args));
    }
    if vm.metamethod(target, vm.library.names.metatable) != word::NIL {
        return Err(vm.error("cannot change a protected metatable"));
    }
    let at = vm.writable(target);
    vm.heap.set(at + table::META as usize, meta);
    vm.give(args, target)
}

fn getmetatable(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let value = vm.any_arg(args, 1)?;
    let meta = vm.metatable(value);
    if meta == word::NIL {
        return vm.give(args, word::NIL);
    }
    let shown = vm.raw_get(meta, vm.library.names.metatable);
    vm.give(args, if shown == word::NIL { meta } else { shown })
}

fn tonumber(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let base = vm.arg(args, 2);
    if base == word::NIL {
        let value = vm.any_arg(args, 1)?;
        if vm.number(value).is_some() {
            return vm.give(args, value);
        }
        let number = if is_string(value) { number::parse(&vm.bytes(value)) } else { None };
        let word = match number {
            Some(number) => vm.number_word(number),
            None => word::NIL,
        };
        return vm.give(args, word);
    }
    let base = vm.integer_arg(args, 2)?;
    let value = vm.arg(args, 1);
    if !is_string(value) {
        return Err(vm.argument_error(1, "string", value, args));
    }
    if !(2..=36).contains(&base) {
        return Err(vm.bad_argument(2, "base out of range", args));
    }
    let word = match number::parse_radix(&vm.bytes(value), base as u32) {
        Some(value) => vm.heap.integer(value),
        None => word::NIL,
    };
    vm.give(args, word)
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
    let registers = if word::tag(callee) == word::TAG_FUNCTION
        && !crate::coroutines::is_wrap(vm, callee)
    {
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
    let callable = vm.is_function(callee)
        || vm.metamethod(callee, vm.library.names.call) != word::NIL;
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

fn collectgarbage(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let option = if vm.arg(args, 1) == word::NIL {
        "collect".to_owned()
    } else {
        vm.utf8_arg(args, 1)?
    };
    // A collection moves the stack.
    let offset = args.slot() - vm.stack;
    let value = match option.as_str() {
        "collect" | "step" => {
            vm.collect(0)?;
            if option == "step" { word::TRUE } else { word::int_wrapping(0) }
        }
        "count" => word::from_f64(vm.heap.used() as f64 * 8.0 / 1024.0),
        "isrunning" => word::TRUE,
        "stop" | "restart" | "setpause" | "setstepmul" => word::int_wrapping(0),
        "generational" | "incremental" => vm.heap.string(b"incremental"),
        other => {
            let message = format!("invalid option '{other}'");
            return Err(vm.bad_argument(1, &message, args));
        }
    };
    vm.heap.set(vm.stack + offset, value);
    Ok(Flow::Return(1))
}

fn load(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    crate::load::load(vm, args)
}

/// Text of a value without metamethods.
fn raw_tostring(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let value = vm.arg(args, 1);
    if is_string(value) {
        return vm.give(args, value);
    }
    let text = vm.raw_text(value);
    vm.give_text(args, text.as_bytes())
}

fn tostring(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let value = vm.any_arg(args, 1)?;
    if is_string(value) {
        return vm.give(args, value);
    }
    if let Some(message) = vm.error_message(value) {
        return vm.give(args, message);
    }
    if vm.metatable(value) != word::NIL {
        let general = vm.library_function("tostring_meta");
        vm.heap.set(args.slot(), general);
        return Ok(Flow::TailCall(1));
    }
    let mut small = Vec::with_capacity(24);
    if vm.number(value).is_some() {
        vm.push_number(value, &mut small);
        return vm.give_text(args, &small);
    }
    let text = vm.raw_text(value);
    vm.give_text(args, text.as_bytes())
}

fn print(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let mut line = Vec::new();
    for number in 1..=args.count {
        let value = vm.arg(args, number);
        if number > 1 {
            line.push(b'\t');
        }
        if is_string(value) {
            line.extend_from_slice(&vm.bytes(value));
        } else if let Some(message) = vm.error_message(value) {
            line.extend_from_slice(&vm.bytes(message));
        } else if vm.metatable(value) != word::NIL {
            let general = vm.library_function("print_meta");
            vm.heap.set(args.slot(), general);
            return Ok(Flow::TailCall(args.count));
        } else {
            let text = vm.raw_text(value);
            line.extend_from_slice(text.as_bytes());
        }
    }
    vm.fuel -= (line.len() / 16) as i64;
    vm.host.print(&line);
    Ok(Flow::Return(0))
}

/// `table.pack` for library code.
fn pack(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    crate::table_library::pack(vm, args)
}

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
        let env = crate::library::table_word(crate::library::number::GLOBALS);
        let main = crate::load::module_closure(vm.heap, image, 1, position + 1, env);
        let kind = vm.heap.string(b"import");
        return vm.give_all(args, &[kind, main]);
    }
    let allowed = image.allowed.iter().any(|module| **module == *name);
    let library = vm.library.modules.iter().find(|(module, _)| allowed && *module == name);
    match library {
        Some(&(_, number)) => {
            let kind = vm.heap.string(b"library");
            vm.give_all(args, &[kind, crate::library::table_word(number)])
        }
        None => Ok(Flow::Return(0)),
    }
}

/// The program's top level has been executed.
fn loaded(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    use crate::heap::root;
    let _ = args;
    let flags = vm.heap.get(root::FLAGS);
    if flags & root::FLAG_LOADED != 0 {
        return Ok(Flow::Return(0));
    }
    vm.heap.set(root::FLAGS, flags | root::FLAG_LOADED);
    // The next turn starts with this call again, which then returns.
    Err(Raise::Stop(crate::vm::Stop::Loaded))
}

/// The arguments of the program's function.
fn arguments(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    use crate::heap::root;
    let list = vm.heap.get(root::ARGUMENTS);
    if list == word::NIL {
        return Ok(Flow::Return(0));
    }
    let count = word::to_int(vm.raw_get(list, vm.library.names.n)) as usize;
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

impl Vm<'_> {
    /// Text of a value without metamethods (strings excepted, which are their own).
    pub(crate) fn raw_text(&mut self, value: Word) -> String {
        if self.number(value).is_some() {
            return self.number_text(value);
        }
        match value {
            word::NIL => "nil".to_owned(),
            word::TRUE => "true".to_owned(),
            word::FALSE => "false".to_owned(),
            _ => {
                let kind = self.type_name(value);
                let kind = if is_builtin(value) { "function: builtin".to_owned() } else { kind };
                format!("{kind}: 0x{:08x}", self.identity(value))
            }
        }
    }

    /// A number that tells the object from others while both live. It is the position when the
    /// process first asks; programs must not rely on more.
    fn identity(&mut self, value: Word) -> u32 {
        if is_builtin(value) || !word::is_reference(value) {
            return word::index(value) + 1;
        }
        let ids = self.state_table(self.library.names.ids);
        let known = self.raw_get(ids, value);
        if word::is_int(known) {
            return word::to_int(known) as u32;
        }
        let next = self.heap.get(crate::heap::root::LAST_ID) + 1;
        self.heap.set(crate::heap::root::LAST_ID, next);
        self.raw_set(ids, value, word::int_wrapping(next as i64));
        next as u32
    }

    /// A table of the library's own state, made on first use.
    pub(crate) fn state_table(&mut self, name: Word) -> Word {
        if self.heap.get(crate::heap::root::STATE) == word::NIL {
            let at = self.heap.table(0, 2);
            let state = word::make(word::TAG_TABLE, 0, at as u32);
            self.heap.set(crate::heap::root::STATE, state);
        }
        let state = self.heap.get(crate::heap::root::STATE);
        let found = self.raw_get(state, name);
        if found != word::NIL {
            return found;
        }
        let at = self.heap.table(0, 1);
        let made = word::make(word::TAG_TABLE, 0, at as u32);
        self.raw_set(state, name, made);
        made
    }
}

fn write_line(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let line = vm.string_arg(args, 1)?;
    let line = vm.bytes(line).to_vec();
    vm.fuel -= (line.len() / 16) as i64;
    vm.host.print(&line);
    Ok(Flow::Return(0))
}

fn metamethod_of(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let name = vm.arg(args, 2);
    let value = vm.arg(args, 1);
    let method = vm.metamethod(value, name);
    vm.give(args, method)
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

fn ipairs(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let target = vm.any_arg(args, 1)?;
    let step = crate::library::builtin_word(IPAIRS_STEP);
    vm.give_all(args, &[step, target, word::int_wrapping(0)])
}

/// Number of the step of `ipairs` among the built-in functions.
const IPAIRS_STEP: u32 = 21;
/// Number of `error` among the built-in functions.
const ERROR: u32 = 12;

fn ipairs_step(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let target = vm.arg(args, 1);
    let key = vm.integer_arg(args, 2)?.wrapping_add(1);
    let key_word = vm.heap.integer(key);
    match vm.index(target, key_word)? {
        crate::index::Access::Value(word::NIL) => vm.give(args, word::NIL),
        crate::index::Access::Value(value) => vm.give_all(args, &[key_word, value]),
        crate::index::Access::Call(..) => {
            // A metamethod is asked by library code in Lua, in the same slot.
            let step = vm.library_function("ipairs_step");
            vm.heap.set(args.slot(), step);
            Ok(Flow::TailCall(2))
        }
    }
}

fn resume(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    vm.resume(args)
}

fn yield_values(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    vm.yield_values(args)
}

fn function_arg(vm: &mut Vm<'_>, args: Args) -> Result<Word, Raise> {
    let function = vm.arg(args, 1);
    if vm.is_function(function) {
        return Ok(function);
    }
    Err(vm.argument_error(1, "function", function, args))
}

fn coroutine_create(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let function = function_arg(vm, args)?;
    let co = crate::coroutines::create(vm.heap, function);
    vm.give(args, crate::coroutine::coroutine(co))
}

fn coroutine_wrap(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let function = function_arg(vm, args)?;
    let co = crate::coroutines::create(vm.heap, function);
    let wrapped = vm.wrap(co);
    vm.give(args, wrapped)
}

fn coroutine_arg(vm: &mut Vm<'_>, args: Args) -> Result<usize, Raise> {
    let value = vm.arg(args, 1);
    if crate::coroutine::is_coroutine(value) {
        return Ok(word::index(value) as usize);
    }
    Err(vm.argument_error(1, "thread", value, args))
}

fn coroutine_status(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    use crate::coroutine::status;
    let co = coroutine_arg(vm, args)?;
    let names = &vm.library.names;
    let name = match vm.status(co) {
        status::SUSPENDED => names.suspended,
        status::RUNNING => names.running,
        status::NORMAL => names.normal,
        _ => names.dead,
    };
    vm.give(args, name)
}

fn coroutine_running(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let is_main = vm.heap.get(vm.co + crate::coroutine::field::RESUMER) == word::NIL;
    let running = crate::coroutine::coroutine(vm.co);
    vm.give_all(args, &[running, word::from_bool(is_main)])
}

fn coroutine_isyieldable(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let co = if args.count > 0 { coroutine_arg(vm, args)? } else { vm.co };
    let is_task = word::header_flags(vm.heap.get(co)) & crate::coroutine::status::TASK != 0;
    vm.give(args, word::from_bool(!is_task))
}

/// Marks a coroutine dead; returns the error it died with (or nil), a table of the values to close,
/// and the status it had.
fn coroutine_bury(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let co = coroutine_arg(vm, args)?;
    let status = vm.status(co);
    if status != crate::coroutine::status::SUSPENDED && status != crate::coroutine::status::DEAD {
        let name = if status == crate::coroutine::status::RUNNING { "running" } else { "normal" };
        return Err(vm.error(&format!("cannot close a {name} coroutine")));
    }
    let marked = vm.bury(co);
    let error = vm.take_error(co);
    let at = vm.heap.table(marked.len(), 0);
    for (position, &value) in marked.iter().enumerate() {
        vm.heap.set_int(vm.strings(), at, position as i64 + 1, value);
    }
    let list = word::make(word::TAG_TABLE, 0, at as u32);
    vm.give_all(args, &[error, list])
}

fn coroutine_spawn(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    function_arg(vm, args)?;
    let co = vm.spawn_task(args)?;
    vm.give(args, crate::coroutine::coroutine(co))
}

/// Waits until another coroutine of the process wakes this task (`@park()`), or until something comes
/// from outside as well (`@park(true)`). It returns when called the second time.
fn park(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let outside = vm.arg(args, 1);
    if args.count == 2 {
        return Ok(Flow::Return(0));
    }
    let what = if outside == word::TRUE {
        crate::coroutine::wait::ANYTHING
    } else {
        crate::coroutine::wait::WAKE
    };
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
    let task = vm.heap.get(crate::heap::root::TASK);
    vm.give(args, task)
}


/// Whether a word refers to an object of the runtime of this class.
pub(crate) fn is_class(vm: &Vm<'_>, value: Word, class: u32) -> bool {
    !word::is_float(value)
        && word::tag(value) == word::TAG_OBJECT
        && word::space(value) == Kind::User as u16
        && word::header_flags(vm.heap.get(word::index(value) as usize)) == class
}
