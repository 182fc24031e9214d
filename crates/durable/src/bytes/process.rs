//! The forms of what `procession-types` defines.

use super::tagged::{record, variants};
use super::{Bytes, Damaged, Reader, put_length};
use procession_types::{
    Actor, Context, ContextChange, Error, ErrorKind, Event, ExitReason, Failure, Limit, Message,
    Pid, Rest, Scalar, Scope, Timestamp,
};
use std::sync::Arc;

record!(Pid { host, shard, epoch, slot, generation });
record!(Timestamp { 0 });
record!(Message { topic, from, payload });
record!(Error { kind, message, retryable, limit, details, traceback });
record!(Actor { id, meta });
record!(Scope { policies });
record!(Context { values, actor, scope });
record!(ContextChange { values, actor, scope });

variants!(ErrorKind, "a kind of error" {
    0 NotFound,
    1 AlreadyExists,
    2 Invalid,
    3 PermissionDenied,
    4 Unavailable,
    5 Internal,
    6 Canceled,
    7 Conflict,
    8 Timeout,
    9 RateLimited,
    10 Unknown,
});

variants!(Limit, "a limit" {
    0 Memory,
    1 Instructions,
    2 WallClock,
    3 Mailbox,
    4 MessageSize,
    5 Processes,
    6 Links,
    7 Names,
    8 Calls,
    9 Topics,
    10 Store,
    11 Queue,
    12 Subscriptions,
    13 Metrics,
});

variants!(Rest, "a kind of rest" {
    0 WaitPoint,
    1 Idle,
    2 Asleep,
    3 Halted,
});

variants!(Event, "an event" {
    0 Cancel { from, at, deadline, reason },
    1 Exit { from, at, reason },
    2 LinkDown { from, at, reason },
    3 Took { from, at, count },
    4 Rest { from, at, rest, taken },
});

variants!(Failure, "a failure" {
    0 Error(error),
    1 Terminated,
    2 Linked,
    3 DeadlineExceeded,
    4 Limit { limit, place },
    5 Deadlock(place),
    6 Fault(report),
});

variants!(ExitReason, "an exit reason" {
    0 Normal(result),
    1 Failed(failure),
});

impl Bytes for Arc<ExitReason> {
    fn put(&self, out: &mut Vec<u8>) {
        (**self).put(out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        ExitReason::take(from).map(Self::new)
    }
}

const SCALAR: &str = "a plain value";

/// By hand, since it is the one form that holds itself.
impl Bytes for Scalar {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Bool(value) => {
                out.push(0);
                value.put(out);
            }
            Self::Int(value) => {
                out.push(1);
                value.put(out);
            }
            Self::Float(value) => {
                out.push(2);
                value.put(out);
            }
            Self::Text(value) => {
                out.push(3);
                value.put(out);
            }
            Self::List(items) => {
                out.push(4);
                put_length(items.len(), out);
                Self::put_each(items, out);
            }
        }
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        let before = from.clone();
        Ok(match from.byte(SCALAR)? {
            0 => Self::Bool(Bytes::take(from)?),
            1 => Self::Int(Bytes::take(from)?),
            2 => Self::Float(Bytes::take(from)?),
            3 => Self::Text(Bytes::take(from)?),
            4 => Self::List(from.nested(Bytes::take)?),
            _ => return Err(before.damaged(SCALAR)),
        })
    }
}
