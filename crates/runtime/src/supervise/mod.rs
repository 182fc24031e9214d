//! Applications: supervisors as processes, and what one can do with them from outside.
//!
//! A supervisor is a built-in process that holds a [`procession_supervision::supervisor::Supervisor`]:
//! it maps events, commands and its timer to inputs, and actions to calls of its host. It owns its
//! children: whatever they trap, they do not survive it. What faces show is in the register, which
//! supervisors write and anybody reads.

mod application;
mod blueprint;
mod control;
mod desk;
mod guest;
mod hub;
mod orphans;
mod record;
mod redefine;
mod register;

pub use application::{ApplicationDefinition, ROOT};
pub use blueprint::joined;
pub use hub::{Delivery, EVENTS_KEPT_MAX, LifecycleEvent, LifecycleEvents};
pub use register::Supervised;

pub(crate) use application::Running;
pub(crate) use register::Register;
