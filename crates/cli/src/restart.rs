//! `procession restart`: let services, supervisors and pools go down and come up again.

use crate::control::{self, ControlArguments};
use crate::failure::Failure;

/// Runs the command; it has no output.
pub(crate) fn run(arguments: &ControlArguments) -> Result<String, Failure> {
    control::run(arguments, "restart")
}
