//! `procession check`: is this a valid application?

use crate::application;
use crate::connect::FormArguments;
use crate::failure::Failure;
use crate::output::one;
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;

/// What `check` is told.
#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// The application's directory
    #[arg(default_value = ".")]
    pub(crate) directory: PathBuf,
    /// Unknown kinds, keys and modules are warnings
    #[arg(long)]
    pub(crate) lenient: bool,
    #[command(flatten)]
    pub(crate) form: FormArguments,
}

/// Runs the command; gives its output. Exit code 9 when the application is not valid.
pub(crate) fn run(arguments: &CheckArguments) -> Result<String, Failure> {
    let form = arguments.form.format()?;
    let (checked, _) = application::read(&arguments.directory, arguments.lenient)?;
    let directory = arguments.directory.display().to_string();
    let ids = |ids: &mut dyn Iterator<Item = &String>| json!(ids.collect::<Vec<_>>());
    let found = json!({
        "directory": directory,
        "programs": ids(&mut checked.programs.keys()),
        "hosts": ids(&mut checked.hosts.keys()),
        "services": ids(&mut checked.services.keys()),
        "supervisors": ids(&mut checked.supervisors.keys()),
        "pools": ids(&mut checked.pools.keys()),
        "policies": ids(&mut checked.policies.keys()),
    });
    let text = |_: &Value| format!("{directory}: {}\n", application::summary(&checked));
    Ok(one(form, &found, text, |_| directory.clone()))
}
