//! The Lua environment: Lua 5.4 in which a process is one array of words.
//!
//! [`LuaEnvironment`] implements the contract of `procession-environment`. Inside, in order of
//! dependence: `text` (pure functions over bytes), `compile` (source to `bytecode`), `heap` with
//! `table`, `strings` and `collect` (the array), `vm` with `call`, `raise`, `coroutines`, `operate`,
//! `index` and `interpret` (execution), the libraries, `message` and `snapshot` (fragments and whole
//! states), `environment` and `guest`. Nothing here does I/O or reads a clock: that is behind `Host`.
#![forbid(unsafe_code)]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss
)] // words, indices and lengths are converted all the time; the heap's limit keeps them in range

mod args;
mod blame;
pub mod bytecode;
mod calendar;
mod call;
mod calls;
mod chunks;
mod closing;
mod collect;
pub mod compile;
mod concat;
mod coroutine;
mod coroutines;
mod draft;
mod environment;
mod errors;
mod finalize;
mod frame;
mod guest;
mod heap;
mod hibernate;
pub mod image;
mod index;
mod inspect;
mod interpret;
mod json;
mod library;
mod link;
mod load;
mod mailbox;
mod message;
mod modules;
mod numeric;
mod operate;
mod outgoing;
mod prelude;
mod process_library;
mod raise;
mod receives;
mod snapshot;
mod strings;
mod table;
mod tasks;
pub mod text;
mod time;
mod traceback;
mod turn;
mod vm;

pub use environment::LuaEnvironment;
pub use image::Payloads;
pub use prelude::module_names;
pub use snapshot::seal as seal_snapshot;
