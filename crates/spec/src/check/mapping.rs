//! Mappings: with free keys and with known ones.

use super::{Checker, describe};
use crate::checked::{Named, Record, Value};
use crate::report::Problem;
use crate::shape::{Key, Presence, Shape};
use crate::source::Span;
use crate::tree::{Content, Node};
use crate::words::{nearest, quoted, suggestion};
use crate::{Mode, names};
use std::collections::BTreeMap;

impl Checker<'_> {
    pub(super) fn map(
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

    /// A key that may be any of a shape. Groups define their ids, so they are no references.
    pub(super) fn free_key(&mut self, shape: &'static Shape, key: &Node) -> Option<String> {
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

    pub(super) fn duplicate(&mut self, span: Span, name: &str, first: Span) {
        let message = format!("key {} stands here twice", quoted(name));
        let problem = Problem::error(self.place(span), message);
        self.report.add(problem.note(self.place(first), "here first"));
    }

    pub(super) fn short_record(
        &mut self,
        keys: &'static [Key],
        node: &Node,
        anchor: Span,
    ) -> Option<Value> {
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
