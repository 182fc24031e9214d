//! The application that newcomers start, on a node.
#![allow(clippy::unwrap_used)]

mod common;

use common::Scratch;
use procession_application::{Reload, assemble, read};
use procession_policy::Unidentified;
use procession_runtime::{Node, Sinks};
use procession_spec::Mode;
use procession_telemetry::{EventKind, Query, Stream};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn the_tour_comes_up_counts_every_text_and_ends_without_force() {
    let scratch = Scratch::new("tour");
    let tour = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/tour");
    for entry in std::fs::read_dir(tour).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let name = path.file_name().unwrap().to_str().unwrap();
            scratch.write(name, &std::fs::read_to_string(&path).unwrap());
        }
    }
    // Its own texts take their time to count.
    scratch.write("texts/a.txt", "one two two three three three");
    scratch.write("texts/b.txt", "one two two");
    scratch.write("texts/poison.txt", "A worker that reads this crashes on purpose.");
    let directory = scratch.path().to_owned();
    let (application, report) = read(&directory, Mode::Strict).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(report.to_string(), "");
    let mut made = assemble(&application, &directory, std::iter::empty(), Unidentified::Allow);
    made.config.sinks = Sinks::none();
    let node = Node::start(made.config).unwrap();
    let everything = Query { after: Some(0), ..Query::default() };
    let mut logs = node.follow(Stream::Logs, everything, None);
    node.start_application(made.definition).unwrap();
    let root = node.wait_until_up(PATIENCE).unwrap();
    assert_eq!(root.status.state.name(), "running", "{:?}", node.supervised());
    for id in ["tour:pipeline", "tour:totals", "tour:counters", "tour:watcher", "tour:snooper"] {
        assert_eq!(node.supervised_by_id(id).unwrap().status.state.name(), "running", "{id}");
    }

    // What the tour is to show: totals of a whole round, a text given up, somebody denied.
    let end = Instant::now() + PATIENCE;
    let mut seen = String::new();
    let expected = ["2 texts, most often: two 4, three 3, one 2", "given up: "];
    while !expected.iter().all(|text| seen.contains(text)) {
        assert!(Instant::now() < end, "{seen}\n{:?}", node.supervised());
        let page = logs.wait(Duration::from_secs(1));
        for record in &page.records {
            seen.push_str(&String::from_utf8_lossy(&record.message));
            seen.push('\n');
        }
    }
    // A new version of its programs, while it works: nobody is started again for it.
    let ids = ["tour:totals", "tour:counters", "tour:watcher"];
    let pids = ids.map(|id| node.supervised_by_id(id).unwrap().status.pid);
    for file in ["watch.lua", "count.lua", "total.lua"] {
        let path = directory.join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("-- The next version.\n{text}")).unwrap();
    }
    let after = read(&directory, Mode::Strict).unwrap_or_else(|e| panic!("{e}")).0;
    let reload = Reload {
        before: &application,
        after: &after,
        directory: &directory,
        variables: &[],
        unidentified: Unidentified::Allow,
        patience: PATIENCE,
    };
    let done = reload.run(&node).unwrap_or_else(|error| panic!("{error}"));
    let upgraded: BTreeSet<&str> = done.upgraded.iter().map(String::as_str).collect();
    assert_eq!(upgraded, BTreeSet::from(ids));
    assert_eq!((done.restarted, done.replaced, done.failing), Default::default());
    assert_eq!(ids.map(|id| node.supervised_by_id(id).unwrap().status.pid), pids);

    let denied =
        Query { kinds: vec![EventKind::PermissionDenied], after: Some(0), ..Query::default() };
    let mut denied = node.follow(Stream::Events, denied, None);
    let mut is_stopped = false;
    while !is_stopped {
        assert!(Instant::now() < end, "{:?}", node.supervised());
        let page = denied.wait(Duration::from_secs(1));
        is_stopped = page.records.iter().any(|it| it.program == "tour:snoop");
    }
    assert_eq!(node.stop_application(None), Ok(0), "nobody had to be terminated");
}
