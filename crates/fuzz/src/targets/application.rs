//! Applications' YAML: a whole application, or a report whose places are in the files.

use super::{Finding, Target};
use crate::mutate::mutate;
use crate::ours::caught;
use crate::random::Random;
use procession_spec::{Application, Finding as Wrong, Mode, Options, Report, read};
use procession_supervision::plan::{Declared, plan};
use std::collections::BTreeMap;
use std::ops::Range;

const ROOT: &str = "\
version: \"1.0\"
namespace: app
lua: {payload: wrapped}
process_management:
  pool: {min_size: 5, max_size: 50, idle_timeout: 300s}
  monitoring:
    health_check_interval: 30s
security: {strict: true, groups: {all: [talk, 'app:talk2']}}
variables: {GREETING: \"hällo\", PORT: 8080}
grants: [fs:data, 'http:a.example:80']
entries:
  - name: worker
    kind: process.lua
    meta: {team: core, tags: [a, b]}
    source: file://worker.lua
    modules: [time, json]
    imports: {util: lib:util}
    limits: {memory: 64MiB, wall_clock: 1h30m, mailbox: 5}
  - name: call
    kind: function.lua
    source: file://worker.lua
  - name: one
    kind: process.service
    process: worker
    arguments: [1, {a: [b, null]}]
    lifecycle:
      requires: [many]
      restart: {policy: transient, initial_delay: 10ms, jitter: 0.5}
      security: {actor: {id: x, meta: {a: 1}}, policies: [talk], groups: [all]}
  - name: many
    kind: process.pool
    process: worker
    pool: {min_size: 6}
  - name: tree
    kind: process.supervisor
    strategy: rest_for_one
    children: [many, one]
  - name: top
    kind: process.supervisor
    children: [tree, two]
  - name: two
    kind: process.service
    process: worker
  - name: place
    kind: process.host
    host: {max_processes: 20}
  - name: talk
    kind: security.policy
    policy: {actions: \"*\", resources: [\"a:b\"], effect: deny}
  - name: talk2
    kind: security.policy
    policy:
      effect: allow
      actions: [process.send]
      resources: '*'
      conditions: [{field: actor.id, operator: matches, value: \"a.*\"}]
";

const BELOW: &str = "\
version: '1.0'
namespace: lib
entries:
  - {name: util, kind: library.lua, source: file://../worker.lua, imports: {more: more}}
  - {name: more, kind: library.lua, source: file://more.lua, modules: [time]}
";

const WORDS: &[&[u8]] = &[
    b"- ",
    b": ",
    b"\n  ",
    b"\n    ",
    b"\r\n",
    b"\r",
    b"\"",
    b"'",
    b"[",
    b"{",
    b"|\n",
    b">\n",
    b"&a ",
    b"*a",
    b"!!str ",
    b"---\n",
    b"\xef\xbb\xbf",
    b"\xf0\x9f\xa6\x80",
    b"? ",
    b"~",
    b"<<: ",
    b"0",
    b"-1",
    b"1e999",
    b"99999999999999999999",
    b"app:worker",
    b"process.wasm",
    b"requires: [one]",
    b", lifecycle: {requires: [one]}",
    b"\n    lifecycle: {requires: [many, two]}",
    b", top",
    b", tree",
    b", one",
    b"children: [tree]",
    b"imports: {util: 'lib:more'}",
    b"file://../",
    b"[[[[[[[[",
    b"{a: {a: {a: ",
];

/// See the module.
#[derive(Debug)]
pub(super) struct Applications;

impl Target for Applications {
    fn batch(&mut self, seeds: Range<u64>) -> Vec<Finding> {
        seeds.filter_map(case).collect()
    }

    fn extension(&self) -> &'static str {
        "yaml"
    }
}

fn case(seed: u64) -> Option<Finding> {
    let mut random = Random::new(seed);
    let mut texts = [ROOT.as_bytes().to_vec(), BELOW.as_bytes().to_vec()];
    let which = usize::from(random.one_in(4));
    if random.one_in(20) {
        let length = random.below(200);
        texts[which] = (0..length).map(|_| random.next() as u8).collect();
    }
    for _ in 0..=random.below(3) {
        mutate(&mut random, &mut texts[which], WORDS);
    }
    texts[which].truncate(1 << 16);
    let input = texts[which].clone();
    let [root, below] = texts;
    let title = match caught(|| wrong(&root, &below)) {
        Ok(wrong) => wrong?,
        Err(panic) => format!("panics: {panic}"),
    };
    Some(Finding::new(seed, title, &input))
}

/// What is wrong with what is read from two files.
fn wrong(root: &[u8], below: &[u8]) -> Option<String> {
    let files: BTreeMap<String, Vec<u8>> = [
        ("_index.yaml", root),
        ("lib/_index.yaml", below),
        ("worker.lua", b"return {}"),
        ("lib/more.lua", b"return {}"),
    ]
    .map(|(path, bytes)| (path.to_owned(), bytes.to_vec()))
    .into();
    let texts = [root, below].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let shown = [("d/_index.yaml", &*texts[0]), ("d/lib/_index.yaml", &*texts[1])];
    let outcome = |mode| {
        let options = Options { directory: "d", mode, modules: &["time", "json"] };
        match read(&files, &options) {
            Ok((application, _)) => (broken(&application), true),
            Err(report) => (flaw(&report, &shown), false),
        }
    };
    let (strict, lenient) = (outcome(Mode::Strict), outcome(Mode::Lenient));
    let stricter = (strict.1 && !lenient.1).then(|| "lenient is stricter than strict".to_owned());
    strict.0.or(lenient.0).or(stricter)
}

/// What is wrong with a report about these files.
pub(super) fn flaw(report: &Report, files: &[(&str, &str)]) -> Option<String> {
    if !report.has_errors() {
        return Some("refused without an error".to_owned());
    }
    let text = report.to_string();
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Some("a report with control characters".to_owned());
    }
    report.findings().find_map(|finding| misplaced(&finding, files))
}

fn misplaced(finding: &Wrong<'_>, files: &[(&str, &str)]) -> Option<String> {
    if finding.message.is_empty() {
        return Some("an error without a text".to_owned());
    }
    let path = finding.path?;
    let Some((_, text)) = files.iter().find(|(known, _)| *known == path) else {
        return Some(format!("a place in {path}, which is no file"));
    };
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let lines: Vec<usize> = text.split('\n').map(|line| line.chars().count()).collect();
    // A column beyond the end of a line by one is the line's end, by two what ends it.
    let is_inside = |(line, column): (usize, usize)| {
        line >= 1 && column >= 1 && lines.get(line - 1).is_some_and(|length| column <= length + 2)
    };
    if finding.start > finding.end || !is_inside(finding.start) || !is_inside(finding.end) {
        return Some(format!("a place outside of the text: {}", finding.message));
    }
    None
}

/// What an application names that it has not.
fn broken(application: &Application) -> Option<String> {
    let program = |id: &String| application.programs.contains_key(id);
    let host = |id: &String| application.hosts.contains_key(id) || id.ends_with(":processes");
    let supervised = |id: &String| {
        application.services.contains_key(id)
            || application.pools.contains_key(id)
            || application.supervisors.contains_key(id)
    };
    let runs = application
        .services
        .values()
        .map(|service| (&service.program, &service.host))
        .chain(application.pools.values().map(|pool| (&pool.program, &pool.host)));
    let lifecycles = application
        .services
        .values()
        .map(|service| &service.lifecycle)
        .chain(application.pools.values().map(|pool| &pool.lifecycle))
        .chain(application.supervisors.values().map(|supervisor| &supervisor.lifecycle));
    let mut children = application.supervisors.values().flat_map(|tree| &tree.children);
    let mut groups = application.groups.values().flatten();
    let is_whole = runs.clone().all(|(id, place)| program(id) && host(place))
        && lifecycles.clone().all(|lifecycle| {
            let security = &lifecycle.security;
            lifecycle.requires.iter().all(supervised)
                && security.policies.iter().all(|id| application.policies.contains_key(id))
                && security.groups.iter().all(|id| application.groups.contains_key(id))
                && lifecycle.restart.backoff_factor >= 1.0
                && (0.0..=1.0).contains(&lifecycle.restart.jitter)
        })
        && children.all(supervised)
        && groups.all(|id| application.policies.contains_key(id))
        && application.pools.values().all(|pool| pool.size.min_size <= pool.size.max_size);
    let declared = Declared {
        services: application.services.clone(),
        supervisors: application.supervisors.clone(),
        pools: application.pools.clone(),
    };
    match plan("system:application", &declared) {
        Ok(_) => (!is_whole).then(|| "an application that is not whole".to_owned()),
        Err(errors) => Some(format!("no plan: {}", errors[0])),
    }
}
