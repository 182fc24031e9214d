//! `cargo xtask`: the menu of what is done to this repository. It never ships.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a command for people at a terminal")]

mod bench;
mod run;
mod test;
mod tidy;
mod tools;
mod workspace;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask COMMAND

  test                       everything, also on a fresh machine: tools, format, lints, tidy,
                             tests, a short simulation, the README's example
  bench [--setup] [NAME…]    ours beside Erlang and PUC Lua, as ratios; writes docs/benchmarks.md;
                             --setup installs the peers
  tidy                       the rules of the house that no lint knows
";

/// How a command fails: a text for people, printed once.
type Outcome = Result<(), String>;

fn main() -> ExitCode {
    match command() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn command() -> Outcome {
    let mut arguments = lexopt::Parser::from_env();
    let Some(first) = arguments.next().map_err(|error| error.to_string())? else {
        print!("{HELP}");
        return Ok(());
    };
    match first {
        lexopt::Arg::Value(name) => match name.to_string_lossy().as_ref() {
            "test" => no_more(arguments).and_then(|()| test::run()),
            "tidy" => no_more(arguments).and_then(|()| tidy::run()),
            "bench" => bench_options(arguments).and_then(|options| bench::run(&options)),
            "help" => {
                print!("{HELP}");
                Ok(())
            }
            other => Err(format!("unknown command \"{other}\"\n\n{HELP}")),
        },
        lexopt::Arg::Long("help") | lexopt::Arg::Short('h') => {
            print!("{HELP}");
            Ok(())
        }
        other => Err(format!("{}\n\n{HELP}", other.unexpected())),
    }
}

fn bench_options(mut arguments: lexopt::Parser) -> Result<bench::Options, String> {
    let mut options = bench::Options::default();
    while let Some(argument) = arguments.next().map_err(|error| error.to_string())? {
        match argument {
            lexopt::Arg::Long("setup") => options.setup = true,
            lexopt::Arg::Value(name) => options.names.push(name.to_string_lossy().into_owned()),
            other => return Err(other.unexpected().to_string()),
        }
    }
    Ok(options)
}

fn no_more(mut arguments: lexopt::Parser) -> Outcome {
    match arguments.next() {
        Ok(None) => Ok(()),
        Ok(Some(extra)) => Err(extra.unexpected().to_string()),
        Err(error) => Err(error.to_string()),
    }
}
