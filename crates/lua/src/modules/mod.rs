//! The modules for `require` that came after the first ones: their halves in Rust. What waits, or
//! calls back, is in the Lua file of the same name.

pub(crate) mod base64;
pub(crate) mod events;
pub(crate) mod funcs;
pub(crate) mod hash;
pub(crate) mod http;
pub(crate) mod queue;
pub(crate) mod services;
pub(crate) mod uuid;

use crate::vm::{Args, Flow, Raise, Vm};
use procession_types::Error;
use procession_types::word::Word;

/// Longest text that is worked on at once, in bytes: at most about 0.1 s that can't be preempted.
const TEXT_BYTES_MAX: usize = 16 << 20;

impl Vm<'_> {
    /// The bytes of a string argument that a module works on at once. The error of the inner result
    /// is for the program (`nil, err`): the argument is missing or too long.
    fn input(
        &mut self,
        args: Args,
        number: usize,
        what: &str,
    ) -> Result<Result<Word, Error>, Raise> {
        let Some(value) = self.api_string(args, number)? else {
            return Ok(Err(Error::invalid(format!("{what} is missing"))));
        };
        if self.strings().length(self.heap, value) > TEXT_BYTES_MAX {
            let message = format!("{what} is larger than {TEXT_BYTES_MAX} bytes");
            return Ok(Err(Error::invalid(message)));
        }
        Ok(Ok(value))
    }

    /// Returns a new string that may be long; everything before is done again after a collection.
    fn give_long(&mut self, args: Args, text: &[u8]) -> Result<Flow, Raise> {
        self.reserve(procession_types::word::string_words(text.len()) + 1)?;
        self.give_text(args, text)
    }
}
