//! The permission system: may this actor, in this scope, do this action on this resource?
//!
//! Pure: no I/O, no clock, no randomness. A [`Policies`] set holds every policy of a node by id; a
//! [`Check`] brings the actor and the scope of the caller; the answer is a [`Decision`] that says
//! which policy decided and why. Any matching *deny* wins, else any matching *allow* allows, else
//! the answer is no. What can't be evaluated never helps the caller: it makes a deny apply and an
//! allow not apply.
//!
//! Policies are read from YAML by the crate `spec`.
#![forbid(unsafe_code)]

mod check;
mod compare;
mod condition;
mod decision;
mod explain;
mod operator;
mod pattern;
mod policies;
#[cfg(test)]
mod tests;
mod value;

pub use check::{Attributes, Check};
pub use condition::{Condition, ConditionError, Operand, RegexProblem};
pub use decision::{Decision, Reason};
pub use explain::{Considered, Explanation, Outcome};
pub use operator::{Field, Operator};
pub use pattern::{Pattern, PatternError};
pub use policies::{Effect, Policies, Policy, Unidentified};
