//! Whether everything can start: nothing waits for itself, in whatever way round, and every child
//! has one parent.
//!
//! Each service, pool and supervisor has two moments: it *starts*, and it is *up*. A supervisor's
//! children start one after the other, when the one before is up; the supervisor is up when the
//! last of them is.

mod cycle;

use crate::checked::{Checked, Value};
use crate::draft::{Draft, Entry};
use crate::kinds::SUPERVISED;
use crate::report::Problem;
use crate::source::Place;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) use cycle::{Edge, cycles};

/// Reports children with two parents, and what waits for itself.
pub(crate) fn check(draft: &mut Draft) {
    let mut problems = two_parents(draft);
    let messages = (
        "this can't start: it waits for itself",
        "nothing of this can start: each waits for the next",
    );
    problems.extend(reported(messages, &cycles(&edges(draft))));
    problems.into_iter().for_each(|problem| draft.report.add(problem));
}

/// Cycles as problems: the first of a cycle's edges that says something, and the others as notes.
/// The messages are for a cycle of one edge and for longer ones.
pub(crate) fn reported(messages: (&str, &str), cycles: &[Vec<Edge>]) -> Vec<Problem> {
    // What is said of the start of supervisors is often said again of the moment they are up.
    let mut seen: BTreeSet<BTreeSet<Place>> = BTreeSet::new();
    let problem = |cycle: &Vec<Edge>| {
        let said: Vec<&Edge> = cycle.iter().filter(|edge| !edge.why.is_empty()).collect();
        let (first, rest) = said.split_first()?;
        if !seen.insert(said.iter().map(|edge| edge.place).collect()) {
            return None;
        }
        let message = if rest.is_empty() { messages.0 } else { messages.1 };
        let problem = Problem::error(first.place, message).label(&first.why);
        Some(rest.iter().fold(problem, |problem, edge| problem.note(edge.place, &edge.why)))
    };
    cycles.iter().filter_map(problem).collect()
}

/// The ids of a list with their places.
fn named<'a>(draft: &Draft, entry: &Entry, list: &'a [Checked]) -> Vec<(usize, &'a str, Place)> {
    // Twice in one list is reported where lists are.
    let mut seen = BTreeSet::new();
    let named = list.iter().filter_map(|checked| {
        let Value::Id(id) = &checked.value else { return None };
        let index = *draft.by_id.get(id).filter(|_| seen.insert(id))?;
        let is_supervised = SUPERVISED.kinds.contains(&draft.entries[index].kind.name);
        let place = Place { file: entry.place.file, span: checked.span };
        is_supervised.then_some((index, id.as_str(), place))
    });
    named.collect()
}

fn is_supervisor(entry: &Entry) -> bool {
    entry.kind.name == "process.supervisor"
}

fn two_parents(draft: &Draft) -> Vec<Problem> {
    let mut parents: BTreeMap<&str, (&str, Place)> = BTreeMap::new();
    let mut problems = Vec::new();
    for entry in draft.entries.iter().filter(|entry| is_supervisor(entry)) {
        for (_, child, place) in named(draft, entry, entry.own.list("children")) {
            match parents.get(child) {
                Some((parent, first)) => {
                    let message = format!("{child} has two parents, {parent} and {}", entry.id);
                    problems.push(Problem::error(place, message).note(*first, "the other parent"));
                }
                None => {
                    parents.insert(child, (&entry.id, place));
                }
            }
        }
    }
    problems
}

/// What each moment waits for: the start of entry `n` is node `2 n`, that it is up is `2 n + 1`.
fn edges(draft: &Draft) -> Vec<Vec<Edge>> {
    let (start, up) = (|index: usize| 2 * index, |index: usize| 2 * index + 1);
    let mut edges: Vec<Vec<Edge>> = vec![Vec::new(); 2 * draft.entries.len()];
    for (index, entry) in draft.entries.iter().enumerate() {
        if !SUPERVISED.kinds.contains(&entry.kind.name) {
            continue;
        }
        let silent = |to| Edge { to, why: String::new(), place: entry.place };
        edges[up(index)].push(silent(start(index)));
        if let Some(lifecycle) = entry.own.record("lifecycle") {
            for (required, id, place) in named(draft, entry, lifecycle.list("requires")) {
                let why = format!("{} requires {id}", entry.id);
                edges[start(index)].push(Edge { to: up(required), why, place });
            }
        }
        if !is_supervisor(entry) {
            continue;
        }
        let mut before: Option<(usize, &str)> = None;
        for (child, id, place) in named(draft, entry, entry.own.list("children")) {
            let why = format!("{id} is a child of {}", entry.id);
            edges[start(child)].push(Edge { to: start(index), why: why.clone(), place });
            edges[up(index)].push(Edge { to: up(child), why, place });
            if let Some((before, sister)) = before.replace((child, id)) {
                let why = format!("{id} starts after {sister}, by the order of the children");
                edges[start(child)].push(Edge { to: up(before), why, place });
            }
        }
    }
    edges
}
