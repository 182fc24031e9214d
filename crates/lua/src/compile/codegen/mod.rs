//! Code generation: a walk over the syntax tree that emits instructions.
//!
//! Expressions are evaluated into a register that the caller chooses (`value`), into any register,
//! preferably the local's own (`operand`), or into jumps (`jump_if`). Temporaries are a stack above
//! the locals. A destination is *fresh* when it is a temporary: then it may hold intermediate
//! results; a local's register is written only by the last instruction of an expression, as the
//! expression may still read it.

mod assign;
mod call;
mod condition;
mod constants;
mod emit;
mod expression;
mod function;
mod hints;
mod index;
mod list;
mod logic;
mod loops;
mod operator;
mod registers;
mod statement;
mod table;

use super::SyntaxError;
use super::ast::{Chunk, Function, LocalId};
use crate::bytecode::Prototype;
use crate::image::ImageBuilder;
use emit::JumpList;
pub(super) use operator::register_op;
use procession_types::word::Word;
use std::collections::HashMap;

/// A register of the function that is being generated. Values above 250 occur once there are too
/// many, which is reported at the end.
type Register = u32;

/// See the module's documentation.
struct Generator<'c, 'b, 'i> {
    chunk: &'c Chunk,
    builder: &'b mut ImageBuilder<'i>,
    file: u16,
    /// The register of each local of the chunk.
    registers: Vec<u8>,
    labels: Vec<LabelState>,
    current: Frame<'c>,
    /// The line of the first function that needs too many registers.
    overflow_line: Option<u32>,
}

/// The function that is being generated.
struct Frame<'c> {
    function: &'c Function,
    prototype: Prototype,
    constants: HashMap<Word, u32>,
    /// Integers that do not fit into a word.
    big: HashMap<i64, u32>,
    /// The line of what is emitted next.
    line: u32,
    /// The first register that is not in use.
    free: Register,
    /// The first register that holds no local.
    locals_end: Register,
    /// Registers to be closed at the end of their scopes, from the outermost on.
    closing: Vec<Register>,
    loops: Vec<LoopState>,
}

/// A loop that is being generated.
struct LoopState {
    breaks: JumpList,
    /// How many entries of `closing` lie outside.
    closing_depth: usize,
    /// Whether the code at the end of the loop closes what its breaks leave open.
    closes_at_end: bool,
}

/// A label's position, or the jumps that wait for it.
#[derive(Clone, Default)]
struct LabelState {
    position: Option<u32>,
    pending: JumpList,
}

/// Appends the prototypes of a chunk to the builder's image; returns the index of the main one.
pub(crate) fn generate(
    chunk: &Chunk,
    file: &str,
    builder: &mut ImageBuilder<'_>,
) -> Result<u32, SyntaxError> {
    let number = file_number(file, &mut builder.image.files);
    let mut generator = Generator {
        chunk,
        builder,
        file: number,
        registers: vec![0; chunk.locals.len()],
        labels: vec![LabelState::default(); chunk.labels.len()],
        current: Frame::new(&chunk.main),
        overflow_line: None,
    };
    let main = generator.main();
    match generator.overflow_line {
        None => Ok(main),
        Some(line) => {
            let message = format!("{file}:{line}: function or expression needs too many registers");
            Err(SyntaxError { message, line })
        }
    }
}

/// The number of a source file among those of the image.
fn file_number(file: &str, files: &mut Vec<Box<str>>) -> u16 {
    if let Some(number) = files.iter().position(|known| **known == *file) {
        return number as u16;
    }
    files.push(file.into());
    (files.len() - 1).min(usize::from(u16::MAX)) as u16
}

impl<'c> Frame<'c> {
    fn new(function: &'c Function) -> Self {
        Self {
            function,
            prototype: Prototype::default(),
            constants: HashMap::new(),
            big: HashMap::new(),
            line: function.line,
            free: 0,
            locals_end: 0,
            closing: Vec::new(),
            loops: Vec::new(),
        }
    }
}

impl Generator<'_, '_, '_> {
    fn register(&self, local: LocalId) -> Register {
        Register::from(self.registers[local.0 as usize])
    }

    fn is_boxed(&self, local: LocalId) -> bool {
        self.chunk.locals[local.0 as usize].is_boxed()
    }

    /// Whether an upvalue of the current function holds a box.
    fn is_boxed_upvalue(&self, upvalue: u8) -> bool {
        match self.current.function.upvalues[usize::from(upvalue)].origin {
            Some(local) => self.is_boxed(local),
            None => self.chunk.env_is_boxed,
        }
    }
}
