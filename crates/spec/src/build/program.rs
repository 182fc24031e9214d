//! Programs with their sources, and with the libraries that they import, directly or not.

use super::{Builder, id_of, labels};
use crate::application::{ProgramDefinition, ProgramKind};
use crate::checked::{Record, Value};
use crate::draft::{Draft, Entry};
use crate::files::Files;
use crate::order::{Edge, cycles, reported};
use crate::report::Problem;
use crate::source::Place;
use procession_environment::{Dialect, Module, Program};
use procession_types::ProgramLimits;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Longest source, in bytes.
const SOURCE_BYTES_MAX: usize = 16 << 20;
/// Most bytes of all sources.
const SOURCES_BYTES_MAX: usize = 256 << 20;

/// A source under the name that `require` finds it with.
type Text = Arc<[u8]>;

/// The sources that were read, by entry.
#[derive(Default)]
struct Sources {
    by_path: BTreeMap<String, Option<Text>>,
    bytes: usize,
}

/// A library that a program has under a name.
struct Import<'d> {
    name: &'d str,
    entry: &'d Entry,
    /// Where it is imported.
    place: Place,
}

impl Builder<'_> {
    pub(super) fn programs(&mut self, draft: &Draft, files: &dyn Files) {
        let mut sources = Sources::default();
        let texts: Vec<Option<Text>> =
            draft.entries.iter().map(|entry| self.source(entry, files, &mut sources)).collect();
        self.import_cycles(draft);
        let mut clashes = BTreeSet::new();
        for entry in &draft.entries {
            let kind = match entry.kind.name {
                "process.lua" => ProgramKind::Process,
                "function.lua" => ProgramKind::Function,
                "library.lua" => {
                    self.names_of_modules(entry, &modules(&entry.own));
                    continue;
                }
                _ => continue,
            };
            self.durable(entry);
            let imports = self.imports(draft, entry, &mut clashes);
            let mut allowed = modules(&entry.own);
            self.names_of_modules(entry, &allowed);
            for import in &imports {
                for module in modules(&import.entry.own) {
                    if !allowed.contains(&module) {
                        allowed.push(module);
                    }
                }
            }
            let text = |entry: &Entry| texts[*draft.by_id.get(&entry.id)?].clone();
            let module = |name: &str, entry: &Entry| Module {
                name: name.to_owned(),
                file: crate::read::shown(
                    self.options,
                    entry.own.text("source").unwrap_or_default(),
                ),
                source: text(entry).unwrap_or_default(),
            };
            let program = Program {
                id: entry.id.clone(),
                main: module(&entry.id, entry),
                method: entry.own.text("method").map(str::to_owned),
                modules: allowed,
                imports: imports.iter().map(|import| module(import.name, import.entry)).collect(),
                dialect: match entry.own.text("dialect") {
                    Some("typed") => Dialect::Typed,
                    _ => Dialect::Plain,
                },
                limits: entry.own.record("limits").map(limits).unwrap_or_default(),
            };
            let definition = ProgramDefinition { program, kind, labels: labels(entry) };
            self.application.programs.insert(entry.id.clone(), definition);
        }
    }

    /// The text of an entry's source.
    fn source(&mut self, entry: &Entry, files: &dyn Files, sources: &mut Sources) -> Option<Text> {
        if !entry.own.has("source") {
            return None;
        }
        let checked = entry.own.get("source")?;
        let Value::Source(path) = &checked.value else { return None };
        if let Some(known) = sources.by_path.get(path) {
            return known.clone();
        }
        let text = match files.read(path, SOURCE_BYTES_MAX) {
            Ok(text) => Some(Text::from(text)),
            Err(error) => {
                let message = format!("failed to read the source of {}: {error}", entry.id);
                let help =
                    format!("it is looked for at {}", crate::read::shown(self.options, path));
                self.wrong(entry.place.file, checked.span, message, Some(&help));
                None
            }
        };
        sources.bytes += text.as_ref().map_or(0, |text| text.len());
        if sources.bytes > SOURCES_BYTES_MAX {
            let message = format!("more than {SOURCES_BYTES_MAX} bytes of sources");
            self.wrong(entry.place.file, checked.span, message, None);
            sources.by_path.values_mut().for_each(|text| *text = None);
            sources.bytes = 0;
        }
        sources.by_path.insert(path.clone(), text.clone());
        text
    }

    fn durable(&mut self, entry: &Entry) {
        if let Some(durable) = entry.own.given("durable").filter(|_| entry.own.is("durable")) {
            let message = "durable processes are not supported by this build yet";
            let help = "leave durable away: the processes start anew with the node";
            self.unsupported(entry.place.file, durable.span, message, help);
        }
    }

    /// Reports imports that hide a module of the same entry.
    fn names_of_modules(&mut self, entry: &Entry, modules: &[String]) {
        for (named, _) in entry.own.map("imports") {
            if modules.contains(&named.name) {
                let message =
                    format!("\"{}\" is the name of a module and of an import", named.name);
                let help = "require finds one by a name; give the import another";
                self.wrong(entry.place.file, named.span, message, Some(help));
            }
        }
    }

    /// The libraries of a program, those that they import included. All of them share the names by
    /// which they are required; `clashes` are the places that are reported already.
    fn imports<'d>(
        &mut self,
        draft: &'d Draft,
        program: &'d Entry,
        clashes: &mut BTreeSet<Place>,
    ) -> Vec<Import<'d>> {
        let mut imports: Vec<Import<'d>> = Vec::new();
        let mut by_name: BTreeMap<&str, usize> = BTreeMap::new();
        let mut queue = vec![program];
        let mut seen = BTreeSet::from([program.id.as_str()]);
        let mut next = 0;
        while let Some(&entry) = queue.get(next) {
            next += 1;
            for (name, library, place) in imported(draft, entry) {
                match by_name.get(name).map(|&index| &imports[index]) {
                    None => {
                        by_name.insert(name, imports.len());
                        imports.push(Import { name, entry: library, place });
                    }
                    Some(first) if first.entry.id == library.id => {}
                    Some(first) => {
                        if clashes.insert(place) {
                            self.problems.push(clash(name, program, library, place, first));
                        }
                    }
                }
                if seen.insert(&library.id) {
                    queue.push(library);
                }
            }
        }
        imports
    }

    /// Reports libraries that import each other in a circle.
    fn import_cycles(&mut self, draft: &Draft) {
        let edges: Vec<Vec<Edge>> = draft
            .entries
            .iter()
            .map(|entry| {
                let edge = |(_, library, place): (&str, &Entry, Place)| {
                    let why = format!("{} imports {}", entry.id, library.id);
                    Some(Edge { to: *draft.by_id.get(&library.id)?, why, place })
                };
                imported(draft, entry).into_iter().filter_map(edge).collect()
            })
            .collect();
        let messages =
            ("this library imports itself", "these libraries import each other in a circle");
        self.problems.extend(reported(messages, &cycles(&edges)));
    }
}

fn clash(
    name: &str,
    program: &Entry,
    library: &Entry,
    place: Place,
    first: &Import<'_>,
) -> Problem {
    let message = format!("in {}, import \"{name}\" would be two libraries", program.id);
    Problem::error(place, message)
        .label(format!("{} here", library.id))
        .note(first.place, format!("{} here", first.entry.id))
        .help("a program and its libraries share the names of their imports; give one another name")
}

/// The libraries that an entry imports itself.
fn imported<'d>(draft: &'d Draft, entry: &'d Entry) -> Vec<(&'d str, &'d Entry, Place)> {
    if !entry.own.has("imports") {
        return Vec::new();
    }
    let pairs = entry.own.map("imports").iter().filter_map(|(named, checked)| {
        let library = draft.entry(id_of(checked)?)?;
        let place = Place { file: entry.place.file, span: checked.span };
        (library.kind.name == "library.lua").then_some((named.name.as_str(), library, place))
    });
    pairs.collect()
}

fn modules(record: &Record) -> Vec<String> {
    record.texts("modules")
}

/// The limits of a record of them; what it does not say and has no default is left open.
pub(super) fn limits(record: &Record) -> ProgramLimits {
    let small = |name| record.optional_count(name).and_then(|number| u32::try_from(number).ok());
    ProgramLimits {
        memory_bytes_max: record.optional_count("memory"),
        instructions_max: record.optional_count("instructions"),
        wall_clock_ns_max: record.optional_count("wall_clock"),
        mailbox_messages_max: small("mailbox"),
        mailbox_bytes_max: record.optional_count("mailbox_bytes"),
        message_bytes_max: record.optional_count("message_size"),
        links_max: small("links"),
        names_max: small("names"),
        calls_max: small("calls"),
        topics_max: small("topics"),
    }
}
