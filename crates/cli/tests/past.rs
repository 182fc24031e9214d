//! Sessions that look back at durable processes.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Directory, Ended, Session};

const INDEX: &str = "version: '1.0'
namespace: app
entries:
  - {name: adder, kind: process.lua, source: 'file://adder.lua', durable: true}
  - {name: halting, kind: process.lua, source: 'file://adder.lua', durable: true, on_error: halt}
  - {name: plain, kind: process.lua, source: 'file://adder.lua'}
";

/// Adds up what it receives and tells the sum; at `end` it ends, over a word it fails.
const ADDER: &str = "return function()
  local inbox, sum = process.inbox(), 0
  while true do
    local message = inbox:receive()
    local value = message:payload()
    if value == 'end' then return sum end
    if message:topic() == 'say' then
      print('said ' .. value)
    else
      sum = sum + tonumber(value)
      print('sum ' .. sum)
    end
  end
end
";

/// A node with durable processes in a directory of its own.
struct Node {
    directory: Directory,
    session: Option<Session>,
}

impl Node {
    fn start(name: &str) -> Self {
        let directory = Directory::new(name);
        std::fs::write(directory.path().join("_index.yaml"), INDEX).unwrap();
        std::fs::write(directory.path().join("adder.lua"), ADDER).unwrap();
        let mut node = Self { directory, session: None };
        node.up();
        node
    }

    /// Starts it, again if it has ended.
    fn up(&mut self) {
        self.session = Some(Session::start_in(self.directory.path(), &[], &["up", "."]));
        let is_up = || self.command(&["status"]).code == Some(0);
        let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while !is_up() {
            assert!(std::time::Instant::now() < end, "the node does not answer");
        }
    }

    fn command(&self, words: &[&str]) -> Ended {
        Session::start_in(self.directory.path(), &[], words).end()
    }

    fn output(&self, words: &[&str]) -> String {
        let ended = self.command(words);
        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{words:?}: {ended:#?}");
        ended.stdout
    }

    fn fails(&self, words: &[&str], code: i32, part: &str) -> Ended {
        let ended = self.command(words);
        assert_eq!(ended.code, Some(code), "{words:?}: {ended:#?}");
        assert!(ended.stderr.contains(part), "{words:?} without {part:?}: {ended:#?}");
        ended
    }

    /// A process that adds up these.
    fn adder(&self, name: &str, values: &[&str]) -> String {
        self.adding("app:adder", name, values)
    }

    fn adding(&self, program: &str, name: &str, values: &[&str]) -> String {
        let pid = self.output(&["spawn", program, "--name", name]).trim().to_owned();
        let mut sum = 0;
        for value in values {
            self.output(&["send", name, "add", value]);
            sum += value.parse::<i64>().unwrap();
            assert_eq!(self.session.as_ref().unwrap().line(), format!("sum {sum}"));
        }
        pid
    }
}

#[test]
fn the_past_is_shown_and_run_again() {
    let node = Node::start("past-shown");
    let pid = node.adder("sums", &["1", "2", "3"]);
    let table = node.output(&["history", "sums"]);
    let titles = table.lines().next().unwrap();
    for title in ["SLOT", "DEED", "CAME", "WENT", "INSTRUCTIONS", "TIME", "STATE"] {
        assert!(titles.contains(title), "{table}");
    }
    assert!(table.contains("began") && table.contains("message add \"2\""), "{table}");
    let slots = node.output(&["history", "sums", "--from", "1", "-o", "name"]);
    assert_eq!(slots, "1\n2\n");
    assert_eq!(node.output(&["history", "sums", "--tail", "1", "-o", "name"]), "2\n");
    let cut = node.command(&["history", "sums", "--from", "0", "--limit", "1"]);
    assert!(cut.code == Some(0) && cut.stderr.contains("there is more; --from "), "{cut:#?}");
    let wide = node.output(&["history", "sums", "-o", "wide"]);
    assert!(wide.contains("RECORD") && wide.contains("BYTES"), "{wide}");

    let state = node.output(&["state", "sums", "--at", "2"]);
    assert!(state.contains("2, before record ") && state.contains("waiting for inbox"), "{state}");
    let beyond = node.command(&["state", "sums", "--at", "99"]);
    assert!(beyond.stderr.contains("this is slot 3, not 99: the log ends there"), "{beyond:#?}");
    let replayed = node.output(&["replay", "sums"]);
    assert!(replayed.contains("to slot 3") && replayed.ends_with("the same\n"), "{replayed}");
    assert!(node.output(&["replay", "sums", "--to", "1", "-o", "json"]).contains("\"slot\": 1"));

    // One that has ended is named by its PID.
    node.output(&["send", "sums", "add", "end"]);
    node.command(&["wait", &pid]);
    assert_eq!(node.output(&["history", &pid, "--from", "3", "-o", "name"]), "3\n");
    let ended = node.output(&["state", &pid]);
    assert!(ended.contains("Ended         here"), "{ended}");
}

#[test]
fn what_can_not_be_looked_at_says_why() {
    let node = Node::start("past-wrong");
    node.adder("sums", &["1"]);
    let plain = node.output(&["spawn", "app:plain"]);
    let plain = plain.trim();
    for command in ["history", "state", "replay"] {
        node.fails(&[command, plain], 4, "is not durable: nothing is kept of what it did");
        node.fails(&[command, "nobody"], 4, "process \"nobody\" not found");
        node.fails(&[command, "{app:processes|1.2.3}"], 4, "not found");
        node.fails(&[command], 2, "PROCESS");
    }
    node.fails(&["replay", "sums", "--from", "2", "--to", "1"], 2, "from slot 2 to slot 1");
    node.fails(&["state", "sums", "--at=-1"], 2, "--at");
    node.fails(&["state", "sums", "--timeout", "2h"], 2, "timeout");
    node.fails(&["history", "sums", "--from", "1", "--tail", "1"], 2, "cannot be used with");
}

#[test]
fn one_that_stands_still_says_why_and_goes_on() {
    let mut node = Node::start("past-halted");
    node.adding("app:halting", "sums", &["1"]);
    node.output(&["send", "sums", "add", "x"]);
    let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !node.output(&["ps", "-l", "state=halted", "-o", "name"]).contains("sums") {
        assert!(std::time::Instant::now() < end, "it does not stand still");
    }
    // Also when the node was killed.
    node.session.as_ref().unwrap().signal("KILL");
    node.session.take().unwrap().end();
    node.up();
    let shown = node.output(&["inspect", "sums"]);
    let parts = [
        "halted for ",
        "slot 1, record ",
        "message add: \"x\"",
        "attempt to",
        "stack traceback:",
        "procession skip '",
    ];
    for part in parts {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert_eq!(node.output(&["skip", "sums"]), "slot 1: message add \"x\"\n");
    node.output(&["send", "sums", "add", "2"]);
    assert_eq!(node.session.as_ref().unwrap().line(), "sum 3");
    node.fails(&["skip", "sums"], 6, "does not stand still: there is nothing to skip");
    node.fails(&["skip", "nobody"], 4, "not found");
    node.fails(&["skip"], 2, "PROCESS");
    let skipped = node.output(&["events", "sums", "--kind", "process.skipped"]);
    assert!(skipped.contains("attempt to"), "{skipped}");
}

#[test]
fn forks_and_snapshots_outlive_the_node() {
    let mut node = Node::start("past-forks");
    let pid = node.adder("sums", &["1", "2", "3"]);
    let forked = node.output(&["fork", "sums", "--at", "2", "--name", "other", "-o", "name"]);
    let forked = forked.trim();
    let made = node.output(&["snapshot", "create", "sums", "-o", "json"]);
    assert!(made.contains("\"slot\": 3") && made.contains("\"program\": \"app:adder\""), "{made}");
    node.session.as_ref().unwrap().signal("KILL");
    node.session.take().unwrap().end();
    node.up();
    node.output(&["send", "other", "add", "10"]);
    assert_eq!(node.session.as_ref().unwrap().line(), "sum 13");
    node.output(&["send", "sums", "add", "10"]);
    assert_eq!(node.session.as_ref().unwrap().line(), "sum 16");
    let history = node.output(&["history", forked]);
    assert!(history.contains(&format!("forked: {pid} at 2")), "{history}");
    assert!(node.output(&["replay", forked]).contains("1 snapshots met: the same"));
    let listed = node.output(&["snapshot", "list", "sums"]);
    assert!(listed.starts_with("SNAPSHOT") && listed.contains("app:adder"), "{listed}");
    assert_eq!(node.output(&["snapshot", "list", "other", "-o", "name"]), "1\n");
    node.fails(&["fork", "sums", "--at", "99"], 4, "there is no slot 99");
    node.fails(&["fork", forked, "--at", "1"], 4, "begins at slot 2, with the state of another");
    node.fails(&["fork", "nobody", "--at", "1"], 4, "process \"nobody\" not found");
    node.fails(&["fork", "sums", "--name", "other"], 6, "name \"other\" is taken");
    let plain = node.output(&["spawn", "app:plain"]);
    for command in [&["fork", plain.trim()][..], &["snapshot", "create", plain.trim()]] {
        node.fails(command, 4, "is not durable: nothing is kept of what it did");
    }
}

#[test]
fn what_would_not_be_seen_is_written_out() {
    let node = Node::start("past-tabs");
    node.output(&["spawn", "app:adder", "--name", "sums"]);
    node.output(&["send", "sums", "say", "a\tb"]);
    assert_eq!(node.session.as_ref().unwrap().line(), "said a\tb");
    let history = node.output(&["history", "sums"]);
    assert!(history.contains("print said a\\tb"), "{history}");
}

#[test]
fn processes_go_back_and_travel_in_files() {
    let mut node = Node::start("past-back");
    node.adder("sums", &["1", "2"]);
    let made = node.output(&["snapshot", "create", "sums", "-o", "name"]);
    let made = made.trim();
    node.output(&["send", "sums", "add", "10"]);
    assert_eq!(node.session.as_ref().unwrap().line(), "sum 13");
    let back = node.output(&["snapshot", "restore", "sums", made]);
    assert_eq!(back, "slot 3: the state of slot 2 again\n");
    node.session.as_ref().unwrap().signal("KILL");
    node.session.take().unwrap().end();
    node.up();
    node.output(&["send", "sums", "add", "4"]);
    assert_eq!(node.session.as_ref().unwrap().line(), "sum 7");
    assert!(node.output(&["history", "sums"]).contains("restored: its own snapshot at 2"));
    node.fails(&["snapshot", "restore", "sums", "99"], 4, "no snapshot 99: there is ");

    node.output(&["snapshot", "export", "sums", "sums.state", "--at", "2"]);
    let imported = node.output(&["snapshot", "import", "sums.state", "--name", "again"]);
    assert!(imported.contains("(slot 2 of "), "{imported}");
    node.output(&["send", "again", "add", "4"]);
    assert_eq!(node.session.as_ref().unwrap().line(), "sum 7");
    let file = node.directory.path().join("sums.state");
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[60] ^= 1;
    std::fs::write(&file, &bytes).unwrap();
    node.fails(&["snapshot", "import", "sums.state"], 2, "its checksum does not fit");
    std::fs::write(&file, &bytes[..50]).unwrap();
    node.fails(&["snapshot", "import", "sums.state"], 2, "the export is cut off: it has 50 bytes");
    node.fails(&["snapshot", "import", "_index.yaml"], 2, "no process that was exported");
    node.fails(&["snapshot", "import", "none.state"], 1, "failed to read none.state");
}

#[test]
fn dry_runs_tell_what_would_come() {
    let node = Node::start("past-dry");
    node.adder("sums", &["1"]);
    let told = node.output(&["call", "--dry-run", "sums", "add", "5"]);
    assert!(told.contains("print sum 6\n") && told.contains("its state would change"), "{told}");
    let failed = node.output(&["call", "--dry-run", "sums", "add", "x"]);
    assert!(failed.contains("it would fail: "), "{failed}");
    let ended = node.output(&["call", "--dry-run", "sums", "add", "end"]);
    assert!(ended.contains("it would end with 1"), "{ended}");
    node.fails(&["call", "--dry-run", "sums"], 2, "--dry-run needs a topic");
    node.fails(&["call", "--dry-run", "nobody", "add", "5"], 4, "not found");
    node.output(&["send", "sums", "add", "1"]);
    assert_eq!(node.session.as_ref().unwrap().line(), "sum 2");
}
