//! `procession start`: start services, supervisors and pools that were stopped.

use crate::control::{self, ControlArguments};
use crate::failure::Failure;

/// Runs the command; it has no output.
pub(crate) fn run(arguments: &ControlArguments) -> Result<String, Failure> {
    control::run(arguments, "start")
}
