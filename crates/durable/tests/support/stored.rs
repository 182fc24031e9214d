//! Random values of what a store has of a process.

use super::{Sample, any};
use crate::random::Random;
use procession_durable::head::{Birth, Condition, Head};
use procession_durable::journal::{Entry, Source};
use procession_durable::ledger::{Ledger, OpenCall, Waits};
use procession_durable::portable::Portable;
use procession_durable::record::{Kind, Origin, Parcel, Record, Usage};
use procession_durable::snapshot::{PageRef, Snapshot, State};
use procession_environment::{Dialect, Durability, Module, OnError, Program, Promise};
use procession_types::{Limits, ProgramLimits};
use std::collections::BTreeSet;
use std::sync::Arc;

impl<const N: usize> Sample for [u8; N] {
    fn sample(random: &mut Random) -> Self {
        std::array::from_fn(|_| any(random))
    }
}

impl<T: Sample> Sample for Arc<T> {
    fn sample(random: &mut Random) -> Self {
        Self::new(any(random))
    }
}

impl Sample for Arc<[u8]> {
    fn sample(random: &mut Random) -> Self {
        any::<Vec<u8>>(random).into()
    }
}

impl<T: Sample + Ord> Sample for BTreeSet<T> {
    fn sample(random: &mut Random) -> Self {
        any::<Vec<T>>(random).into_iter().collect()
    }
}

record! {
    Source { id, n, index }
    Usage { instructions, state_bytes, duration_ns }
    Record { at, slot, inputs, usage, kind }
    Durability { promise, on_error }
    Limits {
        memory_bytes_max, instructions_max, wall_clock_ns_max, mailbox_messages_max,
        mailbox_bytes_max, message_bytes_max, links_max, names_max, calls_max, topics_max
    }
    ProgramLimits {
        memory_bytes_max, instructions_max, wall_clock_ns_max, mailbox_messages_max,
        mailbox_bytes_max, message_bytes_max, links_max, names_max, calls_max, topics_max
    }
    Birth { pid, host, parent, at, arguments, context, limits, program, hash }
    Head { birth, program, hash, durability, condition }
    Module { name, file, source }
    Program { id, main, method, modules, imports, dialect, limits, durability }
    PageRef { hash, base }
    Snapshot { n, at, previous, program, instructions, ledger, state, hash }
    Portable { of, at, arguments, program, hash, ledger, instructions, length, state_hash, state }
    OpenCall { waits, deadline }
    Ledger {
        trap_links, listens, last_queue, subscriptions, calls, last_call, monitors, links, names,
        inputs
    }
}

one_of! {
    OnError: random { Self::Skip, Self::Halt, Self::Exit }
    Promise: random { Self::Async, Self::Local }
    Dialect: random { Self::Plain, Self::Typed }
    Condition: random {
        Self::Alive,
        Self::Halted { n: any(random), error: any(random) },
        Self::Ended { at: any(random), reason: any(random) },
    }
    State: random {
        Self::Whole { length: any(random), bytes: any(random) },
        Self::Pages { length: any(random), line: any(random), pages: any(random) },
    }
    Waits: random {
        Self::Time(any(random)), Self::Outside(any(random)), Self::Process(any(random)),
    }
    Kind: random {
        Self::Turns { journal: any(random) },
        Self::Failed { input: any(random), error: any(random), rule: any(random) },
        Self::Ended { journal: any(random), reason: any(random) },
        Self::Killed { reason: any(random) },
        Self::Upgraded { program: any(random), hash: any(random), arguments: any(random) },
        Self::Given {
            origin: any(random), program: any(random), hash: any(random), state: any(random),
        },
    }
    Origin: random {
        Self::Fork { of: any(random), slot: any(random) },
        Self::Restore { n: any(random), slot: any(random) },
        Self::Import { of: any(random), slot: any(random) },
    }
    Parcel: random {
        Self::Message(any(random)),
        Self::Cancel {
            from: any(random), at: any(random), deadline: any(random), reason: any(random),
        },
        Self::Terminate,
        Self::Death {
            of: any(random), by_link: any(random), at: any(random), reason: any(random),
        },
    }
    Entry: random {
        Self::Turn { budget: any(random) },
        Self::Start { budget: any(random) },
        Self::Trimmed,
        Self::Now(any(random)),
        Self::Random(any(random)),
        Self::True,
        Self::False,
        Self::Nothing,
        Self::Done,
        Self::Refused(any(random)),
        Self::Message { queue: any(random), source: any(random), message: any(random) },
        Self::Event(any(random)),
        Self::Reply { call: any(random), result: any(random) },
        Self::Listening(any(random)),
        Self::Answer(any(random)),
        Self::Number(any(random)),
        Self::Found(any(random)),
        Self::Sent { to: any(random), topic: any(random), payload: any(random) },
        Self::Spawned { pid: any(random), call: any(random), request: any(random) },
        Self::Existing(any(random)),
        Self::Terminated(any(random)),
        Self::Cancelled { to: any(random), at: any(random), request: any(random) },
        Self::Related { relation: any(random), to: any(random) },
        Self::Unregistered { name: any(random), held: any(random) },
        Self::Sleeps { call: any(random), until: any(random) },
        Self::Called { call: any(random), what: any(random) },
        Self::Expires(any(random)),
        Self::Printed(any(random)),
        Self::Logged(any(random)),
        Self::Parted(any(random)),
    }
}
