//! The state of a durable process at a slot of its past, and its past run again, on the caller's thread:
//! a guest of their own goes through the records, and nothing that it asks for happens.

use super::history::{record_of, slots};
use super::keeper::{Keeper, of_store};
use super::recover::Past;
use super::snapshots;
use crate::birth::guarded;
use crate::node::Node;
use crate::process_info::Coroutine;
use procession_durable::head::{Head, number};
use procession_durable::ledger::{Ledger, Waits};
use procession_environment::{Activity, Awaited, Guest, Inspection, Seen, Usage};
use procession_types::{Error, Pid, SmolStr, Timestamp, Topic};
use std::time::Instant;

/// Instructions' worth of looking at coroutines: nobody else waits for it.
const INSPECTION_BUDGET: u64 = 1_000_000;

/// A durable process as it was.
#[derive(Debug, Clone, PartialEq)]
pub struct PastState {
    /// Inputs that it had taken. Fewer than asked for where the log ends before, and where the process
    /// was not at rest between the inputs of one record: then it is the state before that record.
    pub slot: u64,
    /// The record that it wrote next, or would have written.
    pub n: u64,
    /// Whether it ends there.
    pub has_ended: bool,
    /// The program it ran.
    pub program: SmolStr,
    /// Instructions that it had executed.
    pub instructions: u64,
    /// Bytes of its heap.
    pub memory_bytes: u64,
    /// BLAKE3 of the state; `None` where it can't be captured, as when it has ended.
    pub hash: Option<[u8; 32]>,
    /// Where the coroutine was that had the last turn, as `file:line`.
    pub place: Option<Box<str>>,
    /// Its coroutines.
    pub coroutines: Vec<Coroutine>,
    /// Whether it had more coroutines than are told.
    pub is_cut: bool,
    /// Whether it heard of failures of linked processes instead of failing with them.
    pub trap_links: bool,
    /// Topics it listened to.
    pub topics: Vec<Topic>,
    /// Patterns of events it had subscribed to.
    pub subscriptions: Vec<SmolStr>,
    /// When its timers were to go off, in order.
    pub timers: Vec<Timestamp>,
    /// Calls under way that waited for something else.
    pub calls: usize,
    /// Whom it monitored.
    pub monitors: Vec<Pid>,
    /// Whom it had linked itself to.
    pub links: Vec<Pid>,
    /// Its names, in the order in which it got them.
    pub names: Vec<SmolStr>,
}

/// What a past that was run again was compared with, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// The first record that was run.
    pub first: u64,
    /// How many were.
    pub records: u64,
    /// Inputs that the process had taken at the end.
    pub slot: u64,
    /// Snapshots whose state was met.
    pub snapshots: u64,
    /// Where it was not the same, first.
    pub difference: Option<Difference>,
}

/// Where a past that was run again differs from what was written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// In which record.
    pub n: u64,
    /// After how many inputs.
    pub slot: u64,
    /// What was written down, and what happened instead.
    pub what: String,
}

impl Node {
    /// A durable process as it was when it had taken `slot` inputs. Takes as long as replaying does from
    /// the newest snapshot before.
    ///
    /// # Errors
    /// `NotFound` when the store has no such process, or no longer what is needed to get there;
    /// `Internal` when what it has is damaged, or its replay differs.
    pub fn state_at(&self, pid: Pid, slot: u64) -> Result<PastState, Error> {
        self.state_within(pid, slot, None)
    }

    /// Likewise, but not for longer than to a point in time.
    ///
    /// # Errors
    /// As for [`Node::state_at`]; `Timeout`.
    pub fn state_within(
        &self,
        pid: Pid,
        slot: u64,
        until: Option<Instant>,
    ) -> Result<PastState, Error> {
        let (keeper, head) = self.past_of(pid)?;
        let past = self.past_at(keeper, &head, slot, until)?;
        Ok(self.described(past))
    }

    /// Runs a process's past again from its slot `from` to its slot `to`, and compares. The start is the
    /// state at the newest snapshot before `from`, or the process's beginning.
    ///
    /// # Errors
    /// As for [`Node::state_at`]; a difference is none.
    pub fn replay(&self, pid: Pid, from: u64, to: u64) -> Result<Replayed, Error> {
        self.replay_within(pid, (from, to), None)
    }

    /// Likewise, but not for longer than to a point in time.
    ///
    /// # Errors
    /// As for [`Node::replay`]; `Timeout`; `Invalid` when it would go backwards.
    pub fn replay_within(
        &self,
        pid: Pid,
        (from, to): (u64, u64),
        until: Option<Instant>,
    ) -> Result<Replayed, Error> {
        let (keeper, head) = self.past_of(pid)?;
        if from > to {
            let message = format!("a replay goes forwards, and not from slot {from} to slot {to}");
            return Err(Error::invalid(message));
        }
        let states = states(keeper, number(&pid))?;
        let mut past = self.past_before(keeper, &head, from)?;
        past.until = until;
        let first = past.n;
        past.expect(states);
        let ran = guarded(|| past.run(to));
        match (ran, past.difference.take()) {
            (Err(error), None) => Err(error),
            (_, difference) => Ok(Replayed {
                first,
                records: past.since.records,
                slot: past.ledger.inputs,
                snapshots: past.met,
                difference,
            }),
        }
    }

    /// The first slot of a process's past at which its state can still be had.
    ///
    /// # Errors
    /// `NotFound` when the store has no such process.
    pub fn first_state(&self, pid: Pid) -> Result<u64, Error> {
        let (keeper, _) = self.past_of(pid)?;
        let id = number(&pid);
        let ends = keeper.store.log_ends(id).map_err(|error| of_store(&error))?;
        match ends.first {
            // A fork's slots go on from those of another.
            0 => slots(keeper, id, &ends).map(|(first, _)| first),
            _ => Ok(first_state(keeper, id)?.unwrap_or(0)),
        }
    }

    /// The process when it had taken `slot` inputs, or at the last rest before.
    pub(super) fn past_at<'a>(
        &'a self,
        keeper: &'a Keeper,
        head: &Head,
        slot: u64,
        until: Option<Instant>,
    ) -> Result<Past<'a>, Error> {
        let mut past = self.past_before(keeper, head, slot)?;
        past.until = until;
        guarded(|| past.run(slot))?;
        if let Some(before) = past.strayed {
            // It was not at rest there: what it had begun goes on in the same record.
            past = self.past_before(keeper, head, before)?;
            past.until = until;
            guarded(|| past.run(before))?;
        }
        Ok(past)
    }

    /// At the newest snapshot before a slot, or at the beginning.
    fn past_before<'a>(
        &'a self,
        keeper: &'a Keeper,
        head: &Head,
        slot: u64,
    ) -> Result<Past<'a>, Error> {
        let id = number(&head.birth.pid);
        let past = Past::begin(&self.shared, keeper, head, record_of(keeper, id, slot)?)?;
        let ends = keeper.store.log_ends(id).map_err(|error| of_store(&error))?;
        // A log may begin behind the slot with a snapshot of what was later.
        if past.n < ends.first || ends.first > 0 && past.ledger.inputs > slot {
            let first = first_state(keeper, id)?;
            let first =
                first.map_or_else(String::new, |slot| format!(": ask for slot {slot} or later"));
            let message = format!("what led to slot {slot} is no longer kept{first}");
            return Err(Error::not_found(message));
        }
        let (first, _) = slots(keeper, id, &ends)?;
        if ends.first == 0 && slot < first {
            let message = format!(
                "the process begins at slot {first}, with the state of another one: \
                 procession history says whose"
            );
            return Err(Error::not_found(message));
        }
        Ok(past)
    }

    fn described(&self, past: Past<'_>) -> PastState {
        let Past { mut guest, ledger, n, has_ended, head, .. } = past;
        let (usage, hash, place, inspection) =
            guarded(|| Ok(look(&mut *guest, has_ended))).unwrap_or_default();
        let coroutines = inspection.coroutines.into_iter().map(|info| {
            let awaited = match info.activity {
                Activity::Waiting(awaited) => Some(self.awaited_then(&ledger, awaited)),
                _ => None,
            };
            Coroutine { info, awaited }
        });
        let coroutines = coroutines.collect();
        let mut timers: Vec<_> = ledger.calls.values().filter_map(timer).collect();
        timers.sort_unstable();
        PastState {
            slot: ledger.inputs,
            n,
            has_ended,
            program: head.program,
            instructions: usage.instructions,
            memory_bytes: usage.memory_bytes,
            hash,
            place,
            coroutines,
            is_cut: inspection.rest.is_some(),
            trap_links: ledger.trap_links,
            topics: ledger.listens.into_values().collect(),
            subscriptions: ledger.subscriptions.into_keys().collect(),
            calls: ledger.calls.len() - timers.len(),
            timers,
            monitors: ledger.monitors.into_iter().collect(),
            links: ledger.links.into_iter().collect(),
            names: ledger.names,
        }
    }

    /// What a coroutine waited for, in the words of [`Coroutine::awaited`].
    fn awaited_then(&self, ledger: &Ledger, awaited: Awaited) -> String {
        match awaited {
            Awaited::Event => "events".to_owned(),
            Awaited::Coroutine => "coroutine".to_owned(),
            Awaited::Anything => "anything".to_owned(),
            Awaited::Message(queue) => match ledger.listens.get(&queue.0) {
                Some(topic) => format!("topic {topic}"),
                None => "inbox".to_owned(),
            },
            Awaited::Reply(call) => match ledger.calls.get(&call).map(|call| &call.waits) {
                Some(Waits::Time(_)) => "time".to_owned(),
                Some(Waits::Process(pid)) => format!("process {}", self.pid_text(*pid)),
                Some(Waits::Outside(_)) | None => "reply".to_owned(),
            },
        }
    }
}

type Looked = (Usage, Option<[u8; 32]>, Option<Box<str>>, Inspection);

fn look(guest: &mut dyn Guest, has_ended: bool) -> Looked {
    let usage = guest.usage();
    if has_ended {
        return (usage, None, guest.place(), Inspection::default());
    }
    let hash = guest.snapshot().map(|state| *blake3::hash(&state).as_bytes());
    (usage, hash, guest.place(), guest.inspect(INSPECTION_BUDGET, Seen::default()))
}

fn timer(call: &procession_durable::ledger::OpenCall) -> Option<Timestamp> {
    match call.waits {
        Waits::Time(until) => Some(until),
        Waits::Outside(_) | Waits::Process(_) => None,
    }
}

/// The slot of the oldest snapshot that can be read.
fn first_state(keeper: &Keeper, id: u64) -> Result<Option<u64>, Error> {
    Ok(snapshots::list(keeper, id)?.last().map(|snapshot| snapshot.ledger.inputs))
}

/// The states of which there are snapshots: the record that follows, and the hash.
fn states(keeper: &Keeper, id: u64) -> Result<Vec<(u64, [u8; 32])>, Error> {
    let all = snapshots::list(keeper, id)?;
    Ok(all.into_iter().map(|snapshot| (snapshot.n, snapshot.hash)).collect())
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use crate::node::Node;
    use crate::{HOST_NORMAL, NodeConfig, Sinks};
    use procession_environment::{Dialect, Durability, Module, Program, SpawnRequest};
    use procession_store::MemoryStore;
    use procession_types::{Context, Fragment, Message, SmolStr, Topic};
    use std::sync::Arc;
    use std::sync::mpsc::channel;

    fn node() -> Node {
        let source = b"return function() local inbox = process.inbox()
          while true do inbox:receive() end end";
        let mut config = NodeConfig::new(Arc::new(procession_lua::LuaEnvironment::new()));
        (config.shards, config.sinks) = (2, Sinks::none());
        config.store = Some(Arc::new(MemoryStore::default()));
        config.programs = vec![Program {
            id: "app:a".to_owned(),
            main: Module {
                name: "app:a".to_owned(),
                file: "a.lua".to_owned(),
                source: source[..].into(),
            },
            method: None,
            modules: Vec::new(),
            imports: Vec::new(),
            dialect: Dialect::Plain,
            durability: Some(Durability::default()),
            limits: Default::default(),
        }];
        Node::start(config).unwrap()
    }

    #[test]
    fn the_past_is_there_while_every_shard_is_busy() {
        let node = node();
        let (program, host) = (SmolStr::new("app:a"), SmolStr::new(HOST_NORMAL));
        let request = SpawnRequest { program, host, ..SpawnRequest::default() };
        let pid = node.spawn(request, Context::default()).unwrap().pid;
        let payload = Fragment::default();
        node.send(pid, Message { topic: Topic::new("x"), from: None, payload }).unwrap();
        while node.history_page(pid, crate::HistoryFrom::Slot(0), 1).unwrap().slots == 0 {
            std::thread::yield_now();
        }
        std::thread::scope(|scope| {
            let (release, held) = channel::<()>();
            let (ready, begun) = channel();
            let first = held;
            let (release_other, other) = channel::<()>();
            for (shard, held) in [(0, first), (1, other)] {
                let (node, ready) = (&node, ready.clone());
                scope.spawn(move || {
                    // The worker of this shard does nothing else until this is over.
                    node.on(shard, move |_| {
                        ready.send(()).unwrap();
                        held.recv().unwrap();
                    })
                    .unwrap();
                });
            }
            begun.recv().and_then(|()| begun.recv()).unwrap();
            assert_eq!(node.history(pid, 0, 10).unwrap().last().unwrap().inputs, 1);
            assert_eq!(node.state_at(pid, 1).unwrap().slot, 1);
            assert_eq!(node.replay(pid, 0, 1).unwrap().difference, None);
            release.send(()).unwrap();
            release_other.send(()).unwrap();
        });
    }
}
