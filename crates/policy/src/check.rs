//! The question: who, in which scope, wants to do what to what.

use crate::operator::Field;
use crate::value::Value;
use procession_types::{Actor, Scalar, Scope};
use std::collections::BTreeMap;

/// Further facts about a check, asked for by name only when a condition needs them. The runtime
/// always knows `pid`, the caller.
pub trait Attributes {
    /// The attribute's value, when it has one.
    fn attribute(&self, name: &str) -> Option<Scalar>;
}

/// No attributes.
impl Attributes for () {
    fn attribute(&self, _name: &str) -> Option<Scalar> {
        None
    }
}

impl Attributes for BTreeMap<String, Scalar> {
    fn attribute(&self, name: &str) -> Option<Scalar> {
        self.get(name).cloned()
    }
}

impl<const N: usize> Attributes for [(&str, Scalar); N] {
    fn attribute(&self, name: &str) -> Option<Scalar> {
        self.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone())
    }
}

/// A question to [`crate::Policies::decide`]. Everything is borrowed, so asking costs nothing.
#[derive(Clone, Copy)]
pub struct Check<'a> {
    /// The security principal of the caller.
    pub actor: Option<&'a Actor>,
    /// The policies that apply to the caller.
    pub scope: Option<&'a Scope>,
    /// What is to be done, as in `process.send`.
    pub action: &'a str,
    /// What it is done to: a PID, a program, a host, a name.
    pub resource: &'a str,
    /// What `meta.*` refers to.
    pub attributes: &'a dyn Attributes,
}

impl<'a> Check<'a> {
    /// The value of a field for this check; `None` when it has none.
    pub(crate) fn field(&self, field: &Field) -> Option<Value<'a>> {
        match field {
            Field::ActorId => self.actor.map(|actor| Value::text(&actor.id)),
            Field::ActorMeta(name) => {
                self.actor.and_then(|actor| actor.meta.get(&**name)).map(Value::from)
            }
            Field::Action => Some(Value::text(self.action)),
            Field::Resource => Some(Value::text(self.resource)),
            Field::Meta(name) => self.attributes.attribute(name).map(Value::from),
        }
    }
}
