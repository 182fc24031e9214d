//! What somebody wants to see of a stream.

use crate::event::EventKind;
use crate::frame::Frame;
use crate::record::Kind;
use crate::sources::key;
use procession_environment::Level;
use procession_types::{Pid, SmolStr, Timestamp, parse_pid};
use regex_lite::{Regex, RegexBuilder};

/// Records of one page, at most.
pub const RECORDS_MAX: usize = 10_000;
/// Records of a page when nobody says how many.
const RECORDS_DEFAULT: usize = 1_000;
/// Longest pattern, and the memory that its compiled form may take. Matching takes time in
/// proportion to the text, whatever the pattern.
const PATTERN_BYTES_MAX: usize = 1 << 10;
const COMPILED_BYTES_MAX: usize = 256 << 10;

/// A regular expression that a record must contain, in its message or in `name=value` of a field.
#[derive(Debug, Clone)]
pub struct Grep(Regex);

/// Why a pattern is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrepError {
    /// It is too long.
    #[error("the pattern has more than {PATTERN_BYTES_MAX} bytes")]
    Long,
    /// It is no regular expression, or too large a one.
    #[error("\"{pattern}\" is no regular expression that can be searched for: {why}")]
    Malformed {
        /// The pattern.
        pattern: String,
        /// What is wrong.
        why: String,
    },
}

impl Grep {
    /// Reads a pattern.
    ///
    /// # Errors
    /// See [`GrepError`].
    pub fn new(pattern: &str) -> Result<Self, GrepError> {
        if pattern.len() > PATTERN_BYTES_MAX {
            return Err(GrepError::Long);
        }
        let built = RegexBuilder::new(pattern).size_limit(COMPILED_BYTES_MAX).build();
        built.map(Self).map_err(|error| GrepError::Malformed {
            pattern: pattern.to_owned(),
            why: error.to_string(),
        })
    }

    fn finds(&self, frame: &Frame<'_>) -> bool {
        if self.0.is_match(&String::from_utf8_lossy(frame.entry.message)) {
            return true;
        }
        let mut fields = frame.entry.fields;
        fields.any(|(name, value)| self.0.is_match(&format!("{name}={value}")))
    }
}

/// What is wanted; everything that is given must hold.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Of this process.
    pub pid: Option<Pid>,
    /// Of processes of this program.
    pub program: Option<SmolStr>,
    /// Of processes on this host.
    pub host: Option<SmolStr>,
    /// Of this service or pool.
    pub service: Option<SmolStr>,
    /// With these labels.
    pub labels: Vec<(SmolStr, SmolStr)>,
    /// Of at least this level; what is printed counts as information. Events have no level.
    pub level: Option<Level>,
    /// Events of these kinds; empty = of all.
    pub kinds: Vec<EventKind>,
    /// At this time or later.
    pub since: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
    /// See [`Grep`].
    pub grep: Option<Grep>,
    /// With a number above this one.
    pub after: Option<u64>,
    /// The last so many of them.
    pub tail: Option<usize>,
    /// Records of a page at most; 0 = 1 000, and never more than [`RECORDS_MAX`].
    pub count_max: usize,
}

impl Query {
    /// The process that a PID's text means, for [`Query::pid`]; `None` when it is no PID's text.
    #[must_use]
    pub fn read_pid(text: &str) -> Option<Pid> {
        let read = parse_pid(text)?;
        let (epoch, shard, slot, generation) = (read.epoch, read.shard, read.slot, read.generation);
        Some(Pid { host: 0, shard, epoch, slot, generation })
    }

    pub(crate) fn records_max(&self) -> usize {
        let most = if self.count_max == 0 { RECORDS_DEFAULT } else { self.count_max };
        most.min(RECORDS_MAX)
    }

    pub(crate) fn matches(&self, frame: &Frame<'_>) -> bool {
        let entry = &frame.entry;
        let is = |wanted: &Option<SmolStr>, found: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted == found)
        };
        let kind_fits = match entry.kind {
            Kind::Gap => return true,
            Kind::Event(kind) => self.kinds.is_empty() || self.kinds.contains(&kind),
            Kind::Print | Kind::Log(_) => {
                self.level.is_none_or(|level| entry.kind.level() >= Some(level))
            }
        };
        kind_fits
            && self.since.is_none_or(|since| entry.time >= since)
            && self.until.is_none_or(|until| entry.time < until)
            && self.pid.is_none_or(|pid| entry.source.pid.map(key) == Some(key(pid)))
            && is(&self.program, entry.source.program)
            && is(&self.host, entry.source.host)
            && is(&self.service, frame.service)
            && self.labels.iter().all(|(name, value)| {
                let mut labels = frame.labels;
                labels.any(|(label, found)| label == name && found == value)
            })
            && self.grep.as_ref().is_none_or(|grep| grep.finds(frame))
    }
}
