//! Paths and parameters.

use serde::Serialize;
use serde_json::Value;

/// A path of these parts, each one percent-encoded.
pub(crate) fn path(parts: &[&str]) -> String {
    let mut path = String::new();
    for part in parts {
        path.push('/');
        encode(part, &mut path);
    }
    path
}

/// Parameters as they stand behind a path, with their `?`; empty when there are none.
pub(crate) fn query(parameters: &impl Serialize) -> String {
    let mut query = String::new();
    // Parameters are flat objects; what is not set is not in them.
    let Ok(Value::Object(fields)) = serde_json::to_value(parameters) else { return query };
    for (name, value) in fields {
        let values = match value {
            Value::Null => continue,
            Value::Array(values) => values,
            value => vec![value],
        };
        for value in values {
            query.push(if query.is_empty() { '?' } else { '&' });
            encode(&name, &mut query);
            query.push('=');
            match value {
                Value::String(text) => encode(&text, &mut query),
                value => encode(&value.to_string(), &mut query),
            }
        }
    }
    query
}

/// Everything but what RFC 3986 calls unreserved is encoded.
fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_special_is_encoded() {
        assert_eq!(path(&["v1", "processes", "{a:b|1.0}"]), "/v1/processes/%7Ba%3Ab%7C1.0%7D");
        assert_eq!(query(&json!({})), "");
        let parameters = json!({"a b": "ä&=", "n": 1, "none": null, "l": ["x", true]});
        assert_eq!(query(&parameters), "?a%20b=%C3%A4%26%3D&n=1&l=x&l=true");
    }
}
