//! `--hibernate-after TIME`: how long a process is idle before it is packed.

use procession_types::units;

/// What the option says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HibernateAfter {
    /// Nanoseconds; `None` = never.
    pub(crate) nanoseconds: Option<u64>,
}

/// Reads a duration, 0 or `never`.
pub(crate) fn parse(text: &str) -> Result<HibernateAfter, String> {
    let nanoseconds = match text {
        "never" => None,
        "0" => Some(0),
        text => Some(
            units::parse_duration(text)
                .map_err(|error| format!("{}; or write 0 for at once, or never", error.message))?,
        ),
    };
    Ok(HibernateAfter { nanoseconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_at_once_and_never() {
        let read = |text: &str| parse(text).map(|after| after.nanoseconds);
        assert_eq!(read("1m30s"), Ok(Some(90_000_000_000)));
        assert_eq!(read("0"), Ok(Some(0)));
        assert_eq!(read("never"), Ok(None));
        assert!(read("soon").is_err_and(|error| error.contains("never")));
    }
}
