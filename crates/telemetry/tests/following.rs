//! Followers, quick and slow, and those that come back.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use procession_telemetry::*;
use std::sync::mpsc::channel;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(60);

#[test]
fn a_follower_gets_what_comes() {
    let rig = Rig::start(0, |_| ());
    rig.print(1, "before");
    rig.telemetry.flush();
    let mut all = rig.telemetry.follow(Stream::Logs, Query::default(), None);
    let query = Query { pid: Some(pid(2)), ..Query::default() };
    let mut one = rig.telemetry.follow(Stream::Logs, query, None);
    let tail = Query { tail: Some(1), ..Query::default() };
    let mut last = rig.telemetry.follow(Stream::Logs, tail, None);
    assert_eq!(texts(&last.poll()), ["before"]);
    assert!(all.poll().records.is_empty());
    let (sender, waiting) = channel();
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            sender.send(()).unwrap();
            texts(&one.wait(LONG))
        });
        waiting.recv().unwrap();
        rig.print(1, "of another");
        rig.telemetry.flush();
        rig.print(2, "of two");
        assert_eq!(thread.join().unwrap(), ["of two"]);
    });
    rig.telemetry.flush();
    assert_eq!(texts(&all.poll()), ["of another", "of two"]);
    assert!(all.wait(Duration::ZERO).records.is_empty());
    assert_eq!(texts(&last.poll()), ["of another", "of two"]);
}

#[test]
fn news_are_told_and_a_position_is_where_one_can_go_on() {
    let rig = Rig::start(0, |_| ());
    let (sender, news) = channel();
    let tell = Box::new(move || sender.send(()).unwrap_or(()));
    let mut follower = rig.telemetry.follow(Stream::Events, Query::default(), Some(tell));
    for number in 0..3 {
        rig.telemetry.publish(&Event::new(EventKind::PoolScaled, number.to_string()));
        news.recv_timeout(LONG).unwrap();
        assert_eq!(texts(&follower.poll()), [number.to_string()]);
    }
    let position = follower.position();
    drop(follower);
    rig.telemetry.publish(&Event::new(EventKind::PoolScaled, "meanwhile"));
    rig.telemetry.flush();
    let query = Query { after: Some(position), ..Query::default() };
    let mut again = rig.telemetry.follow(Stream::Events, query, None);
    assert_eq!(texts(&again.poll()), ["meanwhile"]);
    assert!(news.recv_timeout(LONG).is_err(), "nobody is told who is gone");
}

#[test]
fn a_slow_follower_gets_a_gap_that_says_how_much_was_lost() {
    let rig = Rig::start(0, |config| config.records.logs.memory_bytes = 2_000);
    let mut follower = rig.telemetry.follow(Stream::Logs, Query::default(), None);
    for number in 0..1_000 {
        rig.print(1, &number.to_string());
        rig.telemetry.flush();
    }
    let page = follower.poll();
    assert_eq!(page.records[0].kind, Kind::Gap);
    let lost: usize = page.records[0].field("lost").unwrap().parse().unwrap();
    assert!(lost > 900);
    let expected: Vec<String> = (lost..1_000).map(|number| number.to_string()).collect();
    assert_eq!(texts(&page)[1..], expected);
    assert!(follower.poll().records.is_empty());
}

#[test]
fn a_slow_follower_reads_files_and_loses_nothing() {
    let directory = Directory::new();
    let rig = Rig::start(0, |config| {
        config.records.directory = Some(directory.0.clone());
        config.records.logs.memory_bytes = 2_000;
    });
    let query = Query { count_max: 7, ..Query::default() };
    let mut follower = rig.telemetry.follow(Stream::Logs, query, None);
    for number in 0..1_000 {
        rig.print(1, &number.to_string());
        rig.telemetry.flush();
    }
    let mut found = Vec::new();
    loop {
        let page = follower.poll();
        found.extend(texts(&page));
        if page.is_complete {
            break;
        }
    }
    assert!(found == (0..1_000).map(|number| number.to_string()).collect::<Vec<_>>());
}

#[test]
fn who_comes_back_after_a_restart_without_files_is_told() {
    let rig = Rig::start(0, |_| ());
    rig.print(1, "one");
    let position = rig.logs(&Query::default()).next;
    drop(rig);
    let rig = Rig::start(10, |_| ());
    let query = Query { after: Some(position), count_max: 1, ..Query::default() };
    let mut follower = rig.telemetry.follow(Stream::Logs, query, None);
    let first = follower.poll();
    assert_eq!(names(&first), ["gap"]);
    assert_eq!(first.records[0].field("lost"), Some("unknown"));
    assert!(follower.poll().records.is_empty());
    rig.print(1, "two");
    rig.print(1, "three");
    rig.telemetry.flush();
    assert_eq!([texts(&follower.poll()), texts(&follower.poll())], [["two"], ["three"]]);
}
