//! What the writer has been told about processes: the service and the labels that their records
//! bear, as the bytes that go into each frame.

use crate::bytes::{cut, put_bytes, put_length};
use procession_types::Pid;
use std::collections::HashMap;

/// A record of nobody's.
pub(crate) const NOBODY: &[u8] = &[0, 0];
/// Processes that are remembered.
const DESCRIBED_MAX: usize = 1_000_000;
/// Labels of a record, and the longest name or value.
const LABELS_MAX: usize = 32;
const TEXT_BYTES_MAX: usize = 256;

/// The bytes of a service and its labels.
pub(crate) fn bytes_of<N: AsRef<str>, V: AsRef<str>>(
    service: &str,
    labels: &[(N, V)],
) -> Box<[u8]> {
    let mut out = Vec::new();
    put_bytes(&mut out, cut(service, TEXT_BYTES_MAX).as_bytes());
    let labels = &labels[..labels.len().min(LABELS_MAX)];
    put_length(&mut out, labels.len());
    for (name, value) in labels {
        put_bytes(&mut out, cut(name.as_ref(), TEXT_BYTES_MAX).as_bytes());
        put_bytes(&mut out, cut(value.as_ref(), TEXT_BYTES_MAX).as_bytes());
    }
    out.into()
}

/// A PID without its host, which files know by name only.
pub(crate) type Key = (u32, u16, u32, u32);

pub(crate) fn key(pid: Pid) -> Key {
    (pid.epoch, pid.shard, pid.slot, pid.generation)
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    described: HashMap<Key, Box<[u8]>>,
}

impl Sources {
    /// Remembers what a process is, see [`bytes_of`], and forgets another one when there are too
    /// many.
    pub(crate) fn describe(&mut self, pid: Pid, description: &[u8]) {
        if self.described.len() >= DESCRIBED_MAX
            && let Some(&other) = self.described.keys().next()
        {
            self.described.remove(&other);
        }
        self.described.insert(key(pid), description.into());
    }

    /// A process has ended.
    pub(crate) fn forget(&mut self, pid: Pid) {
        self.described.remove(&key(pid));
    }

    pub(crate) fn of(&self, pid: Option<Pid>) -> &[u8] {
        if self.described.is_empty() {
            return NOBODY;
        }
        pid.and_then(|pid| self.described.get(&key(pid))).map_or(NOBODY, |bytes| bytes)
    }
}
