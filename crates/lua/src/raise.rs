//! Errors: making them, finding who handles them, unwinding to there.

use crate::bytecode::{Op, Operand};
use crate::call::Called;
use crate::coroutine::{FrameKind, Link, UNWINDING};
use crate::heap::root;
use crate::library::is_builtin;
use crate::strings::is_string;
use crate::vm::{Raise, Raising, Vm};
use procession_types::word::{self, Word};

/// How many handlers of one `xpcall` may fail within each other. In PUC Lua C's stack ends this.
const HANDLERS_MAX: usize = 190;
/// The error when all of them did.
const HANDLING_FAILED: &[u8] = b"error in error handling";

/// What becomes of an error first.
enum Handling {
    /// It is not handled.
    Nobody,
    /// Too many handlers have failed.
    Failed,
    /// This function is asked.
    By(Word),
}

impl Vm<'_> {
    /// An error with a message and the position of the program's code that runs. In a function of
    /// the library it is the position of the call; an operator of library code in Lua has none.
    #[cold]
    pub(crate) fn error(&mut self, message: &str) -> Raise {
        self.error_bytes(message.as_bytes())
    }

    /// Likewise, with a message that may be no UTF-8.
    #[cold]
    pub(crate) fn error_bytes(&mut self, message: &[u8]) -> Raise {
        let in_operator = self.is_lua_frame() && self.pc > 0 && !self.instruction().op().calls();
        let mut text = match self.user() {
            Some(user)
                if !self.is_called_by_nobody() && (!in_operator || user.base == self.base) =>
            {
                self.position_of(user.base, user.pc).into_bytes()
            }
            _ => Vec::new(),
        };
        self.fuel -= (message.len() / 16) as i64;
        text.extend_from_slice(message);
        Raise::Error(self.heap.string(&text))
    }

    /// An error with a message and no position.
    #[cold]
    pub(crate) fn bare_error(&mut self, message: &str) -> Raise {
        Raise::Error(self.heap.string(message.as_bytes()))
    }

    /// "attempt to … a … value (…)".
    #[cold]
    pub(crate) fn type_error(&mut self, what: &str, value: Word, operand: Operand) -> Raise {
        self.type_error_at(what, value, operand, 0)
    }

    #[cold]
    pub(crate) fn type_error_at(
        &mut self,
        what: &str,
        value: Word,
        operand: Operand,
        position: u8,
    ) -> Raise {
        let name = self.described(operand, position);
        let message = format!("attempt to {what} a {} value{name}", self.type_name(value));
        self.error(&message)
    }

    /// "attempt to call a … value".
    #[cold]
    pub(crate) fn call_error(&mut self, value: Word, kind: FrameKind) -> Raise {
        let kind_name = self.type_name(value);
        let callee = self.heap.get(self.base - 3);
        // Nor does the program call what is called while an error is on its way.
        if is_builtin(callee) || self.is_library(callee) || self.raising != Raising::No {
            return self.bare_error(&format!("attempt to call a {kind_name} value"));
        }
        let op = self.instruction().op();
        let name = match (kind, op.event()) {
            (FrameKind::Close, _) => " (metamethod 'close')".to_owned(),
            (FrameKind::Meta, Some(event)) => format!(" (metamethod '{event}')"),
            _ if op == Op::ForInCall => " (for iterator 'for iterator')".to_owned(),
            _ => self.described(Operand::First, 0),
        };
        self.error(&format!("attempt to call a {kind_name} value{name}"))
    }

    /// Finds who handles the error and goes there: the machine's registers are the handler's.
    ///
    /// # Errors
    /// When nobody does: the process ends.
    pub(crate) fn raise(&mut self, value: Word) -> Result<(), Raise> {
        match self.handled(value)? {
            Some(value) => self.unwind(value),
            None => Ok(()),
        }
    }

    /// Asks the handler about an error: `None` when a frame of it is on top now, otherwise what is on
    /// its way from here.
    fn handled(&mut self, mut value: Word) -> Result<Option<Word>, Raise> {
        for _ in 0..HANDLERS_MAX {
            match self.keeping(Raising::Handling, value, Self::ask_handler) {
                // A handler that is a built-in function failed, or there was no room for one: the
                // handler is asked again, about that.
                Err(Raise::Error(other)) => value = other,
                done => return done,
            }
        }
        Ok(Some(self.heap.string(HANDLING_FAILED)))
    }

    /// Runs a step of error handling; when it needs memory first, collects without losing the error.
    fn keeping<T>(
        &mut self,
        raising: Raising,
        mut value: Word,
        step: fn(&mut Self, Word) -> Result<T, Raise>,
    ) -> Result<T, Raise> {
        loop {
            self.raising = raising;
            let done = step(self, value);
            self.raising = Raising::No;
            match done {
                Err(Raise::Collect(extra)) => {
                    self.heap.set(root::SCRATCH, value);
                    self.collect(extra)?;
                    value = self.heap.get(root::SCRATCH);
                    self.heap.set(root::SCRATCH, word::NIL);
                }
                done => return done,
            }
        }
    }

    fn ask_handler(&mut self, value: Word) -> Result<Option<Word>, Raise> {
        match self.who_handles() {
            Handling::Nobody => Ok(Some(value)),
            Handling::Failed => Ok(Some(self.heap.string(HANDLING_FAILED))),
            Handling::By(handler) => self.call_handler(handler, value),
        }
    }

    /// Who is to handle an error of the running frame.
    fn who_handles(&mut self) -> Handling {
        let (mut base, mut handlers, mut passed) = (self.base, 0, 0);
        let is_full = self.uses_reserve();
        let found = loop {
            let link = self.link(base);
            passed += 1;
            let slot = base - link.shift as usize;
            match link.kind {
                FrameKind::Handler => handlers += 1,
                // A handler that has used up the stack's reserve is not asked again.
                FrameKind::Handled if handlers < HANDLERS_MAX && !(handlers > 0 && is_full) => {
                    break Handling::By(self.heap.get(slot - 1));
                }
                FrameKind::Handled => break Handling::Failed,
                FrameKind::Protected | FrameKind::First => break Handling::Nobody,
                FrameKind::Call | FrameKind::Meta | FrameKind::Close => {}
            }
            base = slot - link.delta as usize;
        };
        self.pay_for_frames(passed);
        found
    }

    fn call_handler(&mut self, handler: Word, value: Word) -> Result<Option<Word>, Raise> {
        let from = self.live_end();
        let slot = self.ensure_stack(from, 16)?;
        self.heap.set(slot, handler);
        self.heap.set(slot + 3, value);
        match self.call_value(slot, 1, 2, FrameKind::Handler)? {
            Called::Entered => Ok(None),
            Called::Returned(first, count) => {
                Ok(Some(if count == 0 { word::NIL } else { self.heap.get(first) }))
            }
        }
    }

    /// Unwinds to the next protected call with an error, closing variables first, one at a time.
    pub(crate) fn unwind(&mut self, mut value: Word) -> Result<(), Raise> {
        loop {
            match self.keeping(Raising::Unwinding, value, Self::unwind_step) {
                // A built-in function or no function at all was to close, or there was no room: the
                // handler is asked about that, and it is on its way now.
                Err(Raise::Error(other)) => match self.handled(other)? {
                    Some(other) => value = other,
                    None => return Ok(()),
                },
                done => return done,
            }
        }
    }

    /// The slot and the links of the frame at which errors of the running one end.
    fn end_of_errors(&mut self) -> (usize, Link) {
        let (mut base, mut passed) = (self.base, 0);
        let found = loop {
            let link = self.link(base);
            passed += 1;
            let slot = base - link.shift as usize;
            match link.kind {
                FrameKind::Protected | FrameKind::Handled | FrameKind::First => break (slot, link),
                FrameKind::Call | FrameKind::Meta | FrameKind::Close | FrameKind::Handler => {}
            }
            base = slot - link.delta as usize;
        };
        self.pay_for_frames(passed);
        found
    }

    fn unwind_step(&mut self, value: Word) -> Result<(), Raise> {
        let (slot, link) = self.end_of_errors();
        if link.kind == FrameKind::First {
            if self.closes_at_failure() && self.close_next(slot, Some(value))? {
                return Ok(());
            }
            return self.fail_coroutine(value);
        }
        if self.close_next(slot, Some(value))? {
            return Ok(());
        }
        self.base = slot - link.delta as usize;
        self.pc = link.pc as usize;
        self.give_back_reserve();
        let first = if link.kind == FrameKind::Handled { slot - 1 } else { slot };
        self.heap.set(first, word::FALSE);
        self.heap.set(first + 1, value);
        self.place(first, first, 2, link.results)
    }

    /// Whether an error of the running coroutine is being handled: it may use the stack's reserve.
    pub(crate) fn handles_error(&mut self) -> bool {
        if self.raising != Raising::No {
            return true;
        }
        let (mut base, mut passed) = (self.base, 0);
        let handles = loop {
            let link = self.link(base);
            passed += 1;
            let unwinds = link.kind == FrameKind::Close && link.results == UNWINDING;
            if link.kind == FrameKind::Handler || unwinds {
                break true;
            }
            if link.kind == FrameKind::First {
                break false;
            }
            base = base - link.shift as usize - link.delta as usize;
        };
        self.pay_for_frames(passed);
        handles
    }

    /// The text of an error value, if it has one.
    pub(crate) fn error_text(&self, value: Word) -> Option<String> {
        if is_string(value) {
            return Some(String::from_utf8_lossy(&self.bytes(value)).into_owned());
        }
        if word::is_int(value) || word::is_float(value) {
            return Some(self.number_text(value));
        }
        None
    }
}
