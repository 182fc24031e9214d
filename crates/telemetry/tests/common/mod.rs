//! Telemetry with a clock and a directory of its own.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use procession_environment::{Level, LogRecord};
use procession_telemetry::*;
use procession_types::{Pid, SmolStr, Timestamp};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::thread::JoinHandle;

/// When tests begin, and a second.
pub const START_NS: i64 = 1_700_000_000 * SECOND_NS;
pub const SECOND_NS: i64 = 1_000_000_000;

/// A directory that is removed at the end.
pub struct Directory(pub PathBuf);

impl Directory {
    pub fn new() -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("procession-telemetry-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn segments(&self, stream: &str) -> Vec<PathBuf> {
        segments(&self.0.join(stream))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn segments(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

pub struct Rig {
    pub telemetry: Telemetry,
    pub clock: Arc<AtomicI64>,
    writer: Option<JoinHandle<()>>,
}

impl Rig {
    /// Starts with the clock at so many seconds after the beginning.
    pub fn start(seconds: i64, change: impl FnOnce(&mut Config)) -> Self {
        Self::try_start(seconds, change).unwrap()
    }

    pub fn try_start(seconds: i64, change: impl FnOnce(&mut Config)) -> Result<Self, OpenError> {
        let clock = Arc::new(AtomicI64::new(START_NS + seconds * SECOND_NS));
        let read = Arc::clone(&clock);
        let mut config = Config::new(move || Timestamp(read.load(Ordering::SeqCst)));
        change(&mut config);
        let hosts = vec![SmolStr::new("app:processes")];
        let (telemetry, writer) = Telemetry::open(config, hosts)?;
        let writer = std::thread::spawn(move || writer.run(|| ()));
        Ok(Self { telemetry, clock, writer: Some(writer) })
    }

    pub fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds * SECOND_NS, Ordering::SeqCst);
    }

    pub fn now(&self) -> Timestamp {
        Timestamp(self.clock.load(Ordering::SeqCst))
    }

    pub fn print(&self, slot: u32, line: &str) {
        self.telemetry.print(self.now(), &source(slot), line.as_bytes());
    }

    pub fn log(&self, slot: u32, level: Level, message: &str, fields: &[(&str, &str)]) {
        let fields = fields.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
        let record = LogRecord { level, message: message.to_owned(), fields: fields.collect() };
        self.telemetry.log(self.now(), &source(slot), &record);
    }

    pub fn logs(&self, query: &Query) -> Page {
        self.telemetry.flush();
        self.telemetry.logs(query)
    }

    pub fn events(&self, query: &Query) -> Page {
        self.telemetry.flush();
        self.telemetry.events(query)
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.telemetry.close();
        if let Some(writer) = self.writer.take() {
            writer.join().unwrap();
        }
    }
}

pub fn pid(slot: u32) -> Pid {
    Pid { host: 0, shard: 0, epoch: 77, slot, generation: 0 }
}

/// Processes with even numbers run `app:even`.
pub fn source(slot: u32) -> Source<'static> {
    let program = if slot.is_multiple_of(2) { "app:even" } else { "app:odd" };
    Source { pid: Some(pid(slot)), host: "app:processes", program, service: "" }
}

pub fn texts(page: &Page) -> Vec<String> {
    page.records.iter().map(|record| record.text().into_owned()).collect()
}

pub fn names(page: &Page) -> Vec<&'static str> {
    page.records.iter().map(|record| record.kind.name()).collect()
}
