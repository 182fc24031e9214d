//! How values compare: by number, by text, or not at all.

use crate::value::Value;
use std::cmp::Ordering;

/// The order of two values: numbers by size (whole and other numbers mixed), texts by their bytes,
/// `false` before `true`; `None` when they are of different sorts or lists.
pub(crate) fn order(left: &Value<'_>, right: &Value<'_>) -> Option<Ordering> {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
        (Value::Int(a), Value::Float(b)) => order_mixed(*a, *b),
        (Value::Float(a), Value::Int(b)) => order_mixed(*b, *a).map(Ordering::reverse),
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (
            Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Text(_) | Value::List(_),
            Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Text(_) | Value::List(_),
        ) => None,
    }
}

/// Whether two values are the same; lists element by element.
pub(crate) fn equal(left: &Value<'_>, right: &Value<'_>) -> bool {
    if let (Value::List(a), Value::List(b)) = (left, right) {
        return a.len() == b.len()
            && a.iter().zip(b.iter()).all(|(a, b)| equal(&Value::from(a), &Value::from(b)));
    }
    order(left, right) == Some(Ordering::Equal)
}

/// A whole number against another number, exact also where a float can't hold the whole number.
fn order_mixed(whole: i64, other: f64) -> Option<Ordering> {
    const TWO_63: f64 = 9_223_372_036_854_775_808.0;
    if other.is_nan() {
        return None;
    }
    if other >= TWO_63 {
        return Some(Ordering::Less);
    }
    if other < -TWO_63 {
        return Some(Ordering::Greater);
    }
    let floor = other.floor();
    let order = whole.cmp(&(floor as i64));
    // Equal to the floor of a number with a fraction is below that number.
    Some(if order == Ordering::Equal && floor < other { Ordering::Less } else { order })
}

#[cfg(test)]
mod tests {
    use super::*;
    use procession_types::Scalar;

    #[test]
    fn numbers_compare_by_size() {
        for (whole, other, expected) in [
            (1, 1.0, Some(Ordering::Equal)),
            (1, 1.5, Some(Ordering::Less)),
            (-1, -1.5, Some(Ordering::Greater)),
            (i64::MAX, 9_223_372_036_854_775_808.0, Some(Ordering::Less)),
            (i64::MAX, 9_223_372_036_854_774_784.0, Some(Ordering::Greater)),
            (i64::MIN, -9_223_372_036_854_775_808.0, Some(Ordering::Equal)),
            (i64::MIN, f64::NEG_INFINITY, Some(Ordering::Greater)),
            (0, -0.0, Some(Ordering::Equal)),
            (0, f64::NAN, None),
        ] {
            assert_eq!(
                order(&Value::Int(whole), &Value::Float(other)),
                expected,
                "{whole} {other}"
            );
            let reverse = expected.map(Ordering::reverse);
            assert_eq!(order(&Value::Float(other), &Value::Int(whole)), reverse, "{whole} {other}");
        }
    }

    #[test]
    fn sorts_do_not_mix() {
        let list = Value::from(Scalar::List(vec![Scalar::Int(1), Scalar::Text("a".into())]));
        assert!(equal(&list, &list.clone()));
        assert!(!equal(&list, &Value::Int(1)));
        assert!(!equal(&Value::Int(1), &Value::text("1")));
        assert!(!equal(&Value::Bool(true), &Value::Int(1)));
        assert!(equal(&Value::text("a"), &Value::text("a")));
    }
}
