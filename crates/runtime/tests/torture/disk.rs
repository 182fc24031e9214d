//! What the disk does to the node, beside what the machine does.
//!
//! It is done to the system calls of the whole node, since that tries everything above them: the engine, what
//! is done when it gives up, and the processes. A layer of the store that fails would try only the last.
//! Writes are cut short by a limit of the size of files; that writes and syncs fail is `strace`'s work, where
//! there is one; a full disk is a small file system in a namespace of its own, where that can be mounted.

use crate::Random;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How the disk fails in one life of the node.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Files may have so many blocks of 512 bytes: the write that comes to that ends there.
    ShortWrite { blocks: u64 },
    /// The first write to a journal that fails, and how many later the next.
    Write { first: u64, step: u64 },
    /// The sync of each thread that fails.
    Sync { first: u64 },
}

impl Failure {
    /// One for a store; one kind after the other, as far as this machine can do them.
    pub(crate) fn next(life: u64, directory: &Path, random: &mut Random) -> Self {
        match life % 3 {
            _ if !has_strace() => Self::short_write(directory, random),
            0 => Self::short_write(directory, random),
            1 => Self::Write { first: 1 + random.below(40), step: 1 + random.below(20) },
            _ => Self::Sync { first: 1 + random.below(40) },
        }
    }

    fn short_write(directory: &Path, random: &mut Random) -> Self {
        Self::ShortWrite { blocks: (largest(directory) + random.below(60_000)) / 512 + 1 }
    }

    /// A command that runs another one so.
    pub(crate) fn around(&self, directory: &Path, inner: Command) -> Command {
        let mut command = match self {
            Self::ShortWrite { blocks } => {
                let mut command = Command::new("sh");
                let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
                command.args(["-c", &script]);
                command
            }
            Self::Write { first, step } => {
                let mut command = strace(&format!("write:error=EIO:when={first}+{step}"));
                for journal in 0..100 {
                    command.arg("-P").arg(directory.join(format!("data/{journal}.jnl")));
                }
                command
            }
            Self::Sync { first } => strace(&format!("fsync,fdatasync:error=EIO:when={first}")),
        };
        command.arg(inner.get_program()).args(inner.get_args());
        for (name, value) in inner.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        command
    }
}

/// Whether there is one that works; without it, says once what is not tried.
fn has_strace() -> bool {
    static HAS_ONE: OnceLock<bool> = OnceLock::new();
    *HAS_ONE.get_or_init(|| {
        let mut strace = Command::new("strace");
        strace.args(["-o", "/dev/null", "true"]).stderr(Stdio::null());
        let has_one = strace.status().is_ok_and(|status| status.success());
        if !has_one {
            eprintln!(
                "torture: strace is not there or not allowed: writes are cut short only, and no write \
                 or sync fails as a whole"
            );
        }
        has_one
    })
}

/// `-D`: the node is the child, not the one who watches it.
fn strace(inject: &str) -> Command {
    let mut command = Command::new("strace");
    let calls = inject.split(':').next().unwrap_or_default();
    command.args(["-D", "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null"]);
    command.args(["-e", &format!("trace={calls}"), "-e", &format!("inject={inject}")]);
    command
}

/// The size of the largest file below a directory.
fn largest(directory: &Path) -> u64 {
    let mut largest = 0;
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let size = match entry.metadata() {
            Ok(it) if it.is_dir() => self::largest(&entry.path()),
            Ok(it) => it.len(),
            Err(_) => 0,
        };
        largest = largest.max(size);
    }
    largest
}

/// Runs this test again where its directory is a small file system of so many MiB. `None` where none can be
/// mounted.
pub(crate) fn on_a_small_disk(
    test: &str,
    (directory, mebibytes): (&Path, u32),
    variable: &str,
) -> Option<bool> {
    let script = format!("mount -t tmpfs -o size={mebibytes}m tmpfs \"$0\" && exec \"$@\"");
    let mounts = |what: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["-rm", "sh", "-c", &script]).arg(directory).args(what);
        command
    };
    fs::create_dir_all(directory).ok()?;
    let can_mount = mounts(&["true"]).stderr(Stdio::null()).status();
    can_mount.is_ok_and(|status| status.success()).then_some(())?;
    let itself = std::env::current_exe().ok()?;
    let mut command = mounts(&[itself.to_str()?, test, "--exact", "--nocapture"]);
    let status = command.env(variable, directory).status().ok()?;
    Some(status.success())
}

/// Fills a disk and makes room again until it is dropped; then there is room.
pub(crate) struct Filler {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Filler {
    pub(crate) fn start(disk: &Path, mut random: Random) -> Self {
        let (stop, stopped) = channel();
        let ballast: PathBuf = disk.join("ballast");
        let thread = std::thread::spawn(move || {
            let goes_on = |micros: u64| {
                // The moment is what is tried: nothing comes here but the end.
                let waited = stopped.recv_timeout(Duration::from_micros(micros));
                waited == Err(RecvTimeoutError::Timeout)
            };
            loop {
                let is_over = !goes_on(random.below(60_000));
                if !is_over && random.below(4) > 0 {
                    fill(&ballast);
                }
                let is_over = is_over || !goes_on(random.below(300_000));
                let _ = fs::remove_file(&ballast);
                if is_over {
                    return;
                }
            }
        });
        Self { stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Filler {
    fn drop(&mut self) {
        self.stop = None;
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Writes until there is no room for more.
fn fill(ballast: &Path) {
    let Ok(mut file) = fs::File::create(ballast) else { return };
    for bytes in [1 << 16, 1 << 9, 1] {
        while file.write_all(&vec![1; bytes]).is_ok() {}
    }
}
