//! Which node a command is for, and what goes wrong with it.

use crate::failure::{ExitStatus, Failure};
use crate::output::Format;
use crate::settings::{self, Settings};
use clap::Args;
use procession_client::{Client, ClientError, Target};
use std::path::PathBuf;

/// What every command that asks a node understands.
#[derive(Debug, Clone, Args)]
pub(crate) struct Common {
    /// The node: the path of its socket, or http://HOST:PORT with PROCESSION_TOKEN set
    #[arg(long, value_name = "NODE")]
    pub(crate) node: Option<String>,
    /// The form of the output
    #[arg(short, long, value_name = "FORM", value_enum)]
    pub(crate) output: Option<Format>,
    #[command(flatten)]
    pub(crate) config: ConfigArguments,
}

/// What a command understands that has an output and asks no node.
#[derive(Debug, Clone, Args)]
pub(crate) struct FormArguments {
    /// The form of the output
    #[arg(short, long, value_name = "FORM", value_enum)]
    pub(crate) output: Option<Format>,
    #[command(flatten)]
    pub(crate) config: ConfigArguments,
}

impl FormArguments {
    /// The form of the output.
    pub(crate) fn format(&self) -> Result<Format, Failure> {
        match self.output {
            Some(format) => Ok(format),
            None => settings::load(&self.config)?.format(),
        }
    }
}

/// Where settings come from beside their usual places.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ConfigArguments {
    /// A file of settings that comes after the usual ones
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// A setting, whatever files and environment say
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub(crate) set: Vec<String>,
}

impl Common {
    /// The settings that hold for this command.
    pub(crate) fn settings(&self) -> Result<Settings, Failure> {
        let mut settings = settings::load(&self.config)?;
        if let Some(node) = &self.node {
            settings.set("node", node, "--node")?;
        }
        Ok(settings)
    }

    /// A client of the node, and the form of the output.
    pub(crate) fn client(&self) -> Result<(Client, Format), Failure> {
        let settings = self.settings()?;
        let format = match self.output {
            Some(format) => format,
            None => settings.format()?,
        };
        Ok((client(&settings)?, format))
    }
}

/// A client of the node of these settings.
pub(crate) fn client(settings: &Settings) -> Result<Client, Failure> {
    let target = target(settings)?;
    Client::new(target).map_err(|error| {
        Failure::new(ExitStatus::Failure, format!("failed to prepare a connection: {error}"))
    })
}

/// Where the node of these settings is.
pub(crate) fn target(settings: &Settings) -> Result<Target, Failure> {
    match settings.get("node") {
        Some(text) => {
            let token = std::env::var("PROCESSION_TOKEN").ok().filter(|token| !token.is_empty());
            Target::parse(text, token).map_err(|error| Failure::usage(error.to_string()))
        }
        None => Ok(Target::Socket(settings.socket()?)),
    }
}

/// A failed call: what was done reads after "failed to".
pub(crate) fn failed(doing: &str, error: &ClientError) -> Failure {
    let status = ExitStatus::Code(error.exit_code());
    match error {
        ClientError::Unreachable { .. } => Failure::new(status, error.to_string()).with_hint(
            "start one with procession up DIR or procession run --serve FILE, or name one with --node",
        ),
        ClientError::Forbidden { .. } => Failure::new(status, error.to_string()).with_hint(
            "only the node's own user and root may use its socket; others need TCP and a token",
        ),
        ClientError::Broken(_) | ClientError::Timeout { .. } => {
            Failure::new(status, format!("failed to {doing}: {error}"))
                .with_hint("procession doctor looks at the node")
        }
        ClientError::Problem(problem) => {
            let text = format!("failed to {doing}: {}", problem.detail);
            let failure = Failure::new(status, crate::output::printable_lines(&text));
            let traceback = problem.traceback.as_deref().map(crate::output::printable_lines);
            let hint = problem.hint.clone().or_else(|| crate::hints::of_problem(problem));
            failure.with_traceback(traceback).with_hint_if(hint)
        }
    }
}
