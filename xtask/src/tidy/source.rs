//! Length of files, unfinished work, sleeps in tests, and the promise about `unsafe`.

use super::{Findings, text};
use crate::workspace::{self, Package};
use std::path::Path;

/// Lines without tests from which on a file has to be split.
const LINES_MAX: usize = 600;
/// Lines without tests from which on a file is worth a look.
const LINES_GOOD: usize = 300;

/// Signs of unfinished work; in two parts, so that this file does not find itself.
const UNFINISHED: [&str; 4] = [
    concat!("to", "do!("),
    concat!("unimpl", "emented!("),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
];
const SLEEPS: [&str; 2] = ["thread::sleep", "time::sleep"];

pub(super) fn check(package: &Package, findings: &mut Findings) -> Result<(), String> {
    promises(package, findings)?;
    for path in workspace::files(&package.directory, ".rs")? {
        let content = workspace::read(&path)?;
        let source = text::split(&content);
        let is_test = is_test(&path, &package.directory);
        let (code, tests) = if is_test {
            (&[][..], &*content.lines().collect::<Vec<_>>())
        } else {
            (&*source.code, &*source.tests)
        };
        length(&path, code.len(), findings);
        for (index, line) in content.lines().enumerate() {
            if let Some(word) = UNFINISHED.into_iter().find(|word| line.contains(word)) {
                findings.error(&path, index + 1, &format!("unfinished: {word}"));
            }
        }
        for (index, line) in tests.iter().enumerate() {
            let line = text::uncommented(line);
            if SLEEPS.into_iter().any(|sleep| line.contains(sleep)) {
                findings.error(
                    &path,
                    code.len() + index + 1,
                    "a test that sleeps; wait for the thing itself",
                );
            }
        }
    }
    Ok(())
}

fn is_test(path: &Path, package: &Path) -> bool {
    let inside = path.strip_prefix(package).unwrap_or(path);
    inside.ends_with("tests.rs") || inside.components().any(|part| part.as_os_str() == "tests")
}

fn length(path: &Path, lines: usize, findings: &mut Findings) {
    if lines > LINES_MAX {
        let what = format!("{lines} lines without tests, more than {LINES_MAX}; split it");
        findings.error(path, LINES_MAX, &what);
    } else if lines > LINES_GOOD {
        findings.notes.push(format!("{}: {lines} lines without tests", workspace::shown(path)));
    }
}

/// Each crate's root says that there is no unsafe code, or that it is denied but in named places.
fn promises(package: &Package, findings: &mut Findings) -> Result<(), String> {
    let roots = ["src/lib.rs", "src/main.rs"].map(|name| package.directory.join(name));
    for root in roots.iter().filter(|root| root.is_file()) {
        let content = workspace::read(root)?;
        let promised = ["#![forbid(unsafe_code)]", "#![deny(unsafe_code)]"];
        if !content.lines().any(|line| promised.contains(&line)) {
            findings.error(root, 1, "says nothing about unsafe: add #![forbid(unsafe_code)]");
        }
    }
    Ok(())
}
