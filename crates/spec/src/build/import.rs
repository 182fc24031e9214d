//! What programs import, directly or by their libraries.

use super::{Builder, id_of};
use crate::draft::{Draft, Entry};
use crate::order::{Edge, cycles, reported};
use crate::report::Problem;
use crate::source::{Place, Span};
use std::collections::{BTreeMap, BTreeSet};

/// Most imports of all programs together, those of their libraries included: a few chains of
/// libraries must not become more than fits into memory.
const IMPORTS_MAX: usize = 1_000_000;

/// A library that a program has under a name.
pub(super) struct Import<'d> {
    pub(super) name: &'d str,
    pub(super) entry: &'d Entry,
    /// Where it is imported.
    place: Place,
}

/// What is known of all programs so far.
#[derive(Default)]
pub(super) struct Known {
    /// Places of imports that are reported already.
    reported: BTreeSet<Place>,
    /// Imports of all programs.
    count: usize,
}

impl Builder<'_> {
    /// The libraries of a program, those that they import included. All of them share the names by
    /// which they are required.
    pub(super) fn imports<'d>(
        &mut self,
        draft: &'d Draft,
        program: &'d Entry,
        known: &mut Known,
    ) -> Vec<Import<'d>> {
        let mut imports: Vec<Import<'d>> = Vec::new();
        let mut by_name: BTreeMap<&str, usize> = BTreeMap::new();
        let mut queue = vec![program];
        let mut seen = BTreeSet::from([program.id.as_str()]);
        let mut next = 0;
        while let Some(&entry) = queue.get(next).filter(|_| known.count <= IMPORTS_MAX) {
            next += 1;
            for import in imported(draft, entry) {
                if seen.insert(&import.entry.id) {
                    queue.push(import.entry);
                }
                match by_name.get(import.name).map(|&index| &imports[index]) {
                    None => {
                        by_name.insert(import.name, imports.len());
                        imports.push(import);
                    }
                    Some(first) if first.entry.id == import.entry.id => {}
                    Some(first) => {
                        if known.reported.insert(import.place) {
                            self.problems.push(clash(program, &import, first));
                        }
                    }
                }
            }
        }
        let before = known.count;
        known.count += imports.len();
        if before <= IMPORTS_MAX && known.count > IMPORTS_MAX {
            let message = format!("more than {IMPORTS_MAX} imports of all programs together");
            self.wrong(program.place.file, program.place.span, message, None);
        }
        imports
    }

    /// The modules of a program and of its libraries. Reports imports that would hide one.
    pub(super) fn modules(
        &mut self,
        program: &Entry,
        imports: &[Import<'_>],
        known: &mut Known,
    ) -> Vec<String> {
        let mut modules = program.own.texts("modules");
        for import in imports {
            for module in import.entry.own.texts("modules") {
                if !modules.contains(&module) {
                    modules.push(module);
                }
            }
        }
        for import in imports.iter().filter(|import| modules.iter().any(|it| it == import.name)) {
            if known.reported.insert(import.place) {
                let (name, id) = (import.name, &program.id);
                let message = format!("in {id}, import \"{name}\" would hide the module {name}");
                let help = "require finds one thing by a name; give the import another";
                self.problems.push(Problem::error(import.place, message).help(help));
            }
        }
        modules
    }

    /// Reports libraries that import each other in a circle.
    pub(super) fn import_cycles(&mut self, draft: &Draft) {
        let edges = |entry: &Entry| {
            let edge = |import: Import<'_>| {
                let why = format!("{} imports {}", entry.id, import.entry.id);
                Some(Edge { to: *draft.by_id.get(&import.entry.id)?, why, place: import.place })
            };
            imported(draft, entry).into_iter().filter_map(edge).collect()
        };
        let edges: Vec<Vec<Edge>> = draft.entries.iter().map(edges).collect();
        let messages =
            ("this library imports itself", "these libraries import each other in a circle");
        self.problems.extend(reported(messages, &cycles(&edges)));
    }
}

fn clash(program: &Entry, import: &Import<'_>, first: &Import<'_>) -> Problem {
    let message = format!("in {}, import \"{}\" would be two libraries", program.id, import.name);
    Problem::error(import.place, message)
        .label(format!("{} here", import.entry.id))
        .note(first.place, format!("{} here", first.entry.id))
        .help("a program and its libraries share the names of their imports; give one another name")
}

/// The libraries that an entry imports itself.
fn imported<'d>(draft: &'d Draft, entry: &'d Entry) -> Vec<Import<'d>> {
    if !entry.own.has("imports") {
        return Vec::new();
    }
    let pairs = entry.own.map("imports").iter().filter_map(|(named, checked)| {
        let library = draft.entry(id_of(checked)?)?;
        // From the name to the id.
        let span = Span { start: named.span.start, end: checked.span.end };
        let place = Place { file: entry.place.file, span };
        let import = Import { name: &named.name, entry: library, place };
        (library.kind.name == "library.lua").then_some(import)
    });
    pairs.collect()
}
