//! The JSON Schema of a file, made from the table of kinds.

use crate::check::resolve;
use crate::json::Json;
use crate::kinds::{APPLICATION_KEYS, ENTRY_KEYS, FILE_KEYS, KINDS};
use crate::shape::{Key, Presence, Shape};
use procession_types::Scalar;

const NAME: &str = "[A-Za-z0-9_][A-Za-z0-9_.-]*";
const NAMESPACE: &str = "[A-Za-z0-9_][A-Za-z0-9_-]*(\\.[A-Za-z0-9_-]+)*";
const DURATION: &str = "([0-9]+(\\.[0-9]+)?(ns|us|µs|ms|s|m|h))+";
const SIZE: &str = "[0-9]+ *(B|KB|kB|MB|GB|KiB|MiB|GiB)?";

/// The JSON Schema (draft 2020-12) of an `_index.yaml` file, for editors. `modules` are those of the
/// runtime that programs may require. What it accepts may still be wrong: it knows one file, and
/// nothing of what ids name.
#[must_use]
pub fn schema(modules: &[&str]) -> String {
    let mut writer = Writer { modules, definitions: Vec::new() };
    let root = writer.file();
    let definitions = Json::Object(writer.definitions);
    format!("{}\n", root.with("$defs", definitions))
}

struct Writer<'a> {
    modules: &'a [&'a str],
    /// Schemas that others refer to, by name.
    definitions: Vec<(String, Json)>,
}

impl Writer<'_> {
    fn file(&mut self) -> Json {
        let scalar = typed(&["string", "number", "boolean", "array"]);
        let scalar = scalar.with("items", reference("scalar"));
        self.definitions.push(("scalar".to_owned(), scalar));
        let properties = self.properties(FILE_KEYS.iter().chain(APPLICATION_KEYS));
        let (entry, entry_name) = (self.entry(), "entry".to_owned());
        self.definitions.push((entry_name, entry));
        Json::object([
            ("$schema", Json::text("https://json-schema.org/draft/2020-12/schema")),
            ("title", Json::text("_index.yaml of a Procession application")),
            ("type", Json::text("object")),
            ("properties", properties),
            ("required", required(FILE_KEYS)),
            ("additionalProperties", Json::Bool(false)),
        ])
    }

    /// An entry of any kind: the kind decides on the other keys.
    fn entry(&mut self) -> Json {
        let mut branches = Vec::new();
        for kind in KINDS {
            let properties = self.properties(ENTRY_KEYS.iter().chain(kind.keys));
            let schema = Json::object([
                ("description", Json::text(kind.doc)),
                ("type", Json::text("object")),
                ("properties", properties),
                ("required", required_of(ENTRY_KEYS.iter().chain(kind.keys))),
                ("additionalProperties", Json::Bool(false)),
            ]);
            self.definitions.push((kind.name.to_owned(), schema));
            let is_kind =
                Json::object([("kind", Json::object([("const", Json::text(kind.name))]))]);
            let condition = Json::object([
                ("properties", is_kind),
                ("required", Json::texts(["kind"].into_iter())),
            ]);
            branches.push(Json::object([("if", condition), ("then", reference(kind.name))]));
        }
        let kinds = Json::object([
            ("description", Json::text("what it is")),
            ("enum", Json::texts(KINDS.iter().map(|kind| kind.name))),
        ]);
        Json::object([
            ("type", Json::text("object")),
            ("properties", Json::object([("kind", kinds)])),
            ("required", required(ENTRY_KEYS)),
            ("allOf", Json::List(branches)),
        ])
    }

    fn properties<'k>(&mut self, keys: impl Iterator<Item = &'k Key>) -> Json {
        let pairs = keys.map(|key| {
            let schema = self.shape(&key.shape, key.name).with("description", Json::text(key.doc));
            let schema = match key.presence {
                Presence::Default(text) => schema.with("default", default(text)),
                Presence::Required | Presence::Absent(_) => schema,
            };
            (key.name.to_owned(), schema)
        });
        Json::Object(pairs.collect())
    }

    fn record(&mut self, keys: &[Key], name: &str) -> Json {
        let schema = Json::object([
            ("type", Json::text("object")),
            ("properties", self.properties(keys.iter())),
            ("required", required(keys)),
            ("additionalProperties", Json::Bool(false)),
        ]);
        self.definition(name, schema)
    }

    /// A reference to a schema under a name, or under the next name that is free.
    fn definition(&mut self, name: &str, schema: Json) -> Json {
        let mut name = name.to_owned();
        loop {
            match self.definitions.iter().find(|(known, _)| *known == name) {
                None => {
                    self.definitions.push((name.clone(), schema));
                    return reference(&name);
                }
                Some((_, known)) if *known == schema => return reference(&name),
                Some(_) => name.push('_'),
            }
        }
    }

    fn shape(&mut self, shape: &Shape, name: &str) -> Json {
        match shape {
            Shape::Version => {
                Json::object([("enum", Json::List(vec![Json::text("1.0"), Json::Float(1.0)]))])
            }
            Shape::Text => typed(&["string"]).with("minLength", Json::Int(1)),
            Shape::Literal => typed(&["string", "number", "boolean"]),
            Shape::Name => pattern(&format!("^{NAME}$")),
            Shape::Namespace => pattern(&format!("^{NAMESPACE}$")),
            Shape::VariableName => pattern("^[^=*]+$"),
            Shape::LuaName => pattern("^[A-Za-z_][A-Za-z0-9_]*$"),
            Shape::Bool => typed(&["boolean"]),
            Shape::Count { min, max } => {
                let schema = typed(&["integer"]).with("minimum", whole(*min));
                if *max < i64::MAX as u64 { schema.with("maximum", whole(*max)) } else { schema }
            }
            Shape::Number { min, max } => typed(&["number"])
                .with("minimum", Json::Float(*min))
                .with("maximum", Json::Float(*max)),
            Shape::Duration { min_ns: 0 } => zero_or(&format!("^(0|{DURATION})$")),
            Shape::Duration { .. } => pattern(&format!("^{DURATION}$")),
            Shape::DurationOrNever => zero_or(&format!("^(0|never|{DURATION})$")),
            Shape::Size { min } => typed(&["integer", "string"])
                .with("minimum", whole(*min))
                .with("pattern", Json::text(format!("^{SIZE}$"))),
            Shape::Word(words) => {
                Json::object([("enum", Json::texts(words.iter().map(|(word, _)| *word)))])
            }
            Shape::Reference(_) => pattern(&format!("^({NAMESPACE}:)?{NAME}$")),
            Shape::Source => pattern("^file://.+$"),
            Shape::Module => Json::object([("enum", Json::texts(self.modules.iter().copied()))]),
            Shape::Grant => pattern("^(fs|env|http):.+$"),
            Shape::Url => pattern("^https?://\\S+$"),
            Shape::Pattern => pattern("^([^*]+\\*?|\\*)$"),
            Shape::Field => pattern("^(actor\\.id|action|resource|(actor\\.)?meta\\..+)$"),
            Shape::Scalar => reference("scalar"),
            Shape::Value => Json::Object(Vec::new()),
            Shape::List { of, min } => self.list(of, *min, name),
            Shape::OneOrMore(one) => {
                let either = vec![self.shape(one, name), self.list(one, 1, name)];
                Json::object([("anyOf", Json::List(either))])
            }
            Shape::Map { key, value } => Json::object([
                ("type", Json::text("object")),
                ("propertyNames", self.shape(key, name)),
                ("additionalProperties", self.shape(value, name)),
            ]),
            Shape::Record(keys) => self.record(keys, name),
            Shape::ShortRecord(keys) => {
                let short = keys.first().map(|key| self.shape(&key.shape, name));
                let either = short.into_iter().chain([self.record(keys, name)]).collect();
                Json::object([("anyOf", Json::List(either))])
            }
            Shape::Entries => {
                Json::object([("type", Json::text("array")), ("items", reference("entry"))])
            }
        }
    }

    fn list(&mut self, of: &Shape, min: usize, name: &str) -> Json {
        let schema = typed(&["array"]).with("items", self.shape(of, name));
        if min > 0 { schema.with("minItems", Json::Int(min as i64)) } else { schema }
    }
}

fn typed(types: &[&str]) -> Json {
    match types {
        [one] => Json::object([("type", Json::text(*one))]),
        several => Json::object([("type", Json::texts(several.iter().copied()))]),
    }
}

fn pattern(pattern: &str) -> Json {
    typed(&["string"]).with("pattern", Json::text(pattern))
}

/// A text of a pattern, or the number 0.
fn zero_or(pattern: &str) -> Json {
    typed(&["string", "integer"])
        .with("pattern", Json::text(pattern))
        .with("minimum", Json::Int(0))
        .with("maximum", Json::Int(0))
}

fn whole(number: u64) -> Json {
    Json::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

fn reference(name: &str) -> Json {
    Json::object([("$ref", Json::text(format!("#/$defs/{name}")))])
}

fn required(keys: &[Key]) -> Json {
    required_of(keys.iter())
}

fn required_of<'k>(keys: impl Iterator<Item = &'k Key>) -> Json {
    let required = keys.filter(|key| key.presence == Presence::Required);
    Json::texts(required.map(|key| key.name))
}

/// A default, which stands in the table as YAML.
fn default(text: &str) -> Json {
    match text {
        "{}" => return Json::Object(Vec::new()),
        "[]" => return Json::List(Vec::new()),
        _ => {}
    }
    match resolve(text) {
        Some(Scalar::Bool(value)) => Json::Bool(value),
        Some(Scalar::Int(value)) => Json::Int(value),
        Some(Scalar::Float(value)) => Json::Float(value),
        Some(Scalar::Text(_) | Scalar::List(_)) | None => Json::text(text),
    }
}
