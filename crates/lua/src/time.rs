//! RFC 3339 texts of timestamps.

use crate::calendar::{DAY, civil, days};
use std::cell::Cell;
use std::ops::Deref;

const SECOND: i64 = 1_000_000_000;

/// A text without its decimals: `0000-00-00T00:00:00.`, the seconds that it is of, and room.
type Whole = (i64, [u8; 30]);

thread_local! {
    /// The one that was written last: the events of a moment are mostly of the same second.
    static WHOLE: Cell<Whole> = Cell::new((0, whole(0)));
}

/// A text of up to 30 bytes.
#[derive(Debug)]
pub(crate) struct ArrayText {
    bytes: [u8; 30],
    length: usize,
}

impl Deref for ArrayText {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// The time in UTC, with as many decimals as it needs (none, 3, 6 or 9).
pub(crate) fn rfc3339(nanoseconds: i64) -> ArrayText {
    let (seconds, rest) = (nanoseconds.div_euclid(SECOND), nanoseconds.rem_euclid(SECOND));
    let (of, mut text) = WHOLE.get();
    if of != seconds {
        text = whole(seconds);
        WHOLE.set((seconds, text));
    }
    let rest = rest as u32;
    put(&mut text, 20, rest / 10_000_000);
    put(&mut text, 22, rest / 100_000);
    put(&mut text, 24, rest / 1000);
    put(&mut text, 26, rest / 10);
    text[28] = b'0' + (rest % 10) as u8;
    let length = match rest {
        0 => 20,
        rest if rest % 1_000_000 == 0 => 24,
        rest if rest % 1_000 == 0 => 27,
        _ => 30,
    };
    text[length - 1] = b'Z';
    ArrayText { bytes: text, length }
}

/// The text without its decimals. Every event carries one, so it is written without the formatting
/// machinery, which takes longer than all the rest of an event.
fn whole(seconds: i64) -> [u8; 30] {
    let (days, second) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY) as u32);
    let (year, month, day) = civil(days);
    let mut text = *b"0000-00-00T00:00:00.000000000Z";
    put(&mut text, 0, (year / 100 % 100) as u32);
    put(&mut text, 2, (year % 100) as u32);
    put(&mut text, 5, month as u32);
    put(&mut text, 8, day as u32);
    put(&mut text, 11, second / 3600);
    put(&mut text, 14, second / 60 % 60);
    put(&mut text, 17, second % 60);
    text
}

/// Writes the last two digits of a number.
#[inline(always)]
fn put(text: &mut [u8; 30], at: usize, number: u32) {
    let number = (number % 100) as u8;
    text[at] = b'0' + number / 10;
    text[at + 1] = b'0' + number % 10;
}

/// Nanoseconds since 1970 of such a text, with any offset.
pub(crate) fn parse_rfc3339(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = bytes.get(from..to)?;
        digits.iter().all(u8::is_ascii_digit).then(|| text[from..to].parse().ok())?
    };
    let punctuation = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    if punctuation.iter().any(|&(at, byte)| bytes.get(at) != Some(&byte))
        || !matches!(bytes.get(10), Some(b'T' | b't' | b' '))
    {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let valid = (1..=12).contains(&month)
        && (1..=days_of(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !valid {
        return None;
    }
    let mut at = 19;
    let mut fraction = 0;
    if bytes.get(at) == Some(&b'.') {
        let digits = bytes[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return None;
        }
        let kept = digits.min(9);
        fraction = number(at + 1, at + 1 + kept)? * 10_i64.pow(9 - kept as u32);
        at += 1 + digits;
    }
    let offset = match bytes.get(at)? {
        b'Z' | b'z' if bytes.len() == at + 1 => 0,
        sign @ (b'+' | b'-') if bytes.len() == at + 6 && bytes[at + 3] == b':' => {
            let (hours, minutes) = (number(at + 1, at + 3)?, number(at + 4, at + 6)?);
            let seconds = hours * 3600 + minutes * 60;
            if *sign == b'+' { seconds } else { -seconds }
        }
        _ => return None,
    };
    let seconds = days(year, month, day) * DAY + hour * 3600 + minute * 60 + second - offset;
    seconds.checked_mul(SECOND)?.checked_add(fraction)
}

const fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_times_round_trip() {
        for (nanoseconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400 * SECOND, "2000-02-29T00:00:00Z"),
            (1_732_147_200 * SECOND + 5_000_000, "2024-11-21T00:00:00.005Z"),
            // Of the same second as the one before.
            (1_732_147_200 * SECOND, "2024-11-21T00:00:00Z"),
            (1_732_147_200 * SECOND + 123_456_789, "2024-11-21T00:00:00.123456789Z"),
            (-SECOND, "1969-12-31T23:59:59Z"),
            (1, "1970-01-01T00:00:00.000000001Z"),
        ] {
            assert_eq!(*rfc3339(nanoseconds), *text.as_bytes());
            assert_eq!(parse_rfc3339(text), Some(nanoseconds));
        }
        assert_eq!(parse_rfc3339("1970-01-01T01:00:00+01:00"), Some(0));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "1970-01-01",
            "1970-13-01T00:00:00Z",
            "1970-02-29T00:00:00Z",
            "1970-01-01T24:00:00Z",
            "1970-01-01T00:00:00",
            "1970-01-01T00:00:00.Z",
            "x",
        ] {
            assert_eq!(parse_rfc3339(text), None, "{text}");
        }
    }
}
