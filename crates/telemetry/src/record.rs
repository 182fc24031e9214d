//! Records: what is kept of a line, a log record or an event.

use crate::event::EventKind;
use procession_environment::Level;
use procession_types::{Pid, SmolStr, Timestamp};
use std::borrow::Cow;

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A line that a process printed.
    Print,
    /// A log record of a process, or of the node itself.
    Log(Level),
    /// An event.
    Event(EventKind),
    /// Records are missing here; the field `lost` says how many.
    Gap,
}

impl Kind {
    /// The name that people see: `print`, a level, an event's name, or `gap`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Print => "print",
            Self::Log(Level::Debug) => "debug",
            Self::Log(Level::Info) => "info",
            Self::Log(Level::Warn) => "warn",
            Self::Log(Level::Error) => "error",
            Self::Event(kind) => kind.name(),
            Self::Gap => "gap",
        }
    }

    /// How much it weighs: what is printed is information, a gap is a warning. Events have no
    /// level.
    #[must_use]
    pub const fn level(self) -> Option<Level> {
        match self {
            Self::Print => Some(Level::Info),
            Self::Log(level) => Some(level),
            Self::Gap => Some(Level::Warn),
            Self::Event(_) => None,
        }
    }
}

/// Who printed, logged, or is the subject of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source<'a> {
    /// The process; `None` = the node itself.
    pub pid: Option<Pid>,
    /// Id of its process host; empty when there is none.
    pub host: &'a str,
    /// Id of its program; empty when there is none.
    pub program: &'a str,
    /// Id of the service or pool; empty = what the process was described as.
    pub service: &'a str,
}

/// One thing that was printed, logged or happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its number. Numbers grow, and within one run of the node none is left out; a new run starts
    /// above all numbers of those before.
    pub sequence: u64,
    /// When.
    pub time: Timestamp,
    /// What it is.
    pub kind: Kind,
    /// Name of the node in its cluster, if it had one.
    pub node: Option<SmolStr>,
    /// The process; its `host` means nothing here, see the next field.
    pub pid: Option<Pid>,
    /// Id of the process host; may be empty.
    pub host: SmolStr,
    /// Id of the program; may be empty.
    pub program: SmolStr,
    /// Id of the service or pool.
    pub service: Option<SmolStr>,
    /// Labels of the service or pool.
    pub labels: Vec<(SmolStr, SmolStr)>,
    /// Names and values.
    pub fields: Vec<(SmolStr, String)>,
    /// What was printed (without the line end), or what happened. Programs may print any bytes.
    pub message: Vec<u8>,
    /// There was more of the message or the fields than is kept of one record.
    pub is_cut: bool,
}

impl Record {
    /// The message as text; bytes that are none are replaced.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.message)
    }

    /// The PID as people and programs see it.
    #[must_use]
    pub fn pid_text(&self) -> Option<String> {
        let pid = self.pid?;
        let mut text = String::new();
        match &self.node {
            Some(node) => pid.write(&format!("{node}@{}", self.host), &mut text),
            None => pid.write(&self.host, &mut text),
        }
        Some(text)
    }

    /// The value of a field.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Says that records are missing: so many, if that is known, up to this number.
    pub(crate) fn gap(lost: Option<u64>, up_to: u64, time: Timestamp) -> Self {
        let count = lost.map_or_else(|| "unknown".to_owned(), |lost| lost.to_string());
        let message = match lost {
            Some(1) => "1 record was lost here".to_owned(),
            Some(lost) => format!("{lost} records were lost here"),
            None => "records were lost here".to_owned(),
        };
        Self {
            sequence: up_to,
            time,
            kind: Kind::Gap,
            node: None,
            pid: None,
            host: SmolStr::default(),
            program: SmolStr::default(),
            service: None,
            labels: Vec::new(),
            fields: vec![(SmolStr::new_static("lost"), count)],
            message: message.into_bytes(),
            is_cut: false,
        }
    }
}
