//! From a tree to checked values, by the table of kinds. Goes on after a problem, so that all of them
//! are found at once.

mod scalar;

use crate::checked::{Checked, Named, Record, Value};
use crate::report::{Problem, Report, Severity};
use crate::shape::{Key, Presence, Shape, Target};
use crate::source::{Place, Span};
use crate::tree::{Content, Node};
use crate::words::{nearest, quoted, suggestion};
use crate::{Mode, names};
use std::collections::BTreeMap;

pub(crate) use scalar::{describe, resolve};

/// An id that something names.
#[derive(Debug)]
pub(crate) struct Reference {
    pub(crate) place: Place,
    pub(crate) id: String,
    pub(crate) target: &'static Target,
}

/// Checks the files of an application, one after the other.
pub(crate) struct Checker<'a> {
    pub(crate) report: Report,
    pub(crate) mode: Mode,
    /// Modules of the runtime.
    pub(crate) modules: &'a [&'a str],
    /// The file that is checked now.
    pub(crate) file: usize,
    /// Its namespace.
    pub(crate) namespace: String,
    /// Its directory, with a `/` at the end unless it is the application's.
    pub(crate) directory: String,
    /// Ids that were named so far.
    pub(crate) references: Vec<Reference>,
}

impl<'a> Checker<'a> {
    pub(crate) fn new(mode: Mode, modules: &'a [&'a str]) -> Self {
        Self {
            report: Report::default(),
            mode,
            modules,
            file: 0,
            namespace: String::new(),
            directory: String::new(),
            references: Vec::new(),
        }
    }

    pub(crate) fn place(&self, span: Span) -> Place {
        Place { file: self.file, span }
    }

    /// Reports a problem at a place of the file.
    pub(crate) fn wrong(&mut self, span: Span, message: impl Into<String>, help: Option<String>) {
        let mut problem = Problem::error(self.place(span), message);
        problem.help = help;
        self.report.add(problem);
    }

    /// Reports something that is left out when the reader is lenient.
    pub(crate) fn left_out(&mut self, span: Span, message: String, help: Option<String>) {
        let mut problem = Problem::error(self.place(span), message);
        problem.help = help;
        if self.mode == Mode::Lenient {
            problem.severity = Severity::Warning;
        }
        self.report.add(problem);
    }

    /// The value of a node; [`Value::Broken`] when it has another shape, which is reported then.
    /// `anchor` is where its key stands.
    pub(crate) fn value(&mut self, shape: &'static Shape, node: &Node, anchor: Span) -> Checked {
        let value = if matches!(node.content, Content::Broken) {
            None
        } else {
            match shape {
                Shape::List { of, min } => self.list(shape, of, *min, node),
                Shape::OneOrMore(one) => match &node.content {
                    Content::List(_) => self.list(shape, one, 1, node),
                    _ => Some(Value::List(vec![self.value(one, node, anchor)])),
                },
                Shape::Map { key, value } => self.map(key, value, node),
                Shape::Record(keys) => {
                    self.record(&[keys], node, anchor).map(|mut list| Value::Record(list.remove(0)))
                }
                Shape::ShortRecord(keys) => self.short_record(keys, node, anchor),
                Shape::Scalar => self.scalar(node).map(Value::Scalar),
                Shape::Value => {
                    self.free(node);
                    Some(Value::Tree(node.clone()))
                }
                Shape::Entries => Some(Value::Tree(node.clone())),
                _ => self.single(shape, node),
            }
        };
        Checked { span: node.span, value: value.unwrap_or(Value::Broken) }
    }

    /// Reports another sort of value than is needed.
    pub(crate) fn expected<T>(
        &mut self,
        shape: &Shape,
        node: &Node,
        help: Option<String>,
    ) -> Option<T> {
        let message = format!("expected {}, found {}", shape.expected(), describe(node));
        let example = || format!("write for example {}", shape.example());
        let help = help.or_else(|| shape.needs_example().then(example));
        self.wrong(node.span, message, help);
        None
    }

    fn list(
        &mut self,
        shape: &'static Shape,
        of: &'static Shape,
        min: usize,
        node: &Node,
    ) -> Option<Value> {
        let Content::List(nodes) = &node.content else {
            return self.expected(shape, node, None);
        };
        if nodes.len() < min {
            self.wrong(node.span, "an empty list where at least one is needed", None);
        }
        let list: Vec<Checked> = nodes.iter().map(|node| self.value(of, node, node.span)).collect();
        self.repeated(&list);
        Some(Value::List(list))
    }

    /// Reports what stands twice in a list of texts or ids.
    fn repeated(&mut self, list: &[Checked]) {
        let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
        for checked in list {
            let (Value::Id(text) | Value::Text(text)) = &checked.value else { continue };
            if let Some(first) = seen.insert(text, checked.span) {
                let problem = Problem::error(
                    self.place(checked.span),
                    format!("{} stands here twice", quoted(text)),
                );
                self.report.add(problem.note(self.place(first), "here first"));
            }
        }
    }

    fn map(
        &mut self,
        key_shape: &'static Shape,
        value_shape: &'static Shape,
        node: &Node,
    ) -> Option<Value> {
        let Content::Map(pairs) = &node.content else {
            let help = "write one KEY: VALUE per line below".to_owned();
            return self.expected(
                &Shape::Map { key: key_shape, value: value_shape },
                node,
                Some(help),
            );
        };
        let mut seen: BTreeMap<String, Span> = BTreeMap::new();
        let mut map = Vec::with_capacity(pairs.len());
        for (key, value) in pairs {
            let name = self.free_key(key_shape, key);
            let value = self.value(value_shape, value, key.span);
            let Some(name) = name else { continue };
            match seen.get(&name) {
                Some(&first) => self.duplicate(key.span, &name, first),
                None => {
                    seen.insert(name.clone(), key.span);
                    map.push((Named { span: key.span, name }, value));
                }
            }
        }
        Some(Value::Map(map))
    }

    /// Reports what can't be sent of a value that may be anything: keys that are no texts or stand
    /// there twice.
    fn free(&mut self, node: &Node) {
        match &node.content {
            Content::List(nodes) => nodes.iter().for_each(|node| self.free(node)),
            Content::Map(pairs) => {
                let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
                for (key, value) in pairs {
                    self.free_key(&Shape::Text, key);
                    if let Some(text) = key.text()
                        && let Some(first) = seen.insert(text, key.span)
                    {
                        self.duplicate(key.span, text, first);
                    }
                    self.free(value);
                }
            }
            Content::Plain(_) | Content::Quoted(_) | Content::Broken => {}
        }
    }

    /// A key that may be any of a shape. Groups define their ids, so they are no references.
    fn free_key(&mut self, shape: &'static Shape, key: &Node) -> Option<String> {
        let Some(text) = key.text().filter(|text| !text.is_empty()) else {
            if !matches!(key.content, Content::Broken) {
                self.wrong(key.span, format!("expected a key, found {}", describe(key)), None);
            }
            return None;
        };
        let problem = match shape {
            Shape::Reference(_) => match names::whole(text, &self.namespace) {
                Some(id) => return Some(id),
                None => Some(names::ID_HELP),
            },
            Shape::Name if !names::is_name(text) => Some(names::NAME_HELP),
            Shape::VariableName if !crate::grant::is_variable_name(text) => {
                Some("a variable's name has no = and no *")
            }
            _ => None,
        };
        if let Some(help) = problem {
            let message = format!("{} is not {}", quoted(text), shape.expected());
            self.wrong(key.span, message, Some(help.to_owned()));
            return None;
        }
        Some(text.to_owned())
    }

    fn duplicate(&mut self, span: Span, name: &str, first: Span) {
        let message = format!("key {} stands here twice", quoted(name));
        let problem = Problem::error(self.place(span), message);
        self.report.add(problem.note(self.place(first), "here first"));
    }

    fn short_record(&mut self, keys: &'static [Key], node: &Node, anchor: Span) -> Option<Value> {
        if let Content::Map(_) = &node.content {
            let mut records = self.record(&[keys], node, anchor)?;
            return Some(Value::Record(records.remove(0)));
        }
        let (first, rest) = keys.split_first()?;
        let value = self.value(&first.shape, node, anchor);
        let mut record = Record::new(keys);
        record.set(0, value, true);
        for (index, key) in rest.iter().enumerate() {
            self.fill(&mut record, index + 1, key, node.span);
        }
        Some(Value::Record(record))
    }

    /// The records of a mapping whose keys come from several tables: one record for each table.
    pub(crate) fn record(
        &mut self,
        tables: &[&'static [Key]],
        node: &Node,
        anchor: Span,
    ) -> Option<Vec<Record>> {
        let Content::Map(pairs) = &node.content else {
            let help = "write one KEY: VALUE per line below".to_owned();
            return self.expected(&Shape::Record(&[]), node, Some(help));
        };
        let mut records: Vec<Record> = tables.iter().map(|keys| Record::new(keys)).collect();
        let mut seen: BTreeMap<&'static str, Span> = BTreeMap::new();
        // What an unknown key was probably meant to be is not reported as missing, too.
        let mut meant: Vec<&'static str> = Vec::new();
        let known = || tables.iter().flat_map(|keys| keys.iter()).map(|key| key.name);
        for (key, value) in pairs {
            if matches!(key.content, Content::Broken) {
                continue;
            }
            let Some(name) = key.text() else {
                self.wrong(key.span, format!("expected a key, found {}", describe(key)), None);
                continue;
            };
            let found = tables.iter().enumerate().find_map(|(table, keys)| {
                Some((table, keys.iter().position(|key| key.name == name)?))
            });
            let Some((table, index)) = found else {
                if self.mode == Mode::Strict {
                    meant.extend(nearest(name, known()));
                }
                let help = suggestion(name, "keys", known());
                self.left_out(key.span, format!("unknown key {}", quoted(name)), help);
                continue;
            };
            let definition = &tables[table][index];
            if let Some(&first) = seen.get(definition.name) {
                self.duplicate(key.span, name, first);
                continue;
            }
            seen.insert(definition.name, key.span);
            let value = self.value(&definition.shape, value, key.span);
            records[table].set(index, value, true);
        }
        for (record, keys) in records.iter_mut().zip(tables) {
            for (index, key) in keys.iter().enumerate() {
                if seen.contains_key(key.name) {
                    continue;
                }
                if key.presence == Presence::Required && !meant.contains(&key.name) {
                    let help = format!("add {}: {} ({})", key.name, key.shape.example(), key.doc);
                    self.wrong(anchor, format!("key \"{}\" is missing", key.name), Some(help));
                }
                self.fill(record, index, key, anchor);
            }
        }
        Some(records)
    }

    /// Gives a key that is not there its default.
    fn fill(&mut self, record: &mut Record, index: usize, key: &'static Key, span: Span) {
        let Presence::Default(text) = key.presence else { return };
        let content = match text {
            "{}" => Content::Map(Vec::new()),
            "[]" => Content::List(Vec::new()),
            text => Content::Plain(text.to_owned()),
        };
        let value = self.value(&key.shape, &Node { span, content }, span);
        record.set(index, value, false);
    }
}
