//! `procession token`: who may ask a node over TCP.

use crate::connect::Common;
use crate::failure::{ExitStatus, Failure};
use crate::output::{Column, column, list, one};
use clap::{Args, Subcommand};
use procession_server::{TokenError, TokenView, Tokens};
use serde_json::json;

/// What `token` is told.
#[derive(Debug, Args)]
pub(crate) struct TokenArguments {
    #[command(subcommand)]
    pub(crate) command: TokenCommand,
}

/// What can be done with tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token; its text is shown once and kept nowhere
    Create {
        #[command(flatten)]
        common: Common,
        /// The actor for which its holder's permissions are checked
        actor: String,
        /// A policy that applies to its holder; may be given several times
        #[arg(long = "policy", value_name = "ID")]
        policies: Vec<String>,
    },
    /// Show all tokens, without their texts
    List {
        #[command(flatten)]
        common: Common,
    },
    /// Make a token invalid, from the next request on
    Revoke {
        #[command(flatten)]
        common: Common,
        /// Its id
        id: String,
    },
}

const COLUMNS: &[Column<TokenView>] = &[
    column("ID", |it| it.id.clone()),
    column("ACTOR", |it| it.actor.clone()),
    column("POLICIES", |it| it.scope.join(" ")),
    column("CREATED", |it| {
        let at = i64::try_from(it.created).unwrap_or(0).saturating_mul(1_000_000_000);
        procession_api::rfc3339(procession_types::Timestamp(at))
    }),
];

/// Runs the command; gives its output.
pub(crate) fn run(arguments: &TokenArguments) -> Result<String, Failure> {
    let (TokenCommand::Create { common, .. }
    | TokenCommand::List { common }
    | TokenCommand::Revoke { common, .. }) = &arguments.command;
    let settings = common.settings()?;
    let format = match common.output {
        Some(format) => format,
        None => settings.format()?,
    };
    let tokens =
        Tokens::open(&settings.tokens()?).map_err(|error| failed("read tokens", &error))?;
    match &arguments.command {
        TokenCommand::Create { actor, policies, .. } => {
            let made = tokens.create(actor, policies.clone());
            let made = made.map_err(|error| failed("make a token", &error))?;
            let value = json!({"token": made.text, "id": made.token.id});
            Ok(one(format, &value, |_| format!("{}\n", made.text), |_| made.text.clone()))
        }
        TokenCommand::List { .. } => {
            let all = tokens.list().map_err(|error| failed("read tokens", &error))?;
            Ok(list(format, &all, COLUMNS, |it| it.id.clone()))
        }
        TokenCommand::Revoke { id, .. } => {
            tokens.revoke(id).map_err(|error| failed("revoke the token", &error))?;
            Ok(String::new())
        }
    }
}

/// A failed operation with tokens.
pub(crate) fn failed(doing: &str, error: &TokenError) -> Failure {
    let status = match error {
        TokenError::Io { source, .. } if source.kind() == std::io::ErrorKind::PermissionDenied => {
            ExitStatus::PermissionDenied
        }
        TokenError::NotFound(_) => ExitStatus::NotFound,
        TokenError::TooMany => ExitStatus::Limit,
        TokenError::Damaged { .. } | TokenError::Open(_) => ExitStatus::InvalidProgram,
        TokenError::Io { .. } | TokenError::Random(_) => ExitStatus::Failure,
    };
    Failure::new(status, format!("failed to {doing}: {error}"))
}
