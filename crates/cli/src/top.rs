//! `procession top`: what the node does, again and again.

use crate::connect::{Common, failed};
use crate::failure::Failure;
use crate::output::{Format, age, bold, bytes, count, one, printable};
use crate::time;
use clap::{Args, ValueEnum};
use procession_api::{NodeStats, PoolView, ProcessView};
use procession_client::Client;
use serde_json::json;
use std::collections::HashMap;
use std::io::{IsTerminal as _, Write as _, stdout};
use std::ops::ControlFlow;
use std::time::Duration;

/// Processes that are looked at for each picture.
const LOOKED_AT_MAX: usize = 1000;
/// Pools of a picture.
const POOLS_MAX: usize = 8;
/// Rows of a picture when the terminal does not say.
const ROWS: usize = 20;

/// What `top` is told.
#[derive(Debug, Args)]
pub(crate) struct TopArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    /// How often
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = time::parse)]
    pub(crate) interval: Duration,
    /// What comes first
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = Order::Instructions)]
    pub(crate) sort: Order,
    /// Show one picture and end
    #[arg(long)]
    pub(crate) once: bool,
    /// Processes of a picture
    #[arg(long, value_name = "COUNT", default_value_t = ROWS)]
    pub(crate) rows: usize,
}

/// Hosts that are looked at.
const HOSTS_MAX: usize = 1000;

/// What the processes are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Order {
    /// Instructions since the last picture
    Instructions,
    /// Bytes of the heap
    Memory,
    /// Messages that wait
    Mailbox,
}

impl Order {
    /// What a process is sorted by, that has spent so many instructions.
    fn of(self, process: &ProcessView, spent: u64) -> u64 {
        match self {
            Self::Instructions => spent,
            Self::Memory => process.memory_bytes,
            Self::Mailbox => u64::from(process.mailbox_messages),
        }
    }
}

/// Runs the command until it is interrupted, or once.
pub(crate) fn run(arguments: &TopArguments) -> Result<String, Failure> {
    let (client, format) = arguments.common.client()?;
    let is_for_people = matches!(format, Format::Table | Format::Wide);
    if arguments.once || !stdout().is_terminal() || !is_for_people {
        let stats = client.stats().map_err(|error| failed("watch the node", &error))?;
        if !is_for_people {
            return figures(&client, stats, arguments, format);
        }
        return picture(&client, &stats, &mut Before::default(), arguments);
    }
    // A second client: the first one is busy with the stream.
    let (looker, _) = arguments.common.client()?;
    let mut before = Before::default();
    let mut outcome = Ok(());
    client
        .follow_stats(arguments.interval, |stats| {
            match picture(&looker, &stats, &mut before, arguments) {
                Ok(text) => {
                    // From the top left corner on, line by line, then nothing below.
                    let text = text.replace('\n', "\x1b[K\n");
                    match write!(stdout(), "\x1b[H{text}\x1b[J").and_then(|()| stdout().flush()) {
                        Ok(()) => ControlFlow::Continue(()),
                        Err(_) => ControlFlow::Break(()),
                    }
                }
                Err(failure) => {
                    outcome = Err(failure);
                    ControlFlow::Break(())
                }
            }
        })
        .map_err(|error| failed("watch the node", &error))?;
    outcome.map(|()| String::new())
}

/// One picture for programs: the figures are those since the start.
fn figures(
    client: &Client,
    stats: NodeStats,
    arguments: &TopArguments,
    format: Format,
) -> Result<String, Failure> {
    let watch = |error| failed("watch the node", &error);
    let (mut processes, _) = client.processes(None, LOOKED_AT_MAX).map_err(watch)?;
    processes
        .sort_by_key(|process| std::cmp::Reverse(arguments.sort.of(process, process.instructions)));
    processes.truncate(arguments.rows);
    let (pools, _) = client.pools(LOOKED_AT_MAX).map_err(watch)?;
    let names: Vec<String> = processes.iter().map(crate::ps::name).collect();
    let value = json!({"stats": stats, "pools": pools, "processes": processes});
    Ok(one(format, &value, |_| String::new(), |_| names.join("\n")))
}

/// What the last picture showed.
#[derive(Default)]
struct Before {
    stats: Option<NodeStats>,
    instructions: HashMap<String, u64>,
    /// Messages that each pool has done.
    done: HashMap<String, u64>,
}

/// What durable processes take, a line for each host that has some.
fn durable(client: &Client) -> Result<String, Failure> {
    let (hosts, _) = client.hosts(HOSTS_MAX).map_err(|error| failed("watch the node", &error))?;
    let used = hosts.iter().filter(|host| host.durable.resident + host.durable.sleeping > 0);
    let lines: String = used
        .map(|host| {
            let durable = &host.durable;
            let budget = durable.resident_bytes_max.map(|most| format!(" of {}", bytes(most)));
            let line = format!(
                "{}: {} durable in memory, {}{}; {} asleep",
                host.id,
                count(durable.resident),
                bytes(durable.resident_bytes),
                budget.unwrap_or_default(),
                count(durable.sleeping),
            );
            printable(&line) + "\n"
        })
        .collect();
    Ok(if lines.is_empty() { lines } else { lines + "\n" })
}

fn picture(
    client: &Client,
    stats: &NodeStats,
    before: &mut Before,
    arguments: &TopArguments,
) -> Result<String, Failure> {
    let (mut processes, has_more) =
        client.processes(None, LOOKED_AT_MAX).map_err(|error| failed("watch the node", &error))?;
    let pools = pools(client, &mut before.done)?;
    let spent = |process: &ProcessView| {
        let before = before.instructions.get(&process.pid).copied().unwrap_or(0);
        process.instructions.saturating_sub(before)
    };
    processes.sort_by_key(|process| std::cmp::Reverse(arguments.sort.of(process, spent(process))));
    let rate = |of: fn(&NodeStats) -> u64| {
        let since = before.stats.as_ref().map_or(0, of);
        count(of(stats).saturating_sub(since))
    };
    let mut text = format!(
        "{} processes   {} started   {} ended   {} messages   {} instructions\n\n",
        stats.processes,
        rate(|it| it.started),
        rate(|it| it.ended),
        rate(|it| it.messages_sent),
        rate(|it| it.instructions),
    );
    text.push_str(&pools);
    text.push_str(&durable(client)?);
    let title = format!(
        "{:24} {:20} {:9} {:>6} {:>8} {:>11} {:>13}",
        "NAME", "PROGRAM", "STATE", "AGE", "MAILBOX", "MEMORY", "INSTRUCTIONS"
    );
    text.push_str(&format!("{}\n", bold(&title)));
    for process in processes.iter().take(arguments.rows) {
        let line = format!(
            "{:24} {:20} {:9} {:>6} {:>8} {:>11} {:>13}",
            crate::ps::name(process),
            process.program,
            process.state,
            age(&process.started),
            process.mailbox_messages,
            bytes(process.memory_bytes),
            count(spent(process)),
        );
        text.push_str(&format!("{}\n", printable(&line)));
    }
    if has_more {
        text.push_str(&format!("(of the first {LOOKED_AT_MAX} processes)\n"));
    }
    before.instructions =
        processes.into_iter().map(|process| (process.pid, process.instructions)).collect();
    before.stats = Some(stats.clone());
    Ok(text)
}

/// How large each pool is and what it has to do; empty when there is none.
fn pools(client: &Client, before: &mut HashMap<String, u64>) -> Result<String, Failure> {
    let (pools, has_more) =
        client.pools(POOLS_MAX).map_err(|error| failed("watch the node", &error))?;
    if pools.is_empty() {
        return Ok(String::new());
    }
    let title = format!(
        "{:24} {:>7} {:>9} {:>6} {:>6} {:>8} {:>8}",
        "POOL", "MEMBERS", "BOUNDS", "BUSY", "IDLE", "WAITING", "DONE"
    );
    let mut text = format!("{}\n", bold(&title));
    let done = |pool: &PoolView| pool.counts.get("done").copied().unwrap_or(0);
    for pool in &pools {
        let since = before.get(&pool.id).copied().unwrap_or(0);
        let line = format!(
            "{:24} {:>7} {:>9} {:>6} {:>6} {:>8} {:>8}",
            pool.id,
            pool.size,
            format!("{}-{}", pool.min_size, pool.max_size),
            pool.busy,
            pool.idle,
            pool.waiting,
            count(done(pool).saturating_sub(since)),
        );
        text.push_str(&format!("{}\n", printable(&line)));
    }
    if has_more {
        text.push_str(&format!("(the first {POOLS_MAX} pools)\n"));
    }
    *before = pools.iter().map(|pool| (pool.id.clone(), done(pool))).collect();
    Ok(text + "\n")
}
