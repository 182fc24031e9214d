//! `--limit NAME=VALUE`.

use procession_types::{ProgramLimits, units};
use std::str::FromStr;

/// One limit with its new value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LimitChange {
    Memory(u64),
    WallClock(u64),
    Instructions(u64),
    MailboxMessages(u32),
    MailboxBytes(u64),
    MessageSize(u64),
    Links(u32),
    Names(u32),
    Calls(u32),
    Topics(u32),
}

/// Every limit that can be set, as an example.
const EXAMPLES: [&str; 10] = [
    "memory=64MiB",
    "wall_clock=2s",
    "instructions=1000000000",
    "mailbox=10000",
    "mailbox=64MiB",
    "message_size=16MiB",
    "links=1000",
    "names=100",
    "calls=1000",
    "topics=100",
];

impl LimitChange {
    /// Reads `NAME=VALUE`; the error says what would be right.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').ok_or_else(|| examples("write NAME=VALUE"))?;
        if value.trim_start_matches('0').is_empty() {
            return Err(format!("a {name} limit of 0 lets nothing run"));
        }
        match name {
            "memory" => size(value).map(Self::Memory),
            "wall_clock" => duration(value).map(Self::WallClock),
            "instructions" => number(&value.replace('_', "")).map(Self::Instructions),
            // A mailbox is limited in messages and in bytes; the unit says which is meant.
            "mailbox" if value.ends_with('B') => size(value).map(Self::MailboxBytes),
            "mailbox" => number(value).map(Self::MailboxMessages),
            "message_size" => size(value).map(Self::MessageSize),
            "links" => number(value).map(Self::Links),
            "names" => number(value).map(Self::Names),
            "calls" => number(value).map(Self::Calls),
            "topics" => number(value).map(Self::Topics),
            _ => Err(examples(&format!("there is no limit \"{name}\""))),
        }
    }

    /// Sets the limit.
    pub(crate) fn apply(self, limits: &mut ProgramLimits) {
        match self {
            Self::Memory(bytes) => limits.memory_bytes_max = Some(bytes),
            Self::WallClock(nanoseconds) => limits.wall_clock_ns_max = Some(nanoseconds),
            Self::Instructions(count) => limits.instructions_max = Some(count),
            Self::MailboxMessages(count) => limits.mailbox_messages_max = Some(count),
            Self::MailboxBytes(bytes) => limits.mailbox_bytes_max = Some(bytes),
            Self::MessageSize(bytes) => limits.message_bytes_max = Some(bytes),
            Self::Links(count) => limits.links_max = Some(count),
            Self::Names(count) => limits.names_max = Some(count),
            Self::Calls(count) => limits.calls_max = Some(count),
            Self::Topics(count) => limits.topics_max = Some(count),
        }
    }
}

fn size(text: &str) -> Result<u64, String> {
    units::parse_size(text).map_err(|error| error.to_string())
}

fn duration(text: &str) -> Result<u64, String> {
    units::parse_duration(text).map_err(|error| error.to_string())
}

fn number<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("\"{text}\" is no whole number, or too large a one"))
}

fn examples(problem: &str) -> String {
    format!("{problem}; for example {}", EXAMPLES.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use procession_types::Limits;

    #[test]
    fn limits_are_read() {
        for (text, expected) in [
            ("memory=64MiB", Limits { memory_bytes_max: 64 << 20, ..Limits::default() }),
            (
                "wall_clock=2s",
                Limits { wall_clock_ns_max: Some(2_000_000_000), ..Limits::default() },
            ),
            ("instructions=1_000", Limits { instructions_max: Some(1000), ..Limits::default() }),
            ("mailbox=7KiB", Limits { mailbox_bytes_max: 7 << 10, ..Limits::default() }),
            ("mailbox=7", Limits { mailbox_messages_max: 7, ..Limits::default() }),
        ] {
            let mut limits = ProgramLimits::default();
            LimitChange::parse(text).unwrap().apply(&mut limits);
            assert_eq!(limits.on_host(&Limits::default()), expected, "{text}");
        }
        for example in EXAMPLES {
            assert!(LimitChange::parse(example).is_ok(), "{example}");
        }
    }

    #[test]
    fn mistakes_are_explained() {
        for (text, expected) in [
            ("memory", "write NAME=VALUE; for example memory=64MiB"),
            ("ram=1", "there is no limit \"ram\""),
            ("memory=much", "invalid size"),
            ("wall_clock=2", "invalid duration"),
            ("instructions=-1", "no whole number"),
            ("links=5000000000", "no whole number, or too large a one"),
            ("memory=0", "a memory limit of 0 lets nothing run"),
        ] {
            let message = LimitChange::parse(text).err().unwrap_or_default();
            assert!(message.contains(expected), "{text}: {message}");
        }
    }
}
