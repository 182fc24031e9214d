//! Random trees of supervisors.

use crate::random::Random;
use procession_supervision::supervisor::{ChildDefinition, Definition};
use procession_types::SmolStr;
use procession_types::definition::{HealthCheck, Intensity, Restart, RestartPolicy, Strategy};
use std::collections::BTreeMap;

/// Supervisors of one tree at most.
const SUPERVISORS_MAX: usize = 6;

/// The definitions of one tree by id; the first is the root.
pub(super) struct Trees {
    pub(super) root: SmolStr,
    pub(super) definitions: BTreeMap<SmolStr, Definition>,
}

pub(super) fn grow(random: &mut Random, number: u64) -> Trees {
    let mut definitions = BTreeMap::new();
    let root = SmolStr::new(format!("tree{number}"));
    let mut next = vec![root.clone()];
    let mut count = 1;
    while let Some(id) = next.pop() {
        let children = 1 + random.below(6);
        let children: Vec<ChildDefinition> = (0..children)
            .map(|at| {
                let is_tree = count < SUPERVISORS_MAX && random.one_in(4);
                count += usize::from(is_tree);
                let name = if is_tree { format!("{id}.s{at}") } else { format!("{id}.{at}") };
                let child = child(random, SmolStr::new(name), at, is_tree);
                if is_tree {
                    next.push(child.id.clone());
                }
                child
            })
            .collect();
        let definition = definition(random, id.clone(), id == root, children);
        definitions.insert(id, definition);
    }
    Trees { root, definitions }
}

fn definition(
    random: &mut Random,
    id: SmolStr,
    is_root: bool,
    mut children: Vec<ChildDefinition>,
) -> Definition {
    let strategies = [Strategy::OneForOne, Strategy::OneForAll, Strategy::RestForOne];
    let strategy = strategies[random.below(3)];
    if strategy == Strategy::RestForOne {
        for (at, child) in children.iter_mut().enumerate().skip(1) {
            if !child.requires.contains(&(at - 1)) {
                child.requires.push(at - 1);
            }
        }
    }
    let intensity =
        Intensity { restarts: random.below(5) as u32, within_ns: 1 + random.next() % 500 };
    let intensity = (!is_root || random.one_in(2)).then_some(intensity);
    Definition { id, strategy, intensity, children }
}

fn child(random: &mut Random, id: SmolStr, at: usize, is_tree: bool) -> ChildDefinition {
    let policies = [RestartPolicy::Permanent, RestartPolicy::Transient, RestartPolicy::Temporary];
    let policy =
        if random.one_in(2) { RestartPolicy::Permanent } else { policies[random.below(3)] };
    ChildDefinition {
        id,
        auto_start: !random.one_in(6),
        start_timeout_ns: (!is_tree).then(|| 5 + random.next() % 100),
        stop_timeout_ns: random.next() % 60,
        health: (!is_tree && random.one_in(2)).then(|| HealthCheck {
            interval_ns: 20 + random.next() % 200,
            timeout_ns: 5 + random.next() % 100,
        }),
        restart: Restart {
            policy,
            initial_delay_ns: random.next() % 20,
            max_delay_ns: 20 + random.next() % 200,
            backoff_factor: 1.0 + random.below(3) as f64,
            jitter: random.below(3) as f64 / 4.0,
            max_attempts: random.one_in(3).then(|| random.below(6) as u32),
            stable_threshold_ns: random.next() % 100,
        },
        requires: (0..at).filter(|_| random.one_in(4)).collect(),
    }
}
