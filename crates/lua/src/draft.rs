//! Text that is made outside of the heap and becomes a string in it: never more of it than the process
//! may still hold, and paid for while it grows.

use crate::strings::is_string;
use crate::vm::{Args, Flow, Raise, Vm};
use procession_types::word::Word;

/// Bytes that count as one instruction.
const BYTES_PER_FUEL: usize = 16;
/// Bytes that may be appended between two looks at the room that is left.
const STEP_BYTES: usize = 1 << 12;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    /// The text so far.
    pub(crate) text: Vec<u8>,
    /// Bytes that are paid for.
    paid: usize,
}

impl Draft {
    /// An empty one with room for so many bytes, which are few or in the heap already.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self { text: Vec::with_capacity(bytes), paid: 0 }
    }

    /// To be called before so many bytes are appended.
    ///
    /// # Errors
    /// `Raise::Collect` when there is no room for them: the call begins anew.
    #[inline(always)]
    pub(crate) fn room(&mut self, vm: &mut Vm<'_>, bytes: usize) -> Result<(), Raise> {
        if self.text.len() + bytes > self.paid + STEP_BYTES {
            return self.pay(vm, self.text.len() + bytes);
        }
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn pay(&mut self, vm: &mut Vm<'_>, end: usize) -> Result<(), Raise> {
        vm.reserve_text(end)?;
        vm.fuel -= ((end - self.paid) / BYTES_PER_FUEL) as i64;
        self.paid = end;
        Ok(())
    }

    /// Appends the bytes of a string; another value has none.
    #[inline]
    pub(crate) fn push(&mut self, vm: &mut Vm<'_>, value: Word) -> Result<(), Raise> {
        debug_assert!(is_string(value), "other values have a text of their own");
        self.room(vm, vm.strings().length(vm.heap, value))?;
        self.text.extend_from_slice(&vm.bytes(value));
        Ok(())
    }

    /// Returns it.
    pub(crate) fn give(mut self, vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
        let rest = self.text.len().saturating_sub(self.paid);
        vm.fuel -= (rest / BYTES_PER_FUEL) as i64;
        self.paid = self.text.len();
        vm.give_text(args, &self.text)
    }
}
