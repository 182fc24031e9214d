//! `procession can`: may this actor do that?

use crate::connect::{Common, failed};
use crate::failure::{ExitStatus, Failure};
use crate::output::{one, printable};
use clap::Args;
use procession_api::{AuthorizeRequest, AuthorizeResponse};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write as _;

/// What `can` is told.
#[derive(Debug, Args)]
pub(crate) struct CanArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Id of the actor
    pub(crate) actor: String,
    /// What it wants to do, as in process.send
    pub(crate) action: String,
    /// To what: a PID, a program, a host, a name
    pub(crate) resource: String,
    /// A policy that applies to it; may be given several times
    #[arg(long = "policy", value_name = "ID")]
    pub(crate) policies: Vec<String>,
    /// What policies ask about as actor.meta.NAME; VALUE is JSON or a text
    #[arg(long = "actor-meta", value_name = "NAME=VALUE")]
    pub(crate) actor_meta: Vec<String>,
    /// What policies ask about as meta.NAME
    #[arg(long = "meta", value_name = "NAME=VALUE")]
    pub(crate) meta: Vec<String>,
    /// Say what each policy contributed
    #[arg(long)]
    pub(crate) explain: bool,
}

/// Runs the command; exit code 5 when the answer is no.
pub(crate) fn run(arguments: &CanArguments) -> Result<String, Failure> {
    let (client, format) = arguments.common.client()?;
    let request = AuthorizeRequest {
        actor: Some(arguments.actor.clone()),
        actor_meta: attributes(&arguments.actor_meta)?,
        scope: Some(arguments.policies.clone()),
        action: arguments.action.clone(),
        resource: arguments.resource.clone(),
        meta: attributes(&arguments.meta)?,
    };
    let answer = client.authorize(&request).map_err(|error| failed("ask the policies", &error))?;
    let text = |it: &AuthorizeResponse| {
        let mut text = format!("{}\n", it.reason);
        for considered in it.considered.iter().filter(|_| arguments.explain) {
            let effect = considered.effect.as_deref().unwrap_or("unknown");
            let line = format!("{} ({effect}): {}", considered.policy, considered.outcome);
            text.push_str(&format!("  {}\n", printable(&line)));
        }
        text
    };
    let shown = one(format, &answer, text, |it| if it.allowed { "yes" } else { "no" }.to_owned());
    if answer.allowed {
        return Ok(shown);
    }
    let _ = std::io::stdout().write_all(shown.as_bytes());
    let CanArguments { actor, action, resource, .. } = arguments;
    let message = format!("{actor} may not do {action} on {resource}");
    let failure = Failure::new(ExitStatus::PermissionDenied, message);
    Err(if arguments.explain {
        failure
    } else {
        failure.with_hint("--explain says what each policy says")
    })
}

fn attributes(texts: &[String]) -> Result<BTreeMap<String, Value>, Failure> {
    let read = |text: &String| {
        let (name, value) = text.split_once('=').ok_or_else(|| {
            Failure::usage(format!("\"{text}\" is no attribute; write NAME=VALUE"))
        })?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
        Ok((name.to_owned(), value))
    };
    texts.iter().map(read).collect()
}
