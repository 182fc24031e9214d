//! Values on the command line: texts, or JSON with `--json`.

use crate::failure::Failure;
use serde_json::Value;

/// The values of some words.
///
/// # Errors
/// Exit code 2 when a word is no JSON although it should be.
pub(crate) fn read(words: &[String], are_json: bool) -> Result<Vec<Value>, Failure> {
    let read = |word: &String| {
        if !are_json {
            return Ok(Value::String(word.clone()));
        }
        serde_json::from_str(word).map_err(|error| {
            Failure::usage(format!("\"{word}\" is no JSON: {error}"))
                .with_hint("with --json, a text stands in quotes of its own: '\"text\"'")
        })
    };
    words.iter().map(read).collect()
}

/// A result for people: a text as it is, anything else as JSON.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => crate::output::printable_lines(text) + "\n",
        other => format!("{other}\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn words_are_texts_unless_said_otherwise() {
        let words = ["1".to_owned(), "{\"a\":2}".to_owned()];
        assert_eq!(read(&words, false).unwrap(), [json!("1"), json!("{\"a\":2}")]);
        assert_eq!(read(&words, true).unwrap(), [json!(1), json!({"a": 2})]);
        assert_eq!(read(&["x".to_owned()], true).unwrap_err().status.code(), 2);
        assert_eq!((shown(&json!("a")), shown(&json!(null))), ("a\n".to_owned(), String::new()));
    }
}
