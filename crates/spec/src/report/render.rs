//! A problem as text: the message, the place, the line with carets below what is meant, the help.

use super::{Problem, Severity};
use crate::source::{Place, Source};
use crate::words::printable;
use std::fmt::{self, Formatter};

/// Characters of a line that are shown.
const LINE_CHARACTERS_MAX: usize = 120;
/// Characters before the carets that are shown of a longer line.
const BEFORE_CHARACTERS_MAX: usize = 60;

/// The part of a line that is shown, and what is marked in it, in characters.
struct Excerpt {
    line: usize,
    column: usize,
    text: String,
    indent: usize,
    carets: usize,
}

pub(super) fn problem(f: &mut Formatter<'_>, problem: &Problem, sources: &[Source]) -> fmt::Result {
    let word = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    writeln!(f, "{word}: {}", problem.message)?;
    let Some(place) = problem.place else {
        return help(f, problem, "");
    };
    let main = excerpt(place, sources);
    let notes: Vec<(Place, Excerpt, &str)> = problem
        .notes
        .iter()
        .map(|(place, text)| (*place, excerpt(*place, sources), text.as_str()))
        .collect();
    let lines = notes.iter().map(|(_, excerpt, _)| excerpt.line).chain([main.line]);
    let gutter = " ".repeat(lines.max().unwrap_or(1).to_string().len());
    let path =
        |place: Place| -> String { sources[place.file].path.chars().map(printable).collect() };
    writeln!(f, "{gutter}--> {}:{}:{}", path(place), main.line, main.column)?;
    shown(f, &gutter, &main, '^', &problem.label)?;
    for (note, excerpt, text) in &notes {
        if note.file == place.file {
            writeln!(f, "{gutter}...")?;
        } else {
            let (path, line, column) = (path(*note), excerpt.line, excerpt.column);
            writeln!(f, "{gutter}::: {path}:{line}:{column}")?;
        }
        shown(f, &gutter, excerpt, '-', text)?;
    }
    help(f, problem, &gutter)
}

fn shown(
    f: &mut Formatter<'_>,
    gutter: &str,
    excerpt: &Excerpt,
    mark: char,
    label: &str,
) -> fmt::Result {
    let marks: String = std::iter::repeat_n(mark, excerpt.carets).collect();
    writeln!(f, "{gutter} |")?;
    writeln!(f, "{:>1$} | {2}", excerpt.line, gutter.len(), excerpt.text)?;
    let marked = format!("{}{marks} {label}", " ".repeat(excerpt.indent));
    writeln!(f, "{gutter} | {}", marked.trim_end())
}

fn help(f: &mut Formatter<'_>, problem: &Problem, gutter: &str) -> fmt::Result {
    match &problem.help {
        Some(help) if gutter.is_empty() => writeln!(f, "  help: {help}"),
        Some(help) => writeln!(f, "{gutter} |\n{gutter} = help: {help}"),
        None => Ok(()),
    }
}

fn excerpt(place: Place, sources: &[Source]) -> Excerpt {
    let source = &sources[place.file];
    let start = source.position(place.span.start);
    let end = source.position(place.span.end);
    let line = source.line(start.line);
    let length = line.chars().count();
    let first = (start.column - 1).min(length);
    let last = if end.line == start.line { end.column - 1 } else { length };
    let shown = line.trim_end().chars().count().max(first);
    let last = last.min(shown).max(first + 1);
    let skipped =
        if length <= LINE_CHARACTERS_MAX { 0 } else { first.saturating_sub(BEFORE_CHARACTERS_MAX) };
    let text = line.trim_end().chars().skip(skipped).take(LINE_CHARACTERS_MAX).map(printable);
    let carets = last.min(skipped + LINE_CHARACTERS_MAX).max(first + 1) - first;
    Excerpt {
        line: start.line,
        column: start.column,
        text: text.collect(),
        indent: first - skipped,
        carets,
    }
}
