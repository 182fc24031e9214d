//! The compiler: Lua 5.4 source text to prototypes.
//!
//! A text is parsed into a syntax tree with names resolved and constants folded ([`parser`],
//! [`resolve`], [`fold`]); then code is generated from the tree ([`codegen`]), when it is known of
//! every local variable whether it must live in a box. The compiler reads nothing but the text and
//! never panics on any input; whatever grows with nesting is bounded by the parser's limit on
//! syntax levels.

mod ast;
mod chunk_name;
mod codegen;
pub mod disassemble;
mod fold;
mod labels;
mod lex;
mod names;
mod parser;
mod resolve;
#[cfg(test)]
mod tests;

pub use chunk_name::chunk_name;

use crate::image::ImageBuilder;
use procession_environment::Dialect;

/// Why a text is no Lua chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// The message with its position, as in `main.lua:3: unexpected symbol near 'x'`.
    pub message: String,
    /// The line at which the compiler gave up.
    pub line: u32,
}

impl std::fmt::Display for SyntaxError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for SyntaxError {}

/// A compiled chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compiled {
    /// Index of its main prototype in the image. It is vararg and has one upvalue, `_ENV`.
    pub main: u32,
    /// Whether the chunk assigns to its `_ENV`: then the upvalue must be a box that holds it.
    pub env_is_boxed: bool,
}

/// Compiles one chunk and appends its prototypes to the builder's image.
///
/// `chunk` names it as for `load`: `@file`, `=name`, or the text itself.
///
/// # Errors
///
/// The first mistake in the text, in the words of PUC Lua.
pub fn compile(
    source: &[u8],
    chunk: &str,
    dialect: Dialect,
    builder: &mut ImageBuilder<'_>,
) -> Result<Compiled, SyntaxError> {
    let file = chunk_name(chunk.as_bytes());
    let chunk = parser::parse(source, file.clone(), dialect)?;
    let main = codegen::generate(&chunk, &file, builder)?;
    Ok(Compiled { main, env_is_boxed: chunk.env_is_boxed })
}

/// Leaves out the first line of a file when it starts with `#`, but keeps its end, so that lines are
/// counted right.
#[must_use]
pub fn without_script_line(source: &[u8]) -> &[u8] {
    if source.first() != Some(&b'#') {
        return source;
    }
    let end = source.iter().position(|&byte| byte == b'\n').unwrap_or(source.len());
    &source[end..]
}
