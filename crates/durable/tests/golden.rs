//! The forms are what they were. When this fails, a form has changed: records on disk could not be
//! read any more. Keep the form, or give the record that holds it another version, and keep reading
//! the one before.
//!
//! `golden.txt` has a type, bytes and the value they stand for in each line; what is added gets lines
//! of its own (`cargo test -p procession-durable --test golden -- --ignored --nocapture` writes some).
#![allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::print_stdout)]

#[allow(dead_code)]
#[path = "../../fuzz/src/random.rs"]
mod random;
#[path = "support/values.rs"]
mod values;

use procession_durable::bytes::{Bytes, decoded, encoded};
use procession_durable::journal::Source;
use procession_durable::keys;
#[allow(clippy::wildcard_imports, reason = "the forms are those of all their types")]
use procession_environment::*;
#[allow(clippy::wildcard_imports, reason = "likewise")]
use procession_types::*;
use random::Random;
use std::collections::BTreeMap;
use std::fmt::Debug;
use values::{Sample, for_every_form};

const GOLDEN: &str = include_str!("golden.txt");

/// The versions of which the lines are: that of stores, and the first byte of every record.
const VERSIONS: (u32, &str) = (2, "01");

/// The variants of every enum, each at the place that is its tag. Append only.
const TAGS: &[(&str, &[&str])] = &[
    ("bool", &["false", "true"]),
    ("Option", &["None", "Some"]),
    ("Reply", &["Ok", "Err"]),
    ("Event", &["Cancel", "Exit", "LinkDown", "Took", "Rest"]),
    ("ExitReason", &["Normal", "Failed"]),
    (
        "Failure",
        &["Error", "Terminated", "Linked", "DeadlineExceeded", "Limit", "Deadlock", "Fault"],
    ),
    (
        "ErrorKind",
        &[
            "NotFound",
            "AlreadyExists",
            "Invalid",
            "PermissionDenied",
            "Unavailable",
            "Internal",
            "Canceled",
            "Conflict",
            "Timeout",
            "RateLimited",
            "Unknown",
        ],
    ),
    (
        "Limit",
        &[
            "Memory",
            "Instructions",
            "WallClock",
            "Mailbox",
            "MessageSize",
            "Processes",
            "Links",
            "Names",
            "Calls",
            "Topics",
            "Store",
            "Queue",
            "Subscriptions",
            "Metrics",
        ],
    ),
    ("Rest", &["WaitPoint", "Idle", "Asleep", "Halted"]),
    ("Scalar", &["Bool", "Int", "Float", "Text", "List"]),
    ("Relation", &["Monitor", "Unmonitor", "Link", "Unlink"]),
    ("Call", &["Sleep", "Process", "Function", "Fs", "Http", "Consume", "Info"]),
    ("FsOperation", &["Read", "Write", "Append", "List", "Stat", "MakeDirectory", "Remove"]),
    ("Level", &["Debug", "Info", "Warn", "Error"]),
    (
        "Request",
        &[
            "Variable",
            "Variables",
            "Metric",
            "Store",
            "Publish",
            "Subscribe",
            "Unsubscribe",
            "Queue",
        ],
    ),
    ("MetricKind", &["Counter", "Gauge", "Histogram"]),
    ("Measurement", &["Add", "Set", "Observe"]),
    ("MetricRequest", &["Define", "Record", "Value", "Text"]),
    (
        "StoreOperation",
        &["Get", "Entry", "Set", "CompareAndSet", "Increment", "Delete", "Keys", "Count", "Clear"],
    ),
    ("QueueOperation", &["Declare", "Publish", "Ack", "Nack", "Info", "Purge"]),
    ("OnError", &["Skip", "Halt", "Exit"]),
    ("Promise", &["Async", "Local"]),
    ("Dialect", &["Plain", "Typed"]),
    ("Condition", &["Alive", "Halted", "Ended"]),
    ("State", &["Whole", "Pages"]),
    ("Waits", &["Time", "Outside", "Process"]),
    ("Kind", &["Turns", "Failed", "Ended", "Killed", "Upgraded", "Given"]),
    ("Origin", &["Fork", "Restore", "Import"]),
    ("Parcel", &["Message", "Cancel", "Terminate", "Death"]),
    (
        "Entry",
        &[
            "Turn",
            "Start",
            "Trimmed",
            "Now",
            "Random",
            "True",
            "False",
            "Nothing",
            "Done",
            "Refused",
            "Message",
            "Event",
            "Reply",
            "Listening",
            "Answer",
            "Number",
            "Found",
            "Sent",
            "Spawned",
            "Existing",
            "Terminated",
            "Cancelled",
            "Related",
            "Unregistered",
            "Sleeps",
            "Called",
            "Expires",
            "Printed",
            "Logged",
            "Parted",
        ],
    ),
];

fn lines() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    GOLDEN.lines().map(|line| {
        let (name, rest) = line.split_once(' ').expect("a line has three parts");
        let (bytes, value) = rest.split_once(' ').expect("a line has three parts");
        (name, bytes, value)
    })
}

fn from_hex(text: &str) -> Vec<u8> {
    let digits = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal");
    (0..text.len()).step_by(2).map(digits).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The value as Rust shows it, without what fragments know beside their words.
fn shown(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    let mut parts = text.split(", references: ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |whole, part| whole + part.trim_start_matches(|c: char| c.is_ascii_digit()))
}

fn check<T: Bytes + Debug>(name: &str) {
    let mut count = 0;
    for (_, bytes, value) in lines().filter(|line| line.0 == name) {
        let taken: T = decoded(&from_hex(bytes)).expect(bytes);
        assert_eq!(shown(&taken), value, "{name} {bytes}");
        assert_eq!(hex(&encoded(&taken)), bytes, "{name} {value}");
        count += 1;
    }
    assert!(count > 0, "golden.txt has no line for {name}");
    let Some((_, variants)) = TAGS.iter().find(|row| row.0 == name) else { return };
    for (tag, variant) in variants.iter().enumerate() {
        let is_there = lines().any(|line| {
            let is_variant = line
                .2
                .strip_prefix(variant)
                .is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric()));
            line.0 == name && line.1.starts_with(&hex(&[tag as u8])) && is_variant
        });
        assert!(is_there, "golden.txt has no line for {name}::{variant} with tag {tag}");
    }
    for tag in variants.len()..256 {
        let damaged = decoded::<T>(&[tag as u8, 0, 0]).expect_err("the tag is free");
        assert_eq!(damaged.at, 0, "{name} has a variant {tag} that the table of tags lacks");
    }
}

/// Lines for values that show much in few bytes, one for each variant.
fn print<T: Bytes + Debug + Sample>(name: &str) {
    /// Bytes that a line should have, about.
    const AIM: usize = 40;
    let is_enum = TAGS.iter().any(|row| row.0 == name);
    let mut best: BTreeMap<u8, (usize, T)> = BTreeMap::new();
    for seed in 0..20_000 {
        let value: T = values::any(&mut Random::new(seed));
        let bytes = encoded(&value);
        let tag = match (name, bytes[0]) {
            // One for each way to write one.
            ("Fragment", 1..0x40) => 1,
            (_, first) if is_enum || name == "Fragment" => first,
            // Types without tags get three lines.
            _ => (seed % 3) as u8,
        };
        let distance = bytes.len().abs_diff(AIM);
        if best.get(&tag).is_none_or(|(least, _)| distance < *least) {
            best.insert(tag, (distance, value));
        }
    }
    for (_, value) in best.values() {
        println!("{name} {} {}", hex(&encoded(value)), shown(value));
    }
}

#[test]
fn lines_are_of_this_version() {
    let advice = "another form is another version: keep reading the one before";
    assert_eq!(procession_durable::FORMAT, VERSIONS.0, "{advice}");
    for (_, bytes, value) in lines().filter(|line| line.0 == "Record") {
        assert!(bytes.starts_with(VERSIONS.1), "{advice}: {value}");
    }
}

#[test]
fn keys_are_what_they_were() {
    let source = Source { id: 0x0101_0203_0405_0607, n: 8, index: 9 };
    for (key, form) in [
        (keys::process(0x0A0B), "0000000000000a0b"),
        (keys::log(1, 2), "00000000000000010000000000000002"),
        (keys::snapshot(1, 2), "00000000000000010000000000000002"),
        (keys::page(1, 1, &[7; 16]), "00000000000000010107070707070707070707070707070707"),
        (keys::inbox(5, source), "00000000000000050101020304050607000000000000000800000009"),
        (keys::wake(Timestamp(3), 4), "00000000000000030000000000000004"),
        (keys::relation(5, true, 6), "0000000000000005010000000000000006"),
    ] {
        assert_eq!(hex(&key), form);
    }
}

macro_rules! tests {
    ($($name:ident: $type:ty,)*) => {
        #[test]
        fn forms_are_what_they_were() {
            let names = [$(stringify!($name)),*];
            for (name, ..) in lines() {
                assert!(names.contains(&name), "{name}");
            }
            $(check::<$type>(stringify!($name));)*
        }

        #[test]
        #[ignore = "writes lines for golden.txt"]
        fn lines_of_golden_values() {
            $(print::<$type>(stringify!($name));)*
        }
    };
}

for_every_form!(tests);
