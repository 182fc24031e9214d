//! What is wrong with an application, as people read it: each case of `reports/*.txt` is a few files
//! and the whole report. `BLESS=1 cargo test -p procession-spec --test reports` writes the reports
//! anew; read the difference before it is committed.
#![allow(missing_docs, clippy::unwrap_used)]

use procession_spec::{Finding, Mode, Options, Severity, read};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

const MODULES: &[&str] = &["time", "json", "store", "queue"];

/// A title line, files, and the report.
struct Case {
    title: String,
    files: Vec<(String, String)>,
    report: String,
}

/// `#### TITLE` begins a case, `== PATH` a file of it, `== report` what is said.
fn cases(text: &str) -> Vec<Case> {
    text.split("#### ")
        .skip(1)
        .map(|text| {
            let (title, rest) = text.split_once('\n').expect("a title");
            let mut files: Vec<(String, String)> = Vec::new();
            let mut report = String::new();
            for section in rest.split("== ").skip(1) {
                let (name, content) = section.split_once('\n').expect("a name");
                match name {
                    "report" => report = content.trim_end().to_owned(),
                    name => files.push((name.to_owned(), content.to_owned())),
                }
            }
            Case { title: title.to_owned(), files, report }
        })
        .collect()
}

fn report(case: &Case) -> String {
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for name in ["main.lua", "lib.lua"] {
        files.insert(name.to_owned(), b"return {}".to_vec());
    }
    for (name, content) in &case.files {
        files.insert(name.clone(), content.clone().into_bytes());
    }
    let mode = if case.title.contains("(lenient)") { Mode::Lenient } else { Mode::Strict };
    let options = Options { directory: "app", mode, modules: MODULES };
    let report = match read(&files, &options) {
        Ok((_, warnings)) => warnings,
        Err(report) => report,
    };
    report.to_string().trim_end().to_owned()
}

#[test]
fn reports_are_as_written() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports");
    let mut count = 0;
    let mut wrong = String::new();
    for entry in std::fs::read_dir(&directory).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let mut blessed = text.split("#### ").next().unwrap_or_default().to_owned();
        for case in cases(&text) {
            count += 1;
            let found = report(&case);
            if found != case.report {
                let _ = writeln!(
                    wrong,
                    "{}: {}\nexpected:\n{}\nfound:\n{found}\n",
                    path.display(),
                    case.title,
                    case.report
                );
            }
            let _ = writeln!(blessed, "#### {}", case.title);
            for (name, content) in &case.files {
                let _ = write!(blessed, "== {name}\n{content}");
            }
            let _ = write!(blessed, "== report\n{found}\n\n");
        }
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, blessed).unwrap();
        }
    }
    assert!(count > 30, "only {count} cases");
    assert!(wrong.is_empty(), "{wrong}");
}

/// An application of this file alone, and its report when it is wrong.
fn one_file(text: &str) -> Result<(), String> {
    let files: BTreeMap<String, Vec<u8>> =
        [("_index.yaml".to_owned(), text.as_bytes().to_vec()), ("main.lua".to_owned(), Vec::new())]
            .into();
    read(&files, &Options::default()).map(|_| ()).map_err(|report| report.to_string())
}

const HEAD: &str = "version: '1.0'\nnamespace: app\nentries:\n";

#[test]
fn what_grows_has_limits() {
    let deep: String = (0..70)
        .map(|n| format!("- {{name: s{n}, kind: process.supervisor, children: [s{}]}}\n", n + 1))
        .collect();
    let deep = format!("{deep}- {{name: s70, kind: process.service, process: main}}\n");
    let circle: String = (0..50)
        .map(|n| {
            let next = (n + 1) % 50;
            format!("- {{name: s{n}, kind: process.service, process: main, lifecycle: {{requires: [s{next}]}}}}\n")
        })
        .collect();
    let wrong = "- {name: a, kind: process.hots}\n".repeat(600);
    let unknown: String = (0..100)
        .map(|n| format!("- {{name: s{n}, kind: process.service, process: mian}}\n"))
        .collect();
    let program = "- {name: main, kind: process.lua, source: file://main.lua}\n";
    for (text, expected) in [
        (deep, "app:s65 stands below more than 64 supervisors"),
        (circle, "= help: 29 more of the circle are not shown"),
        (wrong, "100 more are not shown\n\n600 errors\n"),
        (unknown, "100 errors\n"),
    ] {
        let report = one_file(&format!("{HEAD}{program}{text}")).unwrap_err();
        assert!(report.contains(expected), "{expected}: {report}");
    }
    let long = format!("# {}\n", "x".repeat(1 << 20));
    let report = one_file(&long).unwrap_err();
    assert!(report.contains("_index.yaml: it is longer than 1048576 bytes"), "{report}");
}

#[test]
fn warnings_alone_are_no_error_however_many() {
    let text = format!("{HEAD}{}", "- {name: a, kind: no.such}\n".repeat(600));
    let files: BTreeMap<String, Vec<u8>> = [("_index.yaml".to_owned(), text.into_bytes())].into();
    let options = Options { mode: Mode::Lenient, ..Options::default() };
    let (_, warnings) = read(&files, &options).unwrap();
    assert!(warnings.to_string().ends_with("100 more are not shown\n\n600 warnings\n"));
}

#[test]
fn findings_are_for_programs() {
    let text = "version: '1.0'\nnamespace: äpp\nentries: [{name: a, kind: process.hots}]\n";
    let files: BTreeMap<String, Vec<u8>> =
        [("_index.yaml".to_owned(), text.as_bytes().to_vec())].into();
    let report = read(&files, &Options { directory: "d", ..Options::default() }).unwrap_err();
    let found: Vec<Finding<'_>> = report.findings().collect();
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].message, "\"äpp\" is not a namespace");
    assert_eq!((found[0].start, found[0].end), ((2, 12), (2, 15)));
    let expected = Finding {
        severity: Severity::Error,
        message: "unknown kind \"process.hots\"",
        help: Some("did you mean \"process.host\"?"),
        path: Some("d/_index.yaml"),
        start: (3, 27),
        end: (3, 39),
    };
    assert_eq!(found[1], expected);
    let nothing = read(&BTreeMap::<String, Vec<u8>>::new(), &Options::default()).unwrap_err();
    let found = nothing.findings().next().unwrap();
    assert_eq!((found.path, found.start), (None, (1, 1)));
}
