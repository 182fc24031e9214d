//! Who asks: the actor and the scope that permission checks look at, and the context values that a
//! process hands to its children.

use crate::Fragment;
use std::collections::BTreeMap;

/// A plain value in an actor's or a check's attributes.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// true or false
    Bool(bool),
    /// a whole number
    Int(i64),
    /// any other number
    Float(f64),
    /// text
    Text(String),
    /// several
    List(Vec<Scalar>),
}

/// The security principal of a process.
#[derive(Debug, Clone, PartialEq)]
pub struct Actor {
    /// Its id, as in `service:billing`.
    pub id: String,
    /// What policies can ask about as `actor.meta.*`.
    pub meta: BTreeMap<String, Scalar>,
}

/// The policies that apply to a process, by id (`namespace:name`).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scope {
    /// In the order they were given; the order does not matter to a decision.
    pub policies: Vec<String>,
}

/// What a process inherits from its parent.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Context {
    /// Values by name, one value each.
    pub values: BTreeMap<String, Fragment>,
    /// The actor, if there is one.
    pub actor: Option<Actor>,
    /// The scope, if there is one.
    pub scope: Option<Scope>,
}

/// What a spawn changes of the inherited context.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ContextChange {
    /// Values to add or replace.
    pub values: BTreeMap<String, Fragment>,
    /// Another actor.
    pub actor: Option<Actor>,
    /// Another scope.
    pub scope: Option<Scope>,
}

impl Context {
    /// The context with the change applied.
    #[must_use]
    pub fn changed(&self, change: &ContextChange) -> Self {
        let mut next = self.clone();
        next.values.extend(change.values.iter().map(|(name, value)| (name.clone(), value.clone())));
        next.actor = change.actor.clone().or(next.actor);
        next.scope = change.scope.clone().or(next.scope);
        next
    }
}
