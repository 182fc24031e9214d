//! From the tree to policies. Goes on after an error, so that all of them are found at once.

use super::error::{ParseError, Problem, nearest};
use super::shape::{Reader, text_of};
use super::tree::{Content, Node};
use crate::{Condition, Effect, Field, Operand, Operator, Pattern, Policy};
use procession_types::Scalar;
use std::collections::BTreeSet;

const KIND: &str = "security.policy";
const NAMESPACE_DEFAULT: &str = "app";
const FILE_KEYS: [&str; 3] = ["version", "namespace", "entries"];
const ENTRY_KEYS: [&str; 4] = ["name", "kind", "meta", "policy"];
const POLICY_KEYS: [&str; 4] = ["effect", "actions", "resources", "conditions"];
const CONDITION_KEYS: [&str; 4] = ["field", "operator", "value", "value_from"];
const FIELDS: &str = "actor.id, actor.meta.NAME, action, resource, meta.NAME";

/// The policies of a tree, or everything wrong with it.
pub(super) fn read(root: &Node) -> Result<Vec<Policy>, Vec<ParseError>> {
    let mut reader = Reader::default();
    let policies = reader.file(root);
    if reader.errors.is_empty() { Ok(policies) } else { Err(reader.errors) }
}

impl Reader {
    fn file(&mut self, root: &Node) -> Vec<Policy> {
        let mut namespace = NAMESPACE_DEFAULT;
        let mut path = String::new();
        let entries = match &root.content {
            Content::List(entries) => entries.as_slice(),
            Content::Map(pairs) if pairs.iter().any(|(key, _)| text_of(key) == Some("entries")) => {
                let [_, name, entries] = self.fields(root, "", FILE_KEYS).unwrap_or_default();
                namespace = name.and_then(|node| self.text(node, "namespace")).unwrap_or(namespace);
                path.push_str("entries");
                entries.and_then(|node| self.list(node, "entries")).unwrap_or_default()
            }
            _ => std::slice::from_ref(root),
        };
        let mut seen = BTreeSet::new();
        let mut policies = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let path = format!("{path}[{index}]");
            let Some(policy) = self.entry(entry, &path, namespace) else { continue };
            if !seen.insert(policy.id.clone()) {
                self.wrong(entry.at, &path, Problem::DuplicateId(policy.id.clone()));
            }
            policies.push(policy);
        }
        policies
    }

    fn entry(&mut self, node: &Node, path: &str, namespace: &str) -> Option<Policy> {
        if let Content::Map(pairs) = &node.content {
            let kind = pairs.iter().find(|(key, _)| text_of(key) == Some("kind"));
            // Another kind has other keys; it is not ours to judge.
            if kind.and_then(|(_, value)| text_of(value)).is_some_and(|kind| kind != KIND) {
                return None;
            }
        }
        let [name, kind, _, policy] = self.fields(node, path, ENTRY_KEYS)?;
        let name = self.need(name, node.at, path, "name");
        self.need(kind, node.at, path, "kind");
        let policy = self.need(policy, node.at, path, "policy");
        let name = name.and_then(|name| self.text(name, &format!("{path}.name")));
        let rule = policy.and_then(|policy| self.policy(policy, &format!("{path}.policy")));
        let (name, rule) = (name?, rule?);
        let id = if name.contains(':') { name.to_owned() } else { format!("{namespace}:{name}") };
        Some(Policy { id, ..rule })
    }

    /// The rule of an entry, its id still to be filled in.
    fn policy(&mut self, node: &Node, path: &str) -> Option<Policy> {
        let [effect, actions, resources, conditions] = self.fields(node, path, POLICY_KEYS)?;
        let effect = self.need(effect, node.at, path, "effect");
        let actions = self.need(actions, node.at, path, "actions");
        let resources = self.need(resources, node.at, path, "resources");
        let effect = effect.and_then(|node| self.effect(node, &format!("{path}.effect")));
        let actions = actions.map(|node| self.patterns(node, &format!("{path}.actions")));
        let resources = resources.map(|node| self.patterns(node, &format!("{path}.resources")));
        let path = format!("{path}.conditions");
        let conditions = conditions.and_then(|node| self.list(node, &path)).unwrap_or_default();
        let conditions: Vec<Condition> = conditions
            .iter()
            .enumerate()
            .filter_map(|(index, node)| self.condition(node, &format!("{path}[{index}]")))
            .collect();
        let (effect, actions, resources) = (effect?, actions?, resources?);
        Some(Policy { id: String::new(), effect, actions, resources, conditions })
    }

    fn effect(&mut self, node: &Node, path: &str) -> Option<Effect> {
        let word = self.text(node, path)?;
        match word {
            "allow" => Some(Effect::Allow),
            "deny" => Some(Effect::Deny),
            _ => self.unknown(node.at, path, "effect", word, &["allow", "deny"]),
        }
    }

    /// One pattern or a list of them.
    fn patterns(&mut self, node: &Node, path: &str) -> Vec<Pattern> {
        let nodes = match &node.content {
            Content::List(nodes) => nodes.as_slice(),
            Content::Plain(_) | Content::Quoted(_) | Content::Map(_) => std::slice::from_ref(node),
        };
        if nodes.is_empty() {
            let problem = Problem::Expected { expected: "at least one pattern", found: "none" };
            self.wrong(node.at, path, problem);
        }
        let mut patterns = Vec::with_capacity(nodes.len());
        for node in nodes {
            let Some(text) = self.text(node, path) else { continue };
            match Pattern::parse(text) {
                Ok(pattern) => patterns.push(pattern),
                Err(error) => self.wrong(node.at, path, error.into()),
            }
        }
        patterns
    }

    fn condition(&mut self, node: &Node, path: &str) -> Option<Condition> {
        let [field, operator, value, from] = self.fields(node, path, CONDITION_KEYS)?;
        let field = self.need(field, node.at, path, "field");
        let operator = self.need(operator, node.at, path, "operator");
        let field = field.and_then(|node| self.field(node, &format!("{path}.field")));
        let operator = operator.and_then(|node| self.operator(node, &format!("{path}.operator")));
        let operand = match (value, from) {
            (None, None) => Some(Operand::None),
            (Some(value), None) => self.scalar(value, &format!("{path}.value")).map(Operand::Value),
            (None, Some(from)) => {
                self.field(from, &format!("{path}.value_from")).map(Operand::Field)
            }
            (Some(_), Some(from)) => {
                self.wrong(from.at, path, Problem::TwoOperands);
                None
            }
        };
        match Condition::new(field?, operator?, operand?) {
            Ok(condition) => Some(condition),
            Err(error) => {
                self.wrong(value.or(from).unwrap_or(node).at, path, error.into());
                None
            }
        }
    }

    fn field(&mut self, node: &Node, path: &str) -> Option<Field> {
        let word = self.text(node, path)?;
        let field = Field::parse(word);
        if field.is_none() {
            let nearest = nearest(word, ["actor.id", "action", "resource"].into_iter());
            let (word, words) = (word.to_owned(), FIELDS.to_owned());
            self.wrong(node.at, path, Problem::UnknownWord { what: "field", word, nearest, words });
        }
        field
    }

    fn operator(&mut self, node: &Node, path: &str) -> Option<Operator> {
        let word = self.text(node, path)?;
        let names = Operator::ALL.map(|(name, _)| name);
        Operator::parse(word).or_else(|| self.unknown(node.at, path, "operator", word, &names))
    }

    fn scalar(&mut self, node: &Node, path: &str) -> Option<Scalar> {
        match &node.content {
            Content::Quoted(text) => Some(Scalar::Text(text.clone())),
            Content::Plain(text) => resolve(text).or_else(|| {
                self.expected(node, path, "a value");
                None
            }),
            Content::List(nodes) => nodes
                .iter()
                .map(|node| self.scalar(node, path))
                .collect::<Option<_>>()
                .map(Scalar::List),
            Content::Map(_) => {
                self.expected(node, path, "a value or a list of values");
                None
            }
        }
    }
}

/// The type of a scalar without quotes, by the core schema of YAML 1.2; `None` for null.
fn resolve(text: &str) -> Option<Scalar> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return None,
        "true" | "True" | "TRUE" => return Some(Scalar::Bool(true)),
        "false" | "False" | "FALSE" => return Some(Scalar::Bool(false)),
        _ => {}
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        if let Ok(number) = text.parse() {
            return Some(Scalar::Int(number));
        }
        let float = text.parse::<f64>().ok().filter(|number| number.is_finite());
        if let Some(number) = float {
            return Some(Scalar::Float(number));
        }
    }
    Some(Scalar::Text(text.to_owned()))
}
