//! A client of a node's HTTP API, over its Unix socket or over TCP with a token.
//!
//! Every call blocks until it is answered. Nothing is retried and nothing printed: what a failure
//! means is the caller's to say.
#![forbid(unsafe_code)]

mod calls;
mod client;
mod encode;
mod error;
mod events;
mod target;

pub use client::Client;
pub use error::ClientError;
pub use events::ServerEvent;
pub use target::{Target, TargetError};
