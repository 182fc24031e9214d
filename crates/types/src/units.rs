//! Durations and sizes as people write them: `500ms 10s 1m30s 1h`, `64KiB 1MB`.

use crate::Error;

const UNITS: [(&str, f64); 7] =
    [("ns", 1.0), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9)];

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
