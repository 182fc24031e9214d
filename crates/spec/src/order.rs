//! Whether everything can start: every child has one parent, and nothing waits for itself, in
//! whatever way round.
//!
//! What is no child of a supervisor is a child of the application. An entry that requires another one
//! means the two children that are or contain them, of the supervisor above both: one starts when
//! the other is up. The children of a `rest_for_one` supervisor require each the one before.

mod cycle;

use crate::checked::{Checked, Value};
use crate::draft::{Draft, Entry};
use crate::kinds::SUPERVISED;
use crate::report::Problem;
use crate::source::Place;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) use cycle::{Edge, cycles};

/// Supervisors above an entry. What is beyond is no order any more that a person could follow.
const LEVELS_MAX: usize = 64;

/// Parts of a circle that are shown beside the first.
const NOTES_MAX: usize = 20;

/// Reports children with two parents, and what waits for itself.
pub(crate) fn check(draft: &mut Draft) {
    let (tree, mut problems) = Tree::grow(draft);
    let loops = ("this supervisor is its own child", "these supervisors are each other's children");
    problems.extend(reported(loops, &cycles(&tree.children)));
    if problems.is_empty() {
        problems.extend(tree.too_deep(draft));
    }
    // What is required of whom can only be told in a tree.
    if problems.is_empty() {
        let edges = tree.requirements(draft, &mut problems);
        let circles =
            ("this waits for itself", "nothing of this can start: each waits for the next");
        problems.extend(reported(circles, &cycles(&edges)));
    }
    problems.into_iter().for_each(|problem| draft.report.add(problem));
}

/// Cycles as problems: the first edge of each, and the others as notes. The messages are for a cycle
/// of one edge and for longer ones.
pub(crate) fn reported(messages: (&str, &str), cycles: &[Vec<Edge>]) -> Vec<Problem> {
    let problem = |cycle: &Vec<Edge>| {
        let (first, rest) = cycle.split_first()?;
        let message = if rest.is_empty() { messages.0 } else { messages.1 };
        let mut problem = Problem::error(first.place, message).label(&first.why);
        problem.notes = rest.iter().map(|edge| (edge.place, edge.why.clone())).collect();
        problem.notes.truncate(NOTES_MAX);
        if let Some(more) = rest.len().checked_sub(NOTES_MAX).filter(|more| *more > 0) {
            problem.help = Some(format!("{more} more of the circle are not shown"));
        }
        Some(problem)
    };
    cycles.iter().filter_map(problem).collect()
}

/// An entry that another one names: its index and where it is named.
struct Named<'a> {
    index: usize,
    id: &'a str,
    place: Place,
}

/// The services, pools and supervisors of a list, each once: twice is reported where lists are.
fn named<'a>(draft: &Draft, entry: &Entry, list: &'a [Checked]) -> Vec<Named<'a>> {
    let mut seen = BTreeSet::new();
    let named = list.iter().filter_map(|checked| {
        let Value::Id(id) = &checked.value else { return None };
        let index = *draft.by_id.get(id).filter(|_| seen.insert(id))?;
        let is_supervised = SUPERVISED.kinds.contains(&draft.entries[index].kind.name);
        let place = Place { file: entry.place.file, span: checked.span };
        is_supervised.then_some(Named { index, id, place })
    });
    named.collect()
}

/// Who is whose child, by the indices of entries.
struct Tree {
    parents: BTreeMap<usize, usize>,
    /// The children of each entry, in their order.
    children: Vec<Vec<Edge>>,
}

impl Tree {
    fn grow(draft: &Draft) -> (Self, Vec<Problem>) {
        let mut tree = Self { parents: BTreeMap::new(), children: Vec::new() };
        let mut places: BTreeMap<usize, Place> = BTreeMap::new();
        let mut problems = Vec::new();
        for (index, entry) in draft.entries.iter().enumerate() {
            let list: &[Checked] =
                if entry.own.has("children") { entry.own.list("children") } else { &[] };
            let mut children = Vec::new();
            for Named { index: child, id, place } in named(draft, entry, list) {
                if let Some(parent) = tree.parents.get(&child) {
                    let (first, second) = (&draft.entries[*parent].id, &entry.id);
                    let message = format!("{id} has two parents, {first} and {second}");
                    problems.push(Problem::error(place, message).note(places[&child], "the first"));
                    continue;
                }
                tree.parents.insert(child, index);
                places.insert(child, place);
                let why = format!("{id} is a child of {}", entry.id);
                children.push(Edge { to: child, why, place });
            }
            tree.children.push(children);
        }
        (tree, problems)
    }

    /// Reports the first supervisor that stands below too many others.
    fn too_deep(&self, draft: &Draft) -> Option<Problem> {
        let parents = |index: &usize| self.parents.get(index).copied();
        let mut entries = draft.entries.iter().enumerate();
        let (_, entry) = entries.find(|(index, _)| {
            let above = std::iter::successors(parents(index), parents);
            above.take(LEVELS_MAX + 1).count() > LEVELS_MAX
        })?;
        let message = format!("{} stands below more than {LEVELS_MAX} supervisors", entry.id);
        Some(Problem::error(entry.place, message))
    }

    /// Those that contain an entry, from the top, and itself.
    fn path(&self, index: usize) -> Vec<usize> {
        let mut path: Vec<usize> =
            std::iter::successors(Some(index), |index| self.parents.get(index).copied()).collect();
        path.reverse();
        path
    }

    /// What each entry waits for among its siblings.
    fn requirements(&self, draft: &Draft, problems: &mut Vec<Problem>) -> Vec<Vec<Edge>> {
        let mut edges: Vec<Vec<Edge>> = vec![Vec::new(); draft.entries.len()];
        for (index, entry) in draft.entries.iter().enumerate() {
            if !entry.own.has("lifecycle") {
                continue;
            }
            let requires = entry.own.record("lifecycle").map_or(&[][..], |it| it.list("requires"));
            for Named { index: required, id, place } in named(draft, entry, requires) {
                let (one, other) = (self.path(index), self.path(required));
                let shared = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
                match (one.get(shared), other.get(shared)) {
                    (Some(&from), Some(&to)) => {
                        let inside = |at: usize, index: usize| match at == index {
                            true => String::new(),
                            false => format!(" (in {})", draft.entries[at].id),
                        };
                        let (who, whom) = (inside(from, index), inside(to, required));
                        let why = format!("{}{who} requires {id}{whom}", entry.id);
                        edges[from].push(Edge { to, why, place });
                    }
                    (None, None) => {
                        problems.push(Problem::error(place, format!("{id} requires itself")));
                    }
                    (None, Some(_)) => {
                        let message = format!("{} requires {id}, which is a part of it", entry.id);
                        problems.push(Problem::error(place, message));
                    }
                    (Some(_), None) => {
                        let message = format!("{} requires {id}, of which it is a part", entry.id);
                        problems.push(Problem::error(place, message));
                    }
                }
            }
            if entry.own.has("strategy") && entry.own.text("strategy") == Some("rest_for_one") {
                for pair in self.children[index].windows(2) {
                    let [before, after] = pair else { continue };
                    let ids = [before, after].map(|edge| &draft.entries[edge.to].id);
                    let why = format!("{} waits for {}, by rest_for_one", ids[1], ids[0]);
                    edges[after.to].push(Edge { to: before.to, why, place: after.place });
                }
            }
        }
        edges
    }
}
