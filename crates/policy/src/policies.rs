//! Policies, the set of them, and the rule that turns them into a decision.

use crate::check::Check;
use crate::condition::{Condition, Truth};
use crate::decision::{Decision, Reason};
use crate::pattern::Pattern;
use procession_types::{Context, Scope};
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::sync::Arc;

/// Whether a policy allows or denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It allows, unless another denies.
    Allow,
    /// It denies, whatever others say.
    Deny,
}

/// A rule: what it says about which actions on which resources, under which conditions.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// `namespace:name`.
    pub id: String,
    /// See [`Effect`].
    pub effect: Effect,
    /// One of them has to match the action.
    pub actions: Vec<Pattern>,
    /// One of them has to match the resource.
    pub resources: Vec<Pattern>,
    /// All of them have to hold.
    pub conditions: Vec<Condition>,
}

/// What happens to a caller without an actor or without a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unidentified {
    /// Everything is allowed (`security.strict: false`).
    #[default]
    Allow,
    /// Nothing is allowed (`security.strict: true`).
    Deny,
}

/// Among so many, one is found in order as fast as by a hash, or faster (`examples/policy_figures.rs`).
const FEW: usize = 64;

/// Every policy of a node.
#[derive(Debug, Clone, Default)]
pub struct Policies {
    by_id: BTreeMap<String, Arc<Policy>>,
    /// The same, for checks of scopes that name many.
    by_hash: HashMap<String, Arc<Policy>, BuildHasherDefault<DefaultHasher>>,
    unidentified: Unidentified,
}

impl Policy {
    /// Whether the policy says something about the check. What can't be evaluated makes a deny
    /// apply and an allow not apply.
    pub(crate) fn applies(&self, check: &Check<'_>) -> bool {
        self.names(check)
            && self.conditions.iter().all(|condition| self.holds(condition.test(check)))
    }

    /// Whether action and resource are among those the policy is about.
    fn names(&self, check: &Check<'_>) -> bool {
        self.actions.iter().any(|pattern| pattern.matches(check.action))
            && self.resources.iter().any(|pattern| pattern.matches(check.resource))
    }

    /// Whether a condition with this truth lets the policy apply.
    pub(crate) fn holds(&self, truth: Truth) -> bool {
        match truth {
            Truth::True => true,
            Truth::False => false,
            Truth::Unknown => self.effect == Effect::Deny,
        }
    }
}

impl Policies {
    /// No policies, and this answer for callers without actor and scope.
    #[must_use]
    pub fn new(unidentified: Unidentified) -> Self {
        Self { unidentified, ..Self::default() }
    }

    /// Adds a policy; gives back the one with the same id that it replaces.
    pub fn insert(&mut self, policy: Policy) -> Option<Policy> {
        let (id, policy) = (policy.id.clone(), Arc::new(policy));
        self.by_hash.insert(id.clone(), Arc::clone(&policy));
        self.by_id.insert(id, policy).map(Arc::unwrap_or_clone)
    }

    /// Takes a policy away.
    pub fn remove(&mut self, id: &str) -> Option<Policy> {
        self.by_hash.remove(id);
        self.by_id.remove(id).map(Arc::unwrap_or_clone)
    }

    /// The policy with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Policy> {
        let found = match self.by_id.len() > FEW {
            true => self.by_hash.get(id),
            false => self.by_id.get(id),
        };
        found.map(|policy| &**policy)
    }

    /// All policies, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Policy> {
        self.by_id.values().map(|policy| &**policy)
    }

    /// What happens to callers without actor and scope.
    #[must_use]
    pub const fn unidentified(&self) -> Unidentified {
        self.unidentified
    }

    /// Whether every check of a process with this context is allowed without looking: the caller may
    /// then leave the check, and the text of its resource, away.
    #[must_use]
    pub fn is_open_to(&self, context: &Context) -> bool {
        self.unidentified == Unidentified::Allow
            && (context.actor.is_none() || context.scope.is_none())
    }

    /// Decides a check. Nothing is allocated unless a condition compares an attribute.
    pub fn decide<'a>(&'a self, check: &Check<'a>) -> Decision<'a> {
        Decision::of(match (check.actor, check.scope) {
            (Some(_), Some(scope)) => self.judge(check, scope),
            (None, _) | (_, None) => self.without_identity(),
        })
    }

    pub(crate) const fn without_identity<'a>(&self) -> Reason<'a> {
        match self.unidentified {
            Unidentified::Allow => Reason::Open,
            Unidentified::Deny => Reason::Unidentified,
        }
    }

    /// The verdict of a scope's policies. The order of the scope decides only whose name is given.
    fn judge<'a>(&'a self, check: &Check<'a>, scope: &'a Scope) -> Reason<'a> {
        let mut allowed = None;
        let mut unknown = None;
        for id in &scope.policies {
            match self.get(id) {
                None => unknown = unknown.or(Some(id.as_str())),
                // An allow that can change nothing any more need not be evaluated.
                Some(policy) if policy.effect == Effect::Allow && allowed.is_some() => {}
                Some(policy) if !policy.applies(check) => {}
                Some(policy) => match policy.effect {
                    Effect::Deny => return Reason::Denied(&policy.id),
                    Effect::Allow => allowed = Some(policy.id.as_str()),
                },
            }
        }
        match (unknown, allowed) {
            (Some(id), _) => Reason::UnknownPolicy(id),
            (None, Some(id)) => Reason::Allowed(id),
            (None, None) => Reason::NoPolicy,
        }
    }
}
