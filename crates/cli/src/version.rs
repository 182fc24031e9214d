//! `procession version`.

use crate::connect::FormArguments;
use crate::failure::Failure;
use crate::output::one;
use clap::Args;
use serde_json::{Value, json};

/// What `version` is told.
#[derive(Debug, Args)]
pub(crate) struct VersionArguments {
    #[command(flatten)]
    pub(crate) form: FormArguments,
}

/// Gives the version of this command.
pub(crate) fn run(arguments: &VersionArguments) -> Result<String, Failure> {
    let version = env!("CARGO_PKG_VERSION");
    let text = |_: &Value| format!("procession {version}\n");
    let form = arguments.form.format()?;
    Ok(one(form, &json!({"version": version}), text, |_| version.to_owned()))
}
