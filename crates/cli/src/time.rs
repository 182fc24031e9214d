//! Durations on the command line.

use procession_types::units;
use std::time::Duration;

/// A duration, as in `1m30s`.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    units::parse_duration(text).map(Duration::from_nanos).map_err(|error| error.message)
}
