//! `fuzz TARGET [--seconds N] [--seed S] [--directory DIR]`: see `docs/fuzzing.md`.
#![forbid(unsafe_code)]
#![allow(clippy::print_stderr, reason = "a command for people at a terminal")]

use procession_fuzz::campaign::{self, Options};
use std::process::ExitCode;

fn main() -> ExitCode {
    procession_fuzz::keep_panics();
    match options().and_then(|options| campaign::run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("fuzz: {message}");
            ExitCode::FAILURE
        }
    }
}

fn options() -> Result<Options, String> {
    let mut options =
        Options { target: String::new(), seconds: 60, seed: 1, directory: "target/fuzz".into() };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
        match argument {
            lexopt::Arg::Value(name) if options.target.is_empty() => {
                options.target = name.to_string_lossy().into_owned();
            }
            lexopt::Arg::Long("seconds") => options.seconds = number(&mut parser)?,
            lexopt::Arg::Long("seed") => options.seed = number(&mut parser)?,
            lexopt::Arg::Long("directory") => {
                options.directory = parser.value().map_err(|error| error.to_string())?.into();
            }
            other => return Err(other.unexpected().to_string()),
        }
    }
    Ok(options)
}

fn number(parser: &mut lexopt::Parser) -> Result<u64, String> {
    let value = parser.value().map_err(|error| error.to_string())?;
    let text = value.to_string_lossy().replace('_', "");
    text.parse().map_err(|_| format!("\"{text}\" is no whole number"))
}
