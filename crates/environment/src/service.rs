//! What a guest may ask of the node's services: variables, metrics, stores, events, queues. They
//! are answered at once, and shared by the processes of the node.

use procession_types::{Fragment, SmolStr};

/// A question to a service.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// The value of a variable, a string. Permission `env.get` on the name.
    Variable {
        /// Its name.
        name: SmolStr,
    },
    /// A table of all granted variables that the caller may get.
    Variables,
    /// See [`MetricRequest`].
    Metric(MetricRequest),
    /// See [`StoreRequest`].
    Store(StoreRequest),
    /// Puts an event into the mailboxes of those that have subscribed; how many these are. The
    /// first value of the payload is the topic. Permission `events.publish` on the topic.
    Publish {
        /// The topic.
        topic: SmolStr,
        /// Topic and values.
        payload: Fragment,
    },
    /// The number of a mailbox queue for events whose topics match. Permission `events.subscribe`
    /// on the pattern.
    Subscribe {
        /// A topic, `prefix*`, `a.b.*`, or `*`.
        pattern: SmolStr,
    },
    /// Ends a subscription; whether there was one.
    Unsubscribe {
        /// Its pattern.
        pattern: SmolStr,
    },
    /// See [`QueueRequest`].
    Queue(QueueRequest),
}

/// What a metric counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// Something that only grows.
    Counter,
    /// A value that goes up and down.
    Gauge,
    /// Values by size, in buckets.
    Histogram,
}

impl MetricKind {
    /// The kind's name as programs and the text form have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// The definition of a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricDefinition {
    /// Letters, digits, `_` and `:`.
    pub name: SmolStr,
    /// See [`MetricKind`].
    pub kind: MetricKind,
    /// One line for people.
    pub help: Option<String>,
    /// Upper bounds of a histogram's buckets, ascending; none = the default ones.
    pub buckets: Vec<f64>,
}

/// Names and values that tell the series of one metric apart, sorted by name.
pub type Labels = Vec<(String, String)>;

/// How a series changes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measurement {
    /// A counter or a gauge grows by so much.
    Add(f64),
    /// A gauge becomes this.
    Set(f64),
    /// A histogram sees this value.
    Observe(f64),
}

/// A question to the metrics. Definitions and records need the permission `metrics.write`, the
/// others `metrics.read`, on the metric's name (`*` for all).
#[derive(Debug, Clone, PartialEq)]
pub enum MetricRequest {
    /// Makes a metric; the same definition again is fine.
    Define(MetricDefinition),
    /// Changes a series; a metric that is not there is made from its name and kind.
    Record {
        /// The metric.
        name: SmolStr,
        /// Its kind.
        kind: MetricKind,
        /// Which series.
        labels: Labels,
        /// See [`Measurement`].
        measurement: Measurement,
    },
    /// The value of a series: a number, for a histogram a table `{count, sum}`; 0 when there is
    /// none.
    Value {
        /// The metric.
        name: SmolStr,
        /// Which series.
        labels: Labels,
    },
    /// All metrics in the text form that scrapers read.
    Text,
}

/// A question to a store.
#[derive(Debug, Clone, PartialEq)]
pub struct StoreRequest {
    /// The store's name.
    pub store: SmolStr,
    /// Whether all processes of the node share it (permissions `store.read` and `store.write` on
    /// the name, with the attribute `key`); otherwise it is the caller's own and ends with it.
    pub is_shared: bool,
    /// See [`StoreOperation`].
    pub operation: StoreOperation,
}

/// What is done with a store. A key is a string of 1 to 512 bytes. Versions are numbers of the
/// store that grow with every change.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields of each variant say what they are")]
pub enum StoreOperation {
    /// The value; `NotFound`.
    Get { key: Vec<u8> },
    /// Value, version, and the milliseconds until it expires (nil = never); `NotFound`.
    Entry { key: Vec<u8> },
    /// Puts a value there; its version.
    Set { key: Vec<u8>, value: Fragment, ttl_ns: Option<u64> },
    /// Puts a value there if the entry has this version (0 = if there is none); its version, or
    /// `Conflict`.
    CompareAndSet { key: Vec<u8>, version: u64, value: Fragment, ttl_ns: Option<u64> },
    /// Adds to an integer (0 when there is none) and keeps when it expires; the sum.
    Increment { key: Vec<u8>, by: i64 },
    /// Removes the entry; whether there was one.
    Delete { key: Vec<u8> },
    /// A list of the keys with a prefix, in the order of their bytes, so many at most, and whether
    /// that was all.
    Keys { prefix: Vec<u8>, count_max: usize },
    /// How many entries; some of those that have expired may be among them.
    Count,
    /// Removes all entries.
    Clear,
}

/// Options of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueOptions {
    /// How often a message is handed out before it is a dead letter. Default 5.
    pub deliveries_max: u32,
    /// Messages that wait or are in flight. Default 10 000.
    pub messages_max: u32,
    /// The queue of the dead letters; without one they are dropped.
    pub dead_letter: Option<SmolStr>,
    /// Nanoseconds after which a delivery that is not acknowledged is taken back, 1 or more;
    /// `None` = when its consumer ends.
    pub ack_timeout_ns: Option<u64>,
}

impl Default for QueueOptions {
    fn default() -> Self {
        Self { deliveries_max: 5, messages_max: 10_000, dead_letter: None, ack_timeout_ns: None }
    }
}

/// A question to a queue.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueRequest {
    /// The queue's name.
    pub queue: SmolStr,
    /// See [`QueueOperation`].
    pub operation: QueueOperation,
}

/// What is done with a queue. Consuming may have to wait, so it is a call.
#[derive(Debug, Clone, PartialEq)]
pub enum QueueOperation {
    /// Sets the options. Permission `queue.declare`.
    Declare(QueueOptions),
    /// Adds a message. Permission `queue.publish`.
    Publish {
        /// One value.
        payload: Fragment,
        /// Nanoseconds after which it can be consumed.
        delay_ns: u64,
    },
    /// A delivery of the caller is done; `NotFound` when it does not hold it.
    Ack {
        /// Its number.
        delivery: u64,
    },
    /// A delivery of the caller is not done; `NotFound` when it does not hold it.
    Nack {
        /// Its number.
        delivery: u64,
        /// Whether somebody else shall try.
        requeue: bool,
    },
    /// A table `{ready, delayed, in_flight, waiting, bytes, dropped}`. Permission `queue.info`.
    Info,
    /// Removes what nobody holds; how many. Permission `queue.purge`.
    Purge,
}
