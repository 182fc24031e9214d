//! The instruction set: what the compiler emits and the interpreter executes.
//!
//! An instruction is 64 bits: opcode (bits 0–7), operands `a` `b` `c` (8 bits each from bit 8) and
//! `d` (32 bits). `R[x]` is register x of the running frame, `K[d]` constant d of the prototype,
//! `Up[b]` upvalue b of the closure. Jump targets in `d` are absolute instruction indices.
//!
//! **Calls.** A callee sits in `R[a]`; `R[a+1]` and `R[a+2]` are left free for the frame's links;
//! arguments start at `R[a+3]`. Results replace the callee from `R[a]` on.
//!
//! **Counts.** Where an operand is a count of values that may be open-ended, it holds count + 1 and
//! 0 means "up to the top" (set by the instruction before: an open call or vararg).
//!
//! **Variables.** A local that is captured by a closure and assigned after its initialisation lives
//! in a box (`NewBox`/`GetBox`/`SetBox`); every other captured local is copied into the closure. So
//! there are no open upvalues and nothing to close at the end of a block.
//!
//! **Jumps.** Only `Loop`, `ForLoop` and `ForInLoop` jump backwards: those are the places, besides
//! calls, where a process can be preempted.

pub(crate) mod needs;

use needs::{Needs, Registers};
use procession_types::word::Word;
use std::sync::OnceLock;

macro_rules! opcodes {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Operations. `top` is the end of an open-ended list of values.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Op { $($(#[$doc])* $name,)* }

        impl Op {
            /// Every operation, in numeric order.
            pub const ALL: &'static [Op] = &[$(Op::$name,)*];
        }

        /// The operations' numbers as constants, to match on.
        #[allow(non_upper_case_globals)]
        pub(crate) mod number {
            $(pub(crate) const $name: u8 = super::Op::$name as u8;)*
        }
    };
}

opcodes! {
    /// R[a] = R[b]
    Move,
    /// R[a] = K[d]  (nil, booleans, small integers, floats, strings)
    LoadK,
    /// R[a] = the integer `big[d]` of the prototype (one that does not fit into a word)
    LoadBig,
    /// R[a], …, R[a+b-1] = nil
    LoadNil,
    /// R[a], … = c-1 varargs (c = 0: all, sets top)
    VarArg,

    /// R[a] = Up[b]
    GetUp,
    /// R[a] = box Up[b]
    GetUpBox,
    /// box Up[a] = R[b]
    SetUpBox,
    /// R[a] = a new box that holds R[a]
    NewBox,
    /// R[a] = box R[b]
    GetBox,
    /// box R[a] = R[b]
    SetBox,

    /// R[a] = Up[b][K[d]]; Up[b] is an _ENV that is not boxed, K[d] a string; c = 0, or one more than
    /// the index of what is known of the result
    GetGlobal,
    /// Up[b][K[d]] = R[a]
    SetGlobal,
    /// R[a] = R[b][K[d]]; K[d] a string
    GetField,
    /// R[a][K[d]] = R[c]
    SetField,
    /// R[a] = R[b][R[c]]
    GetIndex,
    /// R[a][R[b]] = R[c]
    SetIndex,
    /// R[a] = R[b][d]; d a small positive integer
    GetInt,
    /// R[a][d] = R[c]
    SetInt,
    /// R[a+3] = R[b]; R[a] = R[b][K[d]]: prepares a method call; c as for `GetGlobal`
    Method,

    /// Calls R[a] with b-1 arguments (0: up to top), keeps c-1 results (0: all, sets top)
    Call,
    /// Returns the results of R[a] called with b-1 arguments (0: up to top). The compiler puts an
    /// open `Return` of R[a] behind it: a callee that can't take over the frame (a built-in that
    /// waits, a `wrap` function) is called like any other and returns there.
    TailCall,
    /// Returns R[a], … b-1 values (0: up to top); c = 1: closes pending `<close>` variables first
    Return,
    /// Returns nothing (no `<close>` variables in scope)
    Return0,
    /// Returns R[a] (no `<close>` variables in scope)
    Return1,

    /// Continues at d, which lies ahead
    Jump,
    /// Continues at d, which lies behind
    Loop,
    /// If R[a] is true (c = 1) or false (c = 0), continues at d
    Test,
    /// If R[b] is true (c = 1) or false (c = 0), R[a] = R[b] and continues at d
    TestSet,
    /// If (R[a] == R[b]) is c, continues at d
    Eq,
    /// If (R[a] < R[b]) is c, continues at d
    Lt,
    /// If (R[a] <= R[b]) is c, continues at d
    Le,
    /// If (R[a] == K[b]) is c, continues at d; K[b] a constant of any kind
    EqK,
    /// If (R[a] < K[b]) is c, continues at d; K[b] a number
    LtK,
    /// If (R[a] <= K[b]) is c, continues at d
    LeK,
    /// If (R[a] > K[b]) is c, continues at d
    GtK,
    /// If (R[a] >= K[b]) is c, continues at d
    GeK,

    /// R[a] = R[b] + R[c]; the following likewise
    Add,
    /// -
    Sub,
    /// *
    Mul,
    /// /
    Div,
    /// %
    Mod,
    /// ^
    Pow,
    /// //
    IDiv,
    /// &
    BAnd,
    /// |
    BOr,
    /// ~
    BXor,
    /// <<
    Shl,
    /// >>
    Shr,
    /// R[a] = R[b] + K[d], a number; the following likewise
    AddK,
    /// -
    SubK,
    /// *
    MulK,
    /// /
    DivK,
    /// %
    ModK,
    /// ^
    PowK,
    /// //
    IDivK,
    /// R[a] = -R[b]
    Unm,
    /// R[a] = not R[b]
    Not,
    /// R[a] = #R[b]
    Len,
    /// R[a] = ~R[b]
    BNot,
    /// R[a] = R[a] .. … .. R[a+b-1]; R[a+b] is free for the instruction's own use
    Concat,

    /// R[a] = a new table with room for d array items and b fields
    NewTable,
    /// R[a][d+1], … = R[a+1], … b-1 items (0: up to top)
    SetList,
    /// R[a] = a closure of prototype d
    Closure,

    /// Numeric loop over R[a] (start), R[a+1] (limit), R[a+2] (step): checks them, sets the loop
    /// variable R[a+3]; continues at d when there is no iteration
    ForPrep,
    /// Next iteration: sets R[a+3], continues at d (the body)
    ForLoop,
    /// Generic loop over R[a] (iterator), R[a+1] (state), R[a+2] (control), R[a+3] (closing value,
    /// marked for closing unless it is nil); continues at d (the `ForInCall`)
    ForInPrep,
    /// Calls the iterator in a frame that starts at R[a+4] (so R[a+4], …, R[a+8] are used); c results
    /// go to R[a+4], …
    ForInCall,
    /// If R[a+4] is not nil: R[a+2] = R[a+4] and continues at d (the body)
    ForInLoop,
    /// Marks R[a] for closing (a `<close>` variable that was just initialised)
    MarkClose,
    /// Closes the marked variables from R[a] on
    Close,
}

impl Op {
    /// The event whose metamethod the operation calls, without underscores.
    #[must_use]
    pub const fn event(self) -> Option<&'static str> {
        Some(match self {
            Self::GetGlobal | Self::GetField | Self::GetIndex | Self::GetInt | Self::Method => {
                "index"
            }
            Self::SetGlobal | Self::SetField | Self::SetIndex | Self::SetInt => "newindex",
            Self::Add | Self::AddK => "add",
            Self::Sub | Self::SubK => "sub",
            Self::Mul | Self::MulK => "mul",
            Self::Div | Self::DivK => "div",
            Self::Mod | Self::ModK => "mod",
            Self::Pow | Self::PowK => "pow",
            Self::IDiv | Self::IDivK => "idiv",
            Self::BAnd => "band",
            Self::BOr => "bor",
            Self::BXor => "bxor",
            Self::Shl => "shl",
            Self::Shr => "shr",
            Self::Unm => "unm",
            Self::BNot => "bnot",
            Self::Len => "len",
            Self::Concat => "concat",
            Self::Eq | Self::EqK => "eq",
            Self::Lt | Self::LtK | Self::GtK => "lt",
            Self::Le | Self::LeK | Self::GeK => "le",
            Self::Return | Self::Close => "close",
            _ => return None,
        })
    }

    /// Whether the operation calls the function in its first operand.
    #[must_use]
    pub const fn calls(self) -> bool {
        matches!(self, Self::Call | Self::TailCall | Self::ForInCall)
    }
}

/// One instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instruction(pub u64);

impl Instruction {
    /// An instruction from its parts.
    #[must_use]
    pub const fn new(op: Op, a: u8, b: u8, c: u8, d: u32) -> Self {
        Self(op as u64 | (a as u64) << 8 | (b as u64) << 16 | (c as u64) << 24 | (d as u64) << 32)
    }

    /// The operation.
    #[must_use]
    #[inline(always)]
    pub fn op(self) -> Op {
        Op::ALL[(self.0 & 0xFF) as usize]
    }

    /// Operand `a`.
    #[must_use]
    #[inline(always)]
    pub const fn a(self) -> u32 {
        (self.0 >> 8) as u32 & 0xFF
    }

    /// Operand `b`.
    #[must_use]
    #[inline(always)]
    pub const fn b(self) -> u32 {
        (self.0 >> 16) as u32 & 0xFF
    }

    /// Operand `c`.
    #[must_use]
    #[inline(always)]
    pub const fn c(self) -> u32 {
        (self.0 >> 24) as u32 & 0xFF
    }

    /// Operand `d`.
    #[must_use]
    #[inline(always)]
    pub const fn d(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// The same instruction with another `d` (to patch a jump).
    #[must_use]
    pub const fn with_d(self, d: u32) -> Self {
        Self(self.0 & 0xFFFF_FFFF | (d as u64) << 32)
    }
}

/// Where a new closure takes an upvalue from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upvalue {
    /// A register of the enclosing frame (holding the value, or the box when the variable is boxed).
    Register(u8),
    /// An upvalue of the enclosing closure.
    Outer(u8),
    /// The new closure itself: a `local function` that is never reassigned and calls itself.
    Itself,
}

/// How source text refers to a value, for error messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameKind {
    /// local 'x'
    Local,
    /// global 'x'
    Global,
    /// upvalue 'x'
    Upvalue,
    /// field 'x'
    Field,
    /// method 'x'
    Method,
    /// constant 'x'
    Constant,
}

impl NameKind {
    /// How messages say it.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Global => "global",
            Self::Upvalue => "upvalue",
            Self::Field => "field",
            Self::Method => "method",
            Self::Constant => "constant",
        }
    }
}

/// Which operand of an instruction a name belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operand {
    /// The callee of a call; the table of an access; the only operand.
    First,
    /// The right operand of a binary operator; the key of an access.
    Second,
}

/// A name for an operand of the instruction at `pc`. For `Concat`, the names of its operands are
/// given in order with `operand` First for all of them and `position` counting from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameHint {
    /// Index of the instruction.
    pub pc: u32,
    /// Which operand.
    pub operand: Operand,
    /// For `Concat`: which of its operands; otherwise 0.
    pub position: u8,
    /// What it is.
    pub kind: NameKind,
    /// Its name.
    pub name: Box<str>,
}

/// What a global of the library is, and a field of it, while neither table has been written to; or a
/// method of a kind of the library's objects, while its table has not been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// The global's value.
    pub value: Word,
    /// Number of the library table that the value is, when `field` is something; that has the method.
    pub table: u16,
    /// What the next instruction, a `GetField`, finds in it; nil: it must look itself. Of a method:
    /// whether the next instruction calls it with nothing else for one result, and it has a short way.
    pub field: Word,
}

/// A function's prototype.
#[derive(Debug, Clone, Default)]
pub struct Prototype {
    /// The instructions.
    pub code: Vec<Instruction>,
    /// Line of each instruction.
    pub lines: Vec<u32>,
    /// Constants.
    pub constants: Vec<Word>,
    /// Integer constants that do not fit into a word.
    pub big: Vec<i64>,
    /// What `GetGlobal` and `Method` find in the library.
    pub known: Vec<Known>,
    /// Where closures take their upvalues from.
    pub upvalues: Vec<Upvalue>,
    /// Fixed parameters.
    pub parameters: u8,
    /// Whether it takes more arguments than that.
    pub is_vararg: bool,
    /// Registers it needs (at most 250), including those of call frames under construction: for a
    /// call in register a with n arguments, at least a + 3 + n.
    pub registers: u8,
    /// Line of `function`; 0 for a main chunk.
    pub line_defined: u32,
    /// Line of its `end`.
    pub line_last: u32,
    /// Index of the source file in the image's list of files.
    pub file: u16,
    /// Names for error messages, sorted by `pc`.
    pub names: Vec<NameHint>,
    /// Names of the upvalues, for error messages and tracebacks.
    pub upvalue_names: Vec<Box<str>>,
    /// What its frames must hold; see [`Image::needs`](crate::image::Image).
    pub(crate) needs: OnceLock<Needs>,
    /// Which of its upvalues are boxes.
    pub(crate) boxed: OnceLock<Registers>,
}
