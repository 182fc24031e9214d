//! From a tree to checked values, by the table of kinds. Goes on after a problem, so that all of them
//! are found at once.

mod mapping;
mod scalar;

use crate::Mode;
use crate::checked::{Checked, Value};
use crate::report::{Problem, Report, Severity};
use crate::shape::{Shape, Target};
use crate::source::{Place, Span};
use crate::tree::{Content, Node};
use crate::words::quoted;
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
}
