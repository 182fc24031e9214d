//! `procession skip`: let durable processes go on that stand still over an input.

use crate::connect::{Common, failed};
use crate::failure::Failure;
use crate::output::{one, printable};
use crate::select::Which;
use clap::Args;
use procession_api::HaltView;
use std::io::{Write as _, stdout};

/// What `skip` is told.
#[derive(Debug, Args)]
pub(crate) struct SkipArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) which: Which,
}

/// Runs the command; tells what was passed over.
pub(crate) fn run(arguments: &SkipArguments) -> Result<String, Failure> {
    let (client, format) = arguments.common.client()?;
    arguments.which.each(&client, |process| {
        let skipped = client.skip(process);
        let skipped = skipped.map_err(|error| failed(&format!("skip for {process}"), &error))?;
        // Each is told as it is done: a later one may fail.
        let shown = one(format, &skipped, text, |it| it.slot.to_string());
        let _ = stdout().write_all(shown.as_bytes());
        Ok(())
    })?;
    Ok(String::new())
}

fn text(skipped: &HaltView) -> String {
    let what = skipped.input.as_ref().map_or_else(
        || "nothing: it tries again".to_owned(),
        |it| format!("{} {} {}", it.kind, it.about.as_deref().unwrap_or_default(), it.text),
    );
    printable(&format!("slot {}: {what}", skipped.slot)) + "\n"
}
