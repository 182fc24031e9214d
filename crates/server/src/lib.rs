//! The HTTP API of a node: over a Unix socket to its own user, over TCP to those who have a token.
//!
//! Thin over [`procession_runtime::Node`]: it reads requests, checks permissions, asks the node,
//! and writes answers. It runs on threads of its own and never blocks a shard; whatever waits for
//! the node does so on a bounded number of threads. It decides nothing about processes.
#![forbid(unsafe_code)]

mod answer;
mod ask;
mod bare;
mod caller;
mod config;
mod connection;
mod enter;
mod extract;
mod find;
mod idempotency;
mod listen;
mod openapi;
mod owners;
mod parameters;
mod past_view;
mod routes;
mod server;
mod socket;
mod sse;
mod state;
mod tokens;
mod view;

pub use config::{About, Limits, Reload, ServerConfig, Shutdown};
pub use openapi::openapi_json;
pub use server::{Server, StartError};
pub use socket::{SocketError, default_socket, is_taken};
pub use tokens::{NewToken, TokenError, TokenView, Tokens};
