//! Durations and sizes as people write them: `500ms 10s 1m30s 1h`, `64KiB 1MB`.

use crate::Error;

const UNITS: [(&str, f64); 7] =
    [("ns", 1.0), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9)];

/// A duration as people write it, rounded to three digits or so: `250ms`, `1.5s`, `2m`, `1h30m`.
#[must_use]
pub fn duration_text(nanoseconds: u64) -> String {
    const UNITS: [(u64, &str); 4] =
        [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us"), (1, "ns")];
    let seconds = nanoseconds / 1_000_000_000;
    if seconds >= 60 {
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        let parts = [(hours, "h"), (minutes, "m"), (if hours > 0 { 0 } else { seconds }, "s")];
        let parts = parts.iter().filter(|(number, _)| *number > 0);
        return parts.map(|(number, unit)| format!("{number}{unit}")).collect();
    }
    let (size, unit) = UNITS.into_iter().find(|(size, _)| nanoseconds >= *size).unwrap_or(UNITS[3]);
    let (whole, rest) = (nanoseconds / size, nanoseconds % size * 10 / size);
    if whole >= 10 || rest == 0 {
        format!("{whole}{unit}")
    } else {
        format!("{whole}.{rest}{unit}")
    }
}

/// Nanoseconds of a duration text: one or more numbers, each with a unit (`ns us ms s m h`).
///
/// # Errors
/// `Invalid`, quoting the text, for anything else, also when it is longer than 292 years.
pub fn parse_duration(text: &str) -> Result<u64, Error> {
    let bad = || {
        Error::invalid(format!("invalid duration \"{text}\": write for example 250ms, 5s or 1m30s"))
    };
    let mut rest = text;
    let mut total = 0.0_f64;
    if text == "0" {
        return Ok(0);
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(bad)?;
        let number: f64 = rest[..digits].parse().map_err(|_| bad())?;
        rest = &rest[digits..];
        let end = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let unit = &rest[..end];
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(bad)?;
        total += number * factor;
        rest = &rest[end..];
    }
    if text.is_empty() || total > i64::MAX as f64 {
        return Err(bad());
    }
    Ok(total.round() as u64)
}

/// Bytes of a size text: a number with `B KB MB GB` (powers of 1000), `KiB MiB GiB` (powers of 1024)
/// or no unit.
///
/// # Errors
/// `Invalid`, quoting the text, for anything else.
pub fn parse_size(text: &str) -> Result<u64, Error> {
    let bad =
        || Error::invalid(format!("invalid size \"{text}\": write for example 64MiB, 1GB or 4096"));
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..end].parse().map_err(|_| bad())?;
    let factor: u64 = match text[end..].trim_start() {
        "" | "B" => 1,
        "KB" | "kB" => 1000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(bad()),
    };
    number.checked_mul(factor).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_people_write_them() {
        for (nanoseconds, text) in [
            (0, "0ns"),
            (999, "999ns"),
            (1_500_000, "1.5ms"),
            (25_400_000, "25ms"),
            (10_000_000_000, "10s"),
            (90_000_000_000, "1m30s"),
            (5_400_000_000_000, "1h30m"),
            (86_401_000_000_000, "24h"),
        ] {
            assert_eq!(duration_text(nanoseconds), text);
        }
    }

    #[test]
    fn durations() {
        for (text, nanoseconds) in [
            ("0", 0),
            ("5s", 5_000_000_000),
            ("250ms", 250_000_000),
            ("1m30s", 90_000_000_000),
            ("1.5h", 5_400_000_000_000),
            ("10us", 10_000),
        ] {
            assert_eq!(parse_duration(text).unwrap(), nanoseconds, "{text}");
        }
        for text in ["", "5", "s", "5 s", "-5s", "5x", "1..5s", "9999999999h"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes() {
        for (text, bytes) in [("4096", 4096), ("64MiB", 64 << 20), ("1 GB", 1_000_000_000)] {
            assert_eq!(parse_size(text).unwrap(), bytes, "{text}");
        }
        for text in ["", "MiB", "1.5MiB", "1TiB ", "99999999999GiB", "-1"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }
}
