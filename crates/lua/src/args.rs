//! Arguments of built-in functions: checks, conversions, and PUC's messages about them.

use crate::blame::Caller;
use crate::index::is_heap_table;
use crate::numeric::as_integer;
use crate::strings::{Text, is_string};
use crate::text::number::Number;
use crate::vm::{Args, Flow, Raise, Vm};
use procession_types::word::{self, Word};

impl Vm<'_> {
    /// Argument `number` (from 1), or nil.
    #[inline]
    pub(crate) fn arg(&self, args: Args, number: usize) -> Word {
        if number <= args.count { self.heap.get(args.at + number - 1) } else { word::NIL }
    }

    /// "bad argument #n to 'f' (…)".
    #[cold]
    pub(crate) fn bad_argument(&mut self, number: usize, message: &str, args: Args) -> Raise {
        let (caller, name) = self.called_as(self.heap.get(args.slot()));
        let text = match (caller, number) {
            (Caller::Method, 1) => format!("calling '{name}' on bad self ({message})"),
            (Caller::Method, _) => format!("bad argument #{} to '{name}' ({message})", number - 1),
            _ => format!("bad argument #{number} to '{name}' ({message})"),
        };
        match caller {
            Caller::Library => self.bare_error(&text),
            Caller::Method | Caller::Program => self.error(&text),
        }
    }

    /// "… expected, got …".
    #[cold]
    pub(crate) fn argument_error(
        &mut self,
        number: usize,
        expected: &str,
        value: Word,
        args: Args,
    ) -> Raise {
        let got = if number > args.count { "no value".to_owned() } else { self.type_name(value) };
        self.bad_argument(number, &format!("{expected} expected, got {got}"), args)
    }

    /// A value that must be there.
    pub(crate) fn any_arg(&mut self, args: Args, number: usize) -> Result<Word, Raise> {
        if number > args.count {
            return Err(self.bad_argument(number, "value expected", args));
        }
        Ok(self.arg(args, number))
    }

    /// A table.
    pub(crate) fn table_arg(&mut self, args: Args, number: usize) -> Result<Word, Raise> {
        let value = self.arg(args, number);
        if is_heap_table(value) || self.type_text(value) == "table" {
            return Ok(value);
        }
        Err(self.argument_error(number, "table", value, args))
    }

    /// An integer; strings and floats with an integer's value are converted.
    #[inline]
    pub(crate) fn integer_arg(&mut self, args: Args, number: usize) -> Result<i64, Raise> {
        let value = self.arg(args, number);
        if word::is_int(value) {
            return Ok(word::to_int(value));
        }
        self.integer_arg_slow(args, number, value)
    }

    #[cold]
    fn integer_arg_slow(&mut self, args: Args, number: usize, value: Word) -> Result<i64, Raise> {
        match self.coerced(value) {
            Some(found) => match as_integer(found) {
                Some(integer) => Ok(integer),
                None => {
                    Err(self.bad_argument(number, "number has no integer representation", args))
                }
            },
            None => Err(self.argument_error(number, "number", value, args)),
        }
    }

    /// An integer, or the default when the argument is nil or missing.
    pub(crate) fn integer_or(
        &mut self,
        args: Args,
        number: usize,
        default: i64,
    ) -> Result<i64, Raise> {
        if self.arg(args, number) == word::NIL {
            return Ok(default);
        }
        self.integer_arg(args, number)
    }

    /// A number; strings are converted.
    pub(crate) fn number_arg(&mut self, args: Args, number: usize) -> Result<Number, Raise> {
        let value = self.arg(args, number);
        match self.coerced(value) {
            Some(found) => Ok(found),
            None => Err(self.argument_error(number, "number", value, args)),
        }
    }

    /// A string; numbers are converted, error objects give their message.
    #[inline]
    pub(crate) fn string_arg(&mut self, args: Args, number: usize) -> Result<Word, Raise> {
        let value = self.arg(args, number);
        if is_string(value) {
            return Ok(value);
        }
        self.string_arg_slow(args, number, value)
    }

    fn string_arg_slow(&mut self, args: Args, number: usize, value: Word) -> Result<Word, Raise> {
        if self.number(value).is_some() {
            let text = self.number_text(value);
            let word = self.heap.string(text.as_bytes());
            self.heap.set(args.at + number - 1, word);
            return Ok(word);
        }
        if let Some(message) = self.error_message(value) {
            return Ok(message);
        }
        Err(self.argument_error(number, "string", value, args))
    }

    /// The bytes of a string argument.
    pub(crate) fn text_arg(&mut self, args: Args, number: usize) -> Result<Text<'_>, Raise> {
        let value = self.string_arg(args, number)?;
        Ok(self.bytes(value))
    }

    /// A string argument as UTF-8 text; other bytes are replaced.
    pub(crate) fn utf8_arg(&mut self, args: Args, number: usize) -> Result<String, Raise> {
        let value = self.string_arg(args, number)?;
        self.pay_for_text(value);
        Ok(String::from_utf8_lossy(&self.bytes(value)).into_owned())
    }

    /// Returns one value.
    #[inline]
    pub(crate) fn give(&mut self, args: Args, value: Word) -> Result<Flow, Raise> {
        self.heap.set(args.slot(), value);
        Ok(Flow::Return(1))
    }

    /// Returns several values (at most 15).
    pub(crate) fn give_all(&mut self, args: Args, values: &[Word]) -> Result<Flow, Raise> {
        for (position, &value) in values.iter().enumerate() {
            self.heap.set(args.slot() + position, value);
        }
        Ok(Flow::Return(values.len()))
    }

    /// Returns a new string.
    pub(crate) fn give_text(&mut self, args: Args, text: &[u8]) -> Result<Flow, Raise> {
        let word = self.heap.string(text);
        self.give(args, word)
    }
}
