//! Where a page of a list ended. Callers hand a cursor back as they got it and read nothing in it.

use std::fmt;
use std::str::FromStr;

/// Among processes: the next slot of a shard's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessCursor {
    /// The shard.
    pub shard: u16,
    /// The slot.
    pub slot: u32,
}

/// Among things that are sorted by name: the last name of the page before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameCursor {
    /// The name.
    pub after: String,
}

/// Among the records of a process's log: the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordCursor {
    /// Its number.
    pub record: u64,
}

impl fmt::Display for RecordCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "r{}", self.record)
    }
}

impl FromStr for RecordCursor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let record = text.strip_prefix('r').and_then(|record| record.parse().ok());
        record.map(|record| Self { record }).ok_or_else(|| foreign(text))
    }
}

impl fmt::Display for ProcessCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{}.{}", self.shard, self.slot)
    }
}

impl FromStr for ProcessCursor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (shard, slot) = text.strip_prefix('p')?.split_once('.')?;
            Some(Self { shard: shard.parse().ok()?, slot: slot.parse().ok()? })
        };
        read().ok_or_else(|| foreign(text))
    }
}

impl fmt::Display for NameCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.after)
    }
}

impl FromStr for NameCursor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let after = text.strip_prefix('n').ok_or_else(|| foreign(text))?.to_owned();
        Ok(Self { after })
    }
}

fn foreign(text: &str) -> String {
    format!("\"{text}\" is no cursor of this list; leave it out to begin at the start")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_round_trip() {
        let cursor = ProcessCursor { shard: 3, slot: 4_000_000_000 };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        let cursor = RecordCursor { record: u64::MAX };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        let cursor = NameCursor { after: "näme with spaces".to_owned() };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        for text in ["", "p", "p1", "p1.", "p99999.0", "p0.-1", "nx"] {
            assert!(text.parse::<ProcessCursor>().is_err(), "{text}");
            assert!(text.parse::<RecordCursor>().is_err(), "{text}");
        }
        assert!("p0.1".parse::<NameCursor>().is_err());
    }
}
