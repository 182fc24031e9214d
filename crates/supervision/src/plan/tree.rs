//! Who is whose child.

use super::{Declared, Kind, PlanError};
use std::collections::{BTreeMap, BTreeSet};

/// See the module.
pub(super) struct Tree<'a> {
    root: &'a str,
    parents: BTreeMap<&'a str, &'a str>,
    /// Supervisors with their children, each after its parent.
    supervisors: Vec<(&'a str, Vec<String>)>,
    /// Where each child is among those of its supervisor.
    positions: BTreeMap<&'a str, usize>,
}

impl<'a> Tree<'a> {
    pub(super) fn grow(root: &'a str, declared: &'a Declared, errors: &mut Vec<PlanError>) -> Self {
        check_ids(root, declared, errors);
        let mut parents = BTreeMap::new();
        for supervisor in declared.supervisors.values() {
            for child in &supervisor.children {
                adopt(declared, supervisor.id.as_str(), child, &mut parents, errors);
            }
        }
        check_loops(&parents, errors);
        for (id, _) in declared.ids() {
            parents.entry(id).or_insert(root);
        }
        let mut tree = Self { root, parents, supervisors: Vec::new(), positions: BTreeMap::new() };
        if errors.is_empty() {
            tree.arrange(declared);
        }
        tree
    }

    /// Puts every supervisor after its parent.
    fn arrange(&mut self, declared: &'a Declared) {
        let roots = declared.ids().map(|(id, _)| id).filter(|id| self.parents[id] == self.root);
        let mut next: Vec<(&'a str, Vec<&'a str>)> = vec![(self.root, roots.collect())];
        while let Some((id, children)) = next.pop() {
            for (at, child) in children.iter().enumerate() {
                self.positions.insert(child, at);
                if let Some(supervisor) = declared.supervisors.get(*child) {
                    let below = supervisor.children.iter().map(String::as_str).collect();
                    next.push((child, below));
                }
            }
            let children = children.into_iter().map(str::to_owned).collect();
            self.supervisors.push((id, children));
        }
    }

    pub(super) fn supervisors(&self) -> impl Iterator<Item = (&'a str, &[String])> {
        self.supervisors.iter().map(|(id, children)| (*id, children.as_slice()))
    }

    pub(super) fn parent(&self, id: &str) -> Option<&'a str> {
        self.parents.get(id).copied()
    }

    /// Which children of each supervisor require which, by position: `(who, whom)`.
    pub(super) fn requirements(
        &self,
        declared: &'a Declared,
        errors: &mut Vec<PlanError>,
    ) -> BTreeMap<&'a str, BTreeSet<(usize, usize)>> {
        let mut edges: BTreeMap<&'a str, BTreeSet<(usize, usize)>> = BTreeMap::new();
        for (id, _) in declared.ids() {
            let requires = declared.lifecycle(id).into_iter().flat_map(|it| &it.requires);
            for required in requires {
                let (id, requires) = (id.to_owned(), required.clone());
                if !self.parents.contains_key(required.as_str()) {
                    errors.push(PlanError::UnknownRequirement { id, requires });
                    continue;
                }
                match self.meeting(&id, required) {
                    Some((above, from, to)) => {
                        edges.entry(above).or_default().insert((from, to));
                    }
                    None => errors.push(PlanError::RequiresOwnTree { id, requires }),
                }
            }
        }
        edges
    }

    /// The supervisor above two, and the positions of its children that are or contain them; `None`
    /// when one contains the other.
    fn meeting(&self, one: &str, other: &str) -> Option<(&'a str, usize, usize)> {
        let (one, other) = (self.path(one), self.path(other));
        let shared = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
        let (from, to) = (one.get(shared)?, other.get(shared)?);
        let above = self.parents[from];
        Some((above, self.positions[from], self.positions[to]))
    }

    /// Those that contain an entry, from the top, and itself.
    fn path(&self, id: &str) -> Vec<&'a str> {
        let mut path = Vec::new();
        let mut next = self.parents.get_key_value(id);
        while let Some((child, parent)) = next {
            path.push(*child);
            next = self.parents.get_key_value(parent);
        }
        path.reverse();
        path
    }
}

fn check_ids(root: &str, declared: &Declared, errors: &mut Vec<PlanError>) {
    let mut seen: BTreeMap<&str, Kind> = BTreeMap::new();
    for (id, kind) in declared.ids() {
        if id == root {
            errors.push(PlanError::ReservedId { id: id.to_owned() });
        }
        if let Some(first) = seen.insert(id, kind) {
            let (first, second) = (first.name(), kind.name());
            errors.push(PlanError::DuplicateId { id: id.to_owned(), first, second });
        }
    }
}

fn adopt<'a>(
    declared: &'a Declared,
    supervisor: &'a str,
    child: &'a str,
    parents: &mut BTreeMap<&'a str, &'a str>,
    errors: &mut Vec<PlanError>,
) {
    let is_known = declared.services.contains_key(child)
        || declared.supervisors.contains_key(child)
        || declared.pools.contains_key(child);
    let (supervisor_id, child_id) = (supervisor.to_owned(), child.to_owned());
    if !is_known {
        errors.push(PlanError::UnknownChild { supervisor: supervisor_id, child: child_id });
    } else if let Some(first) = parents.insert(child, supervisor) {
        let first = first.to_owned();
        errors.push(PlanError::TwoParents { child: child_id, first, second: supervisor_id });
    }
}

/// Supervisors from which no way leads to the top.
fn check_loops(parents: &BTreeMap<&str, &str>, errors: &mut Vec<PlanError>) {
    let mut done: BTreeSet<&str> = BTreeSet::new();
    for id in parents.keys() {
        let mut path: Vec<&str> = Vec::new();
        let mut next = Some(*id);
        while let Some(id) = next.filter(|id| !done.contains(id)) {
            if let Some(start) = path.iter().position(|other| *other == id) {
                let ids = path[start..].iter().rev().map(|id| (*id).to_owned()).collect();
                errors.push(PlanError::Loop { ids });
                break;
            }
            path.push(id);
            next = parents.get(id).copied();
        }
        done.extend(path);
    }
}
