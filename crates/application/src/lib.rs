//! Applications on a node: from a directory to a [`procession_spec::Application`], from that to what
//! a node is made from, and from one state of it to the next while it runs.
//!
//! What is right and what is wrong is decided by `spec`, what lives and dies by the runtime; this
//! crate only hands the one's results to the other. It prints nothing.
#![forbid(unsafe_code)]

mod assemble;
mod directory;
mod granted;
mod read;
mod reload;
mod renew;
mod transition;

pub use assemble::{Assembled, assemble, definition, policies};
pub use directory::Directory;
pub use granted::{Granted, granted};
pub use read::{BadProgram, ReadError, environment, read, read_as};
pub use reload::{Reload, ReloadError, Reloaded};
