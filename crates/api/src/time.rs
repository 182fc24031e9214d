//! Points in time as RFC 3339 says them, in UTC.

use procession_types::Timestamp;

const NS_PER_SECOND: i64 = 1_000_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// The text of a point in time, to the microsecond: `2026-11-21T06:11:36.123456Z`.
#[must_use]
pub fn rfc3339(at: Timestamp) -> String {
    let seconds = at.0.div_euclid(NS_PER_SECOND);
    let microseconds = at.0.rem_euclid(NS_PER_SECOND) / 1000;
    let (days, of_day) = (seconds.div_euclid(SECONDS_PER_DAY), seconds.rem_euclid(SECONDS_PER_DAY));
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{microseconds:06}Z")
}

/// The point in time that a text of [`rfc3339`] says; `None` for anything else.
#[must_use]
pub fn parse_rfc3339(text: &str) -> Option<Timestamp> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let number = |text: &str| text.parse::<i64>().ok();
    let mut parts = date.splitn(3, '-');
    let (year, month, day) =
        (number(parts.next()?)?, number(parts.next()?)?, number(parts.next()?)?);
    let (time, microseconds) = time.split_once('.')?;
    let mut parts = time.splitn(3, ':');
    let (hour, minute, second) =
        (number(parts.next()?)?, number(parts.next()?)?, number(parts.next()?)?);
    let seconds = days(year, month, day) * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second;
    let nanoseconds = number(microseconds).filter(|_| microseconds.len() == 6)? * 1000;
    Some(Timestamp(seconds.checked_mul(NS_PER_SECOND)?.checked_add(nanoseconds)?))
}

/// Days from 1970-01-01; the reverse of [`civil`].
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let from_march = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * from_march + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of a number of days since 1970-01-01. Years begin in March here, so that the
/// day that is not always there is the last one; 400 years are an era of 146 097 days.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_times() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_782_400, "2000-02-29T00:00:00.000000Z"),
            (1_709_251_199, "2024-02-29T23:59:59.000000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000000Z"),
            (-1, "1969-12-31T23:59:59.000000Z"),
        ] {
            let at = Timestamp(seconds * NS_PER_SECOND);
            assert_eq!((rfc3339(at), parse_rfc3339(text)), (text.to_owned(), Some(at)));
        }
        for text in ["", "2026-11-21", "2026-11-21T06:11:36Z", "x-11-21T06:11:36.000000Z"] {
            assert_eq!(parse_rfc3339(text), None, "{text}");
        }
        assert_eq!(rfc3339(Timestamp(1_500)), "1970-01-01T00:00:00.000001Z");
    }
}
