//! As much of JSON Schema as ours uses; another keyword is an error, so that nothing is passed over.
#![allow(clippy::unwrap_used)]

use regex_lite::Regex;
use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value, json};

/// Checks a YAML text against a schema; the error says where the first problem is.
pub(crate) fn check(schema: &Value, text: &str) -> Result<(), String> {
    validate(schema, schema, &to_json(text), "$")
}

fn validate(root: &Value, schema: &Value, value: &Value, path: &str) -> Result<(), String> {
    for (keyword, argument) in schema.as_object().unwrap() {
        let is_right = match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" | "default" | "then" => true,
            "$ref" => {
                let name = argument.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                validate(root, &root["$defs"][name], value, path)?;
                true
            }
            "properties" | "propertyNames" | "additionalProperties" | "items" => {
                parts(root, schema, value, path, keyword)?;
                true
            }
            "anyOf" => {
                let mut branches = argument.as_array().unwrap().iter();
                branches.any(|schema| validate(root, schema, value, path).is_ok())
            }
            "allOf" => {
                let branches = argument.as_array().unwrap();
                branches.iter().try_for_each(|schema| validate(root, schema, value, path))?;
                true
            }
            "if" => {
                if validate(root, argument, value, path).is_ok() {
                    validate(root, &schema["then"], value, path)?;
                }
                true
            }
            keyword => holds(keyword, argument, value),
        };
        if !is_right {
            return Err(format!("{path}: {keyword} {argument}: {value}"));
        }
    }
    Ok(())
}

/// A keyword about the values inside of a value.
fn parts(
    root: &Value,
    schema: &Value,
    value: &Value,
    path: &str,
    keyword: &str,
) -> Result<(), String> {
    let argument = &schema[keyword];
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        if keyword == "items" {
            validate(root, argument, item, &format!("{path}[{index}]"))?;
        }
    }
    for (key, part) in value.as_object().into_iter().flatten() {
        let path = format!("{path}.{key}");
        let is_known = schema["properties"].get(key).is_some();
        match keyword {
            "properties" if is_known => validate(root, &argument[key], part, &path)?,
            "propertyNames" => validate(root, argument, &json!(key), &path)?,
            "additionalProperties" if !is_known => match argument {
                Value::Bool(false) => return Err(format!("{path}: an unknown key")),
                schema => validate(root, schema, part, &path)?,
            },
            _ => {}
        }
    }
    Ok(())
}

/// A keyword about the value itself.
fn holds(keyword: &str, argument: &Value, value: &Value) -> bool {
    match keyword {
        "type" => match argument {
            Value::Array(types) => types.iter().any(|word| is_a(value, word)),
            word => is_a(value, word),
        },
        "enum" => argument.as_array().unwrap().contains(value),
        "const" => argument == value,
        "minLength" => value.as_str().is_none_or(|text| text.len() >= index(argument)),
        "minItems" => value.as_array().is_none_or(|list| list.len() >= index(argument)),
        "minimum" => value.as_f64().is_none_or(|number| number >= argument.as_f64().unwrap()),
        "maximum" => value.as_f64().is_none_or(|number| number <= argument.as_f64().unwrap()),
        "pattern" => {
            let regex = Regex::new(argument.as_str().unwrap()).unwrap();
            value.as_str().is_none_or(|text| regex.is_match(text))
        }
        "required" => value.as_object().is_none_or(|object| {
            let keys = argument.as_array().unwrap();
            keys.iter().all(|key| object.contains_key(key.as_str().unwrap()))
        }),
        other => panic!("keyword {other} is not known to this check"),
    }
}

fn index(argument: &Value) -> usize {
    argument.as_u64().unwrap() as usize
}

fn is_a(value: &Value, word: &Value) -> bool {
    match word.as_str().unwrap() {
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("type {other} is not known to this check"),
    }
}

enum Open {
    List(Vec<Value>),
    Object(Map<String, Value>, Option<String>),
}

/// A YAML text as JSON, by the core schema; written apart from the reader, so that both are checked.
fn to_json(text: &str) -> Value {
    let mut open: Vec<Open> = Vec::new();
    let mut root = Value::Null;
    for event in Parser::new_from_str(text) {
        let value = match event.expect("YAML").0 {
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new()));
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Open::Object(Map::new(), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop().expect("something open") {
                Open::List(list) => Value::Array(list),
                Open::Object(object, _) => Value::Object(object),
            },
            Event::Scalar(text, ScalarStyle::Plain, ..) => match &*text {
                "" | "~" | "null" => Value::Null,
                text => match text.parse::<Value>() {
                    Ok(value) if !value.is_string() => value,
                    _ => json!(text),
                },
            },
            Event::Scalar(text, ..) => json!(text),
            _ => continue,
        };
        match open.last_mut() {
            None => root = value,
            Some(Open::List(list)) => list.push(value),
            Some(Open::Object(object, key)) => match key.take() {
                None => {
                    *key = Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                }
                Some(key) => {
                    object.insert(key, value);
                }
            },
        }
    }
    root
}
