//! Error objects, and the ways between them, the runtime's errors and raised values.

use crate::library::{Builtin, class, is_class, plain};
use crate::strings::is_string;
use crate::vm::{Args, Flow, Raise, Vm};
use procession_types::word::{self, Word};
use procession_types::{Error, ErrorKind, ExitReason, Failure, Fragment, Limit};

/// Fields of an error object (positions after its header).
mod field {
    pub(super) const KIND: usize = 1;
    pub(super) const MESSAGE: usize = 2;
    pub(super) const RETRYABLE: usize = 3;
    pub(super) const DETAILS: usize = 4;
    pub(super) const STACK: usize = 5;
}

pub(crate) const FUNCTIONS: &[Builtin] =
    &[plain("@error_make", make), plain("@error_field", error_field), plain("@is_error", is_error)];

/// Bytes of a text that count as one instruction.
const TEXT_BYTES_PER_FUEL: usize = 16;
/// Bytes of a result or of an error's details.
const RESULT_BYTES_MAX: u64 = 16 << 20;

impl Vm<'_> {
    /// The message of an error object.
    pub(crate) fn error_message(&self, value: Word) -> Option<Word> {
        is_class(self, value, class::ERROR)
            .then(|| self.heap.get(word::index(value) as usize + field::MESSAGE))
    }

    /// An error object.
    pub(crate) fn error_object(&mut self, error: &Error) -> Word {
        let kind = self.heap.string(error.kind.name().as_bytes());
        let message = self.heap.string(error.message.as_bytes());
        let retryable = error.retryable.map_or(word::NIL, word::from_bool);
        let details = match (&error.details, error.limit) {
            (Some(details), _) => self.unpack(details).first().copied().unwrap_or(word::NIL),
            (None, Some(limit)) => {
                let name = self.heap.string(limit.name().as_bytes());
                let at = self.heap.table(0, 1);
                self.heap.set_hashed(self.strings(), at, self.library.names.limit, name);
                word::make(word::TAG_TABLE, 0, at as u32)
            }
            (None, None) => word::NIL,
        };
        let stack = match &error.traceback {
            Some(text) => self.heap.string(text.as_bytes()),
            None => word::NIL,
        };
        self.heap.user(class::ERROR, &[kind, message, retryable, details, stack])
    }

    /// Returns `nil, err`.
    #[cold]
    #[inline(never)]
    pub(crate) fn fail(&mut self, args: Args, error: &Error) -> Result<Flow, Raise> {
        let object = self.error_object(error);
        let at = word::index(object) as usize + field::STACK;
        if self.heap.get(at) == word::NIL {
            let text = self.traceback(0);
            let text = self.heap.string(text.as_bytes());
            self.heap.set(at, text);
        }
        self.give_all(args, &[word::NIL, object])
    }

    /// Returns `nil, err` of kind Invalid.
    pub(crate) fn fail_invalid(&mut self, args: Args, message: &str) -> Result<Flow, Raise> {
        self.fail(args, &Error::invalid(message))
    }

    /// Returns `true`, or `nil, err`.
    #[inline]
    pub(crate) fn give_done(&mut self, args: Args, done: Result<(), Error>) -> Result<Flow, Raise> {
        match done {
            Ok(()) => self.give(args, word::TRUE),
            Err(error) => self.fail(args, &error),
        }
    }

    /// The runtime's error for a raised or returned value.
    pub(crate) fn error_of(&mut self, value: Word) -> Error {
        if is_class(self, value, class::ERROR) {
            return self.error_of_object(value);
        }
        let message = match self.error_text(value) {
            Some(text) => text,
            None if value == word::NIL => "nil".to_owned(),
            None => format!("(error object is a {} value)", self.type_name(value)),
        };
        let mut error = Error::new(ErrorKind::Internal, message);
        if !is_string(value) && value != word::NIL {
            error.details = self.pack(&[value], RESULT_BYTES_MAX).ok().map(Box::new);
        }
        error
    }

    fn error_of_object(&mut self, value: Word) -> Error {
        let at = word::index(value) as usize;
        let kind = ErrorKind::from_name(&self.text_of(self.heap.get(at + field::KIND)));
        let mut error = Error::new(kind, self.text_of(self.heap.get(at + field::MESSAGE)));
        error.retryable = match self.heap.get(at + field::RETRYABLE) {
            word::TRUE => Some(true),
            word::FALSE => Some(false),
            _ => None,
        };
        let details = self.heap.get(at + field::DETAILS);
        if details != word::NIL {
            error.details = self.pack(&[details], RESULT_BYTES_MAX).ok().map(Box::new);
        }
        let stack = self.heap.get(at + field::STACK);
        if is_string(stack) {
            error.traceback = Some(self.text_of(stack).into());
        }
        error
    }

    /// A string's text; other values give nothing.
    pub(crate) fn text_of(&mut self, value: Word) -> String {
        if is_string(value) {
            self.pay_for_text(value);
            String::from_utf8_lossy(&self.bytes(value)).into_owned()
        } else {
            String::new()
        }
    }

    /// Pays for the bytes of a string that are about to be copied.
    pub(crate) fn pay_for_text(&mut self, value: Word) {
        self.fuel -= (self.strings().length(self.heap, value) / TEXT_BYTES_PER_FUEL) as i64;
    }

    /// An error that nobody caught: the process ends.
    pub(crate) fn fail_process(&mut self, value: Word) -> Raise {
        let mut error = self.error_of(value);
        if error.traceback.is_none() {
            error.traceback = Some(self.traceback(0).into());
        }
        let reason = ExitReason::failed(Failure::Error(error));
        Raise::Stop(crate::vm::Stop::Exited(Box::new(reason)))
    }

    /// How the process ends when its function has returned these values.
    pub(crate) fn exit_reason(&mut self, first: usize, count: usize) -> ExitReason {
        let value = if count > 0 { self.heap.get(first) } else { word::NIL };
        let second = if count > 1 { self.heap.get(first + 1) } else { word::NIL };
        if is_string(second) || is_class(self, second, class::ERROR) {
            return ExitReason::failed(Failure::Error(self.error_of(second)));
        }
        if value == word::NIL {
            return ExitReason::Normal(Fragment::nil());
        }
        match self.pack(&[value], RESULT_BYTES_MAX) {
            Ok(fragment) => ExitReason::Normal(fragment),
            Err(crate::message::PackError::Unsendable) => {
                let error = Error::invalid(self.unsendable_path(&[value], "result"));
                ExitReason::failed(Failure::Error(error))
            }
            Err(crate::message::PackError::TooLarge) => {
                ExitReason::failed(Failure::limit(Limit::MessageSize))
            }
        }
    }
}

/// `@error_make(kind, message, retryable, details, stack)`.
fn make(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let fields = [1, 2, 3, 4, 5].map(|number| vm.arg(args, number));
    let object = vm.heap.user(class::ERROR, &fields);
    vm.give(args, object)
}

/// `@error_field(err, n)`.
fn error_field(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let value = vm.arg(args, 1);
    if !is_class(vm, value, class::ERROR) {
        return Err(vm.argument_error(1, "error", value, args));
    }
    let number = vm.integer_arg(args, 2)?.clamp(1, 5) as usize;
    let found = vm.heap.get(word::index(value) as usize + number);
    vm.give(args, found)
}

fn is_error(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let value = vm.arg(args, 1);
    let is_error = is_class(vm, value, class::ERROR);
    vm.give(args, word::from_bool(is_error))
}
