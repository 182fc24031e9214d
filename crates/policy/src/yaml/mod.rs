//! Reads `security.policy` entries from YAML. Foreign text: every limit is checked, every error
//! says where, and all of them come at once.

mod error;
mod reader;
mod shape;
#[cfg(test)]
mod tests;
mod tree;

pub use error::{ParseError, Problem};

use crate::Policy;

/// Longest text, in bytes.
const TEXT_BYTES_MAX: usize = 1 << 20;
/// Deepest nesting of lists and mappings.
const DEPTH_MAX: usize = 32;
/// Most values in one text.
const NODES_MAX: usize = 100_000;
/// Most errors reported for one text.
const ERRORS_MAX: usize = 100;

/// The policies of a text: a list of entries, one entry, or a file with `namespace` and `entries`.
/// Entries of another `kind` are passed over. A `name` without a namespace gets the file's, or
/// `app`.
///
/// # Errors
/// Everything that is wrong, in the order of the text.
pub fn parse_yaml(text: &str) -> Result<Vec<Policy>, Vec<ParseError>> {
    let root = tree::parse(text).map_err(|error| vec![error])?;
    reader::read(&root)
}
