//! Files: their size, their number, other runs, crashes, damage.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod common;

use common::*;
use procession_telemetry::*;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

fn in_directory(directory: &Directory) -> impl Fn(&mut Config) + use<> {
    let path = directory.0.clone();
    move |config| config.records.directory = Some(path.clone())
}

#[test]
fn files_rotate_and_the_oldest_go_first() {
    let directory = Directory::new();
    let rig = Rig::start(0, |config| {
        in_directory(&directory)(config);
        (config.records.logs.segment_bytes, config.records.logs.total_bytes) = (4_000, 20_000);
        (config.records.logs.memory_bytes, config.records.process_bytes) = (1, 0);
    });
    for number in 0..2_000 {
        rig.print(1, &number.to_string());
        if number % 10 == 0 {
            rig.telemetry.flush();
        }
    }
    rig.telemetry.flush();
    let sizes: Vec<u64> =
        directory.segments("logs").iter().map(|path| fs::metadata(path).unwrap().len()).collect();
    assert!(sizes.iter().all(|&size| size <= 4_000), "{sizes:?}");
    assert!((16_001..=20_000).contains(&sizes.iter().sum::<u64>()), "{sizes:?}");
    assert_eq!(rig.telemetry.counts(Stream::Logs).file_bytes, sizes.iter().sum::<u64>());
    let texts = texts(&rig.logs(&Query::default()));
    let first: usize = texts[0].parse().unwrap();
    let expected: Vec<String> = (first..2_000).map(|number| number.to_string()).collect();
    assert!(first > 1_000 && texts == expected);
}

#[test]
fn runs_follow_each_other_and_numbers_never_come_back() {
    let directory = Directory::new();
    let mut newest = 0;
    for (run, seconds) in [0, 10, 20, -3600].into_iter().enumerate() {
        let rig = Rig::start(seconds, in_directory(&directory));
        rig.print(1, &format!("run {run}"));
        let page = rig.logs(&Query::default());
        assert_eq!(page.records.len(), run + 1);
        // Somebody who goes on from an earlier run gets what came since, and no gap.
        let since = rig.logs(&Query { after: Some(newest), ..Query::default() });
        assert_eq!(texts(&since), [format!("run {run}")]);
        assert!(page.records[run].sequence > newest, "also when the clock went back");
        newest = page.records[run].sequence;
    }
    assert_eq!(directory.segments("logs").len(), 4);
}

#[test]
fn a_directory_has_one_node() {
    let directory = Directory::new();
    let rig = Rig::start(0, in_directory(&directory));
    let error = Rig::try_start(0, in_directory(&directory)).err().unwrap();
    assert!(matches!(error, OpenError::InUse(_)), "{error}");
    drop(rig);
    drop(Rig::start(0, in_directory(&directory)));
    let blocked = directory.0.join("file");
    File::create(&blocked).unwrap();
    let error = Rig::try_start(0, |config| config.records.directory = Some(blocked.clone()));
    let error = error.err().unwrap().to_string();
    assert!(error.starts_with("keep records in /") && error.contains("file"), "{error}");
}

/// Three records in a file, as a run has left it.
fn three(directory: &Directory) -> std::path::PathBuf {
    let rig = Rig::start(0, in_directory(directory));
    for line in ["one", "two", "three"] {
        rig.print(1, line);
        rig.telemetry.flush();
    }
    drop(rig);
    directory.segments("logs").remove(0)
}

#[test]
fn a_torn_end_is_cut_off_and_told() {
    let directory = Directory::new();
    let path = three(&directory);
    let length = fs::metadata(&path).unwrap().len();
    File::options().write(true).open(&path).unwrap().set_len(length - 3).unwrap();
    let rig = Rig::start(10, in_directory(&directory));
    rig.print(1, "four");
    let page = rig.logs(&Query::default());
    assert_eq!(texts(&page), ["one", "two", "four"]);
    assert_eq!(page.damage.len(), 1);
    assert_eq!(page.damage[0].path, path);
    let torn = rig.events(&Query::default()).records.remove(0);
    assert_eq!(torn.kind, Kind::Event(EventKind::RecordsTorn));
    assert_eq!(torn.field("bytes"), Some(page.damage[0].bytes.to_string().as_str()));
}

#[test]
fn damage_in_the_middle_hides_nothing_before_it_and_no_other_file() {
    let directory = Directory::new();
    let path = three(&directory);
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.windows(3).position(|window| window == b"two").unwrap();
    bytes[at] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let rig = Rig::start(10, in_directory(&directory));
    rig.print(1, "four");
    for tail in [None, Some(10)] {
        let page = rig.logs(&Query { tail, ..Query::default() });
        assert_eq!(texts(&page), ["one", "four"]);
        assert!(page.damage[0].bytes > 100 && page.damage[0].bytes < bytes.len() as u64);
    }
}

#[test]
fn files_of_others_are_left_alone() {
    let directory = Directory::new();
    let path = three(&directory);
    let logs = path.parent().unwrap();
    let mut newer = fs::read(&path).unwrap();
    newer[15] = 9;
    for (name, content) in [("notes.txt", &b"mine"[..]), ("text.seg", b"text"), ("v9.seg", &newer)]
    {
        fs::write(logs.join(name), content).unwrap();
    }
    // What a crash leaves of a file that was just begun.
    fs::write(logs.join("torn.seg"), &fs::read(&path).unwrap()[..20]).unwrap();
    let rig = Rig::start(10, in_directory(&directory));
    assert_eq!(texts(&rig.logs(&Query::default())), ["one", "two", "three"]);
    let names = directory.segments("logs");
    let names: Vec<_> =
        names.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names[1..], ["notes.txt", "text.seg", "v9.seg"]);
    for (name, expected) in [("text.seg", "it is no segment"), ("v9.seg", "version 9")] {
        let error = Segment::open(File::open(logs.join(name)).unwrap()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_file_that_vanishes_leaves_a_gap() {
    let directory = Directory::new();
    let rig = Rig::start(0, |config| {
        in_directory(&directory)(config);
        (config.records.logs.memory_bytes, config.records.logs.segment_bytes) = (1, 1);
    });
    for line in ["one", "two", "three", "four", "five"] {
        rig.print(1, line);
        rig.telemetry.flush();
    }
    fs::remove_file(&directory.segments("logs")[1]).unwrap();
    fs::remove_file(&directory.segments("logs")[1]).unwrap();
    for tail in [None, Some(10)] {
        let page = rig.logs(&Query { tail, ..Query::default() });
        assert_eq!(names(&page), ["print", "gap", "print", "print"]);
        assert_eq!(page.records[1].field("lost"), Some("2"));
    }
}

/// The body of the process that is killed; does nothing when run as a test.
#[test]
fn child() {
    let Some(path) = std::env::var_os("PROCESSION_TELEMETRY_CHILD") else { return };
    let rig = Rig::start(0, |config| config.records.directory = Some(path.into()));
    for number in 0..1_000 {
        rig.print(1, &format!("line {number}"));
    }
    rig.telemetry.publish(&Event::new(EventKind::NodeStarted, "here"));
    rig.telemetry.flush();
    println!("\nflushed");
    std::io::stdout().flush().unwrap();
    loop {
        rig.print(1, "more");
    }
}

#[test]
fn what_was_flushed_survives_kill_9() {
    let directory = Directory::new();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env("PROCESSION_TELEMETRY_CHILD", &directory.0)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line == "flushed"));
    child.kill().unwrap();
    child.wait().unwrap();
    let rig = Rig::start(100, in_directory(&directory));
    let page = rig.logs(&Query { count_max: 1_000, ..Query::default() });
    let expected: Vec<String> = (0..1_000).map(|number| format!("line {number}")).collect();
    assert_eq!(texts(&page), expected);
    assert_eq!(rig.events(&Query::default()).records[0].text(), "here");
}
