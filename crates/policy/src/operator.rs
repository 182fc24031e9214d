//! The words of conditions: fields and operators.

use std::fmt;

/// What a condition looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// `actor.id`
    ActorId,
    /// `actor.meta.NAME`
    ActorMeta(Box<str>),
    /// `action`
    Action,
    /// `resource`
    Resource,
    /// `meta.NAME`: an attribute of the check, as `meta.pid`.
    Meta(Box<str>),
}

/// How it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// equal
    Eq,
    /// not equal
    Ne,
    /// less
    Lt,
    /// greater
    Gt,
    /// less or equal
    Lte,
    /// greater or equal
    Gte,
    /// one of a list
    In,
    /// none of a list
    Nin,
    /// the field has a value
    Exists,
    /// the field has none
    Nexists,
    /// a list has the element, or a text has the part
    Contains,
    /// the opposite
    Ncontains,
    /// a text matches the regular expression anywhere (`^…$` for all of it)
    Matches,
    /// the opposite
    Nmatches,
}

impl Field {
    /// The field with this path; `None` when there is none.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let named = |name: &str| (!name.is_empty()).then(|| Box::from(name));
        match path {
            "actor.id" => Some(Self::ActorId),
            "action" => Some(Self::Action),
            "resource" => Some(Self::Resource),
            _ => match path.strip_prefix("actor.meta.") {
                Some(name) => named(name).map(Self::ActorMeta),
                None => path.strip_prefix("meta.").and_then(named).map(Self::Meta),
            },
        }
    }
}

impl Operator {
    /// Every operator with its name in policies.
    pub const ALL: [(&'static str, Self); 14] = [
        ("eq", Self::Eq),
        ("ne", Self::Ne),
        ("lt", Self::Lt),
        ("gt", Self::Gt),
        ("lte", Self::Lte),
        ("gte", Self::Gte),
        ("in", Self::In),
        ("nin", Self::Nin),
        ("exists", Self::Exists),
        ("nexists", Self::Nexists),
        ("contains", Self::Contains),
        ("ncontains", Self::Ncontains),
        ("matches", Self::Matches),
        ("nmatches", Self::Nmatches),
    ];

    /// The operator with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, operator)| operator)
    }

    /// Whether it is the opposite of another operator.
    pub(crate) const fn is_negative(self) -> bool {
        match self {
            Self::Ne | Self::Nin | Self::Nexists | Self::Ncontains | Self::Nmatches => true,
            Self::Eq | Self::Lt | Self::Gt | Self::Lte | Self::Gte | Self::In | Self::Exists => {
                false
            }
            Self::Contains | Self::Matches => false,
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ActorId => f.write_str("actor.id"),
            Self::ActorMeta(name) => write!(f, "actor.meta.{name}"),
            Self::Action => f.write_str("action"),
            Self::Resource => f.write_str("resource"),
            Self::Meta(name) => write!(f, "meta.{name}"),
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.into_iter().find(|(_, operator)| operator == self);
        f.write_str(name.map_or("?", |(name, _)| name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for (name, operator) in Operator::ALL {
            assert_eq!(Operator::parse(name), Some(operator));
            assert_eq!(operator.to_string(), name);
        }
        for path in ["actor.id", "actor.meta.a", "actor.meta.a.b", "action", "resource", "meta.pid"]
        {
            assert_eq!(Field::parse(path).unwrap().to_string(), path);
        }
        for path in ["", "actor", "actor.meta", "actor.meta.", "meta.", "meta", "pid", "Action"] {
            assert_eq!(Field::parse(path), None, "{path}");
        }
        assert_eq!(Operator::parse("EQ"), None);
    }
}
