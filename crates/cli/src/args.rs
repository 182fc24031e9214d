//! The command line: what can be said, and how a mistake in it is reported.

use crate::call::CallArguments;
use crate::can::CanArguments;
use crate::check::CheckArguments;
use crate::completion::{CompleteArguments, CompletionArguments};
use crate::config::ConfigCommandArguments;
use crate::connect::ConfigArguments;
use crate::control::ControlArguments;
use crate::doctor::DoctorArguments;
use crate::down::DownArguments;
use crate::drain::DrainArguments;
use crate::events::EventsArguments;
use crate::failure::Failure;
use crate::fork::ForkArguments;
use crate::grant::{self, Setting};
use crate::hibernate::{self, HibernateAfter};
use crate::history::HistoryArguments;
use crate::hosts::HostsArguments;
use crate::init::InitArguments;
use crate::inspect::InspectArguments;
use crate::kill::KillArguments;
use crate::limits::LimitChange;
use crate::logs::LogsArguments;
use crate::past_state::StateArguments;
use crate::pause::PauseArguments;
use crate::policy::PolicyArguments;
use crate::ps::PsArguments;
use crate::reload::ReloadArguments;
use crate::replay::ReplayArguments;
use crate::resume::ResumeArguments;
use crate::scale::ScaleArguments;
use crate::send::SendArguments;
use crate::serve::ServeArguments;
use crate::skip::SkipArguments;
use crate::snapshot::SnapshotArguments;
use crate::spawn::SpawnArguments;
use crate::status::StatusArguments;
use crate::stop::StopArguments;
use crate::store::StoreArguments;
use crate::token::TokenArguments;
use crate::top::TopArguments;
use crate::tree::TreeArguments;
use crate::up::UpArguments;
use crate::upgrade::UpgradeArguments;
use crate::version::VersionArguments;
use crate::wait::WaitArguments;
use clap::error::{ContextKind, ErrorKind as ClapKind};
use clap::{Args, Parser, Subcommand};
use std::ffi::OsString;
use std::path::PathBuf;

/// A process runtime: starts, supervises and meters processes.
#[derive(Debug, Parser)]
#[command(name = "procession", version, disable_help_subcommand = true, after_help = EXIT_CODES)]
pub(crate) struct CommandLine {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done, 1 it failed, 2 wrong usage, 3 not running, 4 not found, 5 permission denied,
6 conflict, 7 node unreachable, 8 out of time, 9 not a valid program or configuration,
10 over a limit, 128+n ended by signal n.
More: docs/cli.md";

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a Lua program as a process, in the foreground
    Run(RunArguments),
    /// Make a small application to begin with
    Init(InitArguments),
    /// Say whether a directory is a valid application
    Check(CheckArguments),
    /// Start a node with an application, in the foreground
    Up(UpArguments),
    /// Read the application again, and change to it what runs
    Reload(ReloadArguments),
    /// Stop a node
    Down(DownArguments),
    /// Show what the node is and how it is
    Status(StatusArguments),
    /// List processes
    Ps(PsArguments),
    /// Show who has started whom
    Tree(TreeArguments),
    /// The process hosts, and what durable processes take there
    Hosts(HostsArguments),
    /// Show what the node does, again and again
    Top(TopArguments),
    /// Show everything about a process
    Inspect(InspectArguments),
    /// Start a process
    Spawn(SpawnArguments),
    /// Ask processes to end, and wait until they have
    Stop(StopArguments),
    /// End processes at once
    Kill(KillArguments),
    /// Let processes stand still until they are resumed
    Pause(PauseArguments),
    /// Let paused processes go on
    Resume(ResumeArguments),
    /// Let halted durable processes go on without the input they failed over
    Skip(SkipArguments),
    /// Start services that were stopped
    Start(ControlArguments),
    /// Let services go down and come up again
    Restart(ControlArguments),
    /// Give something no new work, and take it down when it has finished what it has
    Drain(DrainArguments),
    /// Set the size of a pool
    Scale(ScaleArguments),
    /// Let another program go on in the place of a process's
    Upgrade(UpgradeArguments),
    /// Show what processes print and log
    Logs(LogsArguments),
    /// Show what happens to processes, services and pools
    Events(EventsArguments),
    /// Show what a durable process has done
    History(HistoryArguments),
    /// Show a durable process as it was
    State(StateArguments),
    /// Run the past of a durable process again, and compare
    Replay(ReplayArguments),
    /// Make a durable process with the past of another one
    Fork(ForkArguments),
    /// Make, list and use snapshots of durable processes
    Snapshot(SnapshotArguments),
    /// Wait for the end of a process
    Wait(WaitArguments),
    /// Send a message to a process
    Send(SendArguments),
    /// Run a program for its result
    Call(CallArguments),
    /// Say whether an actor may do something
    Can(CanArguments),
    /// Show policies
    Policy(PolicyArguments),
    /// Make, list and revoke the tokens of callers over TCP
    Token(TokenArguments),
    /// Look after what durable processes have left on the disk
    Store(StoreArguments),
    /// Show settings, and the schema of applications
    Config(ConfigCommandArguments),
    /// Say whether everything that a node needs works here
    Doctor(DoctorArguments),
    /// Print what makes a shell complete, or the manual page
    Completion(CompletionArguments),
    /// What the scripts of completion ask
    #[command(name = "__complete", hide = true)]
    Complete(CompleteArguments),
    /// Print the version
    Version(VersionArguments),
}

/// What `run` is told.
#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// The program; its Lua neighbours become app:NAME and can be required
    pub(crate) file: PathBuf,
    /// Limit the program's processes: memory=64MiB, wall_clock=2s, instructions=1000000000, …
    #[arg(long = "limit", value_name = "NAME=VALUE", value_parser = LimitChange::parse)]
    pub(crate) limits: Vec<LimitChange>,
    /// Let the program use something: fs:DIR (to read), fs:DIR:rw (to write, too), env:NAME,
    /// http:HOST[:PORT]
    #[arg(long = "grant", value_name = "WHAT", value_parser = grant::parse)]
    pub(crate) grants: Vec<procession_spec::Grant>,
    /// Give the program a variable, whatever the environment has
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = grant::parse_setting)]
    pub(crate) variables: Vec<Setting>,
    /// Pack processes that have been idle for so long: 5s, 0 (whenever they wait), never [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = hibernate::parse)]
    pub(crate) hibernate_after: Option<HibernateAfter>,
    /// Let other commands ask about the program while it runs
    #[arg(long)]
    pub(crate) serve: bool,
    #[command(flatten)]
    pub(crate) listen: ServeArguments,
    #[command(flatten)]
    pub(crate) config: ConfigArguments,
    /// Arguments of the program; directories among them are granted to read
    #[arg(last = true, value_name = "ARGS")]
    pub(crate) arguments: Vec<OsString>,
}

/// What the command line asks for.
pub(crate) enum Request {
    /// A command.
    Do(Box<Command>),
    /// A text that was asked for: help or version.
    Show(String),
}

/// Reads the command line.
///
/// # Errors
/// Exit code 2, with what is wrong and a hint where there is one.
pub(crate) fn read(words: impl IntoIterator<Item = OsString>) -> Result<Request, Failure> {
    let words: Vec<OsString> = words.into_iter().collect();
    let takes_arguments = words.get(1).is_some_and(|verb| verb == "run" || verb == "upgrade");
    match CommandLine::try_parse_from(words) {
        Ok(line) => Ok(Request::Do(Box::new(line.command))),
        Err(error) => match error.kind() {
            ClapKind::DisplayHelp | ClapKind::DisplayVersion => {
                Ok(Request::Show(error.render().to_string()))
            }
            ClapKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                Err(Failure::usage(format!("no command given\n\n{}", error.render())))
            }
            _ => Err(complaint(&error, takes_arguments)),
        },
    }
}

/// Clap's message in the form of ours, with a hint of our own. Some commands have words for a program.
fn complaint(error: &clap::Error, takes_arguments: bool) -> Failure {
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let text = text.split("\n\nFor more information").next().unwrap_or(text);
    let unknown = error.get(ContextKind::InvalidArg).map(ToString::to_string).unwrap_or_default();
    let hint = match error.kind() {
        ClapKind::InvalidSubcommand => "see procession --help",
        ClapKind::UnknownArgument if takes_arguments && !unknown.starts_with('-') => {
            "what is meant for the program comes after --"
        }
        _ => "see procession --help, or COMMAND --help",
    };
    Failure::usage(text.trim_end()).with_hint(hint)
}
