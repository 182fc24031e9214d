//! The long answer to a check, for `procession can ACTOR ACTION RESOURCE --explain`.

use crate::check::Check;
use crate::condition::Truth;
use crate::decision::Decision;
use crate::policies::{Effect, Policies, Policy};
use std::fmt;

/// A decision with what every policy of the scope contributed. Shows as one line per policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation<'a> {
    /// The decision itself.
    pub decision: Decision<'a>,
    /// The scope's policies, in its order; empty without actor and scope.
    pub considered: Vec<Considered<'a>>,
}

/// What one policy contributed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Considered<'a> {
    /// The policy's id.
    pub policy: &'a str,
    /// Its effect; `None` when there is no such policy.
    pub effect: Option<Effect>,
    /// Whether it applies, or what kept it from that.
    pub outcome: Outcome,
}

/// Whether a policy applies to a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It does.
    Applies,
    /// It is about other actions.
    OtherAction,
    /// It is about other resources.
    OtherResource,
    /// A condition does not hold: the condition, and what its field holds.
    Unmet {
        /// As text.
        condition: String,
        /// As text; `nothing` when the field is missing.
        actual: String,
    },
    /// There is no policy with this id.
    Unknown,
}

impl Policies {
    /// Decides a check and says what each policy contributed.
    #[must_use]
    pub fn explain<'a>(&'a self, check: &Check<'a>) -> Explanation<'a> {
        let considered = match (check.actor, check.scope) {
            (Some(_), Some(scope)) => {
                scope.policies.iter().map(|id| self.consider(id, check)).collect()
            }
            (None, _) | (_, None) => Vec::new(),
        };
        Explanation { decision: self.decide(check), considered }
    }

    fn consider<'a>(&'a self, id: &'a str, check: &Check<'_>) -> Considered<'a> {
        let policy = self.get(id);
        let outcome = policy.map_or(Outcome::Unknown, |policy| outcome(policy, check));
        Considered { policy: id, effect: policy.map(|policy| policy.effect), outcome }
    }
}

fn outcome(policy: &Policy, check: &Check<'_>) -> Outcome {
    if !policy.actions.iter().any(|pattern| pattern.matches(check.action)) {
        return Outcome::OtherAction;
    }
    if !policy.resources.iter().any(|pattern| pattern.matches(check.resource)) {
        return Outcome::OtherResource;
    }
    let unmet = policy.conditions.iter().find_map(|condition| {
        let truth = condition.test(check);
        (!policy.holds(truth)).then(|| {
            let unknown = if truth == Truth::Unknown { ", which can't be evaluated" } else { "" };
            let actual = format!("{}{unknown}", condition.actual(check));
            Outcome::Unmet { condition: condition.to_string(), actual }
        })
    });
    unmet.unwrap_or(Outcome::Applies)
}

impl fmt::Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.decision.reason)?;
        for considered in &self.considered {
            write!(f, "\n  {considered}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Considered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let effect = match self.effect {
            Some(Effect::Allow) => " (allow)",
            Some(Effect::Deny) => " (deny)",
            None => "",
        };
        write!(f, "{}{effect}: {}", self.policy, self.outcome)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Applies => f.write_str("applies"),
            Self::OtherAction => f.write_str("is about other actions"),
            Self::OtherResource => f.write_str("is about other resources"),
            Self::Unmet { condition, actual } => {
                write!(f, "condition does not hold: {condition} (it is {actual})")
            }
            Self::Unknown => f.write_str("does not exist"),
        }
    }
}
