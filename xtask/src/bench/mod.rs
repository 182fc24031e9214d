//! `cargo xtask bench`: the same work here and in other systems, in the same minute, as ratios.

mod cpu;
mod durable;
mod load;
mod machine;
mod memory;
mod messages;
mod million;
mod neighbours;
mod snapshot;
mod table;

use crate::tools::{self, LUA, Tool};
use crate::{Outcome, run, workspace};
use std::path::PathBuf;
use table::Row;

/// How often ours and the peer take turns; the median counts.
const ROUNDS: usize = 3;
/// The page whose head and table a complete run writes; what people wrote below the table stays.
const PAGE: &str = "docs/benchmarks.md";

const ERLANG: Tool =
    Tool { program: "erl", package: "erlang-base", purpose: "the peer for processes and messages" };

/// A benchmark with its name on the command line.
struct Case {
    name: &'static str,
    run: fn(&Bench) -> Result<Vec<Row>, String>,
}

/// The case that needs neither the binary under test nor the peers of the others.
const ALONE: &str = "durable";

const CASES: [Case; 13] = [
    Case { name: "cpu", run: cpu::run },
    Case { name: "spawn", run: messages::spawn },
    Case { name: "memory", run: memory::run },
    Case { name: "million", run: million::run },
    Case { name: "pingpong", run: messages::pingpong },
    Case { name: "ring", run: messages::ring },
    Case { name: "fanin", run: messages::fanin },
    Case { name: "copy1k", run: messages::copy1k },
    Case { name: "notify", run: messages::notify },
    Case { name: "load", run: load::run },
    Case { name: "neighbours", run: neighbours::run },
    Case { name: "snapshot", run: snapshot::run },
    Case { name: ALONE, run: durable::run },
];

/// What every case needs to know.
#[derive(Default)]
struct Bench {
    /// The binary under test.
    procession: PathBuf,
    /// Directory of the compiled Erlang programs; `None` when Erlang is not installed.
    beams: Option<PathBuf>,
    /// Whether PUC Lua is installed.
    lua: bool,
}

pub(crate) use durable::{COMMAND as DURABLE_FIGURES, measure as durable_figures};

/// What the command line says.
#[derive(Default)]
pub(crate) struct Options {
    /// Install the peers first.
    pub(crate) setup: bool,
    /// Only these cases; all when empty.
    pub(crate) names: Vec<String>,
}

/// Runs the cases, prints the table, and writes the page when all cases ran.
pub(crate) fn run(options: &Options) -> Outcome {
    let known: Vec<&str> = CASES.iter().map(|case| case.name).collect();
    if let Some(name) = options.names.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(format!("there is no benchmark \"{name}\"; there are {}", known.join(", ")));
    }
    if options.setup {
        tools::ensure(&[LUA, ERLANG])?;
        load::setup()?;
    }
    let alone = !options.names.is_empty() && options.names.iter().all(|name| name == ALONE);
    let bench = if alone { Bench::default() } else { Bench::prepare()? };
    let mut rows = Vec::new();
    let mut failed = Vec::new();
    for case in &CASES {
        if !options.names.is_empty() && !options.names.iter().any(|name| name == case.name) {
            continue;
        }
        println!("\n== {}", case.name);
        match (case.run)(&bench) {
            Ok(measured) => {
                print!("{}", table::text(&measured));
                rows.extend(measured);
            }
            Err(error) => {
                println!("{error}");
                failed.push(case.name);
            }
        }
    }
    println!("\n{}", table::text(&rows));
    if options.names.is_empty() {
        let page = workspace::root().join(PAGE);
        let before = std::fs::read_to_string(&page)
            .map_err(|error| format!("could not read {PAGE}: {error}"))?;
        let text = table::page(&rows, &failed, &machine::describe(), table::notes(&before));
        std::fs::write(&page, text).map_err(|error| format!("could not write {PAGE}: {error}"))?;
        println!("written to {PAGE}");
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join(", "))) }
}

impl Bench {
    /// Builds ours in release, compiles the Erlang programs, and sees which peers are there.
    fn prepare() -> Result<Self, String> {
        run::shown(&["cargo", "build", "--release", "--package", "procession-cli"])?;
        let target = workspace::target()?;
        let beams = target.join("bench");
        std::fs::create_dir_all(&beams)
            .map_err(|error| format!("could not make {}: {error}", beams.display()))?;
        let erlang = tools::is_there("erlc") && tools::is_there("erl");
        if erlang {
            let output = beams.display().to_string();
            for program in ["bench/erlang/bench.erl", "bench/erlang/supervision.erl"] {
                run::captured(&["erlc", "-o", &output, program])?;
            }
        } else {
            println!("erlang is not installed, so its columns stay empty; see --setup");
        }
        let lua = tools::is_there(LUA.program);
        if !lua {
            println!("lua5.4 is not installed, so its columns stay empty; see --setup");
        }
        let procession = target.join("release/procession");
        Ok(Self { procession, beams: erlang.then_some(beams), lua })
    }

    /// The binary as text for a command line.
    fn ours(&self) -> String {
        self.procession.display().to_string()
    }
}

/// What a command prints; one that hangs is ended and counts as failed.
fn output(line: &[&str]) -> Result<String, String> {
    let limited: Vec<&str> =
        ["timeout", "--kill-after=10", "300"].iter().chain(line).copied().collect();
    run::captured(&limited)
}

/// The median of some measurements; `None` without any.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
