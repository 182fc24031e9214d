//! Random requests against a node that runs, by schemathesis: every answer is one that the OpenAPI file
//! tells of, and none says that the node has failed.

use crate::{Outcome, run, tools, workspace};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

/// The version that the configuration is for.
const VERSION: &str = "4.32.5";
/// Where `.ci/run` puts it.
const DIRECTORY: &str = "target/schemathesis";
/// How long it asks when nobody says so, in seconds.
const SECONDS: u64 = 90;
/// How often it asks for that long, while some operation has refused every request.
const ROUNDS: usize = 3;
/// How long the node may take to listen.
const PATIENCE: Duration = Duration::from_secs(60);
/// What the application of the requests and their configuration are.
const APPLICATION: &str = "xtask/contract";
/// What the token may do.
const POLICIES: [&str; 5] = [
    "contract:everything",
    "contract:not-the-system",
    "contract:not-the-journal",
    "contract:not-drained",
    "contract:not-drained-either",
];
/// The last thing that it would ask.
const NEVER_ASKED: &str = "/v1/shutdown";
/// What it reads to learn the others, and does not count among them.
const READ_FIRST: &str = "/openapi.json";
/// The phases in which every operation has to be asked.
const PHASES: [&str; 2] = ["coverage", "fuzzing"];

/// What is asked of it.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// How long; 0 = a minute and a half.
    pub(crate) seconds: u64,
    /// Seed of the requests; 0 = a new one.
    pub(crate) seed: u64,
}

/// As a part of the tests: left out, with a word about it, where schemathesis is not installed.
pub(crate) fn test() -> Outcome {
    if program().is_none() {
        println!("schemathesis is not installed, so the HTTP API is not asked: {}", install());
        return Ok(());
    }
    run(&Options { seed: 1, ..Options::default() })
}

fn install() -> String {
    format!("python3 -m venv {DIRECTORY} && {DIRECTORY}/bin/pip install schemathesis=={VERSION}")
}

fn program() -> Option<PathBuf> {
    let own = workspace::root().join(DIRECTORY).join("bin/schemathesis");
    let is_on_path = || tools::is_there("schemathesis").then(|| "schemathesis".into());
    if own.is_file() { Some(own) } else { is_on_path() }
}

/// Starts a node, lets schemathesis ask it, and stops it.
pub(crate) fn run(options: &Options) -> Outcome {
    let schemathesis = program().ok_or_else(|| format!("install it: {}", install()))?;
    // The binary of the tests: with every check of a debug build.
    run::shown(&["cargo", "test", "--quiet", "-p", "procession-cli", "--no-run"])?;
    let target = workspace::target()?;
    let home = target.join("contract");
    let _ = std::fs::remove_dir_all(&home);
    std::fs::create_dir_all(&home).map_err(|error| format!("{}: {error}", home.display()))?;
    let token = procession(&target)
        .args(["token", "create", "tester"])
        .args(POLICIES.iter().flat_map(|policy| ["--policy", policy]))
        .output()
        .map_err(|error| format!("could not run procession: {error}"))?;
    let token = String::from_utf8_lossy(&token.stdout).trim().to_owned();
    let mut node = procession(&target)
        .args(["up", APPLICATION, "--listen", "127.0.0.1:0", "--store"])
        .arg(home.join("store"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("could not start a node: {error}"))?;
    let asked = address(&mut node)
        .and_then(|url| ask_until_reached(&schemathesis, &home, &[&url, &token], options));
    let ended = node.try_wait().map_err(|error| format!("could not ask for the node: {error}"))?;
    let interrupt = format!("kill -INT {}", node.id());
    let interrupted = if ended.is_none() { run::shown(&["sh", "-c", &interrupt]) } else { Ok(()) };
    let status = node.wait().map_err(|error| format!("could not wait for the node: {error}"))?;
    asked.and(interrupted)?;
    match (ended, status.code()) {
        (None, Some(130)) => Ok(()),
        _ => Err(format!("the node ended with {status}")),
    }
}

/// The command in a home of its own.
fn procession(target: &Path) -> Command {
    let mut command = Command::new(target.join("debug/procession"));
    command.current_dir(workspace::root());
    for name in ["XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"] {
        command.env(name, target.join("contract"));
    }
    command
}

/// Where the node listens.
fn address(node: &mut Child) -> Result<String, String> {
    let stderr = node.stderr.take().ok_or("the node has no standard error")?;
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            // Nobody listens after the first address; the pipe is read all the same.
            let _ = sender.send(line);
        }
    });
    loop {
        let line = lines.recv_timeout(PATIENCE).map_err(|_| "the node does not listen")?;
        println!("{line}");
        if let Some((_, url)) = line.split_once("http://") {
            return Ok(format!("http://{}", url.trim()));
        }
    }
}

/// Asks until every operation was asked and did what it is there for; how soon that is depends on the machine.
fn ask_until_reached(
    schemathesis: &Path,
    home: &Path,
    node: &[&str; 2],
    options: &Options,
) -> Outcome {
    let mut counts = Vec::new();
    loop {
        let seed = if options.seed == 0 { 0 } else { options.seed + counts.len() as u64 };
        counts.push(ask(schemathesis, home, node, &Options { seed, ..*options })?);
        match reached(&counts) {
            Err(missing) if counts.len() < ROUNDS => println!("{missing}\nonce more:"),
            done => return done,
        }
    }
}

/// Asks for a time: how often what was answered, by operation.
fn ask(
    schemathesis: &Path,
    home: &Path,
    [url, token]: &[&str; 2],
    options: &Options,
) -> Result<serde_json::Value, String> {
    let directory = workspace::root().join(APPLICATION);
    let seconds = if options.seconds == 0 { SECONDS } else { options.seconds };
    let mut command = Command::new(schemathesis);
    command.args(["--no-color", "--config-file"]).arg(directory.join("schemathesis.toml"));
    command.args(["run", &format!("{url}/openapi.json")]);
    command.args(["--header", &format!("Authorization: Bearer {token}")]);
    command.args(["--max-time", &seconds.to_string(), "--continue-on-failure"]);
    command.args(["--request-timeout", "60", "--suppress-health-check", "all"]);
    command.args(["--exclude-path", NEVER_ASKED, "--warnings", "off"]);
    if options.seed > 0 {
        command.args(["--seed", &options.seed.to_string()]);
    }
    let counts = home.join("asked.json");
    command.env("SCHEMATHESIS_HOOKS", "hooks").env("PYTHONPATH", &directory);
    command.env("CONTRACT_ASKED", &counts);
    // What it remembers of failures goes where everything goes that is made.
    command.env("PYTHONDONTWRITEBYTECODE", "1").current_dir(home);
    let status = command.stdin(Stdio::null()).status();
    let status = status.map_err(|error| format!("could not start schemathesis: {error}"))?;
    if status.success() { json(&counts) } else { Err(format!("schemathesis ended with {status}")) }
}

/// Whether every operation of the OpenAPI file was asked in every phase, and did what it is there for at
/// least once: requests that are all refused say little.
fn reached(rounds: &[serde_json::Value]) -> Outcome {
    let document = json(&workspace::root().join("docs/openapi.json"))?;
    let paths = document["paths"].as_object().ok_or("docs/openapi.json has no paths")?;
    let mut missing = Vec::new();
    let mut requests = 0;
    let is_asked = |path: &str| ![NEVER_ASKED, READ_FIRST].contains(&path);
    for (path, methods) in paths.iter().filter(|(path, _)| is_asked(path)) {
        for (method, told) in methods.as_object().into_iter().flatten() {
            let operation = format!("{} {path}", method.to_uppercase());
            let counts =
                || rounds.iter().filter_map(|asked| asked[&operation].as_object()).flatten();
            requests += counts().filter_map(|(_, count)| count.as_u64()).sum::<u64>();
            for phase in PHASES {
                if !counts().any(|(what, _)| what.starts_with(phase)) {
                    missing.push(format!("{operation} was not asked in the phase {phase}"));
                }
            }
            // A success, or what the file tells of this very operation: it may have waited in vain.
            let mut statuses = counts().filter_map(|(what, _)| what.rsplit(' ').next());
            if !statuses.any(|status| told["responses"].get(status).is_some()) {
                missing.push(format!("{operation} has refused every request"));
            }
        }
    }
    if missing.is_empty() {
        println!("{requests} requests, and every operation was asked");
        return Ok(());
    }
    Err(format!("{}\ngive it more time: --seconds", missing.join("\n")))
}

fn json(file: &Path) -> Result<serde_json::Value, String> {
    let text = std::fs::read_to_string(file);
    let text = text.map_err(|error| format!("failed to read {}: {error}", file.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{} is no JSON: {error}", file.display()))
}
