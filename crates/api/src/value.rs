//! Values of processes as JSON, and back.
//!
//! JSON has text, programs have bytes: a string that is no UTF-8 is `{"$hex": "ff00"}` in both
//! directions. A table whose keys are 1 to n is an array, so an empty one is `[]`; other keys
//! become text. Numbers that are not finite are the strings `nan`, `inf` and `-inf`.

use procession_types::word::{self, Word};
use procession_types::{Error, Fragment, FragmentBuilder};
use serde_json::{Map, Number, Value};

/// Levels of tables that are shown.
pub const DEPTH_MAX: usize = 64;
/// Values that are shown, in all.
pub const NODES_MAX: usize = 100_000;

/// What stands for everything below the deepest level, or after the last value.
const CUT: &str = "…";
/// The only key of an object that stands for bytes.
const HEX_KEY: &str = "$hex";

/// Values as JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// The values.
    pub values: Vec<Value>,
    /// Whether something was cut off, for its depth or its size.
    pub is_cut: bool,
}

/// All values of a fragment.
#[must_use]
pub fn values_to_json(fragment: &Fragment) -> Shown {
    let mut reader = Reader { fragment, nodes: 0, is_cut: false };
    let values = fragment.values().iter().map(|&value| reader.value(value, 0)).collect();
    Shown { values, is_cut: reader.is_cut }
}

/// The first value of a fragment, `null` when there is none; and whether something was cut off.
#[must_use]
pub fn to_json(fragment: &Fragment) -> (Value, bool) {
    let mut reader = Reader { fragment, nodes: 0, is_cut: false };
    let first = fragment.values().first();
    let value = first.map_or(Value::Null, |&value| reader.value(value, 0));
    (value, reader.is_cut)
}

/// A fragment of these values.
///
/// # Errors
/// `Invalid` when a `$hex` object holds anything but an even number of hexadecimal digits, or
/// there are more than [`DEPTH_MAX`] levels.
pub fn from_json(values: &[Value]) -> Result<Fragment, Error> {
    let mut builder = FragmentBuilder::new();
    let words: Result<Vec<Word>, Error> =
        values.iter().map(|value| build(&mut builder, value, 0)).collect();
    Ok(builder.finish(&words?))
}

fn build(builder: &mut FragmentBuilder, value: &Value, depth: usize) -> Result<Word, Error> {
    if depth > DEPTH_MAX {
        return Err(Error::invalid(format!("a value has more than {DEPTH_MAX} levels")));
    }
    Ok(match value {
        Value::Null => word::NIL,
        Value::Bool(value) => word::from_bool(*value),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => builder.integer(integer),
            None => word::from_f64(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => builder.string(text.as_bytes()),
        Value::Array(items) => {
            let items: Result<Vec<Word>, Error> =
                items.iter().map(|item| build(builder, item, depth + 1)).collect();
            builder.list(&items?)
        }
        Value::Object(fields) => match bytes(fields)? {
            Some(bytes) => builder.string(&bytes),
            None => {
                let fields: Result<Vec<(&str, Word)>, Error> = fields
                    .iter()
                    .map(|(name, value)| Ok((name.as_str(), build(builder, value, depth + 1)?)))
                    .collect();
                builder.record(&fields?)
            }
        },
    })
}

/// The bytes that an object stands for; `None` when it is an object like others.
fn bytes(fields: &Map<String, Value>) -> Result<Option<Vec<u8>>, Error> {
    let Some(Value::String(text)) = fields.get(HEX_KEY).filter(|_| fields.len() == 1) else {
        return Ok(None);
    };
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2)).ok_or_else(|| {
        Error::invalid(format!("{HEX_KEY} is an even number of hexadecimal digits"))
    })?;
    Ok(Some(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()))
}

struct Reader<'a> {
    fragment: &'a Fragment,
    nodes: usize,
    is_cut: bool,
}

impl Reader<'_> {
    fn value(&mut self, value: Word, depth: usize) -> Value {
        self.nodes += 1;
        if depth > DEPTH_MAX || self.nodes > NODES_MAX {
            self.is_cut = true;
            return CUT.into();
        }
        if word::is_float(value) {
            return float(word::to_f64(value));
        }
        if let Some(integer) = self.fragment.integer(value) {
            return integer.into();
        }
        if let Some(bytes) = self.fragment.string(value) {
            return text(bytes);
        }
        match value {
            word::NIL => Value::Null,
            word::TRUE | word::FALSE => (value == word::TRUE).into(),
            _ if word::tag(value) == word::TAG_TABLE => self.table(value, depth + 1),
            _ => self.error(value, depth + 1),
        }
    }

    fn table(&mut self, value: Word, depth: usize) -> Value {
        let fragment = self.fragment;
        let items = fragment.items(value).unwrap_or_default();
        let mut fields: Vec<(Word, Word)> = Vec::new();
        for field in fragment.fields(value) {
            if self.nodes + fields.len() > NODES_MAX {
                self.is_cut = true;
                break;
            }
            fields.push(field);
        }
        if fields.is_empty() && !items.contains(&word::NIL) {
            return self.list(items, depth);
        }
        let numbered = items.iter().zip(1_i64..).filter(|&(&item, _)| item != word::NIL);
        let mut all: Vec<(Key, Word)> =
            numbered.map(|(&item, number)| (Key::Number(number), item)).collect();
        all.extend(fields.into_iter().map(|(key, value)| (self.key(key), value)));
        if let Some(items) = sequence(&all) {
            return self.list(&items, depth);
        }
        let mut object = Map::new();
        for (key, value) in all {
            if self.nodes > NODES_MAX {
                self.is_cut = true;
                break;
            }
            let key = match key {
                Key::Number(number) => number.to_string(),
                Key::Text(text) => text,
            };
            let value = self.value(value, depth);
            object.insert(key, value);
        }
        Value::Object(object)
    }

    fn list(&mut self, items: &[Word], depth: usize) -> Value {
        let mut list = Vec::new();
        for &item in items {
            if self.nodes > NODES_MAX {
                self.is_cut = true;
                break;
            }
            list.push(self.value(item, depth));
        }
        Value::Array(list)
    }

    fn key(&self, key: Word) -> Key {
        if let Some(integer) = self.fragment.integer(key) {
            return Key::Number(integer);
        }
        if word::is_float(key) {
            return Key::Text(word::to_f64(key).to_string());
        }
        Key::Text(match self.fragment.string(key) {
            Some(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            None if key == word::TRUE => "true".to_owned(),
            None if key == word::FALSE => "false".to_owned(),
            None => "table".to_owned(),
        })
    }

    /// An error object, as the object of its fields.
    fn error(&mut self, value: Word, depth: usize) -> Value {
        let Some(&[kind, message, retryable, details, _traceback]) =
            self.fragment.error_fields(value)
        else {
            return Value::Null;
        };
        let mut object = Map::new();
        let fields =
            [("kind", kind), ("message", message), ("retryable", retryable), ("details", details)];
        for (name, value) in fields.into_iter().filter(|(_, value)| *value != word::NIL) {
            object.insert(name.to_owned(), self.value(value, depth));
        }
        Value::Object(object)
    }
}

enum Key {
    Number(i64),
    Text(String),
}

/// The values in order, when their keys are 1 to n.
fn sequence(fields: &[(Key, Word)]) -> Option<Vec<Word>> {
    let mut items = vec![None; fields.len()];
    for (key, value) in fields {
        let Key::Number(number) = key else { return None };
        let slot = items.get_mut(usize::try_from(*number).ok()?.checked_sub(1)?)?;
        if slot.replace(*value).is_some() {
            return None;
        }
    }
    items.into_iter().collect()
}

fn float(value: f64) -> Value {
    match Number::from_f64(value) {
        Some(number) => Value::Number(number),
        None if value.is_nan() => "nan".into(),
        None if value > 0.0 => "inf".into(),
        None => "-inf".into(),
    }
}

fn text(bytes: Vec<u8>) -> Value {
    String::from_utf8(bytes).map_or_else(
        |error| {
            let digits = error.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
            Value::Object(Map::from_iter([(HEX_KEY.to_owned(), Value::String(digits))]))
        },
        Value::String,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_goes_there_and_back() {
        let values = [
            json!(null),
            json!(true),
            json!([1, -2.5, "three", []]),
            json!({"a": {"b": [{"c": 9_007_199_254_740_993_i64}]}, "a longer name": false}),
            json!({"$hex": "ff00"}),
            json!((0..2000).map(|n| (format!("k{n}"), n.into())).collect::<Map<_, _>>()),
        ];
        let fragment = from_json(&values).unwrap();
        let shown = values_to_json(&fragment);
        assert_eq!((&shown.values[..], shown.is_cut), (&values[..], false));
        assert_eq!(to_json(&fragment), (json!(null), false));
        assert_eq!(to_json(&Fragment::default()), (json!(null), false));
    }

    #[test]
    fn tables_become_what_their_keys_say() {
        let mut builder = FragmentBuilder::new();
        let holes = builder.list(&[word::TRUE, word::NIL, word::int_wrapping(3)]);
        let mixed = builder.record(&[("x", word::TRUE)]);
        let nan = word::from_f64(f64::NAN);
        let fragment = builder.finish(&[holes, mixed, nan, word::from_f64(f64::NEG_INFINITY)]);
        let shown = values_to_json(&fragment).values;
        let expected =
            [json!({"1": true, "3": 3}), json!({"x": true}), json!("nan"), json!("-inf")];
        assert_eq!(shown, expected);
        assert_eq!(sequence(&[(Key::Number(2), 7), (Key::Number(1), 8)]), Some(vec![8, 7]));
        assert_eq!(sequence(&[(Key::Number(1), 7), (Key::Number(3), 8)]), None);
    }

    #[test]
    fn what_is_endless_is_cut() {
        // A list whose only item is the list itself.
        let mut builder = FragmentBuilder::new();
        let list = builder.list(&[word::TRUE]);
        let mut words: Vec<Word> = builder.finish(&[list]).words().to_vec();
        let item = words.iter().position(|&word| word == word::TRUE).unwrap();
        words[item] = list;
        let (value, is_cut) = to_json(&Fragment::from_words(words.into(), 1));
        let depth = serde_json::to_string(&value).unwrap().matches('[').count();
        assert_eq!((depth, is_cut), (DEPTH_MAX + 1, true));

        let mut builder = FragmentBuilder::new();
        let long = builder.list(&vec![word::TRUE; NODES_MAX * 2]);
        let (value, is_cut) = to_json(&builder.finish(&[long]));
        assert_eq!((value.as_array().map(Vec::len), is_cut), (Some(NODES_MAX), true));
    }

    #[test]
    fn what_is_no_value_is_refused() {
        for text in ["f", "zz", "ä0"] {
            assert!(from_json(&[json!({"$hex": text})]).is_err(), "{text}");
        }
        let deep = (0..=DEPTH_MAX).fold(json!(1), |value, _| json!([value]));
        assert!(from_json(&[deep]).is_err());
    }
}
