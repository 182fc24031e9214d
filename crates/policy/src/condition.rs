//! Conditions: a field, an operator, and a value or another field to compare with.
//!
//! A negative operator (`ne nin ncontains nmatches nexists`) is the exact opposite of its positive
//! one; so it is true for a field that is missing. The orders (`lt gt lte gte`) are false for
//! values that have no order.

use crate::check::Check;
use crate::compare::{equal, order};
use crate::operator::{Field, Operator};
use crate::value::Value;
use procession_types::Scalar;
use regex_lite::{Regex, RegexBuilder};
use std::cmp::Ordering;
use std::fmt;

/// Largest compiled regular expression, in bytes; matching time is linear in text and size.
const REGEX_BYTES_MAX: usize = 256 << 10;

/// What it is compared with.
#[derive(Debug, Clone)]
pub enum Operand {
    /// Nothing, for `exists` and `nexists`.
    None,
    /// A value from the policy.
    Value(Scalar),
    /// The value of another field.
    Field(Field),
    /// A compiled regular expression from the policy.
    Regex(Regex),
}

/// Regular expressions are equal when their texts are.
impl PartialEq for Operand {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::None, Self::None) => true,
            (Self::Value(a), Self::Value(b)) => a == b,
            (Self::Field(a), Self::Field(b)) => a == b,
            (Self::Regex(a), Self::Regex(b)) => a.as_str() == b.as_str(),
            (Self::None | Self::Value(_) | Self::Field(_) | Self::Regex(_), _) => false,
        }
    }
}

/// A condition of a policy; all of a policy's conditions must hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    field: Field,
    operator: Operator,
    operand: Operand,
}

/// Why a condition makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConditionError {
    /// The operator needs something to compare with.
    #[error("operator {0} needs a value or a value_from")]
    OperandMissing(Operator),
    /// The operator takes nothing to compare with.
    #[error("operator {0} takes neither value nor value_from")]
    OperandUnused(Operator),
    /// Another sort of value is needed.
    #[error("operator {operator} needs {needed} as its value")]
    WrongValue {
        /// Which operator.
        operator: Operator,
        /// What it needs.
        needed: &'static str,
    },
    /// The regular expression does not compile.
    #[error("\"{pattern}\" is no regular expression: {source}")]
    Regex {
        /// The text.
        pattern: String,
        /// What the compiler says.
        source: RegexProblem,
    },
}

/// What the regular expression compiler says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RegexProblem(String);

/// The truth of a condition for one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Truth {
    True,
    False,
    /// It can't be told: a regular expression that came from a field does not compile.
    Unknown,
}

impl Condition {
    /// A condition that makes sense; a literal regular expression is compiled here, once.
    ///
    /// # Errors
    /// When the operand does not fit the operator.
    pub fn new(field: Field, operator: Operator, operand: Operand) -> Result<Self, ConditionError> {
        let operand = fit(operator, operand)?;
        Ok(Self { field, operator, operand })
    }

    /// Whether it holds for a check.
    pub(crate) fn test(&self, check: &Check<'_>) -> Truth {
        let left = check.field(&self.field);
        let right = match &self.operand {
            Operand::None => None,
            Operand::Value(scalar) => Some(Value::from(scalar)),
            Operand::Field(field) => check.field(field),
            Operand::Regex(regex) => {
                let found = matches!(&left, Some(Value::Text(text)) if regex.is_match(text));
                return truth(found == (self.operator == Operator::Matches));
            }
        };
        if matches!(self.operator, Operator::Exists | Operator::Nexists) {
            return truth(left.is_some() == (self.operator == Operator::Exists));
        }
        let (Some(left), Some(right)) = (left, right) else {
            return truth(self.operator.is_negative());
        };
        match self.operator {
            Operator::Eq => truth(equal(&left, &right)),
            Operator::Ne => truth(!equal(&left, &right)),
            Operator::Lt => truth(order(&left, &right) == Some(Ordering::Less)),
            Operator::Gt => truth(order(&left, &right) == Some(Ordering::Greater)),
            Operator::Lte => truth(order(&left, &right).is_some_and(Ordering::is_le)),
            Operator::Gte => truth(order(&left, &right).is_some_and(Ordering::is_ge)),
            Operator::In => truth(is_in(&right, &left)),
            Operator::Nin => truth(!is_in(&right, &left)),
            Operator::Contains => truth(contains(&left, &right)),
            Operator::Ncontains => truth(!contains(&left, &right)),
            Operator::Matches => matches_dynamic(&left, &right),
            Operator::Nmatches => match matches_dynamic(&left, &right) {
                Truth::True => Truth::False,
                Truth::False => Truth::True,
                Truth::Unknown => Truth::Unknown,
            },
            Operator::Exists | Operator::Nexists => Truth::Unknown,
        }
    }

    /// What the condition's field holds in a check, for explanations.
    pub(crate) fn actual(&self, check: &Check<'_>) -> String {
        check.field(&self.field).map_or_else(|| "nothing".to_owned(), |value| value.to_string())
    }
}

/// A literal of the sort that the operator needs.
fn fit(operator: Operator, operand: Operand) -> Result<Operand, ConditionError> {
    let wrong = |needed| Err(ConditionError::WrongValue { operator, needed });
    match (operator, operand) {
        (Operator::Exists | Operator::Nexists, Operand::None) => Ok(Operand::None),
        (Operator::Exists | Operator::Nexists, _) => Err(ConditionError::OperandUnused(operator)),
        (_, Operand::None) => Err(ConditionError::OperandMissing(operator)),
        (Operator::Matches | Operator::Nmatches, operand) => match operand {
            Operand::Value(Scalar::Text(pattern)) => Ok(Operand::Regex(compile(&pattern)?)),
            Operand::Field(_) | Operand::Regex(_) => Ok(operand),
            Operand::None | Operand::Value(_) => wrong("a text with a regular expression"),
        },
        (_, Operand::Regex(_)) => wrong("a plain value, not a regular expression"),
        (Operator::In | Operator::Nin, Operand::Value(scalar)) => match scalar {
            Scalar::List(_) => Ok(Operand::Value(scalar)),
            _ => wrong("a list"),
        },
        (Operator::Lt | Operator::Gt | Operator::Lte | Operator::Gte, Operand::Value(scalar)) => {
            match scalar {
                Scalar::Int(_) | Scalar::Float(_) | Scalar::Text(_) => Ok(Operand::Value(scalar)),
                _ => wrong("a number or a text"),
            }
        }
        (_, operand) => Ok(operand),
    }
}

fn compile(pattern: &str) -> Result<Regex, ConditionError> {
    RegexBuilder::new(pattern).size_limit(REGEX_BYTES_MAX).build().map_err(|error| {
        let pattern = pattern.to_owned();
        ConditionError::Regex { pattern, source: RegexProblem(error.to_string()) }
    })
}

const fn truth(holds: bool) -> Truth {
    if holds { Truth::True } else { Truth::False }
}

/// Whether the list has the element; what is no list has none.
fn is_in(list: &Value<'_>, element: &Value<'_>) -> bool {
    let Value::List(values) = list else { return false };
    values.iter().any(|value| equal(&Value::from(value), element))
}

/// Whether a list has the element, or a text has the part.
fn contains(whole: &Value<'_>, part: &Value<'_>) -> bool {
    match (whole, part) {
        (Value::Text(whole), Value::Text(part)) => whole.contains(&**part),
        _ => is_in(whole, part),
    }
}

/// A match with a regular expression that came from a field.
fn matches_dynamic(left: &Value<'_>, right: &Value<'_>) -> Truth {
    let Value::Text(pattern) = right else { return Truth::Unknown };
    match (compile(pattern), left) {
        (Err(_), _) => Truth::Unknown,
        (Ok(regex), Value::Text(text)) => truth(regex.is_match(text)),
        (Ok(_), _) => Truth::False,
    }
}

/// As a person would write it on one line.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.operator)?;
        match &self.operand {
            Operand::None => Ok(()),
            Operand::Value(scalar) => write!(f, " {}", Value::from(scalar)),
            Operand::Field(field) => write!(f, " {field}"),
            Operand::Regex(regex) => write!(f, " \"{regex}\""),
        }
    }
}
