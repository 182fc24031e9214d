//! Every script of the corpus prints what PUC Lua prints, in each way of running it. Deliberate
//! differences are listed, line by line, in `docs/lua/differences.md`; a difference that is not
//! listed fails the test, and so does a listed one that is gone.
#![allow(clippy::print_stderr, missing_docs)]

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use support::corpus::{name_of, scripts};
use support::session::{self, Mode};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/lua/differences.md");
const THREADS: usize = 4;
const TURNS_MAX: u64 = 3_000_000;

#[test]
fn corpus_conforms_in_every_mode() {
    let listed = Mutex::new(listed_differences());
    let scripts = Mutex::new(scripts());
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(script) = { scripts.lock().expect("lock").pop() } {
                    let known = listed.lock().expect("lock").remove(&name_of(&script));
                    let found = check(&script, &known.unwrap_or_default());
                    failures.lock().expect("lock").extend(found);
                }
            });
        }
    });
    let mut failures = failures.into_inner().expect("lock");
    for (name, _) in listed.into_inner().expect("lock") {
        failures.push(format!("{name} is listed in docs/lua/differences.md, but no such script"));
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

/// Runs a script in every mode; says what is wrong.
fn check(script: &Path, known: &str) -> Vec<String> {
    let source = std::fs::read(script).expect("a readable script");
    let expected = std::fs::read(script.with_extension("expected")).expect("its expected output");
    let expected = String::from_utf8_lossy(&expected);
    let file = script.file_name().expect("a name").to_string_lossy();
    let mut failures = Vec::new();
    for mode in Mode::ALL {
        let began = std::time::Instant::now();
        let outcome = session::run(&file, &source, mode, TURNS_MAX);
        if std::env::var_os("CONFORMANCE_TIMES").is_some() {
            eprintln!("{:?} {} {mode:?}", began.elapsed(), name_of(script));
        }
        let mut printed = outcome.output;
        if !outcome.end.is_empty() {
            printed.push_str(&format!("ended: {}\n", outcome.end.lines().next().unwrap_or("")));
        }
        let found = difference(&expected, &printed);
        if found != known {
            let name = name_of(script);
            let excess = difference(known, &found);
            failures.push(format!("{name} ({mode:?}): found against listed:\n{excess}"));
        }
    }
    failures
}

/// The fenced `diff` blocks of the page, by the heading (a script's name) they stand under.
fn listed_differences() -> BTreeMap<String, String> {
    let page = std::fs::read_to_string(PAGE).expect("docs/lua/differences.md");
    let mut listed: BTreeMap<String, String> = BTreeMap::new();
    let (mut heading, mut in_block) = (String::new(), false);
    for line in page.lines() {
        if let Some(name) = line.strip_prefix("### ") {
            heading = name.trim_matches('`').to_owned();
        } else if line == "```diff" {
            in_block = true;
        } else if line == "```" {
            in_block = false;
        } else if in_block {
            let block = listed.entry(heading.clone()).or_default();
            block.push_str(line);
            block.push('\n');
        }
    }
    listed
}

/// Lines of `old` that are not in `new` (with `-`) and the other way round (with `+`), in order.
fn difference(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[same..], &new[same..]);
    // common[i][j]: length of the longest common subsequence of old[i..] and new[j..].
    let mut common = vec![vec![0_u32; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] = if old[i] == new[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut text) = (0, 0, String::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            i += 1;
            j += 1;
        } else if i < old.len() && (j == new.len() || common[i + 1][j] >= common[i][j + 1]) {
            text.push_str(&format!("-{}\n", old[i]));
            i += 1;
        } else {
            text.push_str(&format!("+{}\n", new[j]));
            j += 1;
        }
    }
    text
}
