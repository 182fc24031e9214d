//! `procession version`.

use crate::output::{Format, one};
use clap::Args;
use serde_json::{Value, json};

/// What `version` is told.
#[derive(Debug, Args)]
pub(crate) struct VersionArguments {
    /// The form of the output
    #[arg(short, long, value_name = "FORM", value_enum, default_value_t)]
    pub(crate) output: Format,
}

/// Gives the version of this command.
pub(crate) fn run(arguments: &VersionArguments) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let text = |_: &Value| format!("procession {version}\n");
    one(arguments.output, &json!({"version": version}), text, |_| version.to_owned())
}
