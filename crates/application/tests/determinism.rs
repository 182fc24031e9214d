//! Every example with durable processes: run again from what was written down, from the beginning and from a
//! snapshot at every place where a process waited, they come to the same states.
#![allow(clippy::unwrap_used)]

mod common;

use common::Scratch;
use procession_application::{assemble, read};
use procession_durable::bytes::decoded;
use procession_durable::head::Head;
use procession_environment::SpawnRequest;
use procession_policy::Unidentified;
use procession_runtime::{HistoryFrom, Node, Sinks, SnapshotRule};
use procession_spec::Mode;
use procession_store::{Commit, Found, MemoryStore, Space, Store, StoreError, forward_store};
use procession_telemetry::{Query, Stream};
use procession_types::{Context, Fragment, FragmentBuilder, Pid};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

/// A store that keeps every snapshot.
#[derive(Default)]
struct Attic(MemoryStore);

impl Store for Attic {
    forward_store!(0: get inspect log_ends trimmed_logs compact size);

    fn apply(&self, mut commits: Vec<Commit>) -> Vec<Result<(), StoreError>> {
        for commit in &mut commits {
            let is_kept = |space| matches!(space, Space::Snapshot | Space::Page);
            commit.changes.retain(|change| change.value.is_some() || !is_kept(change.space));
        }
        self.0.apply(commits)
    }
}

impl Attic {
    /// Every process that there was.
    fn pids(&self) -> Vec<Pid> {
        let mut pids = Vec::new();
        let each = &mut |_: &[u8], found: Found<'_>| {
            let Found::Value(bytes) = found else { panic!("a damaged head") };
            pids.push(decoded::<Head>(bytes).unwrap().birth.pid);
            true
        };
        self.0.inspect(Space::Head, &[], &[0xFF; 9], false, each).unwrap();
        pids
    }
}

/// An example of the repository, with its processes durable and its index as given.
struct Example {
    store: Arc<Attic>,
    node: Node,
}

impl Example {
    fn new(name: &str, index: Option<&str>, files: &[(&str, &str)]) -> Self {
        let scratch = Scratch::new(name);
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
        for entry in std::fs::read_dir(source).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let file = path.file_name().unwrap().to_str().unwrap();
                scratch.write(file, &std::fs::read_to_string(&path).unwrap());
            }
        }
        let own = scratch.path().join("_index.yaml");
        let index = index.map_or_else(|| std::fs::read_to_string(own).unwrap(), str::to_owned);
        let kind = "    kind: process.lua\n";
        assert!(index.contains(kind));
        let durable = format!("{kind}    durable: true\n    on_error: exit\n");
        scratch.write("_index.yaml", &index.replace(kind, &durable));
        files.iter().for_each(|(path, text)| scratch.write(path, text));
        let (application, _) =
            read(scratch.path(), Mode::Strict).unwrap_or_else(|error| panic!("{error}"));
        let none = std::iter::empty();
        let made = assemble(&application, scratch.path(), none, Unidentified::Allow);
        let store = Arc::new(Attic::default());
        let mut config = made.config;
        config.sinks = Sinks::none();
        config.store = Some(Arc::clone(&store) as Arc<dyn Store>);
        config.snapshots = SnapshotRule { records_max: 1, ..SnapshotRule::default() };
        let node = Node::start(config).unwrap();
        if !made.definition.declared.services.is_empty() {
            node.start_application(made.definition).unwrap();
        }
        Self { store, node }
    }

    /// Runs a program of it to its end.
    fn run(&self, program: &str, arguments: Fragment) {
        let request = SpawnRequest {
            program: program.into(),
            host: "app:processes".into(),
            arguments,
            ..SpawnRequest::default()
        };
        let started = self.node.spawn(request, Context::default()).unwrap();
        let reason = started.ending.unwrap().wait_for(PATIENCE).unwrap();
        assert!(reason.error().is_none(), "{reason:?}");
    }

    /// Replays all its processes, and gives how many states were compared.
    fn check(&self) -> u64 {
        self.node.flush_store();
        let mut states = 0;
        for pid in self.store.pids() {
            let whole = self.node.replay(pid, 0, u64::MAX).unwrap();
            assert_eq!(whole.difference, None, "{}", self.node.pid_text(pid));
            states += whole.snapshots;
            let slots = self.node.history_page(pid, HistoryFrom::Slot(0), 1).unwrap().slots;
            for slot in 0..slots {
                let part = self.node.replay(pid, slot, slot + 1).unwrap();
                assert_eq!(part.difference, None, "{} from {slot}", self.node.pid_text(pid));
                states += part.snapshots;
            }
        }
        states
    }
}

fn text(value: &str) -> Fragment {
    let mut builder = FragmentBuilder::new();
    let value = builder.string(value.as_bytes());
    builder.finish(&[value])
}

#[test]
fn hello() {
    let index = "version: \"1.0\"
namespace: app
entries:
  - name: main
    kind: process.lua
    source: file://main.lua
  - name: greeter
    kind: process.lua
    source: file://greeter.lua
";
    let example = Example::new("hello", Some(index), &[]);
    example.run("app:main", text("you"));
    assert_eq!(example.store.pids().len(), 2);
    // How often somebody waits is up to the machine.
    example.check();
}

#[test]
fn wordcount() {
    let index = "version: \"1.0\"
namespace: app
grants:
  - fs:few
entries:
  - name: main
    kind: process.lua
    source: file://main.lua
    modules: [fs, ctx]
    imports: {texts: texts}
  - name: worker
    kind: process.lua
    source: file://worker.lua
    modules: [fs]
    imports: {texts: texts}
  - name: texts
    kind: library.lua
    source: file://texts.lua
";
    let files = [
        ("few/a.txt", "one two two three three three"),
        ("few/b.txt", "one two two"),
        ("few/poison.txt", "over this it fails"),
    ];
    let example = Example::new("wordcount", Some(index), &files);
    example.run("app:main", text("few"));
    assert!(example.store.pids().len() > 3);
    let states = example.check();
    assert!(states > 2, "{states}");
}

#[test]
fn tour() {
    let files = [
        ("texts/a.txt", "one two two three three three"),
        ("texts/b.txt", "one two two"),
        ("texts/poison.txt", "A worker that reads this crashes on purpose."),
    ];
    let example = Example::new("tour", None, &files);
    let everything = Query { after: Some(0), ..Query::default() };
    let mut logs = example.node.follow(Stream::Logs, everything, None);
    let end = Instant::now() + PATIENCE;
    let mut seen = String::new();
    while !seen.contains("2 texts, most often: two 4, three 3, one 2") {
        assert!(Instant::now() < end, "{seen}\n{:?}", example.node.supervised());
        for record in &logs.wait(Duration::from_secs(1)).records {
            seen.push_str(&String::from_utf8_lossy(&record.message));
            seen.push('\n');
        }
    }
    example.node.stop_application(None).unwrap();
    let states = example.check();
    assert!(states > 2, "{states}");
}
