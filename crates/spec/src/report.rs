//! What is wrong with an application: everything at once, each with its place.

mod render;

use crate::source::{Place, Position, Source};
use crate::words::printable;
use std::fmt;

/// Most problems that are kept.
const PROBLEMS_MAX: usize = 500;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// There is no application.
    Error,
    /// Something is left out.
    Warning,
}

/// Something wrong.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) severity: Severity,
    pub(crate) message: String,
    /// `None` when it is about the application as a whole.
    pub(crate) place: Option<Place>,
    /// What stands beside the carets; may be empty.
    pub(crate) label: String,
    /// Other places that matter, with what they are.
    pub(crate) notes: Vec<(Place, String)>,
    /// What to do.
    pub(crate) help: Option<String>,
}

impl Problem {
    pub(crate) fn error(place: Place, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            message: message.into(),
            place: Some(place),
            label: String::new(),
            notes: Vec::new(),
            help: None,
        }
    }

    pub(crate) fn general(message: impl Into<String>) -> Self {
        let nowhere = Place { file: 0, span: crate::source::Span::default() };
        Self { place: None, ..Self::error(nowhere, message) }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub(crate) fn note(mut self, place: Place, text: impl Into<String>) -> Self {
        self.notes.push((place, text.into()));
        self
    }
}

/// Everything that is wrong, by file and line. Shown as text it is for people: each problem with
/// its line and what to do about it.
#[derive(Debug, Clone, Default)]
pub struct Report {
    pub(crate) sources: Vec<Source>,
    problems: Vec<Problem>,
    /// Errors beyond the limit.
    omitted_errors: usize,
    /// Warnings beyond the limit.
    omitted_warnings: usize,
}

/// A problem, as editors and programs want it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding<'a> {
    /// See [`Severity`].
    pub severity: Severity,
    /// What is wrong.
    pub message: &'a str,
    /// What to do.
    pub help: Option<&'a str>,
    /// In which file; `None` when it is about the application as a whole.
    pub path: Option<&'a str>,
    /// Line and column of its begin, both from 1, the column in characters.
    pub start: (usize, usize),
    /// The same of its end.
    pub end: (usize, usize),
}

impl Report {
    /// Adds a problem. Its texts may quote foreign ones, so what would move the cursor is replaced.
    pub(crate) fn add(&mut self, mut problem: Problem) {
        if self.problems.len() < PROBLEMS_MAX {
            let notes = problem.notes.iter_mut().map(|(_, text)| text);
            let texts = [&mut problem.message, &mut problem.label].into_iter();
            for text in texts.chain(notes).chain(&mut problem.help) {
                *text = text.chars().map(printable).collect();
            }
            self.problems.push(problem);
        } else {
            match problem.severity {
                Severity::Error => self.omitted_errors += 1,
                Severity::Warning => self.omitted_warnings += 1,
            }
        }
    }

    /// Puts problems in the order of files and lines; says each but once.
    pub(crate) fn sort(&mut self) {
        let sources = &self.sources;
        self.problems.sort_by(|a, b| {
            let path = |problem: &Problem| problem.place.map(|place| &*sources[place.file].path);
            (path(a), a.place, &a.message).cmp(&(path(b), b.place, &b.message))
        });
        self.problems.dedup_by(|a, b| a.place == b.place && a.message == b.message);
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// Whether there is no application.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// How many problems there are of a severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        let omitted = match severity {
            Severity::Error => self.omitted_errors,
            Severity::Warning => self.omitted_warnings,
        };
        self.problems.iter().filter(|problem| problem.severity == severity).count() + omitted
    }

    /// Every problem.
    pub fn findings(&self) -> impl Iterator<Item = Finding<'_>> {
        self.problems.iter().map(|problem| {
            let source = problem.place.map(|place| &self.sources[place.file]);
            let at = |offset: fn(Place) -> usize| match (problem.place, source) {
                (Some(place), Some(source)) => {
                    let Position { line, column } = source.position(offset(place));
                    (line, column)
                }
                (None, _) | (_, None) => (1, 1),
            };
            Finding {
                severity: problem.severity,
                message: &problem.message,
                help: problem.help.as_deref(),
                path: source.map(|source| &*source.path),
                start: at(|place| place.span.start),
                end: at(|place| place.span.end),
            }
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.problems {
            render::problem(f, problem, &self.sources)?;
            writeln!(f)?;
        }
        let omitted = self.omitted_errors + self.omitted_warnings;
        if omitted > 0 {
            writeln!(f, "{omitted} more are not shown\n")?;
        }
        let plural = |count, word: &str| match count {
            1 => format!("1 {word}"),
            count => format!("{count} {word}s"),
        };
        match (self.count(Severity::Error), self.count(Severity::Warning)) {
            (0, 0) => Ok(()),
            (0, warnings) => writeln!(f, "{}", plural(warnings, "warning")),
            (errors, 0) => writeln!(f, "{}", plural(errors, "error")),
            (errors, warnings) => {
                writeln!(f, "{}, {}", plural(errors, "error"), plural(warnings, "warning"))
            }
        }
    }
}

impl std::error::Error for Report {}
