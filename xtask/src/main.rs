//! `cargo xtask`: the menu of what is done to this repository. It never ships.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a command for people at a terminal")]

mod bench;
mod codegen;
mod contract;
mod example;
mod fuzz;
mod loom;
mod miri;
mod run;
mod sim;
mod test;
mod tidy;
mod tools;
mod torture;
mod workspace;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask COMMAND

  test                       everything, also on a fresh machine: tools, format, lints, tidy,
                             tests, a short simulation, loom, the README's examples
  bench [--setup] [NAME…]    ours beside Erlang and PUC Lua, as ratios; without NAME it runs
                             all and writes the table of docs/benchmarks.md, whose text it keeps;
                             --setup installs the peers
  codegen                    writes what is made from the sources: the JSON Schema of applications,
                             the tables of docs/application.md, docs/openapi.json
  contract [--seconds N] [--seed S]
                             random requests of schemathesis against a node
  fuzz [TARGET] [--seconds N] [--seed S]
                             random programs against PUC Lua 5.4, random bytes for every parser;
                             see docs/fuzzing.md
  loom                       the inbox of a shard under every schedule of the threads that meet there
  miri                       tests of the lowest crates under Miri, a minute or two; needs a nightly
                             toolchain with it
  sim [--seed N] [--steps M] the kernel under a seeded random schedule; the same seed, the same run
  sim --durable [--seed N] [--seeds M]
                             likewise a node with durable processes, whose disk and machine fail
  torture [--minutes N] [--variant V] [--seed S]
                             durable processes on a node that is killed again and again, in the middle
                             of V: kill, upgrade, snapshot, compaction, eviction, fault, full-disk
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
            "codegen" => no_more(arguments).and_then(|()| codegen::run()),
            "contract" => contract_options(arguments).and_then(|options| contract::run(&options)),
            "loom" => no_more(arguments).and_then(|()| loom::run()),
            "miri" => no_more(arguments).and_then(|()| miri::run()),
            "tidy" => no_more(arguments).and_then(|()| tidy::run()),
            bench::DURABLE_FIGURES => words(arguments).and_then(|it| bench::durable_figures(&it)),
            "bench" => bench_options(arguments).and_then(|options| bench::run(&options)),
            "fuzz" => fuzz_options(arguments).and_then(|options| fuzz::run(&options)),
            "sim" => sim_options(arguments).and_then(|options| sim::run(&options)),
            "torture" => torture_options(arguments).and_then(|it| torture::run(&it)),
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

fn contract_options(mut arguments: lexopt::Parser) -> Result<contract::Options, String> {
    let mut options = contract::Options::default();
    while let Some(argument) = arguments.next().map_err(|error| error.to_string())? {
        match argument {
            lexopt::Arg::Long("seconds") => options.seconds = number(&mut arguments)?,
            lexopt::Arg::Long("seed") => options.seed = number(&mut arguments)?,
            other => return Err(other.unexpected().to_string()),
        }
    }
    Ok(options)
}

fn fuzz_options(mut arguments: lexopt::Parser) -> Result<fuzz::Options, String> {
    let mut options = fuzz::Options::default();
    while let Some(argument) = arguments.next().map_err(|error| error.to_string())? {
        match argument {
            lexopt::Arg::Long("seconds") => options.seconds = number(&mut arguments)?,
            lexopt::Arg::Long("seed") => options.seed = number(&mut arguments)?,
            lexopt::Arg::Value(name) if options.target.is_empty() => {
                options.target = name.to_string_lossy().into_owned();
            }
            other => return Err(other.unexpected().to_string()),
        }
    }
    Ok(options)
}

fn sim_options(mut arguments: lexopt::Parser) -> Result<sim::Options, String> {
    let mut options = sim::Options::default();
    while let Some(argument) = arguments.next().map_err(|error| error.to_string())? {
        let place = match argument {
            lexopt::Arg::Long("durable") => {
                options.durable = true;
                continue;
            }
            lexopt::Arg::Long("seed") => &mut options.seed,
            lexopt::Arg::Long("seeds") => &mut options.seeds,
            lexopt::Arg::Long("steps") => &mut options.steps,
            other => return Err(other.unexpected().to_string()),
        };
        *place = number(&mut arguments)?;
    }
    Ok(options)
}

fn torture_options(mut arguments: lexopt::Parser) -> Result<torture::Options, String> {
    let mut options = torture::Options::default();
    while let Some(argument) = arguments.next().map_err(|error| error.to_string())? {
        match argument {
            lexopt::Arg::Long("minutes") => options.minutes = number(&mut arguments)?,
            lexopt::Arg::Long("seed") => options.seed = Some(number(&mut arguments)?),
            lexopt::Arg::Long("variant") => {
                let variant = arguments.value().map_err(|error| error.to_string())?;
                options.variant = Some(variant.to_string_lossy().into_owned());
            }
            other => return Err(other.unexpected().to_string()),
        }
    }
    Ok(options)
}

/// All that is left, as it is.
fn words(mut arguments: lexopt::Parser) -> Result<Vec<String>, String> {
    let rest = arguments.raw_args().map_err(|error| error.to_string())?;
    Ok(rest.map(|word| word.to_string_lossy().into_owned()).collect())
}

/// The value of an option that is a number.
fn number(arguments: &mut lexopt::Parser) -> Result<u64, String> {
    let value = arguments.value().map_err(|error| error.to_string())?;
    let text = value.to_string_lossy().replace('_', "");
    text.parse().map_err(|_| format!("\"{text}\" is no whole number"))
}

fn no_more(mut arguments: lexopt::Parser) -> Outcome {
    match arguments.next() {
        Ok(None) => Ok(()),
        Ok(Some(extra)) => Err(extra.unexpected().to_string()),
        Err(error) => Err(error.to_string()),
    }
}
