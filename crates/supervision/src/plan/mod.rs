//! From what an application declares to the supervisors that its processes make up.
//!
//! Every service, pool and supervisor is the child of one supervisor: of the one that lists it, or of
//! the application's root. What a definition requires may be anywhere in the application; the two
//! children it concerns are those of the supervisor above both.

mod order;
#[cfg(test)]
mod tests;
mod tree;

use crate::supervisor::{ChildDefinition, Definition};
use procession_types::SmolStr;
use procession_types::definition::{Lifecycle, Pool, Service, Strategy, SupervisorDefinition};
use std::collections::{BTreeMap, BTreeSet};
use tree::Tree;

/// What an application declares about its processes, by id.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Declared {
    /// Supervised processes.
    pub services: BTreeMap<String, Service>,
    /// Trees of services, pools and further supervisors.
    pub supervisors: BTreeMap<String, SupervisorDefinition>,
    /// Scaled sets of processes.
    pub pools: BTreeMap<String, Pool>,
}

/// What a child is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A supervised process.
    Service,
    /// A group of further children.
    Supervisor,
    /// A scaled set.
    Pool,
}

impl Kind {
    /// As people see it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Supervisor => "supervisor",
            Self::Pool => "pool",
        }
    }
}

/// A supervisor with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// What it is made from.
    pub definition: Definition,
    /// What its children are, by position.
    pub kinds: Vec<Kind>,
    /// The supervisor whose child it is; `None` = it is the root.
    pub parent: Option<SmolStr>,
}

/// Every supervisor of an application, the root first, each after its parent.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// See the type.
    pub supervisors: Vec<Planned>,
    /// How long all of it may take to stop.
    pub stop_timeout_ns: u64,
}

/// Why definitions make no tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Two definitions with one id.
    #[error("{id} is declared twice, as a {first} and as a {second}: give one another id")]
    DuplicateId {
        /// The id.
        id: String,
        /// What it is.
        first: &'static str,
        /// What else it is.
        second: &'static str,
    },
    /// A definition with the id of the root.
    #[error("{id} is the id of the application's own supervisor: choose another one")]
    ReservedId {
        /// The id.
        id: String,
    },
    /// A child that is not declared.
    #[error("supervisor {supervisor} lists {child}, which is no service, pool or supervisor")]
    UnknownChild {
        /// Who lists it.
        supervisor: String,
        /// What it lists.
        child: String,
    },
    /// A child of two supervisors, or twice of one.
    #[error("{child} is a child of {first} and of {second}: it can have one supervisor")]
    TwoParents {
        /// The child.
        child: String,
        /// Who lists it first.
        first: String,
        /// Who lists it, too.
        second: String,
    },
    /// Supervisors that are children of each other.
    #[error("supervisors are each other's children: {}", .ids.join(" > "))]
    Loop {
        /// Which, in a circle.
        ids: Vec<String>,
    },
    /// A requirement that is not declared.
    #[error("{id} requires {requires}, which is no service, pool or supervisor")]
    UnknownRequirement {
        /// Who requires it.
        id: String,
        /// What it requires.
        requires: String,
    },
    /// A requirement of the supervisor above, or of a child below.
    #[error("{id} requires {requires}, and one of the two contains the other")]
    RequiresOwnTree {
        /// Who requires it.
        id: String,
        /// What it requires.
        requires: String,
    },
    /// Children that wait for each other.
    #[error(
        "these wait for each other, so none of them could start: {}{}",
        .ids.join(" > "),
        if *.in_order { " (with rest_for_one, each also requires the one before it)" } else { "" }
    )]
    Cycle {
        /// Which, in a circle, each requiring the next.
        ids: Vec<String>,
        /// Whether the order of a rest_for_one supervisor is a part of it.
        in_order: bool,
    },
}

/// Makes supervisors of what is declared; `root` is the id of the one above all others.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn plan(root: &str, declared: &Declared) -> Result<Plan, Vec<PlanError>> {
    let mut errors = Vec::new();
    let tree = Tree::grow(root, declared, &mut errors);
    if !errors.is_empty() {
        // What is required of whom can only be told in a tree.
        return Err(errors);
    }
    let edges = tree.requirements(declared, &mut errors);
    let mut supervisors = Vec::new();
    for (id, children) in tree.supervisors() {
        let declaration = declared.supervisors.get(id);
        let strategy = declaration.map_or(Strategy::OneForOne, |it| it.strategy);
        let requires = requirements_of(id, children.len(), strategy, &edges);
        if let Some(circle) = order::circle(&requires) {
            let ids = circle.iter().map(|at| children[*at].clone()).collect();
            errors.push(PlanError::Cycle { ids, in_order: strategy == Strategy::RestForOne });
            continue;
        }
        let kinds = children.iter().map(|child| declared.kind(child)).collect();
        let children = children.iter().zip(requires);
        let children = children.map(|(child, requires)| declared.child(child, requires));
        let definition = Definition {
            id: SmolStr::new(id),
            strategy,
            intensity: declaration.map(|it| it.intensity),
            children: children.collect(),
        };
        let parent = tree.parent(id).map(SmolStr::new);
        supervisors.push(Planned { definition, kinds, parent });
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    order::allow_time_to_start(&mut supervisors);
    let stop_timeout_ns = order::allow_time_to_stop(&mut supervisors);
    Ok(Plan { supervisors, stop_timeout_ns })
}

/// Positions that each child of a supervisor requires.
fn requirements_of(
    id: &str,
    count: usize,
    strategy: Strategy,
    edges: &BTreeMap<&str, BTreeSet<(usize, usize)>>,
) -> Vec<Vec<usize>> {
    let mut requires = vec![BTreeSet::new(); count];
    for (from, to) in edges.get(id).into_iter().flatten() {
        requires[*from].insert(*to);
    }
    if strategy == Strategy::RestForOne {
        // That those after a child are started again with it means that they build on it.
        for (at, requires) in requires.iter_mut().enumerate().skip(1) {
            requires.insert(at - 1);
        }
    }
    requires.into_iter().map(|set| set.into_iter().collect()).collect()
}

impl Declared {
    /// Every id with what it is, services first.
    fn ids(&self) -> impl Iterator<Item = (&str, Kind)> {
        let services = self.services.keys().map(|id| (id.as_str(), Kind::Service));
        let supervisors = self.supervisors.keys().map(|id| (id.as_str(), Kind::Supervisor));
        let pools = self.pools.keys().map(|id| (id.as_str(), Kind::Pool));
        services.chain(supervisors).chain(pools)
    }

    fn kind(&self, id: &str) -> Kind {
        if self.services.contains_key(id) {
            Kind::Service
        } else if self.pools.contains_key(id) {
            Kind::Pool
        } else {
            Kind::Supervisor
        }
    }

    fn lifecycle(&self, id: &str) -> Option<&Lifecycle> {
        let service = self.services.get(id).map(|it| &it.lifecycle);
        let pool = || self.pools.get(id).map(|it| &it.lifecycle);
        let supervisor = || self.supervisors.get(id).map(|it| &it.lifecycle);
        service.or_else(pool).or_else(supervisor)
    }

    fn child(&self, id: &str, requires: Vec<usize>) -> ChildDefinition {
        let lifecycle = self.lifecycle(id).cloned().unwrap_or_default();
        ChildDefinition {
            id: SmolStr::new(id),
            auto_start: lifecycle.auto_start,
            start_timeout_ns: Some(lifecycle.start_timeout_ns),
            stop_timeout_ns: lifecycle.stop_timeout_ns,
            health: lifecycle.health.filter(|_| self.kind(id) == Kind::Service),
            restart: lifecycle.restart,
            requires,
        }
    }
}
