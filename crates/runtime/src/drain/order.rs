//! What a drain takes down, and in which order: each after all that require it.

use crate::supervise::Supervised;
use procession_supervision::plan::Kind;
use procession_types::SmolStr;
use std::collections::{BTreeMap, BTreeSet};

/// The services and pools that a drain takes down.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// Each with those of the others that have to be down before.
    after: BTreeMap<SmolStr, BTreeSet<SmolStr>>,
}

impl Order {
    /// Those that `is_meant` says, and all that require one of them.
    pub(super) fn new(all: &[Supervised], is_meant: impl Fn(&Supervised) -> bool) -> Self {
        let tree = Tree::of(all);
        let is_leaf = |it: &&Supervised| it.kind != Kind::Supervisor;
        let requires: BTreeMap<&SmolStr, BTreeSet<&SmolStr>> =
            all.iter().filter(is_leaf).map(|it| (&it.id, tree.required_by(it))).collect();
        let mut meant: BTreeSet<&SmolStr> =
            all.iter().filter(|it| is_leaf(it) && is_meant(it)).map(|it| &it.id).collect();
        loop {
            let more = requires
                .iter()
                .filter(|(id, required)| !meant.contains(**id) && !required.is_disjoint(&meant));
            let more: Vec<&SmolStr> = more.map(|(id, _)| *id).collect();
            if more.is_empty() {
                break;
            }
            meant.extend(more);
        }
        let after = meant.iter().map(|id| {
            let before = requires.iter().filter(|(other, required)| {
                meant.contains(**other) && *other != id && required.contains(id)
            });
            (SmolStr::clone(id), before.map(|(other, _)| SmolStr::clone(other)).collect())
        });
        Self { after: after.collect() }
    }

    /// Those that have not been taken out yet.
    pub(super) fn left(&self) -> impl Iterator<Item = &SmolStr> {
        self.after.keys()
    }

    /// Those whose turn it is: nothing that is left requires them.
    pub(super) fn next(&self) -> Vec<SmolStr> {
        let is_left = |id: &SmolStr| self.after.contains_key(id);
        let turn = self.after.iter().filter(|(_, before)| !before.iter().any(is_left));
        turn.map(|(id, _)| id.clone()).collect()
    }

    /// It is down.
    pub(super) fn take_out(&mut self, id: &SmolStr) {
        self.after.remove(id);
    }
}

/// Who is whose supervisor.
struct Tree<'a> {
    by_id: BTreeMap<&'a str, &'a Supervised>,
    children: BTreeMap<&'a str, Vec<&'a Supervised>>,
}

impl<'a> Tree<'a> {
    fn of(all: &'a [Supervised]) -> Self {
        let mut children: BTreeMap<&str, Vec<&Supervised>> = BTreeMap::new();
        for it in all {
            if let Some(above) = &it.supervisor {
                children.entry(above).or_default().push(it);
            }
        }
        Self { by_id: all.iter().map(|it| (it.id.as_str(), it)).collect(), children }
    }

    /// The services and pools that one requires, by itself or since a supervisor above it does.
    fn required_by(&self, it: &'a Supervised) -> BTreeSet<&'a SmolStr> {
        let mut found = BTreeSet::new();
        let mut at = Some(it);
        while let Some(here) = at {
            for required in &here.requires {
                self.leaves(required, &mut found);
            }
            at = here.supervisor.as_deref().and_then(|above| self.by_id.get(above)).copied();
        }
        found
    }

    /// The services and pools below something, or itself when it is one.
    fn leaves(&self, id: &str, found: &mut BTreeSet<&'a SmolStr>) {
        let mut below: Vec<&Supervised> = self.by_id.get(id).copied().into_iter().collect();
        while let Some(it) = below.pop() {
            match it.kind {
                Kind::Supervisor => {
                    below.extend(self.children.get(it.id.as_str()).into_iter().flatten());
                }
                Kind::Service | Kind::Pool => drop(found.insert(&it.id)),
            }
        }
    }
}

/// Whether something is a supervisor, or below one.
pub(super) fn is_below(all: &[Supervised], it: &Supervised, supervisor: &str) -> bool {
    let mut at = Some(it);
    while let Some(here) = at {
        if here.id == supervisor {
            return true;
        }
        at = here.supervisor.as_ref().and_then(|above| all.iter().find(|it| it.id == *above));
    }
    false
}
