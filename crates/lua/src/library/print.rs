//! Text of values: `tostring`, `print`.

use crate::draft::Draft;
use crate::heap::root;
use crate::library::{Builtin, is_builtin, plain};
use crate::outgoing::{Outgoing, PRINTED};
use crate::strings::is_string;
use crate::vm::{Args, Flow, Raise, Vm};
use procession_types::word::{self, Word};

/// Of an object's number: as many as addresses have, so that texts with them are as long as in PUC Lua.
const DIGITS: usize = 12;
/// Numbers of built-in functions begin here.
const BUILTINS: u64 = 1 << 40;

pub(crate) const FUNCTIONS: &[Builtin] = &[
    plain("tostring", tostring),
    plain("@tostring_raw", raw_tostring),
    plain("print", print),
    plain("@write", write_line),
];

/// Text of a value without metamethods.
fn raw_tostring(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let value = vm.arg(args, 1);
    if is_string(value) {
        return vm.give(args, value);
    }
    let text = vm.raw_text(value);
    // Its type may have a long name.
    let mut draft = Draft::default();
    draft.room(vm, text.len())?;
    draft.text = text;
    draft.give(vm, args)
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
        return vm.hand_over(args, "general_tostring");
    }
    let mut small = Vec::with_capacity(24);
    if vm.number(value).is_some() {
        vm.push_number(value, &mut small);
        return vm.give_text(args, &small);
    }
    let text = vm.raw_text(value);
    vm.give_text(args, &text)
}

fn print(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let mut line = Vec::new();
    let mut outgoing = Outgoing::new(&PRINTED);
    for number in 1..=args.count {
        let value = vm.arg(args, number);
        if number > 1 {
            line.push(b'\t');
        }
        if is_string(value) {
            push_printed(vm, value, &mut outgoing, &mut line)?;
        } else if let Some(message) = vm.error_message(value) {
            push_printed(vm, message, &mut outgoing, &mut line)?;
        } else if vm.metatable(value) != word::NIL {
            return vm.hand_over(args, "general_print");
        } else {
            let text = vm.raw_text(value);
            outgoing.take(vm, text.len()).map_err(|error| vm.error(&error.message))?;
            line.extend_from_slice(&text);
        }
    }
    vm.host.print(&line);
    Ok(Flow::Return(0))
}

/// Appends the bytes of a string to a line.
fn push_printed(
    vm: &mut Vm<'_>,
    value: Word,
    outgoing: &mut Outgoing,
    line: &mut Vec<u8>,
) -> Result<(), Raise> {
    let length = vm.strings().length(vm.heap, value);
    outgoing.take(vm, length).map_err(|error| vm.error(&error.message))?;
    line.extend_from_slice(&vm.bytes(value));
    Ok(())
}

impl Vm<'_> {
    /// Text of a value without metamethods (strings excepted, which are their own).
    pub(crate) fn raw_text(&mut self, value: Word) -> Vec<u8> {
        let mut text = Vec::new();
        match value {
            _ if self.number(value).is_some() => self.push_number(value, &mut text),
            word::NIL => text.extend_from_slice(b"nil"),
            word::TRUE => text.extend_from_slice(b"true"),
            word::FALSE => text.extend_from_slice(b"false"),
            _ => {
                text = self.type_name_bytes(value);
                text.extend(format!(": 0x{:0DIGITS$x}", self.identity(value)).bytes());
            }
        }
        text
    }

    /// A number that tells the object from others while both live. Objects of the program are counted as the
    /// process first asks; programs must not rely on more.
    fn identity(&mut self, value: Word) -> u64 {
        if is_builtin(value) || !word::is_reference(value) {
            return BUILTINS | u64::from(word::index(value));
        }
        let ids = self.state_table(self.library.names.ids);
        let known = self.raw_get(ids, value);
        if word::is_int(known) {
            return word::to_int(known) as u64;
        }
        let next = self.heap.get(root::LAST_ID) + 1;
        self.heap.set(root::LAST_ID, next);
        self.raw_set(ids, value, word::int_wrapping(next as i64));
        next
    }

    /// A table of the library's own state, made on first use.
    pub(crate) fn state_table(&mut self, name: Word) -> Word {
        if self.heap.get(root::STATE) == word::NIL {
            let at = self.heap.table(0, 2);
            let state = word::make(word::TAG_TABLE, 0, at as u32);
            self.heap.set(root::STATE, state);
        }
        let state = self.heap.get(root::STATE);
        let found = self.raw_get(state, name);
        if found != word::NIL {
            return found;
        }
        let at = self.heap.table(0, 1);
        let made = word::make(word::TAG_TABLE, 0, at as u32);
        self.raw_set(state, name, made);
        if name == self.library.names.ids {
            // An object whose number was shown is collected all the same.
            let meta = self.heap.table(0, 1);
            let (key, mode) = (self.library.names.mode, self.library.names.key);
            self.heap.set_hashed(self.strings(), meta, key, mode);
            let meta = word::make(word::TAG_TABLE, 0, meta as u32);
            self.heap.set(at + word::table::META as usize, meta);
        }
        made
    }
}

fn write_line(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let line = vm.string_arg(args, 1)?;
    let mut printed = Vec::new();
    push_printed(vm, line, &mut Outgoing::new(&PRINTED), &mut printed)?;
    vm.host.print(&printed);
    Ok(Flow::Return(0))
}
