//! Applications: from a directory of YAML files to checked definitions.
//!
//! [`read`] takes the files and gives an [`Application`], or a [`Report`] with everything that is
//! wrong with it. What is handed out is whole: every id that a definition names is one of the
//! application or of every node, every number is within its bounds.
//!
//! The format is a table (`kinds`): the reader, the JSON [`schema`] and the tables of the documents
//! are made from it. Pure: files come in through [`Files`], nothing is written.
#![forbid(unsafe_code)]

mod application;
mod build;
mod check;
mod checked;
mod difference;
mod draft;
mod files;
mod grant;
mod json;
mod kinds;
mod names;
mod order;
pub mod pages;
mod policies;
mod read;
mod references;
mod report;
mod schema;
mod shape;
mod source;
mod tree;
mod words;

pub use application::{Application, Host, Payload, Priority, ProgramDefinition, ProgramKind};
pub use difference::{Change, Difference, Sort};
pub use files::{FileError, Files, INDEX_NAME};
pub use grant::{DirectoryAccess, Grant, GrantError};
pub use policies::parse_policies;
pub use read::{Mode, Options, read};
pub use report::{Finding, Report, Severity};
pub use schema::schema;
