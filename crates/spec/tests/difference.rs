//! What a reload finds changed.
#![allow(missing_docs)]

use procession_spec::{Application, Difference, Mode, Options, read};
use std::collections::BTreeMap;

const INDEX: &str = "version: '1.0'
namespace: app
security: {groups: {all: [talk]}}
variables: {A: x}
entries:
  - {name: worker, kind: process.lua, source: file://worker.lua, imports: {util: util}}
  - {name: other, kind: process.lua, source: file://other.lua}
  - {name: util, kind: library.lua, source: file://util.lua}
  - {name: place, kind: process.host}
  - {name: talk, kind: security.policy, policy: {effect: allow, actions: a, resources: b}}
  - name: front
    kind: process.service
    process: worker
    host: place
    arguments: [1]
    lifecycle: {security: {actor: x, groups: [all]}}
  - {name: back, kind: process.service, process: other}
  - {name: many, kind: process.pool, process: worker, pool: {max_size: 3}}
  - {name: tree, kind: process.supervisor, children: [front, many]}
";

fn application(index: &str, replaced: &[(&str, &str)]) -> Application {
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for path in ["worker.lua", "other.lua", "util.lua"] {
        files.insert(path.to_owned(), path.as_bytes().to_vec());
    }
    for (path, text) in replaced {
        files.insert((*path).to_owned(), text.as_bytes().to_vec());
    }
    files.insert("_index.yaml".to_owned(), index.as_bytes().to_vec());
    match read(&files, &Options { mode: Mode::Strict, ..Options::default() }) {
        Ok((application, _)) => application,
        Err(report) => panic!("{report}"),
    }
}

#[test]
fn only_what_changed_is_named() {
    let before = application(INDEX, &[]);
    for (from, to, expected) in [
        ("# nothing", "", ""),
        ("arguments: [1]", "arguments: [2]", "~ service app:front: arguments\n"),
        ("max_size: 3", "max_size: 4", "~ pool app:many: pool\n"),
        ("process: other", "process: worker", "~ service app:back: process\n"),
        ("children: [front, many]", "children: [many]", "~ supervisor app:tree: children\n"),
        (
            "children: [front, many]",
            "children: [front, many], strategy: one_for_all",
            "~ supervisor app:tree: strategy\n",
        ),
        ("effect: allow", "effect: deny", "~ policy app:talk: policy.effect\n"),
        (
            "kind: process.host",
            "kind: process.host, host: {weight: 2}",
            "~ host app:place: host.weight\n",
        ),
        ("A: x", "A: y", "~ application: variables\n"),
        (
            "variables: {A: x}",
            "grants: [fs:a]",
            "~ application: variables\n~ application: grants\n",
        ),
        (
            "all: [talk]",
            "all: [talk, talk2]",
            "~ application: security.groups\n+ policy app:talk2\n~ service app:front: lifecycle.security\n",
        ),
        (
            "kind: process.lua, source: file://other.lua",
            "kind: process.lua, method: run, source: file://other.lua",
            "~ program app:other: method\n~ service app:back: its program\n",
        ),
        (
            "kind: process.lua, source: file://other.lua",
            "kind: process.lua, meta: {a: b}, source: file://other.lua",
            "~ program app:other: meta\n",
        ),
        (
            "variables: {A: x}",
            "variables: {A: x}\nlua: {payload: wrapped}",
            "~ application: lua.payload\n~ program app:other: lua.payload\n~ program app:worker: \
             lua.payload\n~ service app:back: its program\n~ service app:front: its program\n\
             ~ pool app:many: its program\n",
        ),
        (
            "{name: back, kind: process.service, process: other}",
            "{name: new, kind: process.pool, process: other}",
            "- service app:back\n+ pool app:new\n",
        ),
        (
            "{name: back, kind: process.service, process: other}",
            "{name: back, kind: process.pool, process: other}",
            "- service app:back\n+ pool app:back\n",
        ),
    ] {
        let mut index = INDEX.replace(from, to);
        if to.contains("talk2") {
            index.push_str("  - {name: talk2, kind: security.policy, policy: {effect: deny, actions: a, resources: b}}\n");
        }
        let after = application(&index, &[]);
        let difference = Difference::between(&before, &after);
        assert_eq!(difference.to_string(), expected, "{to}");
        assert_eq!(difference.is_empty(), expected.is_empty());
        let back = Difference::between(&after, &before);
        assert_eq!((back.added, back.removed), (difference.removed, difference.added), "{to}");
        assert!(Difference::between(&after, &after).is_empty());
    }
}

#[test]
fn a_source_marks_what_runs_it() {
    let before = application(INDEX, &[]);
    for (path, expected) in [
        (
            "worker.lua",
            "~ program app:worker: source\n~ service app:front: its program\n~ pool app:many: its program\n",
        ),
        ("other.lua", "~ program app:other: source\n~ service app:back: its program\n"),
        (
            "util.lua",
            "~ program app:worker: imports\n~ service app:front: its program\n~ pool app:many: its program\n",
        ),
        ("nobody.lua", ""),
    ] {
        let after = application(INDEX, &[(path, "-- changed")]);
        assert_eq!(Difference::between(&before, &after).to_string(), expected, "{path}");
    }
}

#[test]
fn some_changes_need_no_restart() {
    let before = application(INDEX, &[]);
    for (from, to, expected) in [
        ("arguments: [1]", "arguments: [2]", true),
        ("groups: [all]", "groups: [], policies: [talk]", true),
        ("host: place\n", "host: app:processes\n", true),
        ("lifecycle: {sec", "lifecycle: {stop_timeout: 1s, sec", false),
        ("lifecycle: {sec", "lifecycle: {restart: {jitter: 0}, sec", false),
        ("arguments: [1]", "arguments: [1]\n    meta: {a: b}", false),
    ] {
        let after = application(&INDEX.replace(from, to), &[]);
        let difference = Difference::between(&before, &after);
        assert_eq!(difference.changed.len(), 1, "{to}");
        assert_eq!(difference.changed[0].needs_restart(), expected, "{to}");
    }
}
