//! What the node's stream of events says about the crashes: whether all are there, and how long
//! supervisors took.

use serde_json::Value;
use std::collections::BTreeMap;

/// What happens with every crash, once each.
const KINDS: [&str; 5] =
    ["process.exited", "service.exited", "service.restarted", "process.spawned", "service.running"];

/// Nanoseconds of a day, at whose end times begin again.
const DAY_NS: u64 = 86_400_000_000_000;

/// What has been read so far.
#[derive(Default)]
pub(super) struct Events {
    counts: [u64; KINDS.len()],
    /// Numbers left out, and records that say that something was lost.
    holes: u64,
    last: Option<u64>,
    has_begun: bool,
    /// When the supervisor knew of the end of a service that is not ready again.
    exited: BTreeMap<String, u64>,
    /// Nanoseconds from that to the moment at which its successor was ready.
    pub(super) restarts: Vec<f64>,
}

impl Events {
    /// Takes note of a line of `procession events -f -o jsonl`.
    pub(super) fn read(&mut self, line: &str) -> Result<(), String> {
        let broken = || format!("the stream of events has a line that is none: {line}");
        let event: Value = serde_json::from_str(line).map_err(|_| broken())?;
        let number = event["id"].as_u64().ok_or_else(broken)?;
        let kind = event["kind"].as_str().ok_or_else(broken)?;
        self.holes += self.last.replace(number).map_or(0, |last| number.saturating_sub(last + 1));
        self.holes += u64::from(kind == "gap");
        // Those before the first crash are of the start.
        self.has_begun |= kind == KINDS[0];
        if !self.has_begun {
            return Ok(());
        }
        if let Some(at) = KINDS.iter().position(|known| *known == kind) {
            self.counts[at] += 1;
        }
        let Some(service) = event["service"].as_str() else { return Ok(()) };
        let time = event["time"].as_str().and_then(nanoseconds).ok_or_else(broken)?;
        match kind {
            "service.exited" => drop(self.exited.insert(service.to_owned(), time)),
            "service.running" => {
                if let Some(exited) = self.exited.remove(service) {
                    self.restarts.push(((time + DAY_NS - exited) % DAY_NS) as f64);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Events that so many crashes should have led to and that are not there, or too many.
    pub(super) fn missing(&self, crashes: u64) -> u64 {
        self.holes + self.counts.iter().map(|count| count.abs_diff(crashes)).sum::<u64>()
    }
}

/// Nanoseconds since midnight of a time as `2026-11-21T09:49:50.454206Z`.
fn nanoseconds(text: &str) -> Option<u64> {
    let clock = text.split_once('T')?.1.strip_suffix('Z')?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut seconds = 0;
    for part in clock.split(':') {
        seconds = seconds * 60 + part.parse::<u64>().ok()?;
    }
    let fraction: u64 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    Some(seconds * 1_000_000_000 + fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: u64, kind: &str, second: u64) -> String {
        let time = format!("2026-11-21T23:59:{second:02}.5Z");
        format!("{{\"id\":{id},\"time\":\"{time}\",\"kind\":\"{kind}\",\"service\":\"load:s1\"}}")
    }

    #[test]
    fn times_are_read() {
        assert_eq!(nanoseconds("2026-11-21T00:01:02.000003Z"), Some(62_000_003_000));
        assert_eq!(nanoseconds("2026-11-21T01:00:00Z"), Some(3_600_000_000_000));
        assert_eq!(nanoseconds("yesterday"), None);
    }

    #[test]
    fn what_is_missing_is_counted() {
        let mut events = Events::default();
        events.read(&line(6, "service.running", 1)).unwrap();
        for (at, kind) in KINDS.iter().enumerate() {
            events.read(&line(7 + at as u64, kind, 2 + at as u64)).unwrap();
        }
        assert_eq!((events.missing(1), events.missing(2)), (0, 5));
        assert_eq!(events.restarts, [3e9]);
        events.read(&line(20, "gap", 9)).unwrap();
        assert_eq!(events.missing(1), 9, "eight numbers, and what says so");
        assert!(events.read("nonsense").is_err());
    }
}
