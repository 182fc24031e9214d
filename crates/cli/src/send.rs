//! `procession send`: put a message into a mailbox.

use crate::connect::{Common, failed};
use crate::failure::Failure;
use crate::select::Which;
use crate::values;
use clap::Args;
use procession_api::MessageRequest;

/// What `send` is told.
#[derive(Debug, Args)]
pub(crate) struct SendArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    /// A name, a PID, an id, or the unique beginning of one
    #[arg(value_name = "PROCESS")]
    pub(crate) to: Option<String>,
    /// What it is about
    #[arg(value_name = "TOPIC")]
    pub(crate) topic: Option<String>,
    /// All that match, in the place of PROCESS: program, host, state, name, parent, service, or labels of that
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    pub(crate) selector: Option<String>,
    /// Send it again with the same key, and nothing is sent again
    #[arg(long, value_name = "KEY", conflicts_with = "selector")]
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
    let words = [&arguments.to, &arguments.topic].into_iter().flatten();
    let words = words.chain(&arguments.values).cloned();
    let (which, mut words) = Which::of_words(arguments.selector.as_ref(), words)?;
    if words.is_empty() {
        return Err(Failure::usage(
            "the topic is missing: procession send PROCESS TOPIC [VALUES…]",
        ));
    }
    let topic = words.remove(0);
    let payload = values::read(&words, arguments.json)?;
    let (client, _) = arguments.common.client()?;
    which.each(&client, |to| {
        let (topic, payload) = (topic.clone(), payload.clone());
        let request = MessageRequest { to: to.to_owned(), topic, payload };
        client
            .send_message(&request, arguments.idempotency_key.as_deref())
            .map_err(|error| failed(&format!("send to {to}"), &error))
    })?;
    Ok(String::new())
}
