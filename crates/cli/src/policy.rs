//! `procession policy`: the policies of a node.

use crate::connect::{Common, failed};
use crate::failure::Failure;
use crate::output::{Column, column, list, wide};
use clap::{Args, Subcommand};
use procession_api::PolicyView;

/// Policies that are shown.
const SHOWN_MAX: usize = 10_000;

/// What `policy` is told.
#[derive(Debug, Args)]
pub(crate) struct PolicyArguments {
    #[command(subcommand)]
    pub(crate) command: PolicyCommand,
}

/// What can be done with policies.
#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Show all policies
    List {
        #[command(flatten)]
        common: Common,
    },
    /// Show one policy
    Show {
        #[command(flatten)]
        common: Common,
        /// Its id
        policy: String,
    },
}

const COLUMNS: &[Column<PolicyView>] = &[
    column("ID", |it| it.id.clone()),
    column("EFFECT", |it| it.effect.clone()),
    column("ACTIONS", |it| it.actions.join(" ")),
    column("RESOURCES", |it| it.resources.join(" ")),
    wide("CONDITIONS", |it| it.conditions.join("; ")),
];

/// Runs the command; gives its output.
pub(crate) fn run(arguments: &PolicyArguments) -> Result<String, Failure> {
    let (common, policy) = match &arguments.command {
        PolicyCommand::List { common } => (common, None),
        PolicyCommand::Show { common, policy } => (common, Some(policy)),
    };
    let (client, format) = common.client()?;
    let policies = match policy {
        None => client.policies(SHOWN_MAX).map(|(policies, _)| policies),
        Some(id) => client.policy(id).map(|policy| vec![policy]),
    };
    let policies = policies.map_err(|error| failed("read policies", &error))?;
    Ok(list(format, &policies, COLUMNS, |it| it.id.clone()))
}
