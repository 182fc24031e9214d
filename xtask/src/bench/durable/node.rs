//! A node with a store in this process, and what every measurement does with it.

use procession_environment::{Dialect, Durability, Module, Program, Promise, SpawnRequest};
use procession_lua::LuaEnvironment;
use procession_runtime::{HOST_NORMAL, Node, NodeConfig, Sinks};
use procession_store::{DiskConfig, DiskStore, Store};
use procession_types::{
    Context, ExitReason, Fragment, FragmentBuilder, Message, Pid, ProgramLimits, SmolStr, Topic,
    word,
};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How long a process is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// Processes that are asked for their counts at once.
const ASKED_AT_ONCE: usize = 1024;

/// How a program's processes outlive the node.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Local,
    Async,
}

macro_rules! source {
    ($name:literal) => {
        include_str!(concat!("../../../../bench/ours/durable/", $name, ".lua"))
    };
}

const PROGRAMS: [(&str, &str, Kind); 8] = [
    ("counter", source!("counter"), Kind::Local),
    ("back", source!("back"), Kind::Local),
    ("book", source!("book"), Kind::Async),
    ("busy", source!("busy"), Kind::Local),
    ("births", source!("births"), Kind::Plain),
    ("feed", source!("feed"), Kind::Plain),
    ("sum", source!("sum"), Kind::Plain),
    ("turns", source!("turns"), Kind::Plain),
];

fn program((name, source, kind): (&str, &str, Kind)) -> Program {
    let promise = if kind == Kind::Async { Promise::Async } else { Promise::Local };
    let durability = Durability { promise, ..Durability::default() };
    Program {
        id: format!("app:{name}"),
        main: Module {
            name: format!("app:{name}"),
            file: format!("{name}.lua"),
            source: source.as_bytes().into(),
        },
        method: None,
        modules: vec!["time".to_owned()],
        imports: Vec::new(),
        dialect: Dialect::Plain,
        durability: (kind != Kind::Plain).then_some(durability),
        limits: ProgramLimits::default(),
    }
}

/// A node over the store in a directory; processes leave memory after they have been idle for so long.
pub(super) fn start(store: &Path, idle: Duration) -> Result<Node, String> {
    start_within(store, idle, None)
}

/// Likewise, with so many bytes for the processes in memory.
pub(super) fn start_within(
    store: &Path,
    idle: Duration,
    resident_bytes_max: Option<u64>,
) -> Result<Node, String> {
    let (store, _) = DiskStore::open(store, DiskConfig::default())
        .map_err(|error| format!("could not open the store: {error}"))?;
    let mut config = NodeConfig::new(Arc::new(LuaEnvironment::new()));
    config.sinks = Sinks::none();
    config.store = Some(Arc::new(store) as Arc<dyn Store>);
    config.hosts[0].hibernate_after_ns = Some(idle.as_nanos() as u64);
    config.hosts[0].resident_bytes_max = resident_bytes_max;
    config.programs = PROGRAMS.into_iter().map(program).collect();
    Node::start(config).map_err(|error| format!("could not start the node: {error}"))
}

/// What a program is started with.
pub(super) enum Argument<'a> {
    Text(&'a str),
    Number(i64),
}

fn request(name: &str, arguments: &[Argument<'_>]) -> SpawnRequest {
    let mut builder = FragmentBuilder::new();
    let values: Vec<_> = arguments
        .iter()
        .map(|argument| match argument {
            Argument::Text(text) => builder.string(text.as_bytes()),
            Argument::Number(number) => word::int_wrapping(*number),
        })
        .collect();
    SpawnRequest {
        program: SmolStr::new(format!("app:{name}")),
        host: SmolStr::new(HOST_NORMAL),
        arguments: builder.finish(&values),
        ..SpawnRequest::default()
    }
}

/// Starts a process.
pub(super) fn spawn(node: &Node, name: &str, arguments: &[Argument<'_>]) -> Result<Pid, String> {
    let started = node.spawn(request(name, arguments), Context::default());
    started.map(|started| started.pid).map_err(|error| format!("could not start {name}: {error}"))
}

/// Starts a process, and gives what it ends with.
fn ended(node: &Node, name: &str, arguments: &[Argument<'_>]) -> Result<Fragment, String> {
    let started = node.spawn(request(name, arguments), Context::default());
    let started = started.map_err(|error| format!("could not start {name}: {error}"))?;
    let ending = started.ending.ok_or("somebody has its name")?;
    let reason = ending.wait_for(PATIENCE).map_err(|_| format!("{name} does not end"))?;
    match &*reason {
        ExitReason::Normal(value) => Ok(value.clone()),
        ExitReason::Failed(failure) => Err(format!("{name} has failed: {failure:?}")),
    }
}

/// Starts a process, and gives the number that it ends with.
pub(super) fn number(node: &Node, name: &str, arguments: &[Argument<'_>]) -> Result<i64, String> {
    let value = ended(node, name, arguments)?;
    let number = value.values().first().and_then(|word| value.integer(*word));
    number.ok_or_else(|| format!("{name} has ended with something else than a number"))
}

/// Starts a process, and gives the text that it ends with.
pub(super) fn text(node: &Node, name: &str, arguments: &[Argument<'_>]) -> Result<String, String> {
    let value = ended(node, name, arguments)?;
    let text = value.values().first().and_then(|word| value.string(*word));
    let text = text.ok_or_else(|| format!("{name} has ended with something else than a text"))?;
    String::from_utf8(text).map_err(|error| error.to_string())
}

/// The sum of the counts of some processes, when they have done all that was sent to them.
pub(super) fn sum(node: &Node, pids: &[Pid]) -> Result<i64, String> {
    let mut all = 0;
    for pids in pids.chunks(ASKED_AT_ONCE) {
        let texts: Vec<String> = pids.iter().map(|pid| node.pid_text(*pid)).collect();
        let arguments: Vec<_> = texts.iter().map(|text| Argument::Text(text)).collect();
        all += number(node, "sum", &arguments)?;
    }
    Ok(all)
}

/// Starts so many counters, each of which has had a message, and gives some of them, so many from one to
/// the next.
pub(super) fn born(node: &Node, count: i64, apart: i64) -> Result<Vec<Pid>, String> {
    let arguments =
        [Argument::Text("app:counter"), Argument::Number(count), Argument::Number(apart)];
    let some = text(node, "births", &arguments)?;
    let known = |pid: &str| node.parse_pid(pid).ok_or_else(|| format!("{pid} is no PID"));
    some.split(' ').map(known).collect()
}

/// A message with a text.
pub(super) fn message(text: &str) -> Message {
    let mut builder = FragmentBuilder::new();
    let value = builder.string(text.as_bytes());
    Message { topic: Topic::new("one"), from: None, payload: builder.finish(&[value]) }
}

/// Ends a node in order.
pub(super) fn stop(node: Node) {
    node.shutdown(Duration::from_secs(30));
}
