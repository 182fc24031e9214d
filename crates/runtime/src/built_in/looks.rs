//! Looking at processes, one after the other: how much memory they hold, and whether they are paused.

use super::text;
use procession_environment::{Call, CallId, Host};
use procession_types::{Fragment, Pid, word::Word};
use std::collections::VecDeque;

/// What a look has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) memory_bytes: u64,
    pub(crate) memory_bytes_max: u64,
    pub(crate) is_paused: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    /// Processes to look at, and the one that is being looked at.
    to_come: VecDeque<(Pid, u64)>,
    at: Option<(Pid, u64, CallId)>,
}

impl Looks {
    /// A process shall be looked at; the number is for whoever asks.
    pub(crate) fn ask(&mut self, pid: Pid, number: u64) {
        self.to_come.push_back((pid, number));
    }

    /// What the last look has shown, when there is something new: `None` of a process that can't be
    /// looked at, since it is dead most likely.
    pub(crate) fn next(&mut self, host: &mut dyn Host) -> Option<(Pid, u64, Option<Seen>)> {
        let Some((pid, number, call)) = self.at else {
            let (pid, number) = self.to_come.pop_front()?;
            let to = text(host, pid);
            match host.start(Call::Info { to }) {
                Ok(call) => self.at = Some((pid, number, call)),
                Err(_) => return Some((pid, number, None)),
            }
            return self.next(host);
        };
        let reply = host.finish(call);
        if reply.is_none() && host.is_open(call) {
            return None;
        }
        self.at = None;
        Some((pid, number, reply.and_then(Result::ok).and_then(|info| seen(&info))))
    }
}

fn seen(info: &Fragment) -> Option<Seen> {
    let all = *info.values().first()?;
    let limits = named(info, all, b"limits")?;
    let bytes = |list| {
        let number = info.integer(named(info, list, b"memory_bytes")?)?;
        u64::try_from(number).ok()
    };
    Some(Seen {
        memory_bytes: bytes(all)?,
        memory_bytes_max: bytes(limits)?,
        is_paused: info.string(named(info, all, b"state")?)? == b"paused",
    })
}

/// A value of a list of names and values in turn.
fn named(fragment: &Fragment, list: Word, name: &[u8]) -> Option<Word> {
    let pairs = fragment.items(list)?.chunks_exact(2);
    let is_it = |pair: &&[Word]| fragment.string(pair[0]).is_some_and(|it| it == name);
    pairs.into_iter().find(is_it).map(|pair| pair[1])
}
