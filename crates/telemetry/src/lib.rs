//! What a node remembers of what happened: the records of what processes printed and logged, and
//! the events of their lives.
//!
//! Any thread hands entries to a queue and never waits; one writer thread turns them into numbered
//! records, keeps the newest in memory and appends all of them to bounded segment files. Queries
//! read both, on the thread of whoever asks. Nothing here decides anything about processes, and
//! nothing here is on the way of a message.
#![forbid(unsafe_code)]

mod block;
mod bytes;
mod chain;
mod chunk;
mod config;
mod entry;
mod event;
mod export;
mod files;
mod follow;
mod frame;
mod journal;
mod line;
mod metrics;
mod open;
#[cfg(feature = "otlp")]
mod otlp;
mod process_rings;
mod query;
mod queue;
mod record;
mod search;
mod secrets;
mod segment;
mod shared;
mod shelf;
mod sources;
mod telemetry;
mod writer;

pub use chain::SinkState;
pub use config::{Budget, Config, OpenError, Records, SECRET_BYTES_MIN, Streams};
pub use event::{Event, EventKind};
pub use export::Exported;
pub use follow::Follower;
pub use journal::Counts;
pub use metrics::{Family, FamilyKind, Histogram, Metrics, SERIES_MAX, Series};
#[cfg(feature = "otlp")]
pub use otlp::{Exporter, Otlp, OtlpError};
pub use query::{Grep, GrepError, Query, RECORDS_MAX};
pub use record::{Kind, Record, Source};
pub use search::{Damage, Page};
pub use segment::{Segment, SegmentError, segment_bytes};
pub use telemetry::{Stream, Telemetry};
pub use writer::Writer;
