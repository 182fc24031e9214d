//! supervisord, with processes of the operating system: the only peer that people run for this outside
//! of Erlang. Installed with pip into a directory of its own by `cargo xtask bench --setup`.

use super::{Shape, Times, part};
use crate::bench::Bench;
use crate::{run, workspace};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

const NAME: &str = "supervisord, OS processes";
/// Until all are up, or the last is back.
const PATIENCE: Duration = Duration::from_secs(60);

/// Installs it.
pub(in crate::bench) fn setup() -> Result<(), String> {
    let directory = home()?;
    if program(&directory).is_file() {
        return Ok(());
    }
    let text = directory.display().to_string();
    run::shown(&["python3", "-m", "venv", &text])?;
    run::shown(&[&format!("{text}/bin/pip"), "install", "--quiet", "supervisor"])
}

fn home() -> Result<PathBuf, String> {
    Ok(workspace::target()?.join("bench/supervisord"))
}

fn program(home: &Path) -> PathBuf {
    home.join("bin/supervisord")
}

/// Kills one process after another and waits for the first words of its successor.
pub(super) fn measure(
    _bench: &Bench,
    shape: &Shape,
) -> Result<Option<(&'static str, Times)>, String> {
    let home = home()?;
    if !program(&home).is_file() {
        println!("supervisord is not installed, so its column stays empty; see --setup");
        return Ok(None);
    }
    let words = listen(&home)?;
    let file = home.join("load.conf");
    fs::write(&file, configuration(&home, shape))
        .map_err(|error| format!("could not write {}: {error}", file.display()))?;
    let line =
        [&*program(&home).display().to_string(), "--configuration", &*file.display().to_string()];
    let daemon = Daemon(spawned(&line, Stdio::null())?);
    let times = crash_all(&words, shape);
    drop(daemon);
    let times = times?;
    Ok(Some((NAME, [0.5, 0.99, 1.0].map(|at| part(&times, at)))))
}

fn spawned(line: &[&str], stdin: Stdio) -> Result<Child, String> {
    run::command(line)
        .stdin(stdin)
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| format!("could not start {}: {error}", line[0]))
}

/// Ends with its processes, which it is given a little time for.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = run::captured(&["kill", "-TERM", &self.0.id().to_string()]);
        let _ = self.0.wait();
    }
}

/// Each says its number and its PID into a pipe, and waits to be killed.
fn configuration(home: &Path, shape: &Shape) -> String {
    let (home, count) = (home.display(), shape.services);
    format!(
        "[supervisord]
nodaemon = true
logfile = {home}/load.log
pidfile = {home}/load.pid

[program:fragile]
command = /bin/sh -c 'echo %(process_num)d $$ > {home}/words; exec sleep 1000000'
process_name = %(process_num)d
numprocs = {count}
startsecs = 0
autorestart = true
stopsignal = KILL
stdout_logfile = NONE
stderr_logfile = NONE
"
    )
}

/// Who has spoken: its number, its PID, when.
type Word = (u32, u32, Instant);

/// Makes the pipe into which the processes speak, and reads it.
fn listen(home: &Path) -> Result<Receiver<Word>, String> {
    let path = home.join("words");
    let text = path.display().to_string();
    // It may be there from the last time.
    let _ = fs::remove_file(&path);
    run::captured(&["mkfifo", &text])?;
    // Open for writing, too: otherwise it would end whenever nobody speaks.
    let pipe = File::options().read(true).write(true).open(&path);
    let pipe = pipe.map_err(|error| format!("could not open {text}: {error}"))?;
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            let mut numbers = line.split(' ').filter_map(|number| number.parse().ok());
            let (Some(number), Some(pid)) = (numbers.next(), numbers.next()) else { continue };
            if sender.send((number, pid, Instant::now())).is_err() {
                return;
            }
        }
    });
    Ok(receiver)
}

/// Nanoseconds from each kill to the first words of the successor.
fn crash_all(words: &Receiver<Word>, shape: &Shape) -> Result<Vec<f64>, String> {
    let silent = |_| "supervisord's processes have not come up".to_owned();
    let mut pids = BTreeMap::new();
    while pids.len() < shape.services as usize {
        let (number, pid, _) = words.recv_timeout(PATIENCE).map_err(silent)?;
        pids.insert(number, pid);
    }
    // A shell that is there already: starting a program for each kill would be measured with it.
    let mut killer = spawned(&["sh"], Stdio::piped())?;
    let mut orders = killer.stdin.take().ok_or("the shell has no input")?;
    let (mut killed, mut times) = (BTreeMap::new(), Vec::new());
    let (start, mut crash) = (Instant::now(), 0);
    while (times.len() as u64) < shape.crashes() {
        let due = start + Duration::from_secs(1) * crash / shape.per_second;
        let is_last = u64::from(crash) == shape.crashes();
        if !is_last && Instant::now() >= due {
            let number = crash * 7919 % shape.services;
            crash += 1;
            killed.insert(number, Instant::now());
            let ordered = writeln!(orders, "kill -KILL {}", pids[&number]);
            ordered.map_err(|error| format!("could not kill a process: {error}"))?;
            continue;
        }
        let left = due.saturating_duration_since(Instant::now());
        match words.recv_timeout(if is_last { PATIENCE } else { left }) {
            Ok((number, pid, at)) => {
                pids.insert(number, pid);
                if let Some(killed) = killed.remove(&number) {
                    times.push(at.duration_since(killed).as_nanos() as f64);
                }
            }
            Err(_) if is_last => return Err("not all processes came back".to_owned()),
            Err(_) => {}
        }
    }
    drop(orders);
    // It ends with its input.
    let _ = killer.wait();
    Ok(times)
}
