//! The layout of coroutine objects and of frames on their stacks.
//!
//! A frame starts with the callee's slot, followed by two link words and the registers:
//! `[callee][link 1][link 2][R0][R1]…`. `base` is the position of R0.

use procession_types::word::{self, Kind, Word};

/// Fields of a coroutine object (positions after its header).
pub(crate) mod field {
    /// The stack object; nil once it has ended and the collector has seen that.
    pub(crate) const STACK: usize = 1;
    /// Position of R0 of the running frame, relative to the stack object.
    pub(crate) const BASE: usize = 2;
    /// End of an open-ended list of values, relative to the stack object.
    pub(crate) const TOP: usize = 3;
    /// Instruction at which it goes on.
    pub(crate) const PC: usize = 4;
    /// The coroutine that resumed it, or nil.
    pub(crate) const RESUMER: usize = 5;
    /// The variables marked for closing, the last one first: an object with its slot, relative to the
    /// stack object, that leads to the next one; or nil.
    pub(crate) const CLOSE: usize = 6;
    /// Where values that it waits for go: `Pending` as a word.
    pub(crate) const PENDING: usize = 7;
    /// A task's next task, or nil.
    pub(crate) const NEXT: usize = 8;
    /// What a task waits for: see `wait`.
    pub(crate) const WAIT: usize = 9;
    /// The innermost coroutine of a task that does not run.
    pub(crate) const LEAF: usize = 10;
    /// An error on its way while variables are closed or a handler runs; otherwise nil.
    pub(crate) const ERROR: usize = 11;
    /// Number of fields.
    pub(crate) const COUNT: usize = 11;
}

/// Status of a coroutine, in the flags of its header.
pub(crate) mod status {
    /// Not started, or it yielded.
    pub(crate) const SUSPENDED: u32 = 0;
    /// It runs.
    pub(crate) const RUNNING: u32 = 1;
    /// It resumed another one.
    pub(crate) const NORMAL: u32 = 2;
    /// It has ended.
    pub(crate) const DEAD: u32 = 3;
    /// Flag: it is the coroutine of a task.
    pub(crate) const TASK: u32 = 4;
    /// Flag of a task: it has looked in this turn whether anything has come from outside. What comes
    /// later wakes it; what came before a turn that began since then would not.
    pub(crate) const LOOKED: u32 = 8;
    /// Mask of the status proper.
    pub(crate) const MASK: u32 = 3;
    /// Where the flags say how many coroutines have resumed each other around it, when it runs.
    pub(crate) const DEPTH_SHIFT: u32 = 4;
    /// The most of them: PUC has 200, and nobody misses more than these.
    pub(crate) const DEPTH_MAX: u32 = 1_000;
}

/// What a task waits for, in `field::WAIT`.
pub(crate) mod wait {
    use procession_types::word::{self, Word};

    /// Ready to run.
    pub(crate) const NOTHING: Word = word::NIL;
    /// For another coroutine of the process to wake it.
    pub(crate) const WAKE: Word = word::FALSE;
    /// For anything from outside, or to be woken.
    pub(crate) const ANYTHING: Word = word::TRUE;
    /// For an event.
    pub(crate) const EVENT: Word = word::TAG_SHORT << 48;

    /// For a message of a queue.
    pub(crate) const fn queue(number: u32) -> Word {
        word::int_wrapping(number as i64)
    }

    /// Whether it is that.
    pub(crate) const fn is_queue(what: Word) -> bool {
        word::is_int(what) && word::to_int(what) >= 0
    }

    /// For the reply of a call.
    pub(crate) const fn call(number: u64) -> Word {
        word::int_wrapping(-1 - number as i64)
    }
}

/// What happens when a frame returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum FrameKind {
    /// The results go to the callee's slot and on.
    Call = 0,
    /// A metamethod: the instruction that called it takes its result.
    Meta = 1,
    /// Called by `pcall`: `true` goes before the results.
    Protected = 2,
    /// Called by `xpcall`: likewise; the handler sits below the callee.
    Handled = 3,
    /// The first frame of a coroutine.
    First = 4,
    /// A `__close` method, or what calls finalizers; then what was interrupted goes on, in a way that
    /// the link's `results` tells.
    Close = 5,
    /// A message handler of `xpcall`: its result is the error's new value.
    Handler = 6,
}

impl FrameKind {
    /// Whether errors end at it.
    pub(crate) const fn is_protected(self) -> bool {
        matches!(self, Self::Protected | Self::Handled)
    }

    fn from_u8(number: u8) -> Self {
        match number {
            0 => Self::Call,
            1 => Self::Meta,
            2 => Self::Protected,
            3 => Self::Handled,
            4 => Self::First,
            5 => Self::Close,
            _ => Self::Handler,
        }
    }
}

/// The links of a frame: how to go back to its caller.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    /// Instruction at which the caller goes on.
    pub(crate) pc: u32,
    /// Results the caller wants, + 1; 0 = all. Of a [`FrameKind::Close`] frame, whose results nobody
    /// wants, a mode: [`CLOSING`], [`UNWINDING`] or [`FINALIZING`].
    pub(crate) results: u8,
    /// See [`FrameKind`].
    pub(crate) kind: FrameKind,
    /// From the callee's slot (where results go) to R0: 24 bits.
    pub(crate) shift: u32,
    /// From the caller's R0 to the callee's slot: 24 bits.
    pub(crate) delta: u32,
}

/// Mode of a `FrameKind::Close` frame: the instruction that closes is executed again.
pub(crate) const CLOSING: u8 = 0;

/// Likewise: an error is on its way.
pub(crate) const UNWINDING: u8 = 1;

/// Likewise: finalizers were called between two instructions.
pub(crate) const FINALIZING: u8 = 2;

/// In the first word of a link: the function took over the frame of another one, by a tail call.
pub(crate) const TAIL_CALLED: Word = 1 << 47;

/// The largest distance that a link can hold.
pub(crate) const DISTANCE_MAX: usize = (1 << 24) - 1;

impl Link {
    /// The two words, which look like integers to the collector.
    #[inline(always)]
    pub(crate) fn encode(self) -> (Word, Word) {
        let first = u64::from(self.pc) | u64::from(self.results) << 32 | (self.kind as u64) << 40;
        let second = u64::from(self.shift) | u64::from(self.delta) << 24;
        (word::TAG_INT << 48 | first, word::TAG_INT << 48 | second)
    }

    /// The link in two words.
    #[inline(always)]
    pub(crate) fn decode(first: Word, second: Word) -> Self {
        Self {
            pc: first as u32,
            results: (first >> 32) as u8,
            kind: FrameKind::from_u8((first >> 40) as u8 & 0x7F),
            shift: second as u32 & DISTANCE_MAX as u32,
            delta: (second >> 24) as u32 & DISTANCE_MAX as u32,
        }
    }
}

/// How a suspended `resume`, `yield` or wait takes its values when it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum PendingKind {
    /// Nothing is pending: a coroutine that has not started.
    Start = 0,
    /// Values go to the slot as they are: `yield`, a call of a `wrap` function.
    Plain = 1,
    /// `true` or `false` goes before them: `resume`.
    Status = 2,
}

/// See [`PendingKind`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pending {
    /// Slot of the first result, relative to the stack object.
    pub(crate) slot: u32,
    /// Results wanted + 1; 0 = all.
    pub(crate) results: u8,
    /// See [`PendingKind`].
    pub(crate) kind: PendingKind,
}

impl Pending {
    /// As a word that looks like an integer.
    pub(crate) fn encode(self) -> Word {
        let bits = u64::from(self.slot) | u64::from(self.results) << 32 | (self.kind as u64) << 40;
        word::TAG_INT << 48 | bits
    }

    /// From such a word.
    pub(crate) fn decode(word: Word) -> Self {
        let kind = match (word >> 40) as u8 {
            1 => PendingKind::Plain,
            2 => PendingKind::Status,
            _ => PendingKind::Start,
        };
        Self { slot: word as u32, results: (word >> 32) as u8, kind }
    }
}

/// The word of a coroutine at a position.
pub(crate) const fn coroutine(at: usize) -> Word {
    word::object(Kind::Coroutine, at as u32)
}

/// Whether the word is a coroutine.
pub(crate) const fn is_coroutine(value: Word) -> bool {
    word::tag(value) == word::TAG_OBJECT && word::space(value) == Kind::Coroutine as u16
}
