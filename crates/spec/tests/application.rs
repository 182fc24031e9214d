//! What the reader makes of files that are right.
#![allow(missing_docs)]

use procession_policy::Effect;
use procession_spec::{
    Application, DirectoryAccess, Grant, Mode, Options, Payload, Priority, ProgramKind, read,
};
use procession_types::definition::{
    HealthCheck, Intensity, Lifecycle, Monitoring, PoolSize, Recovery, Restart, RestartPolicy,
    Strategy,
};
use procession_types::{Limits, ProgramLimits, Scalar};
use std::collections::BTreeMap;

const MODULES: &[&str] = &["time", "json", "store"];
const HEAD: &str = "version: '1.0'\nnamespace: app\n";

fn application(files: &[(&str, &str)]) -> Application {
    let mut all: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for name in ["worker.lua", "a.lua", "b.lua"] {
        all.insert(name.to_owned(), format!("-- {name}").into_bytes());
    }
    all.extend(files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())));
    let options = Options { directory: "here", mode: Mode::Strict, modules: MODULES };
    match read(&all, &options) {
        Ok((application, warnings)) => {
            assert!(warnings.is_empty(), "{warnings}");
            application
        }
        Err(report) => panic!("{report}"),
    }
}

fn one_file(text: &str) -> Application {
    application(&[("_index.yaml", &format!("{HEAD}{text}"))])
}

#[test]
fn what_is_not_said_has_the_defaults_of_the_definitions() {
    let application = one_file(
        "entries:
  - {name: worker, kind: process.lua, source: file://worker.lua}
  - {name: one, kind: process.service, process: worker}
  - {name: tree, kind: process.supervisor, children: [one]}
  - {name: many, kind: process.pool, process: worker}
  - {name: place, kind: process.host}
",
    );
    let definition = &application.programs["app:worker"];
    assert_eq!(definition.kind, ProgramKind::Process);
    assert_eq!(definition.program.limits, ProgramLimits::default());
    assert_eq!(definition.program.method, None);
    assert_eq!(definition.program.main.file, "here/worker.lua");
    assert_eq!(&*definition.program.main.source, b"-- worker.lua");
    let service = &application.services["app:one"];
    assert_eq!((&*service.program, &*service.host), ("app:worker", "app:processes"));
    assert_eq!(service.lifecycle, Lifecycle::default());
    let supervisor = &application.supervisors["app:tree"];
    assert_eq!(supervisor.strategy, Strategy::OneForOne);
    assert_eq!(supervisor.intensity, Intensity::default());
    assert_eq!(supervisor.children, ["app:one"]);
    assert_eq!(supervisor.lifecycle, Lifecycle::default());
    let pool = &application.pools["app:many"];
    assert_eq!(pool.size, PoolSize::default());
    assert_eq!(pool.queue_max, 10_000);
    assert_eq!(pool.monitoring, Monitoring::default());
    assert_eq!(pool.recovery, Recovery::default());
    let host = &application.hosts["app:place"];
    assert_eq!((host.processes_max, host.priority), (10_000_000, Priority::Normal));
    assert_eq!(host.hibernate_after_ns, Some(30_000_000_000));
    assert_eq!((host.weight, host.limits), (1, Limits::default()));
    assert_eq!((application.payload, application.strict), (Payload::Plain, None));
}

/// Every kind, and every key with another value than its default.
const FULL: &str = "entries:
  - name: worker
    kind: process.lua
    meta: {team: core, level: 3, tags: [a, b]}
    source: file://worker.lua
    method: run
    modules: [time, json]
    dialect: typed
    limits:
      memory: 64MiB
      instructions: 1000000
      wall_clock: 1h30m
      mailbox: 5
      mailbox_bytes: 1MB
      message_size: 64KiB
      links: 6
      names: 7
      calls: 8
      topics: 9
  - name: one
    kind: process.service
    process: worker
    host: place
    lifecycle:
      auto_start: false
      start_timeout: 500ms
      stop_timeout: 0
      requires: [many]
      restart:
        policy: transient
        initial_delay: 10ms
        max_delay: 1m
        backoff_factor: 1.5
        jitter: 0
        max_attempts: 4
        stable_threshold: 2s
      security:
        actor: {id: 'service:one', meta: {team: core, levels: [1, 2]}}
        policies: [talk]
        groups: [all]
  - name: many
    kind: process.pool
    process: worker
    meta: {zone: 1.5, live: true}
  - name: tree
    kind: process.supervisor
    strategy: rest_for_one
    intensity: {restarts: 0, within: 1m}
    children: [many, one]
  - name: place
    kind: process.host
    host:
      max_processes: 20
      priority: system
      weight: 5
      hibernate_after: never
      limits: {memory: 1MiB, wall_clock: 1s}
  - name: talk
    kind: security.policy
    policy:
      effect: deny
      actions: process.send
      resources: ['app:*']
      conditions: [{field: actor.meta.level, operator: lt, value: 3}]
security: {strict: true, groups: {all: [talk]}}
lua: {payload: wrapped}
variables: {GREETING: hello, PORT: 8080, DEBUG: true}
grants: [fs:data, 'fs:out:rw', 'env:HOME', 'http:api.example:443']
";

#[test]
fn programs_are_as_they_say() {
    let application = one_file(FULL);
    let definition = &application.programs["app:worker"];
    let program = &definition.program;
    let labels: Vec<_> = definition.labels.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(labels, [("level", "3"), ("team", "core")]);
    assert_eq!(program.method.as_deref(), Some("run"));
    assert_eq!(program.modules, ["time", "json"]);
    let limits = Limits {
        memory_bytes_max: 64 << 20,
        instructions_max: Some(1_000_000),
        wall_clock_ns_max: Some(5_400_000_000_000),
        mailbox_messages_max: 5,
        mailbox_bytes_max: 1_000_000,
        message_bytes_max: 64 << 10,
        links_max: 6,
        names_max: 7,
        calls_max: 8,
        topics_max: 9,
    };
    assert_eq!(program.limits, limits.into());
}

#[test]
fn services_are_as_they_say() {
    let application = one_file(FULL);
    let service = &application.services["app:one"];
    let lifecycle = &service.lifecycle;
    assert_eq!(service.host, "app:place");
    assert!(!lifecycle.auto_start);
    assert_eq!((lifecycle.start_timeout_ns, lifecycle.stop_timeout_ns), (500_000_000, 0));
    assert_eq!(lifecycle.requires, ["app:many"]);
    let restart = Restart {
        policy: RestartPolicy::Transient,
        initial_delay_ns: 10_000_000,
        max_delay_ns: 60_000_000_000,
        backoff_factor: 1.5,
        jitter: 0.0,
        max_attempts: Some(4),
        stable_threshold_ns: 2_000_000_000,
    };
    assert_eq!(lifecycle.restart, restart);
    let security = &lifecycle.security;
    assert_eq!(security.actor.as_deref(), Some("service:one"));
    assert_eq!(security.meta["team"], Scalar::Text("core".to_owned()));
    assert_eq!(security.meta["levels"], Scalar::List(vec![Scalar::Int(1), Scalar::Int(2)]));
    assert_eq!(
        (&security.policies[..], &security.groups[..]),
        (&["app:talk".to_owned()][..], &["app:all".to_owned()][..])
    );
}

#[test]
fn supervisors_and_hosts_are_as_they_say() {
    let application = one_file(FULL);
    let supervisor = &application.supervisors["app:tree"];
    assert_eq!(supervisor.strategy, Strategy::RestForOne);
    assert_eq!(supervisor.intensity, Intensity { restarts: 0, within_ns: 60_000_000_000 });
    assert_eq!(supervisor.children, ["app:many", "app:one"]);
    let host = &application.hosts["app:place"];
    assert_eq!((host.processes_max, host.priority), (20, Priority::System));
    assert_eq!(host.hibernate_after_ns, None);
    assert_eq!((host.weight, host.limits.memory_bytes_max), (5, 1 << 20));
    assert_eq!(host.limits.wall_clock_ns_max, Some(1_000_000_000));
    assert_eq!(host.limits.names_max, 100);
}

#[test]
fn the_application_is_as_it_says() {
    let application = one_file(FULL);
    let policy = &application.policies["app:talk"];
    assert_eq!(policy.effect, Effect::Deny);
    assert_eq!(policy.conditions[0].to_string(), "actor.meta.level lt 3");
    assert_eq!(application.groups["app:all"], ["app:talk"]);
    assert_eq!((application.payload, application.strict), (Payload::Wrapped, Some(true)));
    let variables: Vec<_> =
        application.variables.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(variables, [("DEBUG", "true"), ("GREETING", "hello"), ("PORT", "8080")]);
    let directory = |path: &str, access| Grant::Directory { path: path.to_owned(), access };
    let host = Grant::Host { host: "api.example".to_owned(), port: Some(443) };
    let grants = [
        directory("data", DirectoryAccess::Read),
        directory("out", DirectoryAccess::Write),
        Grant::Variable("HOME".to_owned()),
        host,
    ];
    assert_eq!(application.grants, grants);
    let labels = &application.pools["app:many"].labels;
    assert_eq!((&*labels["zone"], &*labels["live"]), ("1.5", "true"));
}

#[test]
fn pools_take_what_they_do_not_say_from_process_management() {
    // The block of the process management document, as it stands there.
    let application = one_file(
        "process_management:
  pool:
    min_size: 5
    max_size: 50
    idle_timeout: 300s
  monitoring:
    health_check_interval: 30s
    metrics_collection: true
    alerting: true
  recovery:
    auto_restart: true
    max_restarts: 3
    restart_delay: 10s
entries:
  - {name: worker, kind: process.lua, source: file://worker.lua}
  - {name: plain, kind: process.pool, process: worker}
  - name: special
    kind: process.pool
    process: worker
    pool: {min_size: 6, queue_max: 7}
    monitoring: {health_check_interval: 1s, alerting: false, webhook: 'http://a.example/x'}
    recovery: {restart_delay: 0, dead_letter: letters, redeliveries_max: 0}
",
    );
    let plain = &application.pools["app:plain"];
    let size = PoolSize { min_size: 5, max_size: 50, idle_timeout_ns: 300_000_000_000 };
    assert_eq!(plain.size, size);
    assert_eq!((plain.monitoring.clone(), plain.recovery.clone()), Default::default());
    let special = &application.pools["app:special"];
    assert_eq!(special.size, PoolSize { min_size: 6, ..size });
    assert_eq!(special.queue_max, 7);
    let monitoring = Monitoring {
        health_check_interval_ns: 1_000_000_000,
        // Never longer than the interval, when nobody says how long.
        health_check_timeout_ns: 1_000_000_000,
        metrics_collection: true,
        alerting: false,
        webhook: Some("http://a.example/x".to_owned()),
    };
    assert_eq!(special.monitoring, monitoring);
    let recovery = Recovery {
        auto_restart: true,
        max_restarts: 3,
        restart_delay_ns: 0,
        redeliveries_max: 0,
        dead_letter: Some("letters".to_owned()),
    };
    assert_eq!(special.recovery, recovery);
}

#[test]
fn services_are_asked_when_somebody_says_so() {
    let health = |interval: u64, timeout: u64| {
        let (interval_ns, timeout_ns) = (interval * 1_000_000_000, timeout * 1_000_000_000);
        Some(HealthCheck { interval_ns, timeout_ns })
    };
    for (common, own, expected) in [
        ("{}", "{}", None),
        ("{alerting: false}", "{}", None),
        ("{}", "{health_check_interval: 30s}", health(30, 5)),
        ("{}", "{health_check_interval: 2s}", health(2, 2)),
        ("{}", "{health_check_interval: 30s, health_check_timeout: 9s}", health(30, 9)),
        ("{health_check_interval: 10s}", "{}", health(10, 5)),
        ("{health_check_interval: 10s, health_check_timeout: 1s}", "{}", health(10, 1)),
        ("{health_check_interval: 10s}", "{health_check_timeout: 2s}", health(10, 2)),
        ("{health_check_interval: 10s}", "{health_check_interval: 0}", None),
    ] {
        let application = one_file(&format!(
            "process_management: {{monitoring: {common}}}
entries:
  - {{name: worker, kind: process.lua, source: 'file://worker.lua'}}
  - {{name: a, kind: process.service, process: worker, monitoring: {own}}}
"
        ));
        assert_eq!(application.services["app:a"].lifecycle.health, expected, "{common} {own}");
    }
}

#[test]
fn imports_bring_what_they_import() {
    let application = application(&[
        (
            "_index.yaml",
            &format!(
                "{HEAD}entries:
  - name: worker
    kind: process.lua
    source: file://worker.lua
    modules: [json]
    imports: {{util: lib.deep:util}}
  - {{name: call, kind: function.lua, source: file://a.lua, imports: {{b: app:b}}}}
  - {{name: b, kind: library.lua, source: file://b.lua}}
"
            ),
        ),
        (
            "lib/_index.yaml",
            "version: '1.0'
namespace: lib.deep
entries:
  - {name: util, kind: library.lua, source: file://util.lua, modules: [time, json], imports: {b: 'app:b', more: more}}
  - {name: more, kind: library.lua, source: file://../a.lua, modules: [store], imports: {b: 'app:b'}}
",
        ),
        ("lib/util.lua", "-- util"),
    ]);
    let program = &application.programs["app:worker"].program;
    let imports: Vec<(&str, &str, &[u8])> = program
        .imports
        .iter()
        .map(|module| (&*module.name, &*module.file, &*module.source))
        .collect();
    let expected: [(&str, &str, &[u8]); 3] = [
        ("util", "here/lib/util.lua", b"-- util"),
        ("b", "here/b.lua", b"-- b.lua"),
        ("more", "here/a.lua", b"-- a.lua"),
    ];
    assert_eq!(imports, expected);
    assert_eq!(program.modules, ["json", "time", "store"]);
    let function = &application.programs["app:call"];
    assert_eq!(function.kind, ProgramKind::Function);
    assert_eq!(function.program.imports.len(), 1);
}

#[test]
fn arguments_and_context_are_values() {
    let application = one_file(
        "entries:
  - {name: worker, kind: process.lua, source: file://worker.lua}
  - name: one
    kind: process.service
    process: worker
    arguments: [5, '5', 2.5, true, null, {path: logs, limit: 10}, [1, 2]]
    context: {mode: fast, large: {a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7, h: 8, i: 9, j: 10}}
",
    );
    let service = &application.services["app:one"];
    assert_eq!(service.arguments.len(), 7);
    let value = |index: usize| {
        let fragment = &service.arguments[index];
        (fragment, fragment.values()[0])
    };
    let (fragment, word) = value(0);
    assert_eq!(fragment.integer(word), Some(5));
    let (fragment, word) = value(1);
    assert_eq!(fragment.string(word).unwrap(), b"5");
    let (_, word) = value(3);
    assert_eq!(word, procession_types::word::TRUE);
    let (_, word) = value(4);
    assert_eq!(word, procession_types::word::NIL);
    let (fragment, word) = value(5);
    let path = fragment.field(word, b"path").unwrap();
    assert_eq!(fragment.string(path).unwrap(), b"logs");
    let limit = fragment.field(word, b"limit").unwrap();
    assert_eq!(fragment.integer(limit), Some(10));
    let mode = &service.context["mode"];
    assert_eq!(mode.string(mode.values()[0]).unwrap(), b"fast");
    let large = &service.context["large"];
    let last = large.field(large.values()[0], b"j").unwrap();
    assert_eq!(large.integer(last), Some(10));
}
