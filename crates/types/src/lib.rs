//! The data that every layer shares: process ids, errors, exit reasons, messages, units.
//!
//! Nothing here acts: no I/O, no clock, no randomness, no threads. Every other crate may depend on
//! this one; it depends on none of them.
#![forbid(unsafe_code)]

pub mod definition;
mod error;
mod event;
mod exit;
mod foreign;
mod fragment;
mod host_ids;
mod limits;
mod message;
mod pid;
mod security;
pub mod token;
mod topic;
pub mod units;
pub mod word;

pub use error::{Error, ErrorKind};
pub use event::{Event, Rest};
pub use exit::{ExitReason, Failure};
pub use foreign::Unsound;
pub use fragment::{Fragment, FragmentBuilder};
pub use host_ids::{HOSTS_MAX, HostIds};
pub use limits::{Limit, Limits, ProgramLimits};
pub use message::Message;
pub use pid::{EPOCH_OF_STORE, HostIndex, Pid, PidText, ShardIndex, parse_pid};
pub use security::{Actor, Context, ContextChange, Scalar, Scope};
pub use smol_str::SmolStr;
pub use topic::{TOPIC_BYTES_MAX, Topic};

/// A point in time: nanoseconds since the Unix epoch, as the node's clock gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The time `nanoseconds` later; saturates at the end of time.
    #[must_use]
    pub const fn after(self, nanoseconds: u64) -> Self {
        let delta = if nanoseconds > i64::MAX as u64 { i64::MAX } else { nanoseconds as i64 };
        Self(self.0.saturating_add(delta))
    }
}
