//! Whether what was printed is what the tutorial says: in everything but figures, PIDs, times, the width
//! of columns, and whether a process has something to do at that very moment.

/// What stands for any lines, or alone in a line's place for the rest of it.
pub(crate) const ANYTHING: &str = "…";

/// What is the same in every run of the same command.
pub(crate) fn stable(line: &str) -> String {
    let mut stable = String::new();
    // Who is the last child in a tree may differ.
    let line = line.replace('│', " ").replace('└', "├");
    let mut rest = &*line;
    while let Some(first) = rest.chars().next() {
        let starts_word = !stable.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let number = if starts_word { pid(rest).or_else(|| figure(rest)) } else { None };
        if let Some(length) = number {
            // A figure with a unit and one without, or with another, are both figures.
            stable.push('0');
            rest = &rest[length..];
        } else if first.is_whitespace() {
            stable.push(' ');
            rest = rest.trim_start();
        } else {
            stable.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    let words = stable.split(' ').map(|word| if word == "ready" { "waiting" } else { word });
    words.collect::<Vec<_>>().join(" ").trim_end().to_owned()
}

/// Length of the id of a process at the beginning, as in `6b016397.0.5.0`.
fn pid(text: &str) -> Option<usize> {
    let end = text.find(|c: char| !c.is_ascii_hexdigit() && c != '.').unwrap_or(text.len());
    let id = text[..end].trim_end_matches('.');
    let parts: Vec<&str> = id.split('.').collect();
    (parts.len() == 4 && parts[0].len() >= 6 && parts.iter().all(|part| !part.is_empty()))
        .then_some(id.len())
}

/// Length of a figure, a time or a date at the beginning, with its unit.
fn figure(text: &str) -> Option<usize> {
    const UNITS: [&str; 13] =
        [" KiB", " MiB", " GiB", " B", "ms", "us", "ns", "k", "M", "G", "s", "m", "h"];
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let is_part = |c: char| c.is_ascii_digit() || ['.', ':', '-', 'T', 'Z'].contains(&c);
    let digits = text.find(|c: char| !is_part(c)).unwrap_or(text.len());
    let digits = text[..digits].trim_end_matches(['.', ':', '-', 'T']).len();
    let unit = UNITS.iter().find(|unit| {
        let rest = text[digits..].strip_prefix(**unit);
        rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphabetic()))
    });
    Some(digits + unit.map_or(0, |unit| unit.len()))
}

/// Lines that are expected one after the other.
pub(crate) struct Expected<'a> {
    left: &'a [String],
    may_skip: bool,
}

impl<'a> Expected<'a> {
    pub(crate) fn new(lines: &'a [String]) -> Self {
        Self { left: lines, may_skip: false }.skip()
    }

    fn skip(mut self) -> Self {
        while let Some((first, rest)) = self.left.split_first()
            && first == ANYTHING
        {
            (self.left, self.may_skip) = (rest, true);
        }
        self
    }

    /// Takes note of a line.
    ///
    /// # Errors
    /// The line that is expected in its place; empty when none is.
    pub(crate) fn take(self, line: &str) -> Result<Self, String> {
        match self.left.split_first() {
            Some((first, rest)) if is_same(first, line) => {
                Ok(Self { left: rest, may_skip: false }.skip())
            }
            _ if self.may_skip => Ok(self),
            first => Err(first.map(|(first, _)| first.clone()).unwrap_or_default()),
        }
    }

    /// The line that has not come yet.
    pub(crate) fn missing(&self) -> Option<&'a String> {
        self.left.first()
    }
}

/// Dots at the end of an expected line stand for the rest of it.
fn is_same(expected: &str, line: &str) -> bool {
    match expected.strip_suffix(ANYTHING) {
        Some(beginning) => stable(line).starts_with(&stable(beginning)),
        None => stable(line) == stable(expected),
    }
}

#[test]
fn figures_pids_and_times_differ_from_run_to_run() {
    for (one, other) in [
        ("6b016397.0.5.0  -  tour:count", "6b0163ff.1.a2.3 -    tour:count"),
        ("MEMORY 3.2 KiB", "MEMORY 1004 B"),
        ("Instructions  19991", "Instructions  20.0k"),
        ("09:26:08.638 print", "17:00:00.001 print"),
        (
            "\"started\":\"2026-11-21T09:25:43.906402Z\"",
            "\"started\":\"2027-01-01T00:00:00.000001Z\"",
        ),
        ("2 members, 1 to 8", "12 members, 1 to 8"),
        ("for 10s", "for 2m"),
        ("tour:total waiting", "tour:total ready"),
        ("   │  ├─ a", "      └─ a"),
    ] {
        assert_eq!(stable(one), stable(other));
    }
    for (one, other) in [
        ("tour:totals running", "tour:totals stopped"),
        ("text01", "text02"),
        ("3 stages", "3 sages"),
        ("words: 3", "words: -"),
    ] {
        assert_ne!(stable(one), stable(other));
    }
}

#[test]
fn lines_of_dots_stand_for_any_lines() {
    let lines = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let fits = |expected: &str, printed: &str| {
        let expected = lines(expected);
        let mut left = Expected::new(&expected);
        for line in printed.split_whitespace() {
            left = left.take(line).ok()?;
        }
        Some(left.missing().is_none())
    };
    assert_eq!(fits("a b", "a b"), Some(true));
    assert_eq!(fits("a … c", "a b b c"), Some(true));
    assert_eq!(fits("a …", "a b c"), Some(true));
    assert_eq!(fits("… c", "a b"), Some(false));
    assert_eq!(fits("a b", "a"), Some(false));
    assert_eq!(fits("a b", "a c"), None);
    assert_eq!(fits("a", "a b"), None);
    assert_eq!(fits("be…", "beginning"), Some(true));
}
