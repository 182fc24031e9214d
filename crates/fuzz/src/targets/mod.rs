//! What is fuzzed.

mod application;
mod differential;
mod durable;
mod fragment;
mod json;
mod lua;
mod memory;
mod parser;
mod policy;
mod portable;
mod records;
mod snapshot;
mod texts;

use std::ops::Range;
use std::time::Duration;

/// Something wrong, with what shows it.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The seed of the input.
    pub seed: u64,
    /// What is wrong, in a line: equal for findings that are likely the same.
    pub title: String,
    /// More of it, for people.
    pub report: String,
    /// The input, made small.
    pub input: Vec<u8>,
    /// The input as it was generated, when that is something else.
    pub original: Vec<u8>,
}

impl Finding {
    fn new(seed: u64, title: String, input: &[u8]) -> Self {
        let input = input.to_vec();
        Self { seed, title, report: String::new(), input, original: Vec::new() }
    }
}

/// Something that is fuzzed.
pub trait Target {
    /// Tries the inputs of these seeds.
    fn batch(&mut self, seeds: Range<u64>) -> Vec<Finding>;
    /// Seeds that are tried together.
    fn batch_size(&self) -> u64 {
        64
    }
    /// A batch that takes longer hangs: what is minimised has a limit of its own below this.
    fn batch_time_max(&self) -> Duration {
        Duration::from_secs(1200)
    }
    /// The end of the name of a file with an input.
    fn extension(&self) -> &'static str {
        "bin"
    }
    /// What else is to be said about what was tried.
    fn statistics(&self) -> String {
        String::new()
    }
}

/// A target's name, and how to make it.
type Entry = (&'static str, fn() -> Box<dyn Target>);

/// All targets.
pub const TARGETS: [Entry; 13] = [
    ("lua", || Box::new(lua::Lua::new())),
    ("parser", || Box::new(parser::Parser::new())),
    ("pattern", || Box::new(texts::Pattern::default())),
    ("format", || Box::new(texts::Format::default())),
    ("snapshot", || Box::new(snapshot::Snapshot::new())),
    ("fragment", || Box::new(fragment::Fragments::new())),
    ("json", || Box::new(json::Json)),
    ("policy", || Box::new(policy::Policy)),
    ("application", || Box::new(application::Applications)),
    ("records", || Box::new(records::Records)),
    ("durable", || Box::new(durable::Durable::default())),
    ("portable", || Box::new(portable::Portables::default())),
    ("memory", || Box::new(memory::Memory::new())),
];

/// The target with this name.
#[must_use]
pub fn named(name: &str) -> Option<Box<dyn Target>> {
    TARGETS.iter().find(|(known, _)| *known == name).map(|(_, make)| make())
}
