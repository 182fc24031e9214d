//! Single values.

use super::{Checker, Reference};
use crate::checked::Value;
use crate::shape::{Shape, Target};
use crate::source::Span;
use crate::tree::{Content, Node};
use crate::words::{quoted, suggestion};
use crate::{Grant, names};
use procession_policy::{Field, Pattern};
use procession_types::{Scalar, units};

/// Longest text of a single value, in bytes.
const TEXT_BYTES_MAX: usize = 64 << 10;

impl Checker<'_> {
    /// The value of a node of a shape that is a single value.
    pub(super) fn single(&mut self, shape: &'static Shape, node: &Node) -> Option<Value> {
        match shape {
            Shape::Bool => match plain(node) {
                Some(Scalar::Bool(value)) => Some(Value::Bool(value)),
                _ => self.expected(shape, node, None),
            },
            Shape::Count { min, max } => match plain(node) {
                Some(Scalar::Int(number))
                    if u64::try_from(number).is_ok_and(|n| (*min..=*max).contains(&n)) =>
                {
                    Some(Value::Count(number.unsigned_abs()))
                }
                _ => self.expected(shape, node, None),
            },
            Shape::Number { min, max } => {
                let number = match plain(node) {
                    Some(Scalar::Int(number)) => Some(number as f64),
                    Some(Scalar::Float(number)) => Some(number),
                    _ => None,
                };
                match number.filter(|number| (*min..=*max).contains(number)) {
                    Some(number) => Some(Value::Number(number)),
                    None => self.expected(shape, node, None),
                }
            }
            Shape::Duration { min_ns } => self.duration(shape, *min_ns, node),
            Shape::DurationOrNever if node.text() == Some("never") => Some(Value::Never),
            Shape::DurationOrNever => self.duration(shape, 0, node),
            Shape::Size { min } => match node.text().map(units::parse_size) {
                Some(Ok(bytes)) if bytes >= *min => Some(Value::Count(bytes)),
                Some(Ok(_)) => {
                    let message = format!("expected a size of at least {min} bytes");
                    self.wrong(node.span, message, None);
                    None
                }
                _ => {
                    let help = "write for example 64MiB, 1GB or 4096".to_owned();
                    self.expected(shape, node, Some(help))
                }
            },
            Shape::Version => match node.text() {
                Some("1.0") => Some(Value::Text("1.0".to_owned())),
                _ => self.expected(shape, node, None),
            },
            Shape::Literal => self.literal(shape, node),
            _ => {
                let text = self.text(shape, node)?;
                self.word(shape, text, node.span)
            }
        }
    }

    fn duration(&mut self, shape: &'static Shape, min_ns: u64, node: &Node) -> Option<Value> {
        match node.text().map(units::parse_duration) {
            Some(Ok(nanoseconds)) if nanoseconds >= min_ns => Some(Value::Count(nanoseconds)),
            Some(Ok(_)) => {
                let least = if min_ns < 1_000_000 { "more than 0" } else { "at least 1ms" };
                self.wrong(node.span, format!("expected a duration of {least}"), None);
                None
            }
            Some(Err(_)) | None => {
                let help = "write for example 250ms, 5s or 1m30s".to_owned();
                self.expected(shape, node, Some(help))
            }
        }
    }

    fn literal(&mut self, shape: &'static Shape, node: &Node) -> Option<Value> {
        match &node.content {
            Content::Quoted(text) => Some(Value::Text(text.clone())),
            Content::Plain(text) if resolve(text).is_some() => Some(Value::Text(text.clone())),
            _ => self.expected(shape, node, None),
        }
    }

    /// The text of a node that has to be one.
    fn text<'n>(&mut self, shape: &'static Shape, node: &'n Node) -> Option<&'n str> {
        let text = match &node.content {
            Content::Quoted(text) => Some(text),
            Content::Plain(text) => match resolve(text) {
                Some(Scalar::Text(_)) => Some(text),
                Some(_) => {
                    let help =
                        format!("a text that looks like this stands in quotes: {}", quoted(text));
                    return self.expected(shape, node, Some(help));
                }
                None => None,
            },
            Content::List(_) | Content::Map(_) | Content::Broken => None,
        };
        match text.filter(|text| !text.is_empty()) {
            Some(text) if text.len() > TEXT_BYTES_MAX => {
                self.wrong(node.span, format!("a text longer than {TEXT_BYTES_MAX} bytes"), None);
                None
            }
            Some(text) => Some(text),
            None => self.expected(shape, node, None),
        }
    }

    /// The value of a text.
    fn word(&mut self, shape: &'static Shape, text: &str, span: Span) -> Option<Value> {
        match shape {
            Shape::Word(words) => {
                let known = words.iter().map(|(word, _)| *word);
                if let Some(word) = known.clone().find(|word| *word == text) {
                    return Some(Value::Word(word));
                }
                let message = format!("expected {}, found {}", shape.expected(), quoted(text));
                let nearest = crate::words::nearest(text, known);
                self.wrong(span, message, nearest.map(|word| format!("did you mean \"{word}\"?")));
                None
            }
            Shape::Name if !names::is_name(text) => self.not(shape, text, span, names::NAME_HELP),
            Shape::Namespace if !names::is_namespace(text) => {
                self.not(shape, text, span, names::NAMESPACE_HELP)
            }
            Shape::Namespace if text == "system" => {
                self.not(shape, text, span, "the namespace system belongs to the node")
            }
            Shape::LuaName if !names::is_lua_name(text) => {
                self.not(shape, text, span, "write for example main")
            }
            Shape::Reference(target) => self.reference(target, text, span),
            Shape::Source => self.source(text, span),
            Shape::Module => self.module(text, span),
            Shape::Url if !is_url(text) => {
                self.not(shape, text, span, "write for example https://example.org/alerts")
            }
            Shape::Grant => match Grant::parse(text) {
                Ok(grant) => Some(Value::Grant(grant)),
                Err(error) => {
                    self.wrong(span, error.to_string(), None);
                    None
                }
            },
            Shape::Pattern => match Pattern::parse(text) {
                Ok(pattern) => Some(Value::Pattern(pattern)),
                Err(error) => {
                    self.wrong(span, error.to_string(), None);
                    None
                }
            },
            Shape::Field => match Field::parse(text) {
                Some(field) => Some(Value::Field(field)),
                None => {
                    let known = ["actor.id", "actor.meta.NAME", "action", "resource", "meta.NAME"];
                    let help = suggestion(text, "fields", known.into_iter());
                    self.wrong(span, format!("unknown field {}", quoted(text)), help);
                    None
                }
            },
            _ => Some(Value::Text(text.to_owned())),
        }
    }

    /// Reports a text that is not what it has to be.
    fn not<T>(&mut self, shape: &Shape, text: &str, span: Span, help: &str) -> Option<T> {
        let message = format!("{} is not {}", quoted(text), shape.expected());
        self.wrong(span, message, Some(help.to_owned()));
        None
    }

    fn reference(&mut self, target: &'static Target, text: &str, span: Span) -> Option<Value> {
        let Some(id) = names::whole(text, &self.namespace) else {
            return self.not(&Shape::Reference(target), text, span, names::ID_HELP);
        };
        self.references.push(Reference { place: self.place(span), id: id.clone(), target });
        Some(Value::Id(id))
    }

    fn source(&mut self, text: &str, span: Span) -> Option<Value> {
        let Some(path) = text.strip_prefix("file://") else {
            let help = if text.contains("://") {
                "only a file of the application can be it, as in file://main.lua".to_owned()
            } else {
                format!("write {}", quoted(&format!("file://{text}")))
            };
            return self.not(&Shape::Source, text, span, &help);
        };
        match names::joined(&self.directory, path) {
            Ok(path) => Some(Value::Source(path)),
            Err(why) => {
                self.wrong(span, format!("source {}: {why}", quoted(text)), None);
                None
            }
        }
    }

    fn module(&mut self, text: &str, span: Span) -> Option<Value> {
        if self.modules.contains(&text) {
            return Some(Value::Text(text.to_owned()));
        }
        let help = suggestion(text, "modules", self.modules.iter().copied());
        self.left_out(span, format!("unknown module {}", quoted(text)), help);
        None
    }

    /// A value or a list of values, as policies know them.
    pub(super) fn scalar(&mut self, node: &Node) -> Option<Scalar> {
        match &node.content {
            Content::Quoted(text) => Some(Scalar::Text(text.clone())),
            Content::Plain(text) => match resolve(text) {
                Some(scalar) => Some(scalar),
                None => self.expected(&Shape::Scalar, node, None),
            },
            Content::List(nodes) => {
                // Not one after the other: every element's problem is reported.
                let list: Vec<Option<Scalar>> =
                    nodes.iter().map(|node| self.scalar(node)).collect();
                list.into_iter().collect::<Option<_>>().map(Scalar::List)
            }
            Content::Map(_) => self.expected(&Shape::Scalar, node, None),
            Content::Broken => None,
        }
    }
}

/// What a scalar without quotes is.
fn plain(node: &Node) -> Option<Scalar> {
    match &node.content {
        Content::Plain(text) => resolve(text),
        Content::Quoted(_) | Content::List(_) | Content::Map(_) | Content::Broken => None,
    }
}

/// The type of a scalar without quotes, by the core schema of YAML 1.2; `None` for null.
pub(crate) fn resolve(text: &str) -> Option<Scalar> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return None,
        "true" | "True" | "TRUE" => return Some(Scalar::Bool(true)),
        "false" | "False" | "FALSE" => return Some(Scalar::Bool(false)),
        _ => {}
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        if let Ok(number) = text.parse() {
            return Some(Scalar::Int(number));
        }
        let float = text.parse::<f64>().ok().filter(|number| number.is_finite());
        if let Some(number) = float {
            return Some(Scalar::Float(number));
        }
    }
    Some(Scalar::Text(text.to_owned()))
}

/// What a node is, for messages.
pub(crate) fn describe(node: &Node) -> String {
    match &node.content {
        Content::Quoted(text) if text.is_empty() => "an empty text".to_owned(),
        Content::Quoted(text) => format!("the text {}", quoted(text)),
        Content::Plain(text) => match resolve(text) {
            None => "nothing".to_owned(),
            Some(Scalar::Bool(value)) => value.to_string(),
            Some(Scalar::Int(_) | Scalar::Float(_)) => format!("the number {text}"),
            Some(Scalar::Text(_) | Scalar::List(_)) => format!("the text {}", quoted(text)),
        },
        Content::List(_) => "a list".to_owned(),
        Content::Map(_) => "a mapping".to_owned(),
        Content::Broken => "something else".to_owned(),
    }
}

/// Whether it is an absolute http or https URL with a host and no spaces.
fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        !host.is_empty() && !rest.contains(|c: char| c.is_whitespace() || c.is_control())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_have_the_types_of_the_core_schema() {
        for (text, expected) in [
            ("5", Some(Scalar::Int(5))),
            ("-5", Some(Scalar::Int(-5))),
            ("0.5", Some(Scalar::Float(0.5))),
            ("1e3", Some(Scalar::Float(1000.0))),
            ("true", Some(Scalar::Bool(true))),
            ("5s", Some(Scalar::Text("5s".to_owned()))),
            ("inf", Some(Scalar::Text("inf".to_owned()))),
            ("yes", Some(Scalar::Text("yes".to_owned()))),
            ("~", None),
            ("", None),
        ] {
            assert_eq!(resolve(text), expected, "{text}");
        }
    }
}
