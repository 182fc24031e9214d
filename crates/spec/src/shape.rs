//! The language of the table of kinds: which keys there are and what their values look like. The
//! reader, the JSON Schema and the tables of the documents are all made from it.

/// A sort of entry.
#[derive(Debug)]
pub(crate) struct Kind {
    /// As in `kind: process.lua`.
    pub(crate) name: &'static str,
    /// What it is, in a sentence.
    pub(crate) doc: &'static str,
    /// Its keys beside those that every entry has.
    pub(crate) keys: &'static [Key],
    /// Whether this build can do something with it.
    pub(crate) support: Support,
}

/// Whether this build can do something with what is declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Support {
    Yes,
    /// It is read and checked, then refused.
    NotYet,
}

/// A key of a mapping.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    pub(crate) presence: Presence,
    /// What it says, in a sentence without a full stop.
    pub(crate) doc: &'static str,
}

/// Whether a key has to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    Required,
    /// The value it has when it is not there, as YAML.
    Default(&'static str),
    /// What it means that it is not there, for people.
    Absent(&'static str),
}

/// What a value looks like.
#[derive(Debug)]
pub(crate) enum Shape {
    /// The version of the format.
    Version,
    /// Any text but the empty one.
    Text,
    /// A text, or what looks like a number or a truth value and is taken as a text.
    Literal,
    /// A name of an entry or of something that a program calls so: letters, digits, `_`, `-`, `.`
    Name,
    /// Names with dots between them.
    Namespace,
    /// The name of a variable.
    VariableName,
    /// A word that Lua takes as a name.
    LuaName,
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Count { min: u64, max: u64 },
    /// Any number.
    Number { min: f64, max: f64 },
    /// A time, in nanoseconds when read.
    Duration { min_ns: u64 },
    /// A time or the word `never`.
    DurationOrNever,
    /// A number of bytes.
    Size { min: u64 },
    /// One of these words, each with what it means.
    Word(&'static [(&'static str, &'static str)]),
    /// The id of an entry.
    Reference(&'static Target),
    /// `file://PATH`.
    Source,
    /// A module of the runtime.
    Module,
    /// What the command line's `--grant` takes.
    Grant,
    /// An http or https URL.
    Url,
    /// A pattern over actions or resources.
    Pattern,
    /// What a condition looks at.
    Field,
    /// A single value, or a list of them.
    Scalar,
    /// Anything that can be sent in a message.
    Value,
    /// Values of one shape.
    List {
        of: &'static Shape,
        /// How many there have to be.
        min: usize,
    },
    /// A value, or a list of at least one.
    OneOrMore(&'static Shape),
    /// A mapping whose keys are free.
    Map { key: &'static Shape, value: &'static Shape },
    /// A mapping with known keys.
    Record(&'static [Key]),
    /// The same, or its first key's value alone.
    ShortRecord(&'static [Key]),
    /// The entries of a file.
    Entries,
}

/// What an id has to name.
#[derive(Debug)]
pub(crate) struct Target {
    /// For messages: a program, a host.
    pub(crate) noun: &'static str,
    /// The kinds that are it.
    pub(crate) kinds: &'static [&'static str],
    /// Ids that every node has.
    pub(crate) always: &'static [&'static str],
}

impl Shape {
    /// What is expected, for messages and documents.
    pub(crate) fn expected(&self) -> String {
        match self {
            Self::Version => "\"1.0\"".to_owned(),
            Self::Text | Self::Literal => "a text".to_owned(),
            Self::Name => "a name".to_owned(),
            Self::Namespace => "a namespace".to_owned(),
            Self::VariableName => "the name of a variable".to_owned(),
            Self::LuaName => "a name of Lua".to_owned(),
            Self::Bool => "true or false".to_owned(),
            Self::Count { min, max } => range("a whole number", min, max, *max == i64::MAX as u64),
            Self::Number { min, max } => range("a number", min, max, *max == f64::MAX),
            Self::Duration { .. } => "a duration".to_owned(),
            Self::DurationOrNever => "a duration or never".to_owned(),
            Self::Size { .. } => "a size".to_owned(),
            Self::Word(words) => {
                let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                match words.split_last() {
                    Some((last, rest)) if !rest.is_empty() => {
                        format!("{} or {last}", rest.join(", "))
                    }
                    Some(_) | None => words.concat(),
                }
            }
            Self::Reference(target) => format!("the id of {}", article(target.noun)),
            Self::Source => "file://PATH".to_owned(),
            Self::Module => "the name of a module".to_owned(),
            Self::Grant => "a grant".to_owned(),
            Self::Url => "an http URL".to_owned(),
            Self::Pattern => "a pattern".to_owned(),
            Self::Field => "a field".to_owned(),
            Self::Scalar => "a value or a list of values".to_owned(),
            Self::Value => "a value".to_owned(),
            Self::List { .. } | Self::Entries => "a list".to_owned(),
            Self::OneOrMore(one) => format!("{} or a list", one.expected()),
            Self::Map { .. } | Self::Record(_) => "a mapping".to_owned(),
            Self::ShortRecord(_) => "a text or a mapping".to_owned(),
        }
    }

    /// Whether an example says more than what is expected does.
    pub(crate) fn needs_example(&self) -> bool {
        match self {
            Self::Text
            | Self::Literal
            | Self::Bool
            | Self::Count { .. }
            | Self::Number { .. }
            | Self::Word(_)
            | Self::Scalar
            | Self::Value => false,
            Self::OneOrMore(one) => one.needs_example(),
            _ => true,
        }
    }

    /// Something that has this shape, for messages.
    pub(crate) fn example(&self) -> String {
        match self {
            Self::Version => "\"1.0\"".to_owned(),
            Self::Text | Self::Literal | Self::ShortRecord(_) => "TEXT".to_owned(),
            Self::Name | Self::VariableName => "NAME".to_owned(),
            Self::Namespace => "app".to_owned(),
            Self::LuaName => "main".to_owned(),
            Self::Bool => "true".to_owned(),
            Self::Count { min, .. } => min.max(&1).to_string(),
            Self::Number { min, .. } => min.to_string(),
            Self::Duration { .. } | Self::DurationOrNever => "10s".to_owned(),
            Self::Size { .. } => "64MiB".to_owned(),
            Self::Word(words) => words.first().map_or("", |(word, _)| word).to_owned(),
            Self::Reference(target) => format!("app:{}", target.noun.to_uppercase()),
            Self::Source => "file://main.lua".to_owned(),
            Self::Module => "time".to_owned(),
            Self::Grant => "fs:data".to_owned(),
            Self::Url => "https://example.org/alerts".to_owned(),
            Self::Pattern => "\"process.*\"".to_owned(),
            Self::Field => "actor.id".to_owned(),
            Self::Scalar | Self::Value => "VALUE".to_owned(),
            Self::List { of, .. } => format!("[{}]", of.example()),
            Self::OneOrMore(one) => one.example(),
            Self::Map { .. } | Self::Record(_) => "{…}".to_owned(),
            Self::Entries => "[…]".to_owned(),
        }
    }
}

fn range<T: std::fmt::Display>(what: &str, min: &T, max: &T, is_open: bool) -> String {
    if is_open { format!("{what}, {min} or more") } else { format!("{what} from {min} to {max}") }
}

/// A noun with its article.
pub(crate) fn article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {noun}")
}
