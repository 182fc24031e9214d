//! What is different between two states of an application: what a reload has to do, and no more.

use crate::application::{Application, Host, ProgramDefinition};
use procession_policy::Policy;
use procession_types::definition::{Lifecycle, Pool, Service, SupervisorDefinition};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What an id names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// A program or a function.
    Program,
    /// A process host.
    Host,
    /// A policy.
    Policy,
    /// A service.
    Service,
    /// A pool.
    Pool,
    /// A supervisor.
    Supervisor,
}

/// Something that is there in both and not the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What it is.
    pub sort: Sort,
    /// Its id.
    pub id: String,
    /// The keys of its entry whose values changed, as `lifecycle.restart`.
    pub keys: Vec<&'static str>,
    /// A service or pool: the program that it runs changed. A program: always.
    pub program: bool,
}

/// Everything that is different. What is not named is untouched.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference {
    /// What is new, by sort and id.
    pub added: Vec<(Sort, String)>,
    /// What is gone.
    pub removed: Vec<(Sort, String)>,
    /// What is not the same.
    pub changed: Vec<Change>,
    /// Keys of the application as a whole whose values changed, as `grants`.
    pub application: Vec<&'static str>,
}

/// The keys of an entry that a running process was started with.
const OF_PROCESSES: [&str; 5] = ["process", "host", "arguments", "context", "lifecycle.security"];

impl Change {
    /// Whether running processes have something that is not as it says now, apart from their
    /// program: they have to be started again to get it.
    #[must_use]
    pub fn needs_restart(&self) -> bool {
        self.keys.iter().any(|key| OF_PROCESSES.contains(key))
    }
}

impl Difference {
    /// Whether nothing is different.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What is different between an application as it was and as it shall be.
    #[must_use]
    pub fn between(before: &Application, after: &Application) -> Self {
        let mut difference = Self { application: whole(before, after), ..Self::default() };
        // Programs are loaded with the form of the payload.
        let payload = before.payload != after.payload;
        difference.of(Sort::Program, &before.programs, &after.programs, |a, b| {
            (program(a, b, payload), true)
        });
        difference.of(Sort::Host, &before.hosts, &after.hosts, |a, b| (host(a, b), false));
        difference
            .of(Sort::Policy, &before.policies, &after.policies, |a, b| (policy(a, b), false));
        let programs: BTreeSet<String> = difference
            .changed
            .iter()
            .filter(|change| change.keys.iter().any(|key| *key != "meta"))
            .filter(|change| change.sort == Sort::Program)
            .map(|change| change.id.clone())
            .collect();
        let groups = changed_groups(before, after);
        difference.of(Sort::Service, &before.services, &after.services, |a, b| {
            (service(a, b, &groups), programs.contains(&b.program))
        });
        difference.of(Sort::Pool, &before.pools, &after.pools, |a, b| {
            (pool(a, b, &groups), programs.contains(&b.program))
        });
        difference.of(Sort::Supervisor, &before.supervisors, &after.supervisors, |a, b| {
            (supervisor(a, b, &groups), false)
        });
        difference
    }

    /// The difference between two maps; `compare` gives the keys that changed, and whether the
    /// program did.
    fn of<T>(
        &mut self,
        sort: Sort,
        before: &BTreeMap<String, T>,
        after: &BTreeMap<String, T>,
        compare: impl Fn(&T, &T) -> (Vec<&'static str>, bool),
    ) {
        let gone = before.keys().filter(|id| !after.contains_key(*id));
        self.removed.extend(gone.map(|id| (sort, id.clone())));
        for (id, new) in after {
            let Some(old) = before.get(id) else {
                self.added.push((sort, id.clone()));
                continue;
            };
            let (keys, program) = compare(old, new);
            if !keys.is_empty() || program && sort != Sort::Program {
                self.changed.push(Change { sort, id: id.clone(), keys, program });
            }
        }
    }
}

/// The names of the pairs that are not equal.
fn unequal<const N: usize>(pairs: [(&'static str, bool); N]) -> Vec<&'static str> {
    pairs.into_iter().filter(|(_, is_equal)| !is_equal).map(|(name, _)| name).collect()
}

fn whole(a: &Application, b: &Application) -> Vec<&'static str> {
    unequal([
        ("lua.payload", a.payload == b.payload),
        ("security.strict", a.strict == b.strict),
        ("security.groups", a.groups == b.groups),
        ("variables", a.variables == b.variables),
        ("grants", a.grants == b.grants),
    ])
}

fn program(a: &ProgramDefinition, b: &ProgramDefinition, payload: bool) -> Vec<&'static str> {
    let (old, new) = (&a.program, &b.program);
    unequal([
        ("kind", a.kind == b.kind),
        ("source", old.main == new.main),
        ("method", old.method == new.method),
        ("modules", old.modules == new.modules),
        ("imports", old.imports == new.imports),
        ("dialect", old.dialect == new.dialect),
        ("limits", old.limits == new.limits),
        ("durable", old.durability == new.durability),
        ("meta", a.labels == b.labels),
        ("lua.payload", !payload),
    ])
}

fn host(a: &Host, b: &Host) -> Vec<&'static str> {
    unequal([
        ("host.max_processes", a.processes_max == b.processes_max),
        ("host.priority", a.priority == b.priority),
        ("host.weight", a.weight == b.weight),
        ("host.hibernate_after", a.hibernate_after_ns == b.hibernate_after_ns),
        ("host.resident_memory", a.resident_bytes_max == b.resident_bytes_max),
        ("host.limits", a.limits == b.limits),
        ("meta", a.labels == b.labels),
    ])
}

fn policy(a: &Policy, b: &Policy) -> Vec<&'static str> {
    unequal([
        ("policy.effect", a.effect == b.effect),
        ("policy.actions", a.actions == b.actions),
        ("policy.resources", a.resources == b.resources),
        ("policy.conditions", a.conditions == b.conditions),
    ])
}

fn service(a: &Service, b: &Service, groups: &BTreeSet<&str>) -> Vec<&'static str> {
    let mut keys = unequal([
        ("process", a.program == b.program),
        ("host", a.host == b.host),
        ("arguments", a.arguments == b.arguments),
        ("context", a.context == b.context),
        ("meta", a.labels == b.labels),
    ]);
    keys.extend(lifecycle(&a.lifecycle, &b.lifecycle, groups));
    keys
}

fn supervisor(
    a: &SupervisorDefinition,
    b: &SupervisorDefinition,
    groups: &BTreeSet<&str>,
) -> Vec<&'static str> {
    let mut keys = unequal([
        ("strategy", a.strategy == b.strategy),
        ("intensity", a.intensity == b.intensity),
        ("children", a.children == b.children),
        ("meta", a.labels == b.labels),
    ]);
    keys.extend(lifecycle(&a.lifecycle, &b.lifecycle, groups));
    keys
}

fn pool(a: &Pool, b: &Pool, groups: &BTreeSet<&str>) -> Vec<&'static str> {
    let mut keys = unequal([
        ("process", a.program == b.program),
        ("host", a.host == b.host),
        ("arguments", a.arguments == b.arguments),
        ("context", a.context == b.context),
        ("pool", (a.size, a.queue_max) == (b.size, b.queue_max)),
        ("monitoring", a.monitoring == b.monitoring),
        ("recovery", a.recovery == b.recovery),
        ("meta", a.labels == b.labels),
    ]);
    keys.extend(lifecycle(&a.lifecycle, &b.lifecycle, groups));
    keys
}

fn lifecycle(a: &Lifecycle, b: &Lifecycle, groups: &BTreeSet<&str>) -> Vec<&'static str> {
    let same_groups = !b.security.groups.iter().any(|id| groups.contains(id.as_str()));
    unequal([
        ("lifecycle.auto_start", a.auto_start == b.auto_start),
        ("lifecycle.start_timeout", a.start_timeout_ns == b.start_timeout_ns),
        ("lifecycle.stop_timeout", a.stop_timeout_ns == b.stop_timeout_ns),
        ("lifecycle.requires", a.requires == b.requires),
        ("lifecycle.restart", a.restart == b.restart),
        ("lifecycle.security", a.security == b.security && same_groups),
    ])
}

/// Groups whose policies are others now.
fn changed_groups<'a>(before: &Application, after: &'a Application) -> BTreeSet<&'a str> {
    let changed = after
        .groups
        .iter()
        .filter(|(id, policies)| before.groups.get(*id).is_some_and(|old| old != *policies));
    changed.map(|(id, _)| id.as_str()).collect()
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Program => "program",
            Self::Host => "host",
            Self::Policy => "policy",
            Self::Service => "service",
            Self::Pool => "pool",
            Self::Supervisor => "supervisor",
        })
    }
}

/// A line for each part, as `~ service app:front: arguments`.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for key in &self.application {
            writeln!(f, "~ application: {key}")?;
        }
        for (sort, id) in &self.removed {
            writeln!(f, "- {sort} {id}")?;
        }
        for (sort, id) in &self.added {
            writeln!(f, "+ {sort} {id}")?;
        }
        for Change { sort, id, keys, program } in &self.changed {
            let program = (*program && *sort != Sort::Program).then_some("its program");
            let what: Vec<&str> = program.into_iter().chain(keys.iter().copied()).collect();
            writeln!(f, "~ {sort} {id}: {}", what.join(", "))?;
        }
        Ok(())
    }
}
