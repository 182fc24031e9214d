//! `procession up`: a node in the foreground with an application on it.

use crate::application;
use crate::configuration::Configuration;
use crate::connect::ConfigArguments;
use crate::ending::Deadline;
use crate::export::{self, Export};
use crate::failure::{ExitStatus, Failure};
use crate::progress::Progress;
use crate::reloading::Reloader;
use crate::serve::{ServeArguments, listens_on, serve, tell};
use crate::settings::Settings;
use crate::{settings, signals};
use clap::Args;
use procession_application::assemble;
use procession_policy::Unidentified;
use procession_runtime::{ApplicationDefinition, Node, ROOT, StateName, Supervised, Watching};
use procession_server::{Reload, Server};
use procession_spec::Mode;
use procession_store::{DiskConfig, DiskStore, Store, StoreError};
use procession_types::ErrorKind;
use std::collections::BTreeMap;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long is waited until everything is up before it is said that it is not.
const UP_PATIENCE: Duration = Duration::from_secs(60);

/// How often it is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(100);

/// What processes have at least to end that are no part of the application.
const MOMENT: Duration = Duration::from_secs(1);

/// Where the store of an application is, in its directory.
const STORE: &str = ".procession/store";

/// What `up` is told.
#[derive(Debug, Args)]
pub(crate) struct UpArguments {
    /// The application's directory
    #[arg(default_value = ".")]
    pub(crate) directory: PathBuf,
    /// Unknown kinds, keys and modules are warnings
    #[arg(long)]
    pub(crate) lenient: bool,
    /// Keep what processes print and log, and what happens to them, in this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) records: Option<PathBuf>,
    /// Keep durable processes in this directory [default: .procession/store in the application's]
    #[arg(long, value_name = "DIR")]
    pub(crate) store: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) listen: ServeArguments,
    #[command(flatten)]
    pub(crate) config: ConfigArguments,
}

/// What the main thread waits for.
enum Happening {
    /// The first signal came.
    Signal(u8),
    /// Somebody has asked the node to stop, and gives its processes so long.
    Shutdown(Duration),
    /// The application has ended by itself.
    Ended,
}

/// Runs the application until it is asked to end.
///
/// # Errors
/// When it is not valid, can't be started, fails, or is ended by a signal.
pub(crate) fn run(arguments: &UpArguments) -> Result<u8, Failure> {
    let directory = &arguments.directory;
    let settings = settings::load(&arguments.config)?;
    let grace = settings.grace()?;
    let (application, root) = application::read(directory, arguments.lenient)?;
    let (happened, happenings) = channel();
    let first = happened.clone();
    // The main thread is gone only when the process ends anyway.
    signals::listen(move |number| drop(first.send(Happening::Signal(number))))?;

    // Whoever can reach it from other machines needs an actor and policies.
    let unidentified = match arguments.listen.listens(&settings) {
        true => Unidentified::Deny,
        false => Unidentified::Allow,
    };
    let variables: Vec<(String, Vec<u8>)> = variables().collect();
    let mut made = assemble(&application, &root, variables.iter().cloned(), unidentified);
    made.make_directories().map_err(|(path, error)| Failure::file("make", &path, &error))?;
    made.config.records.directory.clone_from(&arguments.records);
    let needs_store = made.config.programs.iter().any(|program| program.durability.is_some());
    made.config.store = store(arguments, needs_store.then(|| directory.join(STORE)))?;
    let node = Arc::new(Node::start(made.config).map_err(|error| Failure::node(&error))?);
    let shown = directory.display().to_string();
    let mut configuration = described(arguments, &settings, grace);
    configuration.put_from("application", root.display().to_string(), "argument");
    let origin = if application.strict.is_some() { "application" } else { "listen" };
    let is_strict = application.strict.unwrap_or(unidentified == Unidentified::Deny);
    configuration.put_from("strict", is_strict, origin);
    let export = export::start(&node, &settings)?;
    let asked = Mutex::new(happened.clone());
    let shutdown = move |grace| {
        let asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
        // The main thread is gone only when the process ends anyway.
        let _ = asked.send(Happening::Shutdown(grace));
    };
    let summary = application::summary(&application);
    let mode = if arguments.lenient { Mode::Lenient } else { Mode::Strict };
    let reloader =
        Reloader::new(&node, (application, root, shown.clone()), variables, unidentified, mode);
    let reload: Reload = Box::new(move |request, patience| reloader.reload(request, patience));
    let server = serve(
        &node,
        &arguments.listen,
        &settings,
        configuration,
        shown.clone(),
        shutdown,
        Some(reload),
    )?;
    tell(&format!("{shown}: {summary}; Ctrl-C ends it; {}", listens_on(&server)));
    start(&node, made.definition)?;
    let watching = node.lookup(ROOT).and_then(|root| {
        let happened = Mutex::new(happened.clone());
        node.watch(root, move |_| {
            let happened = happened.lock().unwrap_or_else(PoisonError::into_inner);
            drop(happened.send(Happening::Ended));
        })
    });
    watch_start(&node);
    let happening = happenings.recv().unwrap_or(Happening::Ended);
    let grace = if let Happening::Shutdown(grace) = happening { grace } else { grace };
    let (deadline, closing) = (Deadline::of(grace), node.closing());
    let running = Running { node, server, export, watching };
    deadline.within(&closing, move || running.end(happening, grace))?
}

/// A node with what hangs on it.
struct Running {
    node: Arc<Node>,
    server: Server,
    export: Export,
    /// Who waits for the end of the application.
    watching: Option<Watching>,
}

impl Running {
    /// Ends all of it; says how the application has ended.
    fn end(self, happening: Happening, grace: Duration) -> Result<u8, Failure> {
        let asked = Instant::now();
        let Self { node, mut server, export, watching } = self;
        let outcome = end_application(&node, happening, grace);
        drop(watching);
        node.closing().wait_for("what processes have printed");
        if !node.flush_output() {
            tell("nobody reads what processes print: what is left of it is lost");
        }
        // Nobody asks any more from here on.
        node.closing().wait_for("answers to requests");
        server.stop();
        drop(export);
        // Who waits for the start may still hold the node; it stops with the process then.
        if let Some(node) = Arc::into_inner(node) {
            // The application had its time; whoever is no part of it has what is left, or a moment.
            node.shutdown(grace.saturating_sub(asked.elapsed()).max(MOMENT));
        }
        // Another node can have the socket from now on.
        drop(server);
        outcome
    }
}

/// What the node tells of what it was told.
fn described<'a>(
    arguments: &UpArguments,
    settings: &'a Settings,
    grace: Duration,
) -> Configuration<'a> {
    let mut configuration = Configuration::new(settings);
    configuration.put("grace", format!("{grace:?}"), false);
    for (name, path) in [("records", &arguments.records), ("store", &arguments.store)] {
        let shown = path.as_ref().map(|path| path.display().to_string());
        configuration.put(name, shown, path.is_some());
    }
    configuration
}

/// The store that was asked for, or the one that durable programs need.
fn store(
    arguments: &UpArguments,
    needed: Option<PathBuf>,
) -> Result<Option<Arc<dyn Store>>, Failure> {
    let Some(path) = arguments.store.clone().or(needed) else { return Ok(None) };
    let opened = DiskStore::open(&path, DiskConfig::default());
    let (store, torn) = opened.map_err(|error| {
        let status = match error {
            StoreError::Locked { .. } => ExitStatus::Conflict,
            _ => ExitStatus::Failure,
        };
        let what = match error {
            StoreError::Full { .. } => format!(
                "; what is not kept any more is removed by: procession store compact {}",
                path.display()
            ),
            _ => String::new(),
        };
        Failure::new(status, format!("failed to open the store {}: {error}{what}", path.display()))
    })?;
    for tail in torn {
        let bytes = tail.bytes;
        let kept = tail.kept.map(|kept| format!(": see {}", kept.display())).unwrap_or_default();
        tell(&format!("store: {bytes} bytes that were being written were cut off{kept}"));
    }
    Ok(Some(Arc::new(store)))
}

/// The variables of the environment that programs could name.
fn variables() -> impl Iterator<Item = (String, Vec<u8>)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_vec())))
}

fn start(node: &Node, application: ApplicationDefinition) -> Result<(), Failure> {
    node.start_application(application).map_err(|errors| {
        let lines: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
        let message = format!("failed to start the application: {}", lines.join("; "));
        Failure::new(ExitStatus::InvalidProgram, message)
    })
}

/// Says when everything is up, and meanwhile what fails.
fn watch_start(node: &Arc<Node>) {
    // It does not keep the node from ending.
    let node = Arc::downgrade(node);
    std::thread::spawn(move || {
        let progress = Progress::begin("starting");
        let end = Instant::now() + UP_PATIENCE;
        let mut told = BTreeMap::new();
        while let Some(node) = node.upgrade() {
            let root = node.wait_until_up(LOOK).map(|root| root.status.state);
            if root == Ok(StateName::Running) {
                drop(progress);
                return tell("everything is up");
            }
            let all: Vec<Supervised> =
                node.supervised().into_iter().filter(|it| it.id != ROOT).collect();
            drop(node);
            for it in all.iter().filter(|it| it.failures() > 0) {
                // Once when it fails, and once when it is given up.
                let is_given_up = it.status.state == StateName::Failed;
                if told.insert(it.id.clone(), is_given_up) < Some(is_given_up) {
                    tell(&failing(it));
                }
            }
            let is_over = !matches!(root, Ok(StateName::Starting | StateName::Degraded));
            if is_over || !all.iter().any(is_moving) {
                return;
            }
            if Instant::now() >= end {
                let late = all.iter().filter(|it| is_moving(it) && it.failures() == 0);
                return late.for_each(|it| tell(&unready(it)));
            }
            std::thread::park_timeout(LOOK);
        }
    });
}

/// Whether it may come up by itself.
fn is_moving(it: &Supervised) -> bool {
    let moving = [StateName::Starting, StateName::Stopping, StateName::Backoff];
    it.status.wanted && moving.contains(&it.status.state)
}

/// What is told of one that has failed.
fn failing(it: &Supervised) -> String {
    let last = it.status.last.as_ref().map(|last| format!(": {}", last.text()));
    match it.status.state {
        StateName::Failed => unready(it),
        _ => format!("{} has failed, and is tried again{}", it.id, last.unwrap_or_default()),
    }
}

/// What is told of one that is not up.
fn unready(it: &Supervised) -> String {
    let status = &it.status;
    let is_told = |last: &String| status.reason.as_ref().is_some_and(|it| it.ends_with(last));
    let last = status.last.as_ref().map(|last| last.text()).filter(|last| !is_told(last));
    let last = last.map(|last| format!(": {last}"));
    let reason = status.reason.as_ref().map(|reason| format!(" ({reason})"));
    let (last, reason) = (last.unwrap_or_default(), reason.unwrap_or_default());
    format!("{} is {}{reason}{last}", it.id, status.state.name())
}

/// Stops the application, when somebody has asked for that; says how it has ended.
fn end_application(node: &Node, happening: Happening, grace: Duration) -> Result<u8, Failure> {
    node.closing().wait_for("the application");
    match happening {
        Happening::Signal(number) => {
            stop(node, grace)?;
            let message = "interrupted; the application was stopped";
            Err(Failure::new(ExitStatus::Signal(number), message))
        }
        Happening::Shutdown(_) => stop(node, grace).map(|()| 0),
        Happening::Ended => {
            let failed: Vec<String> = node
                .supervised()
                .into_iter()
                .filter(|it| it.status.state == StateName::Failed)
                .map(|it| match it.status.last {
                    Some(last) => format!("{}: {}", it.id, last.text()),
                    None => it.id.to_string(),
                })
                .collect();
            let why = if failed.is_empty() {
                String::new()
            } else {
                format!("\n  {}", failed.join("\n  "))
            };
            let message = format!("the application has failed{why}");
            Err(Failure::new(ExitStatus::Failure, message))
        }
    }
}

fn stop(node: &Node, grace: Duration) -> Result<(), Failure> {
    let _progress = Progress::begin("stopping");
    match node.stop_application(Some(grace)) {
        Ok(0) => Ok(()),
        Ok(1) => {
            tell("1 process had to be terminated");
            Ok(())
        }
        Ok(count) => {
            tell(&format!("{count} processes had to be terminated"));
            Ok(())
        }
        Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
        Err(error) => {
            let message = format!("failed to stop the application: {}", error.message);
            Err(Failure::new(ExitStatus::Timeout, message))
        }
    }
}
