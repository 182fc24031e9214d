//! Results as rows, a table for the terminal and a page for the documents.

use std::fmt::Write as _;

/// Which direction is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Better {
    /// Times and bytes.
    Lower,
    /// Rates.
    Higher,
}

/// What is wanted: at most for [`Better::Lower`], at least for [`Better::Higher`].
#[derive(Debug, Clone, Copy)]
pub(super) enum Bar {
    /// Of the ratio to the peer.
    Ratio(f64),
    /// Of our figure, in its unit, whatever a peer does.
    Figure(f64),
}

/// One measured thing.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// What was measured, and against whom.
    pub(super) what: String,
    /// Ours.
    pub(super) ours: f64,
    /// The peer's, when it is installed.
    pub(super) peer: Option<f64>,
    /// Unit of both.
    pub(super) unit: &'static str,
    /// See [`Better`].
    pub(super) better: Better,
    /// See [`Bar`].
    pub(super) bar: Option<Bar>,
}

impl Row {
    /// Ours divided by the peer's.
    fn ratio(&self) -> Option<f64> {
        self.peer.map(|peer| self.ours / peer)
    }

    fn cells(&self) -> [String; 6] {
        let ratio = self.ratio();
        let (figure, wanted, shown) = match self.bar {
            Some(Bar::Ratio(wanted)) => (ratio, Some(wanted), wanted.to_string()),
            Some(Bar::Figure(wanted)) => {
                (Some(self.ours), Some(wanted), quantity(wanted, self.unit))
            }
            None => (None, None, String::new()),
        };
        let (sign, met) = match self.better {
            Better::Lower => ("≤", figure.zip(wanted).map(|(figure, wanted)| figure <= wanted)),
            Better::Higher => ("≥", figure.zip(wanted).map(|(figure, wanted)| figure >= wanted)),
        };
        let verdict = match met {
            Some(true) => "yes",
            Some(false) => "no",
            None => "",
        };
        [
            self.what.clone(),
            quantity(self.ours, self.unit),
            self.peer.map_or_else(|| "–".to_owned(), |peer| quantity(peer, self.unit)),
            ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}")),
            if shown.is_empty() { shown } else { format!("{sign} {shown}") },
            verdict.to_owned(),
        ]
    }
}

const HEAD: [&str; 6] = ["what", "ours", "peer", "ratio", "bar", "met"];

/// A number with three digits that count, and its unit with a prefix; nanoseconds become µs or ms.
fn quantity(value: f64, unit: &str) -> String {
    let steps = [("", "ns", 1.0), ("k", "µs", 1e3), ("M", "ms", 1e6), ("G", "s", 1e9)];
    let step = steps.into_iter().rev().find(|(.., size)| value.abs() >= *size);
    let (prefix, time, size) = step.unwrap_or(steps[0]);
    let value = value / size;
    let decimals = match value.abs() {
        large if large >= 100.0 => 0,
        large if large >= 10.0 => 1,
        _ => 2,
    };
    let unit = if unit == "ns" { time.to_owned() } else { format!("{prefix}{unit}") };
    format!("{value:.decimals$} {unit}").trim_end().to_owned()
}

/// The rows in columns, for the terminal.
pub(super) fn text(rows: &[Row]) -> String {
    let mut lines = vec![HEAD.map(str::to_owned)];
    lines.extend(rows.iter().map(Row::cells));
    let widths: Vec<usize> = (0..HEAD.len())
        .map(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for line in &lines {
        for (index, cell) in line.iter().enumerate() {
            let gap = " ".repeat(widths[index] - cell.chars().count());
            let (before, after) = if index == 0 { ("", &*gap) } else { (&*gap, "") };
            let _ = write!(text, "{before}{cell}{after}  ");
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}

/// What people wrote below the table: everything from the first heading of a section on.
pub(super) fn notes(page: &str) -> &str {
    page.find("\n## ").map_or("", |at| &page[at + 1..])
}

/// The whole page: its head and the table, and the notes that were there.
pub(super) fn page(rows: &[Row], failed: &[&str], machine: &str, notes: &str) -> String {
    let mut text = String::from(
        "# Benchmarks\n\nWritten by `cargo xtask bench` (`cargo xtask bench --setup` installs the \
         peers). Ours and the peer\ntake turns in the same minutes on the same machine, and the \
         median of the turns counts; a ratio is ours\ndivided by the peer's: for times and bytes \
         lower is better, for rates (`/s`) higher. A bar without a unit\nis one of the ratio.\n\n",
    );
    let _ = writeln!(text, "{machine}\n");
    let _ = writeln!(text, "| {} |", HEAD.join(" | "));
    text.push_str("|---|---:|---:|---:|---:|---|\n");
    for row in rows {
        let _ = writeln!(text, "| {} |", row.cells().join(" | "));
    }
    if !failed.is_empty() {
        let _ = writeln!(text, "\nNot measured, since they failed: {}.", failed.join(", "));
    }
    text.push('\n');
    text.push_str(notes);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(better: Better, ours: f64, peer: Option<f64>) -> Row {
        Row { what: "thing".into(), ours, peer, unit: "ns", better, bar: Some(Bar::Ratio(2.0)) }
    }

    #[test]
    fn bars_have_a_direction() {
        for (better, ours, peer, expected) in [
            (Better::Lower, 3.0, Some(2.0), "yes"),
            (Better::Lower, 5.0, Some(2.0), "no"),
            (Better::Higher, 3.0, Some(2.0), "no"),
            (Better::Higher, 5.0, Some(2.0), "yes"),
            (Better::Higher, 5.0, None, ""),
        ] {
            assert_eq!(row(better, ours, peer).cells()[5], expected, "{ours} {peer:?}");
        }
    }

    #[test]
    fn a_bar_of_the_figure_needs_no_peer() {
        let bar = Some(Bar::Figure(2000.0));
        for (ours, expected) in [(1_500.0, "yes"), (2_500.0, "no")] {
            let cells = Row { bar, ..row(Better::Lower, ours, None) }.cells();
            assert_eq!((&*cells[4], &*cells[5]), ("≤ 2.00 µs", expected));
        }
    }

    #[test]
    fn a_new_table_leaves_the_notes_as_they_are() {
        let notes = "## Where\n\nSome words.\n\n| a | table |\n|---|---|\n\n## More\n";
        let page = |ours| super::page(&[row(Better::Lower, ours, None)], &[], "a machine", notes);
        let (first, second) = (page(1.0), page(2.0));
        assert_ne!(first, second);
        for page in [&first, &second] {
            assert_eq!(super::notes(page), notes);
        }
        assert_eq!(super::notes("# Benchmarks\n\nNothing else.\n"), "");
    }

    #[test]
    fn numbers_are_readable() {
        for (value, unit, expected) in [
            (0.5, "ns", "0.50 ns"),
            (123.4, "ns", "123 ns"),
            (12_345.0, "ns", "12.3 µs"),
            (2.5e6, "/s", "2.50 M/s"),
            (0.97, "", "0.97"),
            (2600.0, "B", "2.60 kB"),
        ] {
            assert_eq!(quantity(value, unit), expected);
        }
        assert!(text(&[row(Better::Lower, 1.0, None)]).contains("what"));
    }
}
