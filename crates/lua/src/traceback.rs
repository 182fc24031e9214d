//! Tracebacks, as PUC Lua prints them, and the names of functions in them.

mod trace;

use crate::bytecode::{NameKind, Op, Operand};
use crate::coroutine::{FrameKind, Link, Pending, PendingKind, TAIL_CALLED, field, status};
use crate::heap::root;
use crate::library::{is_builtin, number};
use crate::strings::is_string;
use crate::vm::Vm;
use procession_types::word::{self, Word};
use trace::{Shown, Trace};

/// Globals among which the name of a function is looked for.
const GLOBALS_MAX: usize = 256;

/// Fuel that a line costs (measured).
const LINE_COST: i64 = 100;

impl Vm<'_> {
    /// Where the loaded coroutine is in the program's own code, as `file:line`; `None` before it
    /// starts and when nothing but the library runs in it.
    pub(crate) fn whereabouts(&self) -> Option<String> {
        if self.base < self.stack + 4 { None } else { self.place_in(self.base, self.pc) }
    }

    /// Likewise, from a frame on and the instruction after the one that it executes.
    pub(crate) fn place_in(&self, mut base: usize, mut pc: usize) -> Option<String> {
        loop {
            let callee = self.heap.get(base - 3);
            if !is_builtin(callee) && !self.is_library(callee) {
                let prototype = self.prototype(callee);
                let image = self.heap.get(word::index(callee) as usize + 1) >> 32;
                let image = &self.images[image as u16 as usize];
                let file = image.files.get(prototype.file as usize).map_or("?", |file| file);
                return Some(format!("{file}:{}", prototype.lines[pc.saturating_sub(1)]));
            }
            let link = self.link(base);
            if link.kind == FrameKind::First {
                return None;
            }
            base = base - link.shift as usize - link.delta as usize;
            pc = link.pc as usize;
        }
    }

    /// The traceback of the running coroutine from `level` on; a built-in function that runs in its
    /// caller's frame is level 0.
    pub(crate) fn traceback(&mut self, level: usize) -> String {
        let trace = self.trace(self.base, self.pc, level, usize::MAX);
        self.paid_text(&trace)
    }

    /// The traceback of another coroutine.
    pub(crate) fn traceback_of(&mut self, co: usize, level: usize) -> String {
        if co == self.co {
            return self.traceback(level);
        }
        let stack = word::index(self.heap.get(co + field::STACK)) as usize;
        let base = stack + word::to_int(self.heap.get(co + field::BASE)) as usize;
        let pc = word::to_int(self.heap.get(co + field::PC)) as usize;
        let pending = Pending::decode(self.heap.get(co + field::PENDING)).kind;
        let has_frames = match self.status(co) {
            status::DEAD => self.heap.get(co + field::ERROR) != word::NIL,
            _ => pending != PendingKind::Start,
        };
        let trace = match has_frames {
            true => self.trace(base, pc, level, usize::MAX),
            false => Trace::from_level(level),
        };
        self.paid_text(&trace)
    }

    /// The traceback from a frame on, if there are no more than `most`; otherwise of the innermost
    /// `most`. With how many frames were looked at.
    pub(crate) fn traceback_in(&self, base: usize, pc: usize, most: usize) -> (String, usize) {
        let trace = self.trace(base, pc, 0, most);
        let mut text = self.traceback_text(&trace);
        if trace.passed >= most {
            text.push_str("\n\t...\t(and more)");
        }
        (text, trace.passed)
    }

    fn paid_text(&mut self, trace: &Trace) -> String {
        self.pay_for_frames(trace.passed);
        self.fuel -= trace.lines.len() as i64 * LINE_COST;
        self.traceback_text(trace)
    }

    /// The frames from one on down to the first of its coroutine, `most` at most, of which those from
    /// `level` on are shown. The library's functions are among them, not what they call of the library
    /// themselves.
    fn trace(&self, mut base: usize, mut pc: usize, level: usize, most: usize) -> Trace {
        let mut trace = Trace::from_level(level);
        self.pass_builtin(&mut trace, base, pc);
        loop {
            let link = self.link(base);
            let callee = self.heap.get(base - 3);
            let caller = base - link.shift as usize - link.delta as usize;
            let is_first = link.kind == FrameKind::First;
            let is_helper = !is_first && !link.kind.is_protected() && self.is_inner(callee) && {
                let below = self.heap.get(caller - 3);
                !is_builtin(below) && self.is_library(below)
            };
            if !is_helper {
                trace.pass(Shown::Frame { base, pc });
            }
            match link.kind {
                FrameKind::Protected => trace.pass(Shown::Named("pcall")),
                FrameKind::Handled => trace.pass(Shown::Named("xpcall")),
                FrameKind::First => return trace,
                // What has raised the error that it handles.
                FrameKind::Handler => self.pass_builtin(&mut trace, caller, link.pc as usize),
                _ if trace.passed >= most => return trace,
                _ => {}
            }
            base = caller;
            pc = link.pc as usize;
        }
    }

    /// The built-in function that a frame of the program is calling, if it does.
    fn pass_builtin(&self, trace: &mut Trace, base: usize, pc: usize) {
        let callee = self.heap.get(base - 3);
        if let Some(builtin) = self.called_builtin(callee, base, pc)
            && !self.is_inner(callee)
        {
            trace.pass(Shown::Builtin(builtin));
        }
    }

    fn shown_text(&self, shown: Shown) -> String {
        match shown {
            Shown::Builtin(builtin) => format!("[C]: in {}", self.builtin_text(builtin)),
            Shown::Named(name) => format!("[C]: in function '{name}'"),
            Shown::Frame { base, pc } => {
                let link = self.link(base);
                let caller = base.wrapping_sub(link.shift as usize + link.delta as usize);
                let place = match self.line_of(base, pc) {
                    Some((file, line)) => format!("{file}:{line}:"),
                    None => "[C]:".to_owned(),
                };
                let is_tail = self.heap.get(base - 2) & TAIL_CALLED != 0;
                let name = if is_tail { None } else { self.named_text(link, caller) };
                let tail = if is_tail { "\n\t(...tail calls...)" } else { "" };
                format!("{place} in {}{tail}", self.function_text(base, name))
            }
        }
    }

    fn traceback_text(&self, trace: &Trace) -> String {
        let mut text = String::from("stack traceback:");
        let (first, skipped, last) = trace.shown();
        for &line in first {
            text.push_str("\n\t");
            text.push_str(&self.shown_text(line));
        }
        if skipped > 0 {
            // PUC counts one too few.
            text.push_str(&format!("\n\t...\t(skipping {} levels)", skipped - 1));
        }
        for &line in last {
            text.push_str("\n\t");
            text.push_str(&self.shown_text(line));
        }
        text
    }

    /// Whether a function is the library's own.
    fn is_inner(&self, callee: Word) -> bool {
        is_builtin(callee) || self.is_library(callee)
    }

    /// The built-in function that a Lua frame is calling, in its own frame.
    fn called_builtin(&self, callee: Word, base: usize, pc: usize) -> Option<Word> {
        if is_builtin(callee) {
            return None;
        }
        let i = *self.prototype(callee).code.get(pc.checked_sub(1)?)?;
        let called = match i.op() {
            Op::Call | Op::TailCall => self.heap.get(base + i.a() as usize),
            Op::ForInCall => self.heap.get(base + i.a() as usize),
            _ => return None,
        };
        is_builtin(called).then_some(called)
    }

    fn builtin_text(&self, builtin: Word) -> String {
        match self.public_name(builtin).as_str() {
            "?" => "?".to_owned(),
            name => format!("function '{name}'"),
        }
    }

    /// A function, whose caller may have a name for it.
    fn function_text(&self, base: usize, name: Option<String>) -> String {
        let callee = self.heap.get(base - 3);
        if is_builtin(callee) {
            return self.builtin_text(callee);
        }
        if let Some(name) = self.library_name(callee) {
            return format!("function '{name}'");
        }
        // As in PUC Lua, what a global holds goes by its name, whatever the caller calls it.
        if let Some(name) = self.global_name(callee) {
            return format!("function '{name}'");
        }
        if let Some(name) = name {
            return name;
        }
        let prototype = self.prototype(callee);
        if prototype.line_defined == 0 {
            return "main chunk".to_owned();
        }
        match self.line_of(base, 1) {
            Some((file, _)) => format!("function <{file}:{}>", prototype.line_defined),
            None => "?".to_owned(),
        }
    }

    /// The name of a global that holds the program's function, among the first of them.
    fn global_name(&self, function: Word) -> Option<String> {
        let globals = self.heap.get(root::OVERLAY + number::GLOBALS as usize);
        if globals == word::NIL {
            return None;
        }
        let block = self.heap.hash_part(word::index(globals) as usize);
        if block == 0 {
            return None;
        }
        let (used, _) = self.heap.hash_size(block);
        let first = block + word::HASH_ENTRIES as usize;
        let mut entries = (first..first + 2 * used.min(GLOBALS_MAX)).step_by(2);
        let found = entries.find(|&entry| {
            self.heap.get(entry + 1) == function && is_string(self.heap.get(entry))
        })?;
        Some(String::from_utf8_lossy(&self.bytes(self.heap.get(found))).into_owned())
    }

    /// How the calling code, whose R0 is at `caller`, names the function.
    fn named_text(&self, link: Link, caller: usize) -> Option<String> {
        if !matches!(link.kind, FrameKind::Call | FrameKind::Meta | FrameKind::Close) {
            return None;
        }
        let caller = self.heap.get(caller - 3);
        if self.is_inner(caller) {
            return None;
        }
        let op = self.prototype(caller).code.get((link.pc as usize).checked_sub(1)?)?.op();
        if link.kind == FrameKind::Close {
            return Some("metamethod 'close'".to_owned());
        }
        if link.kind == FrameKind::Meta {
            return op.event().map(|event| format!("metamethod '{event}'"));
        }
        if op == Op::ForInCall {
            return Some("for iterator 'for iterator'".to_owned());
        }
        let hint = self.hint_at(caller, link.pc as usize, Operand::First, 0)?;
        Some(match hint.kind {
            NameKind::Global => format!("function '{}'", hint.name),
            kind => format!("{} '{}'", kind.text(), hint.name),
        })
    }

    /// The qualified public name of a library function, or `?`.
    pub(crate) fn public_name(&self, function: Word) -> String {
        if is_builtin(function) {
            let name = self.library.builtins[word::index(function) as usize].name;
            return if name.starts_with('@') { "?".to_owned() } else { name.to_owned() };
        }
        self.library_name(function).unwrap_or_else(|| "?".to_owned())
    }

    /// The public name of a library function written in Lua.
    fn library_name(&self, callee: Word) -> Option<String> {
        if word::tag(callee) != word::TAG_FUNCTION || word::space(callee) == 0 {
            return None;
        }
        let found = self.library.functions.iter().find(|(_, value)| **value == callee)?;
        if let Some(general) = found.0.strip_prefix("general_") {
            return Some(general.replacen('_', ".", 1));
        }
        let (table, key) = found.0.split_once("__")?;
        Some(match table {
            "base" => key.to_owned(),
            table => {
                format!("{}.{key}", table.replace("class_", "").replace("process_", "process."))
            }
        })
    }
}
