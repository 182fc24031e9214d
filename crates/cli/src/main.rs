//! `procession`: the command for people and scripts.
//!
//! Reads the command line, calls one file per command, and turns its outcome into output and an exit
//! code. It decides nothing about processes: that is the runtime's.
#![forbid(unsafe_code)]

mod args;
mod failure;
mod grant;
mod hibernate;
mod hints;
mod limits;
mod programs;
mod run;
mod signals;
mod version;

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
    match args::read(std::env::args_os())? {
        Request::Show(text) => Ok(show(&text)),
        Request::Do(Command::Version) => Ok(show(&version::text())),
        Request::Do(Command::Run(arguments)) => run::run(&arguments),
    }
}

/// Writes a text that was asked for. A reader that has gone away is no failure.
fn show(text: &str) -> u8 {
    let _ = stdout().write_all(text.as_bytes());
    0
}
