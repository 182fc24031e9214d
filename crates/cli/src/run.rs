//! `procession run`: a node in the foreground with one program on it.

use crate::args::RunArguments;
use crate::configuration::Configuration;
use crate::ending::Deadline;
use crate::export::{self, Export};
use crate::failure::{ExitStatus, Failure};
use crate::serve::{listens_on, serve, tell};
use crate::{grant, programs, settings, signals};
use procession_environment::SpawnRequest;
use procession_lua::LuaEnvironment;
use procession_runtime::telemetry::Records;
use procession_runtime::{HOST_NORMAL, Node, NodeConfig};
use procession_server::Server;
use procession_types::{Context, ExitReason, Fragment, FragmentBuilder, Pid, ProgramLimits, word};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a program may take to end after the first Ctrl-C.
const GRACE: Duration = Duration::from_secs(5);

/// What the main thread waits for.
enum Happening {
    /// The program's process has ended; `None` when the node stopped before.
    Ended(Option<Arc<ExitReason>>),
    /// The first signal came.
    Signal(u8),
    /// Somebody has asked the node to stop, and gives its processes so long.
    Shutdown(Duration),
}

/// Who has asked the program to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// A signal of this number.
    Signal(u8),
    /// Another command.
    Shutdown,
}

/// Runs a program; gives back its exit status.
///
/// # Errors
/// When it can't be started, fails, or is ended by a signal.
pub(crate) fn run(arguments: &RunArguments) -> Result<u8, Failure> {
    if !arguments.serve && arguments.listen.is_given() {
        let message = "--socket, --listen and --tokens say where the node listens";
        return Err(Failure::usage(message).with_hint("add --serve"));
    }
    let mut named = ProgramLimits::default();
    arguments.limits.iter().for_each(|change| change.apply(&mut named));
    let programs = programs::load(&arguments.file, named)?;
    let environment = std::env::vars_os();
    let (grants, words) = (&arguments.grants, &arguments.arguments);
    let granted = grant::of_run(grants, words, environment, &arguments.variables)?;
    let (happened, happenings) = channel();
    let first = happened.clone();
    // The main thread is gone only when the process ends anyway.
    signals::listen(move |number| drop(first.send(Happening::Signal(number))))?;

    let mut config = NodeConfig::new(Arc::new(LuaEnvironment::new()));
    if !arguments.serve {
        // Nobody is there to ask for them.
        config.records = Records::none();
    }
    let cores = i64::from(config.shards);
    (config.programs, config.grants) = (programs, granted.directories);
    (config.web_grants, config.variables) = (granted.hosts, granted.variables);
    if let Some(after) = arguments.hibernate_after {
        config.hosts.iter_mut().for_each(|host| host.hibernate_after_ns = after.nanoseconds);
    }
    let limits = named.on_host(&config.hosts[0].limits);
    let node = Arc::new(Node::start(config).map_err(|error| Failure::node(&error))?);
    let mut server = face(&node, arguments, &happened)?;
    let request = SpawnRequest {
        program: programs::MAIN.into(),
        host: HOST_NORMAL.into(),
        arguments: strings(&arguments.arguments),
        ..SpawnRequest::default()
    };
    let started = node.spawn(request, context(cores)).map_err(|error| Failure::load(&error))?;
    if let Some(ending) = started.ending {
        std::thread::spawn(move || happened.send(Happening::Ended(ending.wait())));
    }
    let closing = node.closing();
    let Waited { reason, asked, deadline } = wait(&node, started.pid, &happenings)?;
    // Whatever is still running stops, and output is written.
    deadline.within(&closing, move || {
        // Nobody asks any more from here on.
        if let Some((server, _)) = &mut server {
            server.stop();
        }
        drop(node);
        drop(server);
    })?;
    // Whoever asked the node to stop wants it to be gone, whatever the program says of it.
    if asked == Some(Asked::Shutdown) {
        return Ok(0);
    }
    if let Some(Asked::Signal(number)) = asked {
        return Err(interrupted(reason.as_deref(), number));
    }
    let stopped = || Failure::new(ExitStatus::Failure, "the node stopped before the program ended");
    let reason = reason.ok_or_else(stopped)?;
    let failure = Failure::of_exit(&reason, &arguments.file, &limits);
    failure.map_or_else(|| Ok(status(&reason)), Err)
}

/// The server of the node, when it is to have one.
fn face(
    node: &Arc<Node>,
    arguments: &RunArguments,
    happened: &Sender<Happening>,
) -> Result<Option<(Server, Export)>, Failure> {
    if !arguments.serve {
        return Ok(None);
    }
    let settings = settings::load(&arguments.config)?;
    let file = arguments.file.display().to_string();
    let mut configuration = Configuration::new(&settings);
    configuration.put_from("application", file.clone(), "argument");
    configuration.put("grace", format!("{GRACE:?}"), false);
    let export = export::start(node, &settings)?;
    let happened = Mutex::new(happened.clone());
    let shutdown = move |grace| {
        let happened = happened.lock().unwrap_or_else(PoisonError::into_inner);
        // The main thread is gone only when the process ends anyway.
        let _ = happened.send(Happening::Shutdown(grace));
    };
    let (listen, shown) = (&arguments.listen, file.clone());
    let server = serve(node, listen, &settings, configuration, file, shutdown, None)?;
    tell(&format!("{shown}: {}", listens_on(&server)));
    Ok(Some((server, export)))
}

/// How the wait for the program was.
struct Waited {
    /// How its process ended, when that is known.
    reason: Option<Arc<ExitReason>>,
    /// Who asked for that.
    asked: Option<Asked>,
    /// When the node must have ended.
    deadline: Deadline,
}

/// Waits for the end of the process; asks for it when a signal comes.
///
/// # Errors
/// When the process has not ended long after it was asked to.
fn wait(node: &Node, pid: Pid, happenings: &Receiver<Happening>) -> Result<Waited, Failure> {
    let (mut asked, mut deadline) = (None, None::<Deadline>);
    loop {
        let happening = match &deadline {
            None => happenings.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(deadline) => happenings.recv_timeout(deadline.left()),
        };
        match happening {
            Ok(Happening::Ended(reason)) => {
                let deadline = deadline.unwrap_or_else(|| Deadline::of(Duration::ZERO));
                return Ok(Waited { reason, asked, deadline });
            }
            Ok(Happening::Signal(number)) => {
                deadline = Some(Deadline::of(GRACE));
                asked = Some(Asked::Signal(number));
                // It may have ended by itself just now; its end is on the way then.
                let _ = node.cancel(pid, Some(GRACE), "interrupted");
            }
            Ok(Happening::Shutdown(grace)) => {
                deadline = Some(Deadline::of(grace));
                asked = asked.or(Some(Asked::Shutdown));
                let _ = node.cancel(pid, Some(grace), "shutdown");
            }
            Err(RecvTimeoutError::Disconnected) => {
                let deadline = Deadline::of(Duration::ZERO);
                return Ok(Waited { reason: None, asked, deadline });
            }
            Err(RecvTimeoutError::Timeout) => {
                node.closing().wait_for("the program's process");
                let missed = deadline.unwrap_or_else(|| Deadline::of(Duration::ZERO));
                return Err(missed.missed(&node.closing()));
            }
        }
    }
}

/// How a run ends that was asked to end, whatever became of the program.
fn interrupted(reason: Option<&ExitReason>, signal: u8) -> Failure {
    let how = match reason {
        Some(ExitReason::Normal(_)) => "interrupted; the program ended by itself",
        Some(ExitReason::Failed(_)) | None => "interrupted; the program was ended",
    };
    Failure::new(ExitStatus::Signal(signal), how)
}

/// The exit status that a normal end asks for: an integer from 0 to 255, otherwise 0.
fn status(reason: &ExitReason) -> u8 {
    let ExitReason::Normal(result) = reason else { return 0 };
    let integer = result.values().first().and_then(|&value| result.integer(value));
    integer.and_then(|value| u8::try_from(value).ok()).unwrap_or(0)
}

/// The program's arguments, each a string of whatever bytes were given.
fn strings(arguments: &[OsString]) -> Fragment {
    let mut builder = FragmentBuilder::new();
    let values: Vec<_> = arguments.iter().map(|text| builder.string(text.as_bytes())).collect();
    builder.finish(&values)
}

/// What a program can ask `ctx` about.
fn context(cores: i64) -> Context {
    let cores = FragmentBuilder::new().finish(&[word::int_wrapping(cores)]);
    Context { values: BTreeMap::from([("cores".to_owned(), cores)]), actor: None, scope: None }
}
