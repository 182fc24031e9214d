//! A session on a disk that is full, and has room again: what is refused is told, nothing is lost.
//!
//! The test runs itself again in a namespace where it may mount a small file system.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod common;

use common::{Directory, Ended, Session};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Where the small file system is mounted, for the test that runs on it.
const DISK: &str = "PROCESSION_FULL_DISK";
const TEST: &str = "a_node_goes_on_when_its_disk_has_room_again";
const PATIENCE: Duration = Duration::from_secs(60);

const INDEX: &str = "version: '1.0'
namespace: app
entries:
  - {name: adder, kind: process.lua, source: 'file://adder.lua', durable: true}
";

const ADDER: &str = "return function()
  local inbox, sum = process.inbox(), 0
  while true do
    sum = sum + tonumber(inbox:receive():payload())
    print('sum ' .. sum)
  end
end
";

/// The node keeps 128 MiB of its disk free; this is somewhat more.
const MOUNT: &str = "mount -t tmpfs -o size=200m tmpfs \"$0\" && exec \"$@\"";
/// What takes the rest.
const BALLAST_BYTES: usize = 90 << 20;

fn in_namespace(disk: &Path, words: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-c", MOUNT]).arg(disk).args(words).env(DISK, disk);
    command
}

#[test]
fn a_node_goes_on_when_its_disk_has_room_again() {
    if let Some(disk) = std::env::var_os(DISK) {
        return on_the_disk(Path::new(&disk));
    }
    let directory = Directory::new("full-disk");
    let can_mount = in_namespace(directory.path(), &["true"]).stderr(Stdio::null()).status();
    if !can_mount.is_ok_and(|status| status.success()) {
        eprintln!("no small file system can be mounted here: nothing is tried");
        return;
    }
    let itself = std::env::current_exe().unwrap();
    let words = [itself.to_str().unwrap(), TEST, "--exact", "--nocapture"];
    let output = in_namespace(directory.path(), &words).output().unwrap();
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains("1 passed"), "{out}\n{err}");
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "{what}");
    }
}

struct Node {
    directory: PathBuf,
    session: Session,
}

impl Node {
    fn up(directory: &Path) -> Self {
        let session = Session::start_in(directory, &[], &["up", "."]);
        let node = Self { directory: directory.to_owned(), session };
        until("the node does not answer", || node.command(&["status"]).code == Some(0));
        node
    }

    fn command(&self, words: &[&str]) -> Ended {
        self.begin(words).end()
    }

    fn begin(&self, words: &[&str]) -> Session {
        Session::start_in(&self.directory, &[], words)
    }

    fn adds(&self, value: &str) -> Ended {
        self.command(&["send", "sums", "add", value])
    }
}

/// Senders of 10 while the disk is full: those that wait for room, and what the first was told that does not.
/// The node finds out by the first that comes; so does whoever comes at the same time.
fn until_refused(node: &Node) -> (Vec<Receiver<Ended>>, Ended) {
    let mut waiting = Vec::new();
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        let (tell, told) = channel();
        let one = node.begin(&["send", "sums", "add", "10"]);
        std::thread::spawn(move || tell.send(one.end()));
        match told.recv_timeout(Duration::from_secs(2)) {
            Ok(refused) => return (waiting, refused),
            Err(_) => waiting.push(told),
        }
    }
    panic!("nothing is refused");
}

fn on_the_disk(disk: &Path) {
    fs::write(disk.join("_index.yaml"), INDEX).unwrap();
    fs::write(disk.join("adder.lua"), ADDER).unwrap();
    let node = Node::up(disk);
    assert_eq!(node.command(&["spawn", "app:adder", "--name", "sums"]).code, Some(0));
    assert_eq!(node.adds("1").code, Some(0));
    assert_eq!(node.session.line(), "sum 1");

    let ballast = disk.join("ballast");
    fs::write(&ballast, vec![1; BALLAST_BYTES]).unwrap();
    let (waiting, refused) = until_refused(&node);
    assert!(!waiting.is_empty(), "{refused:#?}");
    assert!(refused.stderr.contains("the store takes no more: its disk is full"), "{refused:#?}");
    let also = node.adds("100");
    assert!(also.stderr.contains("its disk is full"), "{also:#?}");
    assert_eq!(node.command(&["status"]).code, Some(0), "what needs no disk goes on");

    fs::remove_file(&ballast).unwrap();
    let mut sum = 1;
    for one in waiting {
        let one = one.recv_timeout(PATIENCE).unwrap();
        assert_eq!(one.code, Some(0), "{one:#?}");
        sum += 10;
        assert_eq!(node.session.line(), format!("sum {sum}"), "what was refused was not done");
    }
    until("there is room again, and nobody says so", || node.adds("0").code == Some(0));
    node.session.signal("KILL");
    drop(node);
    // It starts on a full disk, too, and what needs no disk is there.
    fs::write(&ballast, vec![1; BALLAST_BYTES]).unwrap();
    let node = Node::up(disk);
    assert_eq!(node.command(&["state", "sums"]).code, Some(0));
    fs::remove_file(&ballast).unwrap();
    until("there is room again, and nobody says so", || node.adds("5").code == Some(0));
    sum += 5;
    until("the sum is another", || node.session.line() == format!("sum {sum}"));
    node.session.signal("INT");
}
