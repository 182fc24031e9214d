//! The state between two states of an application: what is new is there already, and what is gone is
//! still there, so that what goes on can be brought from the one to the other.

use procession_runtime::{ApplicationDefinition, Declared};
use procession_spec::Application;
use procession_supervision::plan::plan;
use std::collections::{BTreeMap, BTreeSet};

/// All of `after`, and what only `before` has.
pub(crate) fn between(
    before: &ApplicationDefinition,
    after: &ApplicationDefinition,
) -> ApplicationDefinition {
    let mut both = after.clone();
    let is_new = |id: &str| {
        let Declared { services, supervisors, pools } = &after.declared;
        services.contains_key(id) || supervisors.contains_key(id) || pools.contains_key(id)
    };
    let mut gone = BTreeSet::new();
    let Declared { services, supervisors, pools } = &before.declared;
    take(services, &mut both.declared.services, is_new, &mut gone);
    take(supervisors, &mut both.declared.supervisors, is_new, &mut gone);
    take(pools, &mut both.declared.pools, is_new, &mut gone);
    for (id, supervisor) in &before.declared.supervisors {
        let Some(now) = both.declared.supervisors.get_mut(id) else { continue };
        if gone.contains(id) {
            // What has another supervisor by now is there.
            now.children.retain(|child| gone.contains(child));
        } else {
            // Behind all others: nothing that stays waits for it.
            now.children
                .extend(supervisor.children.iter().filter(|it| gone.contains(*it)).cloned());
        }
    }
    for (id, policies) in &before.groups {
        both.groups.entry(id.clone()).or_insert_with(|| policies.clone());
    }
    if plan("system:root", &both.declared).is_err() {
        // What is gone and what is new wait for each other: then it stops in any order.
        let Declared { services, supervisors, pools } = &mut both.declared;
        let lifecycles = services.iter_mut().map(|(id, it)| (id, &mut it.lifecycle));
        let lifecycles = lifecycles.chain(pools.iter_mut().map(|(id, it)| (id, &mut it.lifecycle)));
        let trees = supervisors.iter_mut().map(|(id, it)| (id, &mut it.lifecycle));
        for (_, lifecycle) in lifecycles.chain(trees).filter(|(id, _)| gone.contains(*id)) {
            lifecycle.requires.clear();
        }
    }
    both
}

fn take<T: Clone>(
    before: &BTreeMap<String, T>,
    both: &mut BTreeMap<String, T>,
    is_new: impl Fn(&str) -> bool,
    gone: &mut BTreeSet<String>,
) {
    for (id, old) in before.iter().filter(|(id, _)| !is_new(id)) {
        both.insert(id.clone(), old.clone());
        gone.insert(id.clone());
    }
}

/// Ids of services, pools and supervisors, each after what it requires.
pub(crate) fn in_order(application: &Application) -> Vec<&str> {
    let services = application.services.iter().map(|(id, it)| (id, &it.lifecycle.requires));
    let pools = application.pools.iter().map(|(id, it)| (id, &it.lifecycle.requires));
    let trees = application.supervisors.iter().map(|(id, it)| (id, &it.lifecycle.requires));
    let requires: BTreeMap<&str, &Vec<String>> =
        services.chain(pools).chain(trees).map(|(id, requires)| (id.as_str(), requires)).collect();
    let mut seen = BTreeSet::new();
    let mut order = Vec::with_capacity(requires.len());
    for start in requires.keys() {
        let mut path = vec![(*start, 0)];
        seen.insert(*start);
        while let Some((id, next)) = path.last_mut() {
            match requires.get(id).and_then(|all| all.get(*next)) {
                Some(required) => {
                    *next += 1;
                    if seen.insert(required) {
                        path.push((required, 0));
                    }
                }
                None => {
                    order.push(*id);
                    path.pop();
                }
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use procession_types::definition::{
        Intensity, Lifecycle, Service, Strategy, SupervisorDefinition,
    };

    fn service(id: &str, requires: &[&str]) -> Service {
        Service {
            id: id.into(),
            program: "a:program".into(),
            host: "app:processes".into(),
            arguments: Vec::new(),
            context: BTreeMap::new(),
            labels: BTreeMap::new(),
            lifecycle: Lifecycle {
                requires: requires.iter().map(|id| (*id).to_owned()).collect(),
                ..Lifecycle::default()
            },
        }
    }

    fn tree(id: &str, children: &[&str]) -> SupervisorDefinition {
        SupervisorDefinition {
            id: id.into(),
            strategy: Strategy::RestForOne,
            intensity: Intensity::default(),
            children: children.iter().map(|id| (*id).to_owned()).collect(),
            labels: BTreeMap::new(),
            lifecycle: Lifecycle::default(),
        }
    }

    fn declared(services: Vec<Service>, trees: Vec<SupervisorDefinition>) -> ApplicationDefinition {
        let services = services.into_iter().map(|it| (it.id.clone(), it)).collect();
        let supervisors = trees.into_iter().map(|it| (it.id.clone(), it)).collect();
        let declared = Declared { services, supervisors, pools: BTreeMap::new() };
        ApplicationDefinition { declared, groups: BTreeMap::new() }
    }

    #[test]
    fn what_is_gone_is_behind_what_stays_and_what_moved_is_where_it_will_be() {
        let before = declared(
            vec![service("a:1", &[]), service("a:2", &["a:1"]), service("a:3", &[])],
            vec![tree("a:t", &["a:1", "a:2"]), tree("a:gone", &["a:3"])],
        );
        let after = declared(
            vec![service("a:1", &[]), service("a:3", &[])],
            vec![tree("a:t", &["a:1", "a:3"])],
        );
        let both = between(&before, &after).declared;
        assert_eq!(both.supervisors["a:t"].children, ["a:1", "a:3", "a:2"]);
        assert_eq!(both.supervisors["a:gone"].children, Vec::<String>::new());
        assert_eq!(both.services["a:2"].lifecycle.requires, ["a:1"]);
        assert!(plan("system:root", &both).is_ok());
    }

    #[test]
    fn what_is_gone_never_makes_a_circle_with_what_is_new() {
        let trees = |left: &[&str], right: &[&str]| vec![tree("a:l", left), tree("a:r", right)];
        let before = declared(
            vec![service("a:1", &["a:2"]), service("a:2", &[])],
            trees(&["a:1"], &["a:2"]),
        );
        // The right one builds on the left one now.
        let after = declared(
            vec![service("a:2", &["a:3"]), service("a:3", &[])],
            trees(&["a:3"], &["a:2"]),
        );
        let both = between(&before, &after).declared;
        assert!(plan("system:root", &both).is_ok());
        assert_eq!(both.services["a:1"].lifecycle.requires, Vec::<String>::new());
        assert_eq!(both.services["a:2"].lifecycle.requires, ["a:3"]);
    }
}
