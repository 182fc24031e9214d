//! What the session tests share: starting programs, with an end to every wait.

#![allow(dead_code, reason = "each test binary uses a part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot start a command has failed")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

/// Longest wait for anything; a test that gets here fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Exit code; `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    /// All of its standard output.
    pub(crate) stdout: String,
    /// All of its standard error.
    pub(crate) stderr: String,
}

/// Where the Lua programs of the tests are.
pub(crate) fn programs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs")
}

/// Runs `procession` with these words, in the directory of the programs.
pub(crate) fn run_in_programs(words: &[&str]) -> Ended {
    run(env!("CARGO_BIN_EXE_procession"), words)
}

/// Runs a command to its end.
pub(crate) fn run(program: &str, words: &[&str]) -> Ended {
    Session::start(program, words).end()
}

/// A command that runs.
pub(crate) struct Session {
    child: Child,
    lines: Receiver<String>,
    errors: Receiver<String>,
    /// Ends who holds the output without reading it.
    _holds: Sender<()>,
}

impl Session {
    /// Starts a command in the directory of the programs.
    pub(crate) fn start(program: &str, words: &[&str]) -> Self {
        Self::of(Command::new(program).args(words).current_dir(programs()))
    }

    /// Starts `procession` in the directory of the programs, and reads one line of what it prints.
    pub(crate) fn start_and_read_a_line(words: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_procession"));
        Self::reading(1, command.args(words).current_dir(programs()))
    }

    /// Starts `procession` in a directory, with these variables and none that would give it
    /// settings.
    pub(crate) fn start_in(directory: &Path, variables: &[(&str, &str)], words: &[&str]) -> Self {
        let mut command = Self::alone_in(directory, env!("CARGO_BIN_EXE_procession"));
        Self::of(command.envs(variables.iter().copied()).args(words))
    }

    /// Starts a line of a shell in a directory, likewise, with `procession` on its path and what it
    /// says on standard error among its output, as at a terminal.
    pub(crate) fn start_line(directory: &Path, line: &str) -> Self {
        let binary = Path::new(env!("CARGO_BIN_EXE_procession")).parent().unwrap();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::iter::once(binary.to_owned()).chain(std::env::split_paths(&path));
        let mut command = Self::alone_in(directory, "sh");
        command.env("PATH", std::env::join_paths(path).unwrap());
        Self::of(command.arg("-c").arg(format!("exec {line} 2>&1")))
    }

    fn alone_in(directory: &Path, program: &str) -> Command {
        let mut command = Command::new(program);
        for name in ["NODE", "SOCKET", "LISTEN", "TOKENS", "TOKEN", "OUTPUT", "GRACE", "OTLP"] {
            command.env_remove(format!("PROCESSION_{name}"));
        }
        command.env("XDG_CONFIG_HOME", directory).env("XDG_RUNTIME_DIR", directory);
        command.current_dir(directory);
        command
    }

    fn of(command: &mut Command) -> Self {
        Self::reading(usize::MAX, command)
    }

    /// Reads so many lines of its output; the rest is neither read nor closed.
    fn reading(lines_max: usize, command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let ((line, lines), (holds, held)) = (mpsc::channel(), mpsc::channel());
        thread::spawn(move || {
            let mut stdout = BufReader::new(stdout);
            let all = stdout.by_ref().lines().map_while(Result::ok);
            let ended = all.take(lines_max).any(|text| line.send(text).is_err());
            drop(line);
            if lines_max < usize::MAX && !ended {
                let _ = held.recv();
            }
        });
        let (error, errors) = mpsc::channel();
        thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stderr.read_to_end(&mut text);
            let _ = error.send(String::from_utf8_lossy(&text).into_owned());
        });
        Self { child, lines, errors, _holds: holds }
    }

    /// The next line of output.
    pub(crate) fn line(&self) -> String {
        self.next_line().expect("a line of output in time")
    }

    /// The next line of output; `None` when none comes for a long time, or ever.
    pub(crate) fn next_line(&self) -> Option<String> {
        self.lines.recv_timeout(PATIENCE).ok()
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let script = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success());
    }

    /// Waits for the end.
    pub(crate) fn end(mut self) -> Ended {
        // The reader ends when the command and all that hold its standard error have ended.
        let Ok(stderr) = self.errors.recv_timeout(PATIENCE) else {
            panic!("the command did not end in {PATIENCE:?}");
        };
        let mut stdout = String::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => stdout = stdout + &line + "\n",
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    panic!("it did not end in {PATIENCE:?}: {stdout}")
                }
            }
        }
        let code = self.child.wait().unwrap().code();
        Ended { code, stdout, stderr }
    }
}

/// Nothing outlives a test that has failed.
impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A directory of its own for a test, removed at the end.
pub(crate) struct Directory(PathBuf);

impl Directory {
    /// An empty directory.
    pub(crate) fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
