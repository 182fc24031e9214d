//! Values that have the shape they should have.

use crate::Grant;
use crate::shape::{Key, Presence};
use crate::source::Span;
use crate::tree::Node;
use procession_policy::{Field, Pattern};
use procession_types::Scalar;

/// A value with its place.
#[derive(Debug, Clone)]
pub(crate) struct Checked {
    pub(crate) span: Span,
    pub(crate) value: Value,
}

/// A value.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Text(String),
    Bool(bool),
    /// A number, a time in nanoseconds or a size in bytes.
    Count(u64),
    Number(f64),
    Word(&'static str),
    /// The whole id of an entry.
    Id(String),
    /// The path of a source in the application's directory.
    Source(String),
    Grant(Grant),
    Pattern(Pattern),
    Field(Field),
    Scalar(Scalar),
    Tree(Node),
    List(Vec<Checked>),
    Map(Vec<(Named, Checked)>),
    Record(Record),
    /// The word `never`.
    Never,
    /// What is wrong with it is reported already.
    Broken,
}

/// A free key with its place.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) span: Span,
    pub(crate) name: String,
}

/// A mapping with known keys.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    keys: &'static [Key],
    fields: Vec<Option<Fielded>>,
}

/// The value of a key.
#[derive(Debug, Clone)]
struct Fielded {
    value: Checked,
    /// Whether the text says it, or it is the default.
    is_given: bool,
}

impl Record {
    pub(crate) fn new(keys: &'static [Key]) -> Self {
        Self { keys, fields: keys.iter().map(|_| None).collect() }
    }

    /// Sets the value of the key at an index.
    pub(crate) fn set(&mut self, index: usize, value: Checked, is_given: bool) {
        self.fields[index] = Some(Fielded { value, is_given });
    }

    /// Whether there is such a key at all.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.keys.iter().any(|key| key.name == name)
    }

    fn field(&self, name: &str) -> Option<&Fielded> {
        let index = self.keys.iter().position(|key| key.name == name);
        debug_assert!(index.is_some(), "no key {name}");
        self.fields[index?].as_ref()
    }

    /// The value of a key, also when it is the default.
    pub(crate) fn get(&self, name: &str) -> Option<&Checked> {
        self.field(name).map(|field| &field.value)
    }

    /// The value of a key that the text has.
    pub(crate) fn given(&self, name: &str) -> Option<&Checked> {
        self.field(name).filter(|field| field.is_given).map(|field| &field.value)
    }

    /// The default of a key, as YAML.
    pub(crate) fn default(&self, name: &str) -> Option<&'static str> {
        match self.keys.iter().find(|key| key.name == name)?.presence {
            Presence::Default(text) => Some(text),
            Presence::Required | Presence::Absent(_) => None,
        }
    }

    /// The text of a key.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match &self.get(name)?.value {
            Value::Text(text) | Value::Id(text) | Value::Source(text) => Some(text),
            Value::Word(word) => Some(word),
            _ => None,
        }
    }

    /// The number of a key; 0 when it is broken, which is reported.
    pub(crate) fn count(&self, name: &str) -> u64 {
        self.optional_count(name).unwrap_or_default()
    }

    /// The number of a key that may not be there.
    pub(crate) fn optional_count(&self, name: &str) -> Option<u64> {
        match self.get(name)?.value {
            Value::Count(number) => Some(number),
            _ => None,
        }
    }

    /// The same of one that is bounded to 32 bits.
    pub(crate) fn small_count(&self, name: &str) -> u32 {
        u32::try_from(self.count(name)).unwrap_or(u32::MAX)
    }

    /// The number of a key; 0 when it is broken.
    pub(crate) fn number(&self, name: &str) -> f64 {
        match self.get(name).map(|checked| &checked.value) {
            Some(Value::Number(number)) => *number,
            _ => 0.0,
        }
    }

    /// The truth value of a key that has a default.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.optional_bool(name).unwrap_or_default()
    }

    /// The truth value of a key that may not be there.
    pub(crate) fn optional_bool(&self, name: &str) -> Option<bool> {
        match self.get(name)?.value {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The values of a key that is a list.
    pub(crate) fn list(&self, name: &str) -> &[Checked] {
        match self.get(name).map(|checked| &checked.value) {
            Some(Value::List(list)) => list,
            _ => &[],
        }
    }

    /// The texts of a key that is a list of them.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        let text = |checked: &Checked| match &checked.value {
            Value::Text(text) | Value::Id(text) => Some(text.clone()),
            _ => None,
        };
        self.list(name).iter().filter_map(text).collect()
    }

    /// The pairs of a key that is a mapping with free keys.
    pub(crate) fn map(&self, name: &str) -> &[(Named, Checked)] {
        match self.get(name).map(|checked| &checked.value) {
            Some(Value::Map(pairs)) => pairs,
            _ => &[],
        }
    }

    /// The mapping of a key.
    pub(crate) fn record(&self, name: &str) -> Option<&Self> {
        match &self.get(name)?.value {
            Value::Record(record) => Some(record),
            _ => None,
        }
    }
}
