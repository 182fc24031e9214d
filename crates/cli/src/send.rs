//! `procession send`: put a message into a mailbox.

use crate::connect::{Common, failed};
use crate::failure::Failure;
use crate::values;
use clap::Args;
use procession_api::MessageRequest;

/// What `send` is told.
#[derive(Debug, Args)]
pub(crate) struct SendArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    /// A name, a PID, an id, or the unique beginning of one
    pub(crate) to: String,
    /// What it is about
    pub(crate) topic: String,
    /// Send it again with the same key, and nothing is sent again
    #[arg(long, value_name = "KEY")]
    pub(crate) idempotency_key: Option<String>,
    /// Each of VALUES is JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Its values
    #[arg(value_name = "VALUES")]
    pub(crate) values: Vec<String>,
}

/// Runs the command; it has no output.
pub(crate) fn run(arguments: &SendArguments) -> Result<String, Failure> {
    let (client, _) = arguments.common.client()?;
    let request = MessageRequest {
        to: arguments.to.clone(),
        topic: arguments.topic.clone(),
        payload: values::read(&arguments.values, arguments.json)?,
    };
    client
        .send_message(&request, arguments.idempotency_key.as_deref())
        .map_err(|error| failed(&format!("send to {}", arguments.to), &error))?;
    Ok(String::new())
}
