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

/// Another definition of a supervisor: some children are gone, some are new, some are others.
pub(super) fn change(random: &mut Random, trees: &Trees, id: &SmolStr) -> Definition {
    let before = &trees.definitions[id];
    let name = |at: &usize| before.children[*at].id.clone();
    let mut kept: Vec<(ChildDefinition, Vec<SmolStr>)> = Vec::new();
    for old in &before.children {
        if random.one_in(5) {
            continue;
        }
        let is_other = random.one_in(4);
        let new = if is_other {
            child(random, old.id.clone(), 0, trees.definitions.contains_key(&old.id))
        } else {
            old.clone()
        };
        kept.push((new, old.requires.iter().map(name).collect()));
    }
    for _ in 0..random.below(3) {
        // It may have been there before.
        let kind = if random.one_in(4) { "s" } else { "" };
        let new = SmolStr::new(format!("{id}.{kind}{}", random.below(9)));
        if !kept.iter().any(|(old, _)| old.id == new) {
            let is_tree = trees.definitions.contains_key(&new);
            let at = random.below(kept.len() + 1);
            kept.insert(at, (child(random, new, 0, is_tree), Vec::new()));
        }
    }
    if random.one_in(3) && kept.len() > 1 {
        let (one, other) = (random.below(kept.len()), random.below(kept.len()));
        kept.swap(one, other);
    }
    let ids: Vec<SmolStr> = kept.iter().map(|(child, _)| child.id.clone()).collect();
    let children = kept.into_iter().enumerate().map(|(at, (child, requires))| {
        let requires = (0..at).filter(|required| {
            let was_required = requires.contains(&ids[*required]);
            if was_required { !random.one_in(4) } else { random.one_in(8) }
        });
        ChildDefinition { requires: requires.collect(), ..child }
    });
    let children = children.collect();
    let new = definition(random, id.clone(), *id == trees.root, children);
    if random.one_in(4) {
        return new;
    }
    let mut children = new.children;
    chain(before.strategy, &mut children);
    Definition { children, strategy: before.strategy, intensity: before.intensity, id: new.id }
}

/// With rest_for_one, each builds on the one before it.
fn chain(strategy: Strategy, children: &mut [ChildDefinition]) {
    if strategy == Strategy::RestForOne {
        for (at, child) in children.iter_mut().enumerate().skip(1) {
            if !child.requires.contains(&(at - 1)) {
                child.requires.push(at - 1);
            }
        }
    }
}

fn definition(
    random: &mut Random,
    id: SmolStr,
    is_root: bool,
    mut children: Vec<ChildDefinition>,
) -> Definition {
    let strategies = [Strategy::OneForOne, Strategy::OneForAll, Strategy::RestForOne];
    let strategy = strategies[random.below(3)];
    chain(strategy, &mut children);
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
        start_timeout_ns: (!is_tree || random.one_in(2)).then(|| 5 + random.next() % 100),
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
