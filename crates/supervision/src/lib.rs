//! What keeps processes alive: the state machines of supervisors and pools, and what an application's
//! definitions make of them.
//!
//! Pure: time and random numbers come in with every step, deeds go out as actions. Nothing here
//! blocks or waits: whoever must wait is in a state that says for what and until when.
#![forbid(unsafe_code)]

pub mod backoff;
pub mod plan;
pub mod pool;
pub mod supervisor;
