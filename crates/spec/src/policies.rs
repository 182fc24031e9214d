//! Policies alone: a text that is a list of entries, one entry, or a file of an application.

use crate::build;
use crate::check::Checker;
use crate::checked::Value;
use crate::draft::Entry;
use crate::kinds::{self, ENTRY_KEYS, FILE_KEYS};
use crate::read::{namespace, parsed};
use crate::report::{Problem, Report};
use crate::shape::{Key, Kind, Presence, Shape};
use crate::source::Span;
use crate::tree::{Content, Node};
use crate::words::{quoted, suggestion};
use crate::{Mode, names};
use procession_policy::Policy;
use std::collections::BTreeMap;

/// Here a name may be a whole id.
const NAME_KEYS: &[Key] = &[Key {
    name: "name",
    shape: Shape::Text,
    presence: Presence::Required,
    doc: "the policy's name or id",
}];

/// The policies of a text: a list of entries, one entry, or a file with `namespace` and `entries`.
/// Entries of another `kind` are passed over. A `name` without a namespace gets the file's, or `app`.
/// Messages name the text as `path`.
///
/// # Errors
/// Everything that is wrong, in the order of the text.
pub fn parse_policies(path: &str, text: &str) -> Result<Vec<Policy>, Report> {
    let mut checker = Checker::new(Mode::Strict, &[]);
    let mut policies = Vec::new();
    if text.len() > crate::tree::TEXT_BYTES_MAX {
        let message = format!("{path} is longer than {} bytes", crate::tree::TEXT_BYTES_MAX);
        checker.report.add(Problem::general(message));
    } else if let Some(root) = parsed(&mut checker, path.to_owned(), text.as_bytes().to_vec()) {
        checker.namespace = namespace(&root).unwrap_or("app").to_owned();
        policies = all(&mut checker, &root);
    }
    let mut report = checker.report;
    report.sort();
    if report.has_errors() { Err(report) } else { Ok(policies) }
}

fn all(checker: &mut Checker<'_>, root: &Node) -> Vec<Policy> {
    let Some(kind) = kinds::kind("security.policy") else { return Vec::new() };
    let nodes = entries(checker, root);
    let mut seen = BTreeMap::new();
    let mut policies = Vec::new();
    for node in nodes.iter().filter(|node| !is_other(node)) {
        let Some(entry) = entry(checker, kind, node) else { continue };
        if let Some(first) = seen.insert(entry.id.clone(), entry.place) {
            let message = format!("{} is declared twice", entry.id);
            checker.report.add(Problem::error(entry.place, message).note(first, "here first"));
        }
        let mut report =
            |place, message: String| checker.report.add(Problem::error(place, message));
        policies.extend(build::policy(&entry, &mut report));
    }
    policies
}

fn entries(checker: &mut Checker<'_>, root: &Node) -> Vec<Node> {
    match &root.content {
        Content::List(nodes) => nodes.clone(),
        Content::Map(pairs) if pairs.iter().any(|(key, _)| key.text() == Some("entries")) => {
            // A text of policies need not say the rest of what a file says.
            let known = |key: &Node| {
                FILE_KEYS.iter().any(|known| Some(known.name) == key.text())
                    || kinds::APPLICATION_KEYS.iter().any(|known| Some(known.name) == key.text())
            };
            for (key, _) in pairs.iter().filter(|(key, _)| !known(key)) {
                let name = quoted(key.text().unwrap_or_default());
                let words = FILE_KEYS.iter().map(|key| key.name);
                let help = suggestion(key.text().unwrap_or_default(), "keys", words);
                checker.wrong(key.span, format!("unknown key {name}"), help);
            }
            let list = pairs.iter().find(|(key, _)| key.text() == Some("entries"));
            match list.map(|(_, node)| &node.content) {
                Some(Content::List(nodes)) => nodes.clone(),
                _ => Vec::new(),
            }
        }
        Content::Broken => Vec::new(),
        Content::Plain(_) | Content::Quoted(_) | Content::Map(_) => vec![root.clone()],
    }
}

/// Whether it is an entry of another kind, which is not ours to judge.
fn is_other(node: &Node) -> bool {
    let Content::Map(pairs) = &node.content else { return false };
    let kind = pairs.iter().find(|(key, _)| key.text() == Some("kind"));
    kind.and_then(|(_, value)| value.text()).is_some_and(|kind| kind != "security.policy")
}

fn entry(checker: &mut Checker<'_>, kind: &'static Kind, node: &Node) -> Option<Entry> {
    let start = Span { start: node.span.start, end: node.span.start };
    let name = match &node.content {
        Content::Map(pairs) => pairs.iter().find(|(key, _)| key.text() == Some("name")),
        _ => None,
    };
    let anchor = name.map_or(start, |(_, name)| name.span);
    let mut records = checker.record(&[NAME_KEYS, &ENTRY_KEYS[1..], kind.keys], node, anchor)?;
    let (own, common, name) = (records.pop()?, records.pop()?, records.pop()?);
    let name = name.text("name")?;
    let Some(id) = names::whole(name, &checker.namespace) else {
        let message = format!("{} is no id", quoted(name));
        checker.wrong(anchor, message, Some(names::ID_HELP.to_owned()));
        return None;
    };
    matches!(own.get("policy")?.value, Value::Record(_)).then_some(())?;
    Some(Entry { id, kind, place: checker.place(anchor), common, own })
}
