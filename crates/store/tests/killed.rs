//! A process that is killed in the middle: what it was told to be durable is there.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod common;

use common::{Directory, append, open, with};
use procession_store::{
    Bells, Change, Committer, CommitterConfig, DiskConfig, DiskStore, Space, Store, verify,
};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

const PLACE: &str = "PROCESSION_STORE_KILLED";
const LOGS: u64 = 5;

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let directory = Directory::new();
    let mut acknowledged = [0_u64; LOGS as usize];
    for round in 0..8_u32 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "writes_until_killed", "--ignored", "--nocapture"])
            .env(PLACE, directory.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut heard = 0;
        for line in lines {
            let line = line.unwrap();
            let Some((id, n)) = line.strip_prefix("done ").and_then(|it| it.split_once(' ')) else {
                continue;
            };
            acknowledged[id.parse::<usize>().unwrap()] = n.parse::<u64>().unwrap() + 1;
            heard += 1;
            // What it has printed before it was killed is still heard.
            if heard == 40 + round * 97 {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(heard >= 40 + round * 97, "it has ended by itself: {heard}");
        let config = DiskConfig { reserve_bytes: 0, ..DiskConfig::default() };
        let (store, _) = DiskStore::open(directory.path(), config).unwrap();
        for (id, next) in (0..).zip(&mut acknowledged) {
            let ends = verify(&store, id, 0).unwrap();
            assert!(ends.next >= *next, "round {round}, log {id}: {} < {next}", ends.next);
            let head = store.get(Space::Head, &id.to_be_bytes()).unwrap().unwrap();
            assert_eq!(head, ends.next.to_le_bytes(), "head and log are one");
            *next = ends.next;
        }
    }
}

#[test]
#[ignore = "runs as a child of what_was_acknowledged_survives_a_kill"]
fn writes_until_killed() {
    let directory = std::env::var_os(PLACE).unwrap();
    let store: Arc<dyn Store> = Arc::new(open_again(Path::new(&directory)));
    let mut next = [0; LOGS as usize];
    for (id, next) in (0..).zip(&mut next) {
        *next = store.log_ends(id).unwrap().next;
    }
    let config = CommitterConfig { queue_commits_max: 64, ..CommitterConfig::default() };
    let (room, has_room) = std::sync::mpsc::channel();
    let room = std::sync::Mutex::new(room);
    let on_room = Box::new(move || room.lock().unwrap().send(()).unwrap());
    let bells = Bells { on_room, on_decided: Box::new(|| {}) };
    let committer = Committer::start(store, config, bells).unwrap();
    loop {
        for (id, next) in (0..).zip(&mut next) {
            let n = *next;
            let head = (n + 1).to_le_bytes();
            let commit = with(
                append(id, n, &vec![id as u8; 700]),
                vec![Change::put(Space::Head, id.to_be_bytes(), head)],
            );
            let done = Box::new(move |result: Result<(), _>| {
                result.unwrap();
                let mut out = std::io::stdout().lock();
                writeln!(out, "done {id} {n}").and_then(|()| out.flush()).unwrap();
            });
            let mut submitted = committer.submit(commit, done);
            while let Err(refused) = submitted {
                has_room.recv().unwrap();
                submitted = committer.submit(refused.commit, refused.done);
            }
            *next += 1;
        }
    }
}

fn open_again(directory: &Path) -> DiskStore {
    if directory.join("version").exists() {
        let config = DiskConfig { reserve_bytes: 0, ..DiskConfig::default() };
        return DiskStore::open(directory, config).unwrap().0;
    }
    open(directory)
}
