//! What queries find, in memory and in files.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use procession_environment::Level;
use procession_telemetry::*;
use procession_types::{SmolStr, Timestamp};

/// Prints and logs of three processes, a second apart.
fn some(rig: &Rig) {
    rig.telemetry.describe(pid(2), "app:api", &[("tier".into(), "front".into())]);
    rig.print(1, "one");
    rig.pass(1);
    rig.log(2, Level::Debug, "looking", &[("file", "a.txt")]);
    rig.pass(1);
    rig.log(2, Level::Error, "failed", &[("file", "b.txt")]);
    rig.pass(1);
    rig.print(3, "three");
    rig.pass(1);
    rig.log(1, Level::Warn, "careful", &[]);
}

fn check(rig: &Rig) {
    let at = |seconds| Some(Timestamp(START_NS + seconds * SECOND_NS));
    let grep = |pattern| Some(Grep::new(pattern).unwrap());
    let label = |name: &str, value: &str| vec![(SmolStr::new(name), SmolStr::new(value))];
    let all = Query::default;
    for (what, query, expected) in [
        ("all", all(), &["one", "looking", "failed", "three", "careful"][..]),
        ("pid", Query { pid: Some(pid(1)), ..all() }, &["one", "careful"]),
        (
            "program",
            Query { program: Some("app:odd".into()), ..all() },
            &["one", "three", "careful"],
        ),
        ("host", Query { host: Some("elsewhere".into()), ..all() }, &[]),
        ("service", Query { service: Some("app:api".into()), ..all() }, &["looking", "failed"]),
        ("label", Query { labels: label("tier", "front"), ..all() }, &["looking", "failed"]),
        ("other label", Query { labels: label("tier", "back"), ..all() }, &[]),
        (
            "info",
            Query { level: Some(Level::Info), ..all() },
            &["one", "failed", "three", "careful"],
        ),
        ("warn", Query { level: Some(Level::Warn), ..all() }, &["failed", "careful"]),
        ("since", Query { since: at(2), ..all() }, &["failed", "three", "careful"]),
        ("until", Query { until: at(2), ..all() }, &["one", "looking"]),
        ("grep", Query { grep: grep("^(one|three)$"), ..all() }, &["one", "three"]),
        ("grep a field", Query { grep: grep("file=b"), ..all() }, &["failed"]),
        ("tail", Query { tail: Some(2), ..all() }, &["three", "careful"]),
        (
            "tail of some",
            Query { tail: Some(1), program: Some("app:even".into()), ..all() },
            &["failed"],
        ),
        (
            "long tail",
            Query { tail: Some(99), ..all() },
            &["one", "looking", "failed", "three", "careful"],
        ),
        ("no tail", Query { tail: Some(0), ..all() }, &[]),
    ] {
        let page = rig.logs(&query);
        assert_eq!(texts(&page), expected, "{what}");
        assert!(page.is_complete && page.damage.is_empty(), "{what}");
    }
}

#[test]
fn every_condition_in_memory() {
    let rig = Rig::start(0, |_| ());
    some(&rig);
    check(&rig);
}

#[test]
fn every_condition_in_files_of_an_earlier_run() {
    let directory = Directory::new();
    let path = directory.0.clone();
    some(&Rig::start(0, |config| config.records.directory = Some(path.clone())));
    check(&Rig::start(100, |config| config.records.directory = Some(path)));
}

#[test]
fn every_condition_in_small_files_behind_a_small_memory() {
    let directory = Directory::new();
    let rig = Rig::start(0, |config| {
        config.records.directory = Some(directory.0.clone());
        (config.records.logs.memory_bytes, config.records.logs.segment_bytes) = (1, 1);
    });
    some(&rig);
    check(&rig);
}

#[test]
fn a_record_says_everything() {
    let directory = Directory::new();
    let config = |config: &mut Config| {
        config.records.directory = Some(directory.0.clone());
        config.node = Some("n1".into());
    };
    let rig = Rig::start(0, config);
    some(&rig);
    let record = rig.logs(&Query::default()).records[2].clone();
    assert_eq!(record.kind, Kind::Log(Level::Error));
    assert_eq!(record.time, Timestamp(START_NS + 2 * SECOND_NS));
    assert_eq!(record.pid_text().as_deref(), Some("{n1@app:processes|4d.0.2.0}"));
    assert_eq!((record.program.as_str(), record.service.as_deref()), ("app:even", Some("app:api")));
    assert_eq!(record.field("file"), Some("b.txt"));
    assert_eq!(record.labels, [("tier".into(), "front".into())]);
    let query = Query { pid: Query::read_pid("{n1@app:processes|4d.0.2.0}"), ..Query::default() };
    assert_eq!(rig.logs(&query).records.len(), 2);
    drop(rig);
    assert_eq!(Rig::start(9, config).logs(&Query::default()).records[2], record);
}

#[test]
fn pages_follow_each_other_without_a_hole_or_a_double() {
    let directory = Directory::new();
    let rig = Rig::start(0, |config| {
        config.records.directory = Some(directory.0.clone());
        (config.records.logs.memory_bytes, config.records.logs.segment_bytes) = (2_000, 1_000);
    });
    for number in 0..500 {
        rig.print(1, &number.to_string());
        if number % 7 == 0 {
            rig.telemetry.flush();
        }
    }
    let mut query =
        Query { count_max: 13, grep: Some(Grep::new("[02468]$").unwrap()), ..Query::default() };
    let mut found = Vec::new();
    loop {
        let page = rig.logs(&query);
        assert!(page.records.len() <= 13);
        found.extend(texts(&page));
        query.after = Some(page.next);
        if page.is_complete {
            break;
        }
    }
    let expected: Vec<String> = (0..500).step_by(2).map(|number| number.to_string()).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_process_that_prints_little_is_not_pushed_out_by_one_that_prints_much() {
    let rig = Rig::start(0, |config| config.records.logs.memory_bytes = 10_000);
    rig.print(1, "quiet");
    for number in 0..20_000 {
        rig.print(2, &number.to_string());
    }
    let of = |slot| Query { pid: Some(pid(slot)), ..Query::default() };
    assert_eq!(texts(&rig.logs(&of(1))), ["quiet"]);
    assert_eq!(texts(&rig.logs(&Query { tail: Some(5), ..of(1) })), ["quiet"]);
    let loud = rig.logs(&Query { count_max: RECORDS_MAX, ..of(2) });
    assert_eq!(texts(&loud).last().unwrap(), "19999");
    let sequences: Vec<u64> = loud.records.iter().map(|record| record.sequence).collect();
    assert!(sequences.windows(2).all(|pair| pair[0] < pair[1]));
}

#[test]
fn patterns_are_bounded() {
    assert_eq!(Grep::new(&"a".repeat(2000)).unwrap_err(), GrepError::Long);
    for pattern in ["(", "[a", "(a{1000}){1000}"] {
        let error = Grep::new(pattern).unwrap_err().to_string();
        assert!(error.contains(pattern), "{error}");
    }
    // Takes for ever where backtracking is used.
    let rig = Rig::start(0, |_| ());
    rig.print(1, &"a".repeat(10_000));
    let query = Query { grep: Some(Grep::new("^(a+)+b$").unwrap()), ..Query::default() };
    assert!(rig.logs(&query).records.is_empty());
}

#[test]
fn long_lines_and_bytes_that_are_no_text() {
    let rig = Rig::start(0, |_| ());
    rig.telemetry.print(rig.now(), &source(1), b"\xff\x00two\nlines");
    rig.print(1, &"x".repeat(1 << 20));
    let records = rig.logs(&Query::default()).records;
    assert_eq!(records[0].message, b"\xff\x00two\nlines");
    assert_eq!((records[1].message.len(), records[1].is_cut), (16 << 10, true));
    assert!(!records[0].is_cut);
}

#[test]
fn events_are_a_stream_of_their_own() {
    let rig = Rig::start(0, |_| ());
    rig.telemetry.describe(pid(1), "app:api", &[]);
    let spawned = Event::new(EventKind::ProcessSpawned, "").of_process(pid(1), "app:odd");
    rig.telemetry.publish(&spawned);
    rig.print(1, "hello");
    let scaled = Event::new(EventKind::PoolScaled, "up").of_service("app:pool").with("size", 3);
    rig.telemetry.publish(&scaled);
    let exited = Event::new(EventKind::ProcessExited, "done").of_process(pid(1), "app:odd");
    rig.telemetry.publish(&exited);
    // Nothing is known of it any more.
    rig.telemetry.publish(&spawned);
    let page = rig.events(&Query::default());
    assert_eq!(
        names(&page),
        ["process.spawned", "pool.scaled", "process.exited", "process.spawned"]
    );
    let services: Vec<_> = page.records.iter().map(|record| record.service.as_deref()).collect();
    assert_eq!(services, [Some("app:api"), Some("app:pool"), Some("app:api"), None]);
    assert_eq!(page.records[1].field("size"), Some("3"));
    assert_eq!(page.records[0].host, "app:processes");
    let kinds = vec![EventKind::PoolScaled, EventKind::ProcessExited];
    let page = rig.events(&Query { kinds, ..Query::default() });
    assert_eq!(names(&page), ["pool.scaled", "process.exited"]);
    assert_eq!(texts(&rig.logs(&Query::default())), ["hello"]);
}

#[test]
fn secrets_are_in_no_event() {
    let rig = Rig::start(0, |config| {
        config.secrets = ["hunter22", "hunter22-long", "abc"].map(str::to_owned).to_vec();
    });
    let message = "login with hunter22-long or hunter22 by abc";
    rig.telemetry.publish(&Event::new(EventKind::AlertRaised, message).with("key", "=hunter22="));
    let record = rig.events(&Query::default()).records.remove(0);
    assert_eq!(record.text(), "login with [secret] or [secret] by abc");
    assert_eq!(record.field("key"), Some("=[secret]="));
}

#[test]
fn without_records_there_are_only_the_streams() {
    let rig = Rig::start(0, |config| config.records.keeps = false);
    rig.print(1, "one");
    rig.telemetry.publish(&Event::new(EventKind::NodeStarted, ""));
    assert!(rig.logs(&Query::default()).records.is_empty());
    assert!(rig.events(&Query::default()).records.is_empty());
    assert_eq!(rig.telemetry.counts(Stream::Logs).memory_bytes, 0);
}

#[test]
fn events_that_nobody_writes_are_dropped_counted_and_told() {
    let config = Config::new(|| Timestamp(START_NS));
    let (telemetry, writer) = Telemetry::open(config, Vec::new()).unwrap();
    // The writer does not run yet: this would fill any memory.
    let event = Event::new(EventKind::AlertRaised, "x".repeat(1_000));
    const PUBLISHED: u64 = 20_000;
    (0..PUBLISHED).for_each(|_| telemetry.publish(&event));
    std::thread::scope(|scope| {
        scope.spawn(|| writer.run(|| ()));
        telemetry.flush();
        let counts = telemetry.counts(Stream::Events);
        assert!(counts.dropped > 1_000, "{counts:?}");
        assert_eq!(counts.records - 1 + counts.dropped, PUBLISHED, "nothing is lost in silence");
        let last = telemetry.events(&Query { tail: Some(1), ..Query::default() });
        assert_eq!(last.records[0].kind, Kind::Gap);
        assert_eq!(last.records[0].field("lost"), Some(counts.dropped.to_string().as_str()));
        telemetry.publish(&event);
        telemetry.flush();
        assert_eq!(telemetry.counts(Stream::Events).records, counts.records + 1);
        telemetry.close();
    });
}
