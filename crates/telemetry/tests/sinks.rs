//! Sinks that fail: full disks, closed pipes, directories that are gone.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use procession_telemetry::*;
use std::fs;
use std::io::{self, Read as _, Write};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// Somewhere to write to that can be made to fail.
#[derive(Clone, Default)]
struct Pipe {
    text: Arc<Mutex<Vec<u8>>>,
    is_closed: Arc<AtomicBool>,
}

impl Pipe {
    fn text(&self) -> String {
        String::from_utf8(self.text.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_closed.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.text.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn sinks(telemetry: &Telemetry) -> Vec<(&'static str, u64, bool)> {
    let counts = telemetry.counts(Stream::Logs);
    counts.sinks.iter().map(|sink| (sink.name, sink.failures, sink.is_down)).collect()
}

#[test]
fn from_file_to_stderr_to_memory_and_back() {
    let (directory, stderr) = (Directory::new(), Pipe::default());
    let rig = Rig::start(0, |config| {
        config.records.directory = Some(directory.0.clone());
        config.fallback = Some(Box::new(stderr.clone()));
        config.records.logs.segment_bytes = 1;
    });
    let say = |line: &str| {
        rig.print(1, line);
        rig.telemetry.flush();
    };
    say("one");
    assert_eq!(
        (stderr.text(), sinks(&rig.telemetry)),
        (String::new(), vec![("file", 0, false), ("stderr", 0, false)])
    );

    // A file is where the directory was.
    let logs = directory.0.join("logs");
    fs::rename(&logs, directory.0.join("aside")).unwrap();
    fs::write(&logs, "").unwrap();
    say("two");
    say("three");
    let text = stderr.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "print app:odd {app:processes|4d.0.1.0} two");
    assert!(
        lines[1].starts_with("warn procession the file sink of logs failed: Not a directory"),
        "{text}"
    );
    assert!(lines[1].ends_with("using stderr until it works again"), "{text}");
    assert_eq!(lines[2], "print app:odd {app:processes|4d.0.1.0} three");
    assert_eq!(
        (lines.len(), sinks(&rig.telemetry)[0]),
        (3, ("file", 1, true)),
        "said once, tried once"
    );

    stderr.is_closed.store(true, Ordering::SeqCst);
    say("four");
    say("five");
    assert_eq!((stderr.text().lines().count(), sinks(&rig.telemetry)[1]), (3, ("stderr", 1, true)));

    // It is tried again after a second, two, four …
    for (seconds, failures) in [(1, 2), (1, 2), (1, 3), (3, 3), (1, 4)] {
        rig.pass(seconds);
        say("again");
        assert_eq!(sinks(&rig.telemetry)[0], ("file", failures, true));
    }
    fs::remove_file(&logs).unwrap();
    fs::rename(directory.0.join("aside"), &logs).unwrap();
    rig.pass(60);
    say("back");
    assert_eq!(sinks(&rig.telemetry)[0], ("file", 4, false));

    let is_event = |record: &Record| matches!(record.kind, Kind::Event(_));
    let events = rig.events(&Query::default());
    assert!(events.records.iter().all(is_event));
    let kinds = names(&events);
    assert_eq!(kinds, ["sink.failed", "sink.failed", "sink.recovered"]);
    assert_eq!(events.records[0].field("next"), Some("stderr"));
    assert_eq!(events.records[1].field("next"), Some("memory"));
    drop(rig);

    // The file has caught up with everything.
    let rig = Rig::start(1_000, |config| config.records.directory = Some(directory.0.clone()));
    let page = rig.logs(&Query { pid: Some(pid(1)), ..Query::default() });
    let expected = ["one", "two", "three", "four", "five"];
    let expected = expected.into_iter().chain(std::iter::repeat_n("again", 5)).chain(["back"]);
    assert_eq!(texts(&page), expected.collect::<Vec<_>>());
}

#[test]
fn what_memory_could_not_keep_meanwhile_is_a_gap() {
    let directory = Directory::new();
    let config = |config: &mut Config| {
        config.records.directory = Some(directory.0.clone());
        config.fallback = None;
        (
            config.records.logs.segment_bytes,
            config.records.logs.memory_bytes,
            config.records.process_bytes,
        ) = (1, 1, 0);
    };
    let rig = Rig::start(0, config);
    let say = |line: &str| {
        rig.print(1, line);
        rig.telemetry.flush();
    };
    say("one");
    let logs = directory.0.join("logs");
    fs::rename(&logs, directory.0.join("aside")).unwrap();
    fs::write(&logs, "").unwrap();
    (0..5).for_each(|_| say("lost"));
    fs::remove_file(&logs).unwrap();
    fs::rename(directory.0.join("aside"), &logs).unwrap();
    rig.pass(60);
    say("last");
    drop(rig);
    let page = Rig::start(1_000, config).logs(&Query::default());
    assert_eq!(names(&page), ["print", "gap", "print", "info"]);
    // Five lines, and the record that the sink failed.
    assert_eq!(page.records[1].field("lost"), Some("6"));
    assert_eq!(page.records[2].text(), "last");
}

/// A file system of 64 KiB; `None` where mounting is not allowed.
struct SmallDisk(Directory);

impl SmallDisk {
    fn new() -> Option<Self> {
        let directory = Directory::new();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=64k", "none"]).arg(&directory.0);
        let mounted = mount.stderr(std::process::Stdio::null()).status();
        mounted.is_ok_and(|status| status.success()).then_some(Self(directory))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0.0).status();
    }
}

#[test]
fn a_full_disk() {
    let Some(disk) = SmallDisk::new() else {
        println!("mounting is not allowed here: the other tests have failing sinks");
        return;
    };
    let stderr = Pipe::default();
    let config = |config: &mut Config| {
        config.records.directory = Some(disk.0.0.clone());
        config.fallback = Some(Box::new(stderr.clone()));
    };
    let rig = Rig::start(0, config);
    let other = disk.0.0.join("other");
    fs::write(&other, vec![0; 40 << 10]).unwrap();
    for number in 0..1_000 {
        rig.print(1, &format!("line {number:060}"));
        if number % 10 == 0 {
            rig.telemetry.flush();
        }
    }
    rig.telemetry.flush();
    assert_eq!(sinks(&rig.telemetry), [("file", 1, true), ("stderr", 0, false)]);
    assert!(stderr.text().contains("No space left on device"), "{}", stderr.text());
    let mut expected: Vec<String> = (0..1_000).map(|number| format!("line {number:060}")).collect();
    let of = Query { pid: Some(pid(1)), count_max: RECORDS_MAX, ..Query::default() };
    assert_eq!(texts(&rig.logs(&of)), expected);

    // Room again, though not for everything.
    fs::remove_file(&other).unwrap();
    rig.pass(1);
    rig.print(1, "room");
    rig.telemetry.flush();
    drop(rig);
    let page = Rig::start(100, config).logs(&of);
    expected.push("room".to_owned());
    let found = texts(&page);
    assert!(found.len() > 300 && found == expected[..found.len()], "{}", found.len());
    assert!(page.damage.is_empty(), "{:?}", page.damage);
}

#[test]
fn closed_pipes_of_the_streams() {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let rig = Rig::start(0, |config| config.streams.print = Box::new(writer));
    for _ in 0..3 {
        rig.print(1, "into the void");
        rig.telemetry.flush();
    }
    assert_eq!(rig.telemetry.stream_failures(), 3);
    assert_eq!(texts(&rig.logs(&Query::default())), ["into the void"; 3]);
    let events = rig.events(&Query::default());
    assert_eq!(names(&events), ["sink.failed"], "it is said once");
    assert!(events.records[0].text().contains("Broken pipe"), "{}", events.records[0].text());
}

#[test]
fn streams_get_every_line_in_order_and_whole() {
    let (mut print, log) = (io::pipe().unwrap(), Pipe::default());
    let long = "x".repeat(100_000);
    let copy = log.clone();
    let rig = Rig::start(0, move |config| {
        config.streams.print = Box::new(print.1);
        config.streams.log = Box::new(copy);
    });
    let reading = std::thread::spawn(move || {
        let mut text = String::new();
        print.0.read_to_string(&mut text).unwrap();
        text
    });
    use procession_environment::Level;
    rig.print(1, "one");
    rig.log(1, Level::Warn, "two\nlines", &[("path", "a\tb")]);
    rig.print(2, &long);
    rig.log(2, Level::Info, &long, &[]);
    rig.print(1, "");
    drop(rig);
    assert_eq!(reading.join().unwrap(), format!("one\n{long}\n\n"));
    let log = log.text();
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines[0], r"warn app:odd {app:processes|4d.0.1.0} two\nlines path=a\tb");
    assert_eq!(lines[1].len(), (16 << 10) + " [cut]".len());
    assert!(
        lines[1].starts_with("info app:even {app:processes|4d.0.2.0} xxx")
            && lines[1].ends_with("x [cut]")
    );
}
