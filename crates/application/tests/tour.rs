//! The application that newcomers start, on a node.
#![allow(clippy::unwrap_used)]

use procession_application::{assemble, read};
use procession_policy::Unidentified;
use procession_runtime::{Node, Sinks};
use procession_spec::Mode;
use procession_telemetry::{Query, Stream};
use std::path::Path;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn the_tour_comes_up_counts_every_text_and_ends_without_force() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/tour");
    let (application, report) = read(&directory, Mode::Strict).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(report.to_string(), "");
    let mut made = assemble(&application, &directory, std::iter::empty(), Unidentified::Allow);
    made.config.sinks = Sinks::none();
    let node = Node::start(made.config).unwrap();
    let everything = Query { after: Some(0), ..Query::default() };
    let mut logs = node.follow(Stream::Logs, everything, None);
    node.start_application(made.definition).unwrap();
    let root = node.wait_until_up(PATIENCE).unwrap();
    let all = node.supervised();
    let states: Vec<String> =
        all.iter().map(|it| format!("{} {}", it.id, it.status.state.name())).collect();
    assert_eq!(root.status.state.name(), "running", "{states:?}");
    assert!(states.iter().all(|state| state.ends_with(" running")), "{states:?}");

    // One line of totals for each of the texts.
    let (end, mut totals) = (Instant::now() + PATIENCE, 0);
    while totals < 3 {
        assert!(Instant::now() < end, "{totals} texts were counted; {:?}", node.supervised());
        let page = logs.wait(Duration::from_secs(1));
        let lines = page.records.iter().map(|it| String::from_utf8_lossy(&it.message).into_owned());
        totals += lines.filter(|line| line.starts_with("most often: ")).count();
    }
    assert_eq!(node.stop_application(None), Ok(0), "nobody had to be terminated");
}
