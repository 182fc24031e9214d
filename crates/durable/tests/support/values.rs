//! Random values of every type with a byte form. The fuzzer uses them too.

use crate::random::Random;
use procession_environment::{
    Call, CallId, CancelRequest, FsOperation, HttpRequest, Level, LogRecord, Measurement,
    MetricDefinition, MetricKind, MetricRequest, Options, Queue, QueueOperation, QueueOptions,
    QueueRequest, Relation, Request, SpawnRequest, StoreOperation, StoreRequest,
};
use procession_types::{
    Actor, Context, ContextChange, Error, ErrorKind, Event, ExitReason, Failure, Fragment,
    FragmentBuilder, Limit, Message, Pid, Rest, Scalar, Scope, SmolStr, Timestamp, Topic, word,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A type of which there are random values.
pub(crate) trait Sample: Sized {
    fn sample(random: &mut Random) -> Self;
}

/// A random value of the type that is asked for.
pub(crate) fn any<T: Sample>(random: &mut Random) -> T {
    T::sample(random)
}

macro_rules! numbers {
    ($($number:ident),*) => {
        $(impl Sample for $number {
            fn sample(random: &mut Random) -> Self {
                // Of every size.
                let bits = random.below(64) as u32;
                (random.next() >> bits) as $number
            }
        })*
    };
}

numbers!(u8, u16, u32, u64, i64, usize);

impl Sample for bool {
    fn sample(random: &mut Random) -> Self {
        random.one_in(2)
    }
}

impl Sample for f64 {
    /// No NaN, since none equals itself, and no zero below zero.
    fn sample(random: &mut Random) -> Self {
        match random.below(4) {
            0 => random.pick(&[0.0, 1.0, -2.5, f64::INFINITY, f64::MIN_POSITIVE, 1e300]),
            1 => random.below(1000) as f64,
            _ => Some(f64::from_bits(random.next())).filter(|n| !n.is_nan()).unwrap_or(0.1),
        }
    }
}

impl Sample for String {
    fn sample(random: &mut Random) -> Self {
        let length = random.pick(&[0, 1, 4, 5, 6, 8, 23, 24, 130]);
        (0..length).map(|_| random.pick(&['a', 'z', '.', '\0', 'ö', '→', '𝄞'])).collect()
    }
}

impl Sample for SmolStr {
    fn sample(random: &mut Random) -> Self {
        any::<String>(random).into()
    }
}

impl Sample for Topic {
    fn sample(random: &mut Random) -> Self {
        any::<String>(random).into()
    }
}

impl Sample for Box<str> {
    fn sample(random: &mut Random) -> Self {
        any::<String>(random).into()
    }
}

impl<T: Sample> Sample for Vec<T> {
    fn sample(random: &mut Random) -> Self {
        (0..random.below(5)).map(|_| any(random)).collect()
    }
}

impl<T: Sample> Sample for Box<[T]> {
    fn sample(random: &mut Random) -> Self {
        any::<Vec<T>>(random).into()
    }
}

impl<T: Sample> Sample for Box<T> {
    fn sample(random: &mut Random) -> Self {
        Self::new(any(random))
    }
}

impl<T: Sample> Sample for Option<T> {
    fn sample(random: &mut Random) -> Self {
        if random.one_in(3) { None } else { Some(any(random)) }
    }
}

impl<T: Sample, E: Sample> Sample for Result<T, E> {
    fn sample(random: &mut Random) -> Self {
        if random.one_in(2) { Ok(any(random)) } else { Err(any(random)) }
    }
}

impl Sample for () {
    fn sample(_: &mut Random) -> Self {}
}

impl<A: Sample, B: Sample> Sample for (A, B) {
    fn sample(random: &mut Random) -> Self {
        (any(random), any(random))
    }
}

impl<K: Sample + Ord, V: Sample> Sample for BTreeMap<K, V> {
    fn sample(random: &mut Random) -> Self {
        any::<Vec<(K, V)>>(random).into_iter().collect()
    }
}

impl Sample for Fragment {
    fn sample(random: &mut Random) -> Self {
        let mut builder = FragmentBuilder::new();
        let count = random.pick(&[0, 1, 1, 1, 1, 2, 3, 7]);
        let depth = random.below(4);
        let values: Vec<_> = (0..count).map(|_| value(random, &mut builder, depth)).collect();
        builder.finish(&values)
    }
}

/// A random value in a fragment.
fn value(random: &mut Random, builder: &mut FragmentBuilder, depth: usize) -> word::Word {
    match random.below(if depth == 0 { 7 } else { 10 }) {
        0 => word::NIL,
        1 => word::from_bool(any(random)),
        2 => word::from_f64(any(random)),
        3 | 4 => {
            let number = random.next() as i64 >> random.below(64);
            builder.integer(number)
        }
        5 | 6 => {
            let length = random.pick(&[0, 1, 3, 5, 6, 8, 9, 40, 700]);
            let bytes: Vec<u8> = (0..length).map(|_| any(random)).collect();
            builder.string(&bytes)
        }
        7 => {
            let names: Vec<String> = (0..random.below(12)).map(|n| format!("name {n}")).collect();
            let fields: Vec<_> =
                names.iter().map(|name| (&**name, value(random, builder, depth - 1))).collect();
            builder.record(&fields)
        }
        _ => {
            let items: Vec<_> =
                (0..random.below(20)).map(|_| value(random, builder, depth - 1)).collect();
            builder.list(&items)
        }
    }
}

macro_rules! record {
    ($($name:ident { $($field:tt),* })*) => {
        $(impl Sample for $name {
            fn sample(random: &mut Random) -> Self {
                Self { $($field: any(random)),* }
            }
        })*
    };
}

record! {
    Pid { host, shard, epoch, slot, generation }
    Timestamp { 0 }
    Message { topic, from, payload }
    Error { kind, message, retryable, limit, details, traceback }
    Actor { id, meta }
    Scope { policies }
    Context { values, actor, scope }
    ContextChange { values, actor, scope }
    Queue { 0 }
    CallId { 0 }
    Options { trap_links }
    SpawnRequest { program, host, arguments, monitored, linked, name, messages, context }
    CancelRequest { deadline_ns, reason }
    HttpRequest { method, url, headers, body, timeout_ns, body_bytes_max, redirects_max }
    LogRecord { level, message, fields }
    MetricDefinition { name, kind, help, buckets }
    StoreRequest { store, is_shared, operation }
    QueueOptions { deliveries_max, messages_max, dead_letter, ack_timeout_ns }
    QueueRequest { queue, operation }
}

/// One of these expressions, each as likely.
macro_rules! one_of {
    ($($name:ident: $random:ident { $($value:expr),* $(,)? })*) => {
        $(impl Sample for $name {
            fn sample($random: &mut Random) -> Self {
                let makers: &[fn(&mut Random) -> Self] = &[$(|$random| { let _ = &$random; $value }),*];
                $random.pick(makers)($random)
            }
        })*
    };
}

one_of! {
    ErrorKind: random { random.pick(&Self::ALL) }
    Limit: random {
        Self::Memory, Self::Instructions, Self::WallClock, Self::Mailbox, Self::MessageSize,
        Self::Processes, Self::Links, Self::Names, Self::Calls, Self::Topics, Self::Store,
        Self::Queue, Self::Subscriptions, Self::Metrics,
    }
    Rest: random { Self::WaitPoint, Self::Idle, Self::Asleep, Self::Halted }
    Relation: random { Self::Monitor, Self::Unmonitor, Self::Link, Self::Unlink }
    Level: random { Self::Debug, Self::Info, Self::Warn, Self::Error }
    MetricKind: random { Self::Counter, Self::Gauge, Self::Histogram }
    Scalar: random {
        Self::Bool(any(random)),
        Self::Int(any(random)),
        Self::Float(any(random)),
        Self::Text(any(random)),
        Self::List(if random.one_in(2) { any(random) } else { Vec::new() }),
    }
    Event: random {
        Self::Cancel {
            from: any(random), at: any(random), deadline: any(random), reason: any(random),
        },
        Self::Exit { from: any(random), at: any(random), reason: Arc::new(any(random)) },
        Self::LinkDown { from: any(random), at: any(random), reason: Arc::new(any(random)) },
        Self::Took { from: any(random), at: any(random), count: any(random) },
        Self::Rest {
            from: any(random), at: any(random), rest: any(random), taken: any(random),
        },
    }
    Failure: random {
        Self::Error(any(random)),
        Self::Terminated,
        Self::Linked,
        Self::DeadlineExceeded,
        Self::Limit { limit: any(random), place: any(random) },
        Self::Deadlock(any(random)),
        Self::Fault(any(random)),
    }
    ExitReason: random { Self::Normal(any(random)), Self::Failed(any(random)) }
    FsOperation: random {
        Self::Read { path: any(random) },
        Self::Write { path: any(random), data: any(random) },
        Self::Append { path: any(random), data: any(random) },
        Self::List { path: any(random) },
        Self::Stat { path: any(random) },
        Self::MakeDirectory { path: any(random) },
        Self::Remove { path: any(random) },
    }
    Call: random {
        Self::Sleep { nanoseconds: any(random) },
        Self::Process(any(random)),
        Self::Function(any(random)),
        Self::Fs(any(random)),
        Self::Http(any(random)),
        Self::Consume { queue: any(random) },
        Self::Info { to: any(random) },
    }
    Request: random {
        Self::Variable { name: any(random) },
        Self::Variables,
        Self::Metric(any(random)),
        Self::Store(any(random)),
        Self::Publish { topic: any(random), payload: any(random) },
        Self::Subscribe { pattern: any(random) },
        Self::Unsubscribe { pattern: any(random) },
        Self::Queue(any(random)),
    }
    Measurement: random {
        Self::Add(any(random)), Self::Set(any(random)), Self::Observe(any(random)),
    }
    MetricRequest: random {
        Self::Define(any(random)),
        Self::Record {
            name: any(random), kind: any(random), labels: any(random), measurement: any(random),
        },
        Self::Value { name: any(random), labels: any(random) },
        Self::Text,
    }
    StoreOperation: random {
        Self::Get { key: any(random) },
        Self::Entry { key: any(random) },
        Self::Set { key: any(random), value: any(random), ttl_ns: any(random) },
        Self::CompareAndSet {
            key: any(random), version: any(random), value: any(random), ttl_ns: any(random),
        },
        Self::Increment { key: any(random), by: any(random) },
        Self::Delete { key: any(random) },
        Self::Keys { prefix: any(random), count_max: any(random) },
        Self::Count,
        Self::Clear,
    }
    QueueOperation: random {
        Self::Declare(any(random)),
        Self::Publish { payload: any(random), delay_ns: any(random) },
        Self::Ack { delivery: any(random) },
        Self::Nack { delivery: any(random), requeue: any(random) },
        Self::Info,
        Self::Purge,
    }
}

#[path = "stored.rs"]
mod stored;

/// Calls a macro with the name and the type of everything that has a form.
macro_rules! for_every_form {
    ($call:ident) => {
        $call! {
            u8: u8, u16: u16, u32: u32, u64: u64, i64: i64, f64: f64, bool: bool, usize: usize,
            String: String, SmolStr: SmolStr, Topic: Topic, str: Box<str>, bytes: Vec<u8>, boxed_bytes: Box<[u8]>,
            Option: Option<u32>, Vec: Vec<String>, Pair: (u16, bool), Map: BTreeMap<String, u64>,
            Nothing: Result<(), Error>, Reply: Result<Fragment, Error>,
            Pid: Pid, Timestamp: Timestamp, Fragment: Fragment, Message: Message, Event: Event,
            ExitReason: ExitReason, Failure: Failure, Error: Error, ErrorKind: ErrorKind,
            Limit: Limit, Rest: Rest, Scalar: Scalar, Actor: Actor, Scope: Scope, Context: Context,
            ContextChange: ContextChange, SpawnRequest: SpawnRequest, CancelRequest: CancelRequest,
            Relation: Relation, Options: Options, Queue: Queue, CallId: CallId, Call: Call,
            FsOperation: FsOperation, HttpRequest: HttpRequest, Level: Level, LogRecord: LogRecord,
            Request: Request, MetricKind: MetricKind, Measurement: Measurement,
            MetricDefinition: MetricDefinition, MetricRequest: MetricRequest,
            StoreRequest: StoreRequest, StoreOperation: StoreOperation,
            QueueOptions: QueueOptions, QueueRequest: QueueRequest, QueueOperation: QueueOperation,
            OnError: OnError, Promise: Promise, Durability: Durability, Dialect: Dialect,
            Module: Module, Program: Program, Limits: Limits, ProgramLimits: ProgramLimits,
            Source: procession_durable::journal::Source, Entry: procession_durable::journal::Entry,
            Spent: procession_durable::record::Usage, Kind: procession_durable::record::Kind,
            Origin: procession_durable::record::Origin,
            Record: procession_durable::record::Record, Parcel: procession_durable::record::Parcel,
            Birth: procession_durable::head::Birth, Condition: procession_durable::head::Condition,
            Head: procession_durable::head::Head, Waits: procession_durable::ledger::Waits,
            OpenCall: procession_durable::ledger::OpenCall,
            Ledger: procession_durable::ledger::Ledger,
            PageRef: procession_durable::snapshot::PageRef,
            State: procession_durable::snapshot::State,
            Snapshot: procession_durable::snapshot::Snapshot,
        }
    };
}
pub(crate) use for_every_form;
