//! The examples, as the README says that they are run.

use crate::{Outcome, run, workspace};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

const PROGRAM: &str = "examples/wordcount/main.lua";
/// The second example of the README.
pub(crate) const WORDCOUNT: &str =
    "cargo run --release -- run examples/wordcount/main.lua -- examples/wordcount/texts";
/// How the first command of the README begins.
const UP: &str = "cargo run --release -- up ";
/// What the tour prints after each round.
const ROUND: &str = "24 texts, most often: the ";
/// How long the tour may take to that; the binary is built before.
const PATIENCE: Duration = Duration::from_secs(120);

/// The README's first command: runs it until it has counted every text once, and interrupts it.
pub(crate) fn tour() -> Outcome {
    let readme = workspace::read(&workspace::root().join("README.md"))?;
    let line = first_command(&readme).ok_or("README.md has no block of commands")?;
    if !line.starts_with(UP) {
        return Err(format!("the first command of README.md is {line}, and not {UP}…"));
    }
    run::shown(&["cargo", "build", "--release", "-p", "procession-cli"])?;
    println!("$ {line}");
    let directory = workspace::root().join("target/tour");
    std::fs::create_dir_all(&directory).map_err(|e| format!("{}: {e}", directory.display()))?;
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut child = run::command(&words)
        .env("XDG_RUNTIME_DIR", &directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("could not start cargo: {error}"))?;
    let seen = until_round(&mut child);
    // cargo has become the program that it runs.
    let interrupt = format!("kill -INT {}", child.id());
    let interrupted = run::shown(&["sh", "-c", &interrupt]);
    let ended = child.wait().map_err(|error| format!("could not wait for the tour: {error}"))?;
    seen.and(interrupted)?;
    match ended.code() {
        Some(130) => Ok(()),
        _ => Err(format!("interrupted, the tour ended with {ended}")),
    }
}

fn until_round(child: &mut Child) -> Outcome {
    let stdout = child.stdout.take().ok_or("the tour has no output")?;
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            // Nobody listens after the first round.
            let _ = sender.send(line);
        }
    });
    loop {
        let line = lines.recv_timeout(PATIENCE);
        let line = line.map_err(|_| format!("the tour did not print \"{ROUND}\""))?;
        println!("{line}");
        if line.starts_with(ROUND) {
            return Ok(());
        }
    }
}

/// The first line of the first block.
fn first_command(readme: &str) -> Option<&str> {
    readme.lines().skip_while(|line| !line.starts_with("```")).nth(1)
}

/// Counts words as the README says, then with the right to write the texts, then reading what was
/// written: all three count the same words.
pub(crate) fn wordcount() -> Outcome {
    const TEXTS: &str = "target/wordcount-texts";
    let texts = workspace::root().join(TEXTS);
    if texts.exists() {
        std::fs::remove_dir_all(&texts).map_err(|error| format!("{}: {error}", texts.display()))?;
    }
    let grant = format!("--grant fs:{TEXTS}:rw");
    let counted = counted(WORDCOUNT)?;
    for line in [
        format!("cargo run --quiet --release -- run {PROGRAM} {grant} -- {TEXTS}"),
        format!("cargo run --quiet --release -- run {PROGRAM} -- {TEXTS}"),
    ] {
        if self::counted(&line)? != counted {
            return Err("the same texts gave other counts from files than from memory".to_owned());
        }
    }
    Ok(())
}

/// Runs the example; gives back its ranking of words.
fn counted(line: &str) -> Result<Vec<String>, String> {
    println!("$ {line}");
    let words: Vec<&str> = line.split_whitespace().collect();
    let output = run::captured(&words)?;
    print!("{output}");
    for needed in
        ["restarts 2", "messages ", "instructions ", "skipped after two tries: poison.txt"]
    {
        if !output.contains(needed) {
            return Err(format!("the example did not print \"{needed}\""));
        }
    }
    let is_rank = |line: &&str| line.starts_with(" ") || line.contains(" different, in ");
    let ranking: Vec<String> = output.lines().filter(is_rank).map(str::to_owned).collect();
    if ranking.len() == 21 {
        Ok(ranking)
    } else {
        Err("the example ranked no twenty words".to_owned())
    }
}
