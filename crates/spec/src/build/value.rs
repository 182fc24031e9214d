//! Arguments and context values as processes get them.

use crate::check::resolve;
use crate::checked::{Record, Value};
use crate::tree::{Content, Node};
use procession_types::word::{self, Word};
use procession_types::{Fragment, FragmentBuilder, Scalar};
use std::collections::BTreeMap;

/// The values of a list, one fragment each.
pub(super) fn list(record: &Record, name: &str) -> Vec<Fragment> {
    let trees = record.list(name).iter().filter_map(|checked| match &checked.value {
        Value::Tree(node) => Some(fragment(node)),
        _ => None,
    });
    trees.collect()
}

/// The values of a mapping.
pub(super) fn map(record: &Record, name: &str) -> BTreeMap<String, Fragment> {
    let pairs = record.map(name).iter().filter_map(|(named, checked)| match &checked.value {
        Value::Tree(node) => Some((named.name.clone(), fragment(node))),
        _ => None,
    });
    pairs.collect()
}

fn fragment(node: &Node) -> Fragment {
    let mut builder = FragmentBuilder::new();
    let value = build(&mut builder, node);
    builder.finish(&[value])
}

/// Recursion goes no deeper than a text may nest.
fn build(builder: &mut FragmentBuilder, node: &Node) -> Word {
    match &node.content {
        Content::Quoted(text) => builder.string(text.as_bytes()),
        Content::Plain(text) => match resolve(text) {
            None | Some(Scalar::List(_)) => word::NIL,
            Some(Scalar::Bool(value)) => word::from_bool(value),
            Some(Scalar::Int(value)) => builder.integer(value),
            Some(Scalar::Float(value)) => word::from_f64(value),
            Some(Scalar::Text(text)) => builder.string(text.as_bytes()),
        },
        Content::List(nodes) => {
            let values: Vec<Word> = nodes.iter().map(|node| build(builder, node)).collect();
            builder.list(&values)
        }
        Content::Map(pairs) => {
            let fields: Vec<(&str, Word)> = pairs
                .iter()
                .filter_map(|(key, value)| Some((key.text()?, build(builder, value))))
                .collect();
            builder.record(&fields)
        }
        Content::Broken => word::NIL,
    }
}
