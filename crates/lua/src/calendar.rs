//! The calendar in UTC: days, dates, weeks, and the conversions of `os.date`. Arithmetic after Howard
//! Hinnant's `days_from_civil`.

/// Seconds of a day.
pub(crate) const DAY: i64 = 86_400;
/// First year that the C library can tell of, which PUC asks.
const YEAR_MIN: i64 = i32::MIN as i64 + 1900;
/// Last such year.
const YEAR_MAX: i64 = i32::MAX as i64 + 1900;

const WEEKDAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Days from 1970-01-01 to a date.
pub(crate) const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date so many days after 1970-01-01.
pub(crate) const fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + (month <= 2) as i64, month, day)
}

/// A moment in the terms of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Calendar {
    pub(crate) year: i64,
    /// From 1.
    pub(crate) month: i64,
    /// From 1.
    pub(crate) day: i64,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) second: i64,
    /// From 0, Sunday.
    pub(crate) weekday: i64,
    /// From 0.
    pub(crate) day_of_year: i64,
}

impl Calendar {
    /// The calendar so many seconds after 1970; `None` when the year is beyond what PUC can tell.
    pub(crate) fn at(seconds: i64) -> Option<Self> {
        let (day_number, second) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
        let (year, month, day) = civil(day_number);
        (YEAR_MIN..=YEAR_MAX).contains(&year).then(|| Self {
            year,
            month,
            day,
            hour: second / 3600,
            minute: second / 60 % 60,
            second: second % 60,
            weekday: (day_number + 4).rem_euclid(7),
            day_of_year: day_number - days(year, 1, 1),
        })
    }

    /// Year and number of the week after ISO 8601.
    fn iso_week(&self) -> (i64, i64) {
        // The week's Thursday decides.
        let thursday = days(self.year, self.month, self.day) + 3 - (self.weekday + 6) % 7;
        let (year, ..) = civil(thursday);
        (year, (thursday - days(year, 1, 1)) / 7 + 1)
    }

    /// Number of the week when weeks start at `first` (0: Sunday).
    fn week(&self, first: i64) -> i64 {
        (self.day_of_year + 7 - (self.weekday - first).rem_euclid(7)) / 7
    }

    /// Appends what a conversion of `strftime` stands for in the C locale; false when there is no
    /// such conversion. `zone` is the name of UTC.
    pub(crate) fn push(&self, conversion: u8, zone: &str, out: &mut String) -> bool {
        // Years are told in 32 bits, as PUC's C library does.
        let year = i64::from(self.year as i32);
        let hour = (self.hour + 11) % 12 + 1;
        let half = if self.hour < 12 { "AM" } else { "PM" };
        let (month_name, weekday) =
            (MONTHS[self.month as usize - 1], WEEKDAYS[self.weekday as usize]);
        let (iso_year, iso_week) = self.iso_week();
        let iso_year = i64::from(iso_year as i32);
        let Self { month, day, minute, second, .. } = *self;
        let text = match conversion {
            b'a' => weekday[..3].to_owned(),
            b'A' => weekday.to_owned(),
            b'b' | b'h' => month_name[..3].to_owned(),
            b'B' => month_name.to_owned(),
            b'C' => year.div_euclid(100).to_string(),
            b'd' => format!("{day:02}"),
            b'e' => format!("{day:2}"),
            b'g' => format!("{:02}", iso_year.rem_euclid(100)),
            b'G' => iso_year.to_string(),
            b'H' => format!("{:02}", self.hour),
            b'I' => format!("{hour:02}"),
            b'j' => format!("{:03}", self.day_of_year + 1),
            b'm' => format!("{month:02}"),
            b'M' => format!("{minute:02}"),
            b'n' => "\n".to_owned(),
            b'p' => half.to_owned(),
            b'S' => format!("{second:02}"),
            b't' => "\t".to_owned(),
            b'u' => ((self.weekday + 6) % 7 + 1).to_string(),
            b'U' => format!("{:02}", self.week(0)),
            b'V' => format!("{iso_week:02}"),
            b'w' => self.weekday.to_string(),
            b'W' => format!("{:02}", self.week(1)),
            b'y' => format!("{:02}", self.year.rem_euclid(100)),
            b'Y' => year.to_string(),
            b'z' => "+0000".to_owned(),
            b'Z' => zone.to_owned(),
            b'%' => "%".to_owned(),
            _ => return self.push_composed(conversion, zone, out),
        };
        out.push_str(&text);
        true
    }

    /// Conversions that consist of others.
    fn push_composed(&self, conversion: u8, zone: &str, out: &mut String) -> bool {
        let parts = match conversion {
            b'c' => "a b e H:M:S Y",
            b'D' | b'x' => "m/d/y",
            b'F' => "Y-m-d",
            b'r' => "I:M:S p",
            b'R' => "H:M",
            b'T' | b'X' => "H:M:S",
            _ => return false,
        };
        for part in parts.bytes() {
            if part.is_ascii_alphabetic() {
                self.push(part, zone, out);
            } else {
                out.push(part as char);
            }
        }
        true
    }
}

/// Seconds from 1970 to a date whose parts may lie beyond their usual limits; `None` when the year
/// comes out beyond what PUC can tell, or a part has more than 33 bits.
pub(crate) fn seconds_of(parts: [i64; 6]) -> Option<i64> {
    if parts.iter().any(|part| part.unsigned_abs() >> 33 != 0) {
        return None;
    }
    let [year, month, day, hour, minute, second] = parts;
    let year = year + (month - 1).div_euclid(12);
    let month = (month - 1).rem_euclid(12) + 1;
    let seconds = (days(year, month, 1) + day - 1) * DAY + hour * 3600 + minute * 60 + second;
    Calendar::at(seconds).map(|_| seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_800_years_is_the_next_of_the_one_before() {
        let mut expected = (1600, 1, 1);
        for day in days(1600, 1, 1)..days(2400, 1, 1) {
            assert_eq!(civil(day), expected);
            assert_eq!(days(expected.0, expected.1, expected.2), day);
            let calendar = Calendar::at(day * DAY).unwrap();
            assert_eq!(
                seconds_of([expected.0, 1, calendar.day_of_year + 1, 0, 0, 0]),
                Some(day * DAY)
            );
            let (year, month, date) = expected;
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let last = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            expected = match (date == last[month as usize - 1], month) {
                (false, _) => (year, month, date + 1),
                (true, 12) => (year + 1, 1, 1),
                (true, _) => (year, month + 1, 1),
            };
        }
    }

    #[test]
    fn years_beyond_the_limits_are_refused() {
        assert!(Calendar::at(67_768_036_191_676_799).is_some());
        assert!(Calendar::at(67_768_036_191_676_800).is_none());
        assert!(Calendar::at(-67_768_040_609_740_800).is_some());
        assert!(Calendar::at(-67_768_040_609_740_801).is_none());
        assert!(Calendar::at(i64::MIN).is_none() && Calendar::at(i64::MAX).is_none());
        assert_eq!(seconds_of([YEAR_MAX, 12, 31, 23, 59, 60]), None);
    }
}
