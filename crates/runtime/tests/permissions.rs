//! Every permission that the runtime checks is refused in `api/permissions_every.lua`, and every
//! permission of the documents is one that the runtime checks.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const CRATE: &str = env!("CARGO_MANIFEST_DIR");

/// What the first words of permissions are.
const SUBJECTS: [&str; 9] =
    ["process", "funcs", "env", "events", "queue", "metrics", "store", "fs", "http"];

/// Those of the page on the `process` module, all of which the runtime must check.
const REQUIRED: [&str; 16] = [
    "process.spawn",
    "process.spawn.monitored",
    "process.spawn.linked",
    "process.host",
    "process.send",
    "process.call",
    "process.terminate",
    "process.cancel",
    "process.monitor",
    "process.unmonitor",
    "process.link",
    "process.unlink",
    "process.context",
    "process.security",
    "process.registry.register",
    "process.registry.unregister",
];

/// What is no call that fails: tried in the file that is named.
const ELSEWHERE: [(&str, &str); 3] = [
    // One of two that allow a call.
    ("process.exec", "permissions_spawn.lua"),
    // Without it, `process.info` leaves something out.
    ("process.info.security", "permissions_info.lua"),
    // The call has only a boolean to give.
    ("process.registry.unregister", "permissions_registry.lua"),
];

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// Texts between quotes that have the form of a permission.
fn permissions(text: &str) -> BTreeSet<String> {
    let quoted = text.split('"').filter(|part| {
        let mut words = part.split('.');
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        };
        words.next().is_some_and(|first| SUBJECTS.contains(&first))
            && part.contains('.')
            && words.all(is_word)
    });
    quoted.map(str::to_owned).collect()
}

/// What the runtime checks, without what its tests say.
fn checked() -> BTreeSet<String> {
    let mut paths = Vec::new();
    sources(&Path::new(CRATE).join("src"), &mut paths);
    let mut found = BTreeSet::new();
    for path in paths.iter().filter(|path| !path.components().any(|it| it.as_os_str() == "tests")) {
        let source = std::fs::read_to_string(path).unwrap();
        let code = source.split("#[cfg(test)]").next().unwrap();
        found.extend(permissions(code));
    }
    found
}

fn program(name: &str) -> String {
    std::fs::read_to_string(Path::new(CRATE).join("tests/api").join(name)).unwrap()
}

#[test]
fn every_permission_is_tried_as_refused() {
    let text = program("permissions_every.lua");
    let checked = checked();
    for required in REQUIRED {
        assert!(checked.contains(required), "the runtime never checks {required}");
    }
    assert!(checked.len() > 35, "{checked:?}");
    let mut missing = Vec::new();
    for permission in &checked {
        let elsewhere = ELSEWHERE.iter().find(|(known, _)| known == permission);
        let shown = match elsewhere {
            Some((_, file)) => program(file).contains(permission.as_str()),
            None => {
                let call = format!("(\"{permission}\", ");
                text.contains(&format!("refused{call}")) || text.contains(&format!("raised{call}"))
            }
        };
        if !shown {
            missing.push(permission);
        }
    }
    assert!(missing.is_empty(), "no program of tests/api is refused {missing:?}");
}

#[test]
fn every_permission_is_in_the_documents() {
    let mut pages = String::new();
    let directory = Path::new(CRATE).join("../../docs/lua");
    for entry in std::fs::read_dir(directory).unwrap() {
        pages += &std::fs::read_to_string(entry.unwrap().path()).unwrap();
    }
    let checked = checked();
    let missing: Vec<_> =
        checked.iter().filter(|name| !pages.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "no page of docs/lua tells of {missing:?}");
}
