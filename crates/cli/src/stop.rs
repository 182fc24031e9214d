//! `procession stop`: ask processes to end, and wait until they have.

use crate::connect::{Common, failed};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::select::Which;
use crate::time;
use clap::Args;
use procession_api::CancelRequest;
use procession_client::{Client, ClientError};
use std::time::Duration;

/// How much longer than its deadline the end of a process is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Longest time that the end of a service is waited for: those that require it end before it, each in the
/// time of its definition.
const CONTROL_MAX: Duration = Duration::from_secs(300);
/// What an order that nobody waits for may take.
const ORDER: Duration = Duration::from_millis(1);

/// What `stop` is told.
#[derive(Debug, Args)]
pub(crate) struct StopArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) which: Which,
    /// How long they have until they are terminated [default: the setting grace, 10s]; services have the
    /// time of their definitions
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    pub(crate) deadline: Option<Duration>,
    /// Do not wait until they have ended
    #[arg(long)]
    pub(crate) no_wait: bool,
}

/// Runs the command; it has no output.
pub(crate) fn run(arguments: &StopArguments) -> Result<String, Failure> {
    let (client, _) = arguments.common.client()?;
    let deadline = match arguments.deadline {
        Some(deadline) => deadline,
        None => arguments.common.settings()?.grace()?,
    };
    let request = CancelRequest {
        deadline: Some(format!("{}ms", deadline.as_millis())),
        reason: Some("procession stop".to_owned()),
    };
    let mut asked = Vec::new();
    let outcome = arguments.which.each(&client, |process| {
        let doing = format!("stop {process}");
        // A service that is only ended would be started again.
        if arguments.which.selector.is_none() && stop_service(&client, process, arguments)? {
            return Ok(());
        }
        // By its PID from here on: who holds the name may change.
        let pid = client.process(process).map_err(|error| failed(&doing, &error))?.process.pid;
        client.cancel(&pid, &request).map_err(|error| failed(&doing, &error))?;
        asked.push(pid);
        Ok(())
    });
    if !arguments.no_wait {
        let _progress = Progress::begin(format!("waiting for the end of {}", these(&asked)));
        for pid in &asked {
            wait(&client, pid, deadline + PATIENCE)?;
        }
    }
    outcome.map(|()| String::new())
}

/// Stops a service, supervisor or pool, if there is one with this id.
fn stop_service(client: &Client, id: &str, arguments: &StopArguments) -> Result<bool, Failure> {
    match client.service(id) {
        Ok(_) => {}
        Err(ClientError::Problem(_)) => return Ok(false),
        Err(error) => return Err(failed(&format!("stop {id}"), &error)),
    }
    let _progress = Progress::begin(format!("waiting for {id}"));
    let most = if arguments.no_wait { ORDER } else { CONTROL_MAX };
    match client.control(id, "stop", most) {
        Ok(_) => Ok(true),
        // It goes on, and nobody wants to know when it is done.
        Err(ClientError::Problem(problem)) if arguments.no_wait && problem.status == 504 => {
            Ok(true)
        }
        Err(error) => Err(failed(&format!("stop {id}"), &error)),
    }
}

fn these(pids: &[String]) -> String {
    match pids {
        [one] => one.clone(),
        several => format!("{} processes", several.len()),
    }
}

/// Waits for the end of a process, however it ends.
fn wait(client: &Client, pid: &str, most: Duration) -> Result<(), Failure> {
    match client.wait(pid, most) {
        Ok(_) => Ok(()),
        // It had ended already.
        Err(ClientError::Problem(problem)) if problem.status == 404 => Ok(()),
        Err(error) => Err(failed(&format!("stop {pid}"), &error)),
    }
}
