//! `procession`: the command for people and scripts.
//!
//! Reads the command line, calls one file per command, and turns its outcome into output and an exit
//! code. It decides nothing about processes: that is the runtime's.
#![forbid(unsafe_code)]

mod application;
mod args;
mod call;
mod can;
mod check;
mod completion;
mod config;
mod configuration;
mod connect;
mod control;
mod doctor;
mod down;
mod drain;
mod ending;
mod events;
mod export;
mod failure;
mod fork;
mod grant;
mod hibernate;
mod hints;
mod history;
mod hosts;
mod init;
mod inspect;
mod kill;
mod limits;
mod logs;
mod man;
mod output;
mod past_state;
mod pause;
mod policy;
mod programs;
mod progress;
mod ps;
mod records;
mod reload;
mod reloading;
mod replay;
mod restart;
mod resume;
mod run;
mod scale;
mod select;
mod send;
mod serve;
mod settings;
mod signals;
mod skip;
mod snapshot;
mod spawn;
mod start;
mod status;
mod stop;
mod store;
mod time;
mod token;
mod top;
mod tree;
mod up;
mod upgrade;
mod values;
mod version;
mod wait;

use args::{Command, Request};
use failure::Failure;
use std::io::{Write as _, stderr, stdout};
use std::process::ExitCode;

fn main() -> ExitCode {
    match command() {
        Ok(status) => ExitCode::from(status),
        Err(failure) => {
            // Nobody is left to tell when stderr is gone.
            let _ = writeln!(stderr(), "{failure}");
            ExitCode::from(failure.status.code())
        }
    }
}

fn command() -> Result<u8, Failure> {
    let command = match args::read(std::env::args_os())? {
        Request::Show(text) => return Ok(show(&text)),
        Request::Do(command) => command,
    };
    let text = match &*command {
        Command::Run(arguments) => return run::run(arguments),
        Command::Up(arguments) => return up::run(arguments),
        Command::Call(arguments) => call::run(arguments),
        Command::Can(arguments) => can::run(arguments),
        Command::Check(arguments) => check::run(arguments),
        Command::Completion(arguments) => completion::run(arguments),
        Command::Complete(arguments) => Ok(completion::complete(arguments)),
        Command::Config(arguments) => config::run(arguments),
        Command::Doctor(arguments) => doctor::run(arguments),
        Command::Down(arguments) => down::run(arguments),
        Command::Drain(arguments) => drain::run(arguments),
        Command::Fork(arguments) => fork::run(arguments),
        Command::History(arguments) => history::run(arguments),
        Command::Init(arguments) => init::run(arguments),
        Command::Inspect(arguments) => inspect::run(arguments),
        Command::Kill(arguments) => kill::run(arguments),
        Command::Pause(arguments) => pause::run(arguments),
        Command::Policy(arguments) => policy::run(arguments),
        Command::Ps(arguments) => ps::run(arguments),
        Command::Resume(arguments) => resume::run(arguments),
        Command::Send(arguments) => send::run(arguments),
        Command::Skip(arguments) => skip::run(arguments),
        Command::Snapshot(arguments) => snapshot::run(arguments),
        Command::Spawn(arguments) => spawn::run(arguments),
        Command::Status(arguments) => status::run(arguments),
        Command::Stop(arguments) => stop::run(arguments),
        Command::Store(arguments) => store::run(arguments),
        Command::Token(arguments) => token::run(arguments),
        Command::Top(arguments) => top::run(arguments),
        Command::Tree(arguments) => tree::run(arguments),
        Command::Hosts(arguments) => hosts::run(arguments),
        Command::Events(arguments) => events::run(arguments),
        Command::Logs(arguments) => logs::run(arguments),
        Command::State(arguments) => past_state::run(arguments),
        Command::Replay(arguments) => replay::run(arguments),
        Command::Reload(arguments) => reload::run(arguments),
        Command::Restart(arguments) => restart::run(arguments),
        Command::Scale(arguments) => scale::run(arguments),
        Command::Start(arguments) => start::run(arguments),
        Command::Upgrade(arguments) => upgrade::run(arguments),
        Command::Version(arguments) => version::run(arguments),
        Command::Wait(arguments) => wait::run(arguments),
    };
    text.map(|text| show(&text))
}

/// Writes a text that was asked for. A reader that has gone away is no failure.
fn show(text: &str) -> u8 {
    let _ = stdout().write_all(text.as_bytes());
    0
}
