//! The keys of policies, and of the principals that services run under.

use super::{GROUP, POLICY};
use crate::shape::{Key, Presence, Shape};

/// Keys of `security.policy`.
pub(super) const POLICY_ENTRY_KEYS: &[Key] = &[Key {
    name: "policy",
    shape: Shape::Record(POLICY_KEYS),
    presence: Presence::Required,
    doc: "the rule",
}];

const POLICY_KEYS: &[Key] = &[
    Key {
        name: "effect",
        shape: Shape::Word(&[
            ("allow", "allows, unless another policy denies"),
            ("deny", "denies, whatever other policies say"),
        ]),
        presence: Presence::Required,
        doc: "whether it allows or denies",
    },
    Key {
        name: "actions",
        shape: Shape::OneOrMore(&Shape::Pattern),
        presence: Presence::Required,
        doc: "one of these patterns has to match the action",
    },
    Key {
        name: "resources",
        shape: Shape::OneOrMore(&Shape::Pattern),
        presence: Presence::Required,
        doc: "one of these patterns has to match the resource",
    },
    Key {
        name: "conditions",
        shape: Shape::List { of: &Shape::Record(CONDITION_KEYS), min: 0 },
        presence: Presence::Default("[]"),
        doc: "all of these have to hold",
    },
];

const CONDITION_KEYS: &[Key] = &[
    Key {
        name: "field",
        shape: Shape::Field,
        presence: Presence::Required,
        doc: "what it looks at: actor.id, actor.meta.NAME, action, resource, meta.NAME",
    },
    Key {
        name: "operator",
        shape: Shape::Word(OPERATORS),
        presence: Presence::Required,
        doc: "how it compares",
    },
    Key {
        name: "value",
        shape: Shape::Scalar,
        presence: Presence::Absent("nothing, for exists and nexists"),
        doc: "what it compares with",
    },
    Key {
        name: "value_from",
        shape: Shape::Field,
        presence: Presence::Absent("nothing"),
        doc: "another field to compare with",
    },
];

const OPERATORS: &[(&str, &str)] = &[
    ("eq", "equal"),
    ("ne", "not equal"),
    ("lt", "less"),
    ("gt", "greater"),
    ("lte", "less or equal"),
    ("gte", "greater or equal"),
    ("in", "one of a list"),
    ("nin", "none of a list"),
    ("exists", "the field has a value"),
    ("nexists", "the field has none"),
    ("contains", "a list has the element, or a text has the part"),
    ("ncontains", "the opposite"),
    ("matches", "a text matches the regular expression"),
    ("nmatches", "the opposite"),
];

/// Keys of a lifecycle's `security`.
pub(super) const PRINCIPAL_KEYS: &[Key] = &[
    Key {
        name: "actor",
        shape: Shape::ShortRecord(ACTOR_KEYS),
        presence: Presence::Absent("no actor"),
        doc: "who it is to policies",
    },
    Key {
        name: "policies",
        shape: Shape::List { of: &Shape::Reference(&POLICY), min: 0 },
        presence: Presence::Default("[]"),
        doc: "policies that apply to it",
    },
    Key {
        name: "groups",
        shape: Shape::List { of: &Shape::Reference(&GROUP), min: 0 },
        presence: Presence::Default("[]"),
        doc: "groups of policies that apply to it",
    },
];

const ACTOR_KEYS: &[Key] = &[
    Key {
        name: "id",
        shape: Shape::Text,
        presence: Presence::Required,
        doc: "what policies see as actor.id",
    },
    Key {
        name: "meta",
        shape: Shape::Map { key: &Shape::Text, value: &Shape::Scalar },
        presence: Presence::Default("{}"),
        doc: "what policies see as actor.meta.NAME",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use procession_policy::Operator;

    #[test]
    fn operators_are_those_of_the_policies() {
        let names = Operator::ALL.map(|(name, _)| name);
        assert!(OPERATORS.iter().map(|(name, _)| *name).eq(names));
    }
}
