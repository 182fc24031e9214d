//! Applications: from a directory of YAML files to checked definitions.
//!
//! Pure: files come in through [`Files`], nothing is written. What is handed out as an
//! [`Application`] is whole: every id that a definition names is one of the application, every
//! number is within its bounds.
#![forbid(unsafe_code)]

mod application;
mod files;
mod grant;

pub use application::{Application, Host, Payload, Priority, ProgramDefinition, ProgramKind};
pub use files::{FileError, Files, INDEX_NAME};
pub use grant::{DirectoryAccess, Grant, GrantError};
