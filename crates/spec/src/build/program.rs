//! Programs with their sources, and with the libraries that they import, directly or not.

use super::import::Known;
use super::{Builder, labels};
use crate::application::{ProgramDefinition, ProgramKind};
use crate::checked::{Record, Value};
use crate::draft::{Draft, Entry};
use crate::files::Files;
use procession_environment::{Dialect, Durability, Module, OnError, Program, Promise};
use procession_types::ProgramLimits;
use std::collections::BTreeMap;
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

impl Builder<'_> {
    pub(super) fn programs(&mut self, draft: &Draft, files: &dyn Files) {
        let mut sources = Sources::default();
        let texts: Vec<Option<Text>> =
            draft.entries.iter().map(|entry| self.source(entry, files, &mut sources)).collect();
        self.import_cycles(draft);
        let mut known = Known::default();
        for entry in &draft.entries {
            let kind = match entry.kind.name {
                "process.lua" => ProgramKind::Process,
                "function.lua" => ProgramKind::Function,
                _ => continue,
            };
            let durability = self.durability(entry, kind);
            let imports = self.imports(draft, entry, &mut known);
            let modules = self.modules(entry, &imports, &mut known);
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
                modules,
                imports: imports.iter().map(|import| module(import.name, import.entry)).collect(),
                dialect: match entry.own.text("dialect") {
                    Some("typed") => Dialect::Typed,
                    _ => Dialect::Plain,
                },
                limits: entry.own.record("limits").map(limits).unwrap_or_default(),
                durability,
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

    /// How a program's processes outlive the node.
    fn durability(&mut self, entry: &Entry, kind: ProgramKind) -> Option<Durability> {
        let durable = entry.own.given("durable").filter(|_| entry.own.is("durable"))?;
        if kind == ProgramKind::Function {
            let message = "a function lives no longer than its call: it can't be durable";
            let help = "leave durable away, or make it a process.lua";
            self.unsupported(entry.place.file, durable.span, message, help);
            return None;
        }
        Some(Durability {
            promise: match entry.own.text("promise") {
                Some("async") => Promise::Async,
                _ => Promise::Local,
            },
            on_error: match entry.own.text("on_error") {
                Some("halt") => OnError::Halt,
                Some("exit") => OnError::Exit,
                _ => OnError::Skip,
            },
        })
    }
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
