//! Policies, and the principals that services run under.

use super::{Builder, scalars};
use crate::checked::{Record, Value};
use crate::draft::Entry;
use crate::source::Place;
use procession_policy::{Condition, Effect, Field, Operand, Operator, Pattern, Policy};
use procession_types::definition::ServiceSecurity;

/// The policy of an entry; `None` when it makes no sense, which is reported then.
pub(crate) fn policy(entry: &Entry, report: &mut dyn FnMut(Place, String)) -> Option<Policy> {
    let record = entry.own.record("policy")?;
    let mut conditions = Vec::new();
    for checked in record.list("conditions") {
        let Value::Record(condition) = &checked.value else { continue };
        let mut wrong = |span, message| report(Place { file: entry.place.file, span }, message);
        if let (Some(value), Some(from)) = (condition.get("value"), condition.get("value_from")) {
            let span = value.span.max(from.span);
            wrong(span, "\"value\" and \"value_from\" exclude each other".to_owned());
            continue;
        }
        match self::condition(condition) {
            Some(Ok(condition)) => conditions.push(condition),
            Some(Err(message)) => {
                let value = condition.get("value").or_else(|| condition.get("value_from"));
                wrong(value.map_or(checked.span, |value| value.span), message);
            }
            // Something of it is broken, and reported.
            None => {}
        }
    }
    let effect = match record.text("effect")? {
        "deny" => Effect::Deny,
        _ => Effect::Allow,
    };
    let (actions, resources) = (patterns(record, "actions"), patterns(record, "resources"));
    Some(Policy { id: entry.id.clone(), effect, actions, resources, conditions })
}

fn condition(record: &Record) -> Option<Result<Condition, String>> {
    let field = field(record, "field")?;
    let operator = Operator::parse(record.text("operator")?)?;
    let operand =
        match (record.get("value").map(|checked| &checked.value), record.get("value_from")) {
            (Some(Value::Scalar(scalar)), _) => Operand::Value(scalar.clone()),
            (Some(_), _) => return None,
            (None, Some(_)) => Operand::Field(self::field(record, "value_from")?),
            (None, None) => Operand::None,
        };
    Some(Condition::new(field, operator, operand).map_err(|error| error.to_string()))
}

fn field(record: &Record, name: &str) -> Option<Field> {
    match &record.get(name)?.value {
        Value::Field(field) => Some(field.clone()),
        _ => None,
    }
}

fn patterns(record: &Record, name: &str) -> Vec<Pattern> {
    let patterns = record.list(name).iter().filter_map(|checked| match &checked.value {
        Value::Pattern(pattern) => Some(pattern.clone()),
        _ => None,
    });
    patterns.collect()
}

impl Builder<'_> {
    /// The principal of a lifecycle.
    pub(super) fn principal(&mut self, entry: &Entry, record: Option<&Record>) -> ServiceSecurity {
        let Some(record) = record else { return ServiceSecurity::default() };
        let judged = ["policies", "groups"].into_iter().find(|name| !record.list(name).is_empty());
        let policies = judged.and_then(|name| record.get(name));
        if let (Some(policies), None) = (policies, record.get("actor")) {
            let message = "policies without an actor are never asked".to_owned();
            let help = format!("add actor: \"{}\"", entry.id);
            self.wrong(entry.place.file, policies.span, message, Some(&help));
        }
        security(record)
    }
}

fn security(record: &Record) -> ServiceSecurity {
    let actor = record.record("actor");
    ServiceSecurity {
        actor: actor.and_then(|actor| actor.text("id")).map(str::to_owned),
        meta: actor.map(|actor| scalars(actor, "meta")).unwrap_or_default(),
        policies: record.texts("policies"),
        groups: record.texts("groups"),
    }
}
