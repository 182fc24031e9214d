//! The rules of the house that no lint knows: layers, purity, length, links.

mod docs;
mod layers;
mod purity;
mod source;
mod text;

use crate::{Outcome, workspace};
use std::path::Path;

/// What is wrong, and what is only worth a look.
#[derive(Default)]
struct Findings {
    errors: Vec<String>,
    notes: Vec<String>,
}

impl Findings {
    fn error(&mut self, path: &Path, line: usize, what: &str) {
        self.errors.push(format!("{}:{line}: {what}", workspace::shown(path)));
    }
}

/// Checks everything and reports all of it.
pub(crate) fn run() -> Outcome {
    let mut findings = Findings::default();
    let packages = workspace::packages()?;
    layers::check(&packages, &mut findings);
    for package in &packages {
        source::check(package, &mut findings)?;
        if layers::is_pure(&package.name) {
            purity::check(package, &mut findings)?;
        }
    }
    docs::check(&mut findings)?;
    for note in &findings.notes {
        println!("note: {note}");
    }
    for error in &findings.errors {
        println!("error: {error}");
    }
    let (errors, count) = (findings.errors.len(), packages.len());
    println!("tidy: {count} packages, {} notes, {errors} errors", findings.notes.len());
    if errors == 0 { Ok(()) } else { Err(format!("tidy found {errors} errors")) }
}
