//! Durable processes: their turns are recorded, committed to a store, and brought back from there.
//!
//! `keeper.rs` is what all shards share of the store, `alive.rs` who lives, `arrivals.rs` the way of news from the disk; `process.rs` is what a worker
//! remembers of one process that is in memory. A turn goes through `gate.rs` and `turn.rs`; what it did
//! becomes a commit in `commit.rs`, and its effects happen in `release.rs` when that is on disk. `birth.rs`
//! and `death.rs` are the ends of a life, `parcel.rs` is what comes for a process,
//! `outside.rs` what comes from outside of the node, `recover.rs` and
//! `revive.rs` bring one back, `rest.rs` is how one leaves memory,
//! `snapshots.rs` what is in the store of its state, in `pages.rs` when that is large, `rule.rs` when it is made,
//! `budget.rs` what those take that are in memory, `failure.rs` what happens when one fails,
//! `halted.rs` which stand still, `renew.rs` an upgrade. `owners.rs` says which belong to services and pools, `care.rs` how those are adopted and put to
//! rest. `patient.rs` is what happens when the disk is full. `history.rs` (with `sketch.rs`)
//! is what those see who look back, `travel.rs` what is found out by running a past again. `given.rs` is how a process
//! goes on with a state that was made elsewhere, `fork.rs` what makes forks, `generations.rs` snapshots on demand,
//! `restore.rs` how one goes back to one, `export.rs` processes in files. `dry_run.rs` tells what would come of a message,
//! on the `stage.rs`.
//! `simulated/` runs all of it on one thread under a seeded schedule of failures.
//!
//! **Invariant.** Nothing that a durable process does can be seen outside of it before the commit that
//! has it is on disk, but for what `gate.rs` names.
//! **Invariant.** What it was given is in its log or waits in the store, or its sender was told nothing.

mod alive;
mod arrivals;
mod birth;
mod budget;
mod care;
mod commit;
mod death;
mod dry_run;
mod export;
mod failure;
mod fork;
mod gate;
mod generations;
mod given;
mod halted;
mod history;
mod keeper;
mod outside;
mod owners;
mod pages;
mod parcel;
mod patient;
mod process;
mod queued;
mod queues;
mod recover;
mod release;
mod renew;
mod rest;
mod resting;
mod restore;
mod revive;
mod rule;
// Two attributes: clippy takes `all(test, …)` for code that is not a test's.
#[cfg(test)]
#[cfg(not(loom))]
mod simulated;
mod sketch;
mod snapshots;
mod stage;
mod start;
mod travel;
mod turn;

pub(crate) use alive::Alive;
pub(crate) use arrivals::Arrivals;
pub(crate) use budget::Residence;
pub use budget::ResidentUse;
pub use dry_run::{DryRun, DryRunLimits, Outcome};
pub use export::{EXPORT_BYTES_MAX, Imported};
pub use fork::Forked;
pub use generations::Generation;
pub use halted::Halt;
pub use history::{Deed, HISTORY_RECORDS_MAX, HistoryFrom, HistoryPage, Part, Parts, PastRecord};
pub(crate) use keeper::{Begin, Hands, Keeper, Opened, locked, threads};
pub(crate) use owners::Owners;
pub(crate) use process::Desk;
pub(crate) use queued::full;
pub(crate) use queues::Queues;
pub use restore::Restored;
pub use rule::SnapshotRule;
pub(crate) use start::wake_durable;
pub use travel::{Difference, PastState, Replayed};
