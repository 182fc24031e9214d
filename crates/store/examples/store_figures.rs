//! Figures of the store on disk: `cargo run --release --example store_figures -- DIR [SECONDS]`.
//!
//! Appends of 200 bytes to 10 000 logs with head and two index changes each, by 1, 64 and 1024 writers
//! who wait for each; the same disk's fdatasync; opening with 100 000 processes; bytes on disk.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use procession_store::{
    Append, Bells, Change, Commit, Committer, CommitterConfig, DiskConfig, DiskStore, Space, Store,
};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

const LOGS: u64 = 10_000;
const RECORD: [u8; 200] = [b'r'; 200];

fn main() {
    let mut arguments = std::env::args().skip(1);
    let directory = PathBuf::from(arguments.next().unwrap_or_else(|| "figures.store".to_owned()));
    let seconds = arguments.next().and_then(|it| it.parse().ok()).unwrap_or(5.0);
    let time = Duration::from_secs_f64(seconds);
    fs::create_dir_all(&directory).unwrap();
    sync_rate(&directory.join("sync"), time.min(Duration::from_secs(2)));
    for writers in [1, 64, 1024] {
        let path = directory.join(format!("writers-{writers}"));
        appends(&path, writers, time);
    }
    opening(&directory.join("opening"));
}

fn sync_rate(path: &Path, time: Duration) {
    let mut file = File::create(path).unwrap();
    let mut taken = Vec::new();
    let begin = Instant::now();
    while begin.elapsed() < time {
        let one = Instant::now();
        file.write_all(&[1; 512]).unwrap();
        file.sync_data().unwrap();
        taken.push(one.elapsed());
    }
    taken.sort();
    let rate = taken.len() as f64 / begin.elapsed().as_secs_f64();
    let (p50, p99) = (taken[taken.len() / 2], taken[taken.len() * 99 / 100]);
    println!("fdatasync after 512 bytes: {rate:.0}/s, p50 {p50:?}, p99 {p99:?}");
    fs::remove_file(path).unwrap();
}

fn commit(id: u64, n: u64) -> Commit {
    let key = id.to_be_bytes();
    let mut entry = key.to_vec();
    entry.extend(n.to_be_bytes());
    let before = [&key[..], &n.saturating_sub(1).to_be_bytes()].concat();
    Commit {
        append: Some(Append { id, n, record: RECORD.to_vec() }),
        changes: vec![
            Change::put(Space::Head, key, [7; 32]),
            Change::put(Space::Inbox, entry, [1; 16]),
            Change::remove(Space::Inbox, before),
        ],
    }
}

/// Processor time of all threads so far, of which other load takes nothing.
fn cpu() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let behind_name = stat.rsplit_once(')').unwrap().1;
    let ticks = behind_name.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.map(|it| it.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

fn open(path: &Path) -> DiskStore {
    DiskStore::open(path, DiskConfig::default()).unwrap().0
}

fn appends(path: &Path, writers: u64, time: Duration) {
    let _ = fs::remove_dir_all(path);
    let store: Arc<dyn Store> = Arc::new(open(path));
    let config = CommitterConfig::default();
    let bells = Bells { on_room: Box::new(|| {}), on_decided: Box::new(|| {}) };
    let committer = Committer::start(Arc::clone(&store), config, bells).unwrap();
    let (done, decided) = channel();
    let mut next = vec![0; usize::try_from(LOGS).unwrap()];
    let mut submitted = 0;
    let mut submit = || {
        let id = submitted % LOGS;
        let n = &mut next[usize::try_from(id).unwrap()];
        let (done, at) = (done.clone(), Instant::now());
        let tell = move |result: Result<(), _>| {
            result.unwrap();
            let _ = done.send(at.elapsed());
        };
        committer.submit(commit(id, *n), Box::new(tell)).unwrap();
        *n += 1;
        submitted += 1;
    };
    (0..writers).for_each(|_| submit());
    let mut taken = Vec::new();
    let (begin, cpu_before) = (Instant::now(), cpu());
    while begin.elapsed() < time {
        taken.push(decided.recv().unwrap());
        submit();
    }
    let elapsed = begin.elapsed().as_secs_f64();
    committer.flush();
    let cpu_each = (cpu() - cpu_before) / u32::try_from(submitted).unwrap();
    let statistics = committer.statistics();
    taken.sort();
    let (p50, p99) = (taken[taken.len() / 2], taken[taken.len() * 99 / 100]);
    let rate = taken.len() as f64 / elapsed;
    let group = submitted as f64 / statistics.groups as f64;
    let applying = statistics.apply_time.as_secs_f64() / elapsed * 100.0;
    println!(
        "{writers} writers: {rate:.0} appends/s, p50 {p50:?}, p99 {p99:?}; {group:.0} in a group, \
         {:.0} groups/s, applying {applying:.0} % of the time, longest {:?}, {cpu_each:?} CPU each",
        statistics.groups as f64 / elapsed,
        statistics.apply_time_longest,
    );
    drop(committer);
    size_of(&*store, submitted, "as written");
    drop(store);
    let store = opened(path);
    let begin = Instant::now();
    store.compact().unwrap();
    size_of(&store, submitted, &format!("compacted in {:?}", begin.elapsed()));
    drop(store);
    drop(opened(path));
    fs::remove_dir_all(path).unwrap();
}

fn opened(path: &Path) -> DiskStore {
    let (begin, cpu_before) = (Instant::now(), cpu());
    let store = open(path);
    println!("    opened in {:?}, {:?} CPU", begin.elapsed(), cpu() - cpu_before);
    store
}

fn size_of(store: &dyn Store, records: u64, when: &str) {
    let bytes = store.size().unwrap().bytes;
    let each = bytes as f64 / records as f64;
    println!("    {when}: {} MiB, {each:.0} bytes a record", bytes >> 20);
}

fn opening(path: &Path) {
    const PROCESSES: u64 = 100_000;
    let _ = fs::remove_dir_all(path);
    let store = open(path);
    for n in 0..5 {
        for first in (0..PROCESSES).step_by(1000) {
            let commits = (first..first + 1000).map(|id| commit(id, n)).collect();
            store.apply(commits).into_iter().for_each(|result| result.unwrap());
        }
    }
    drop(store);
    let (begin, cpu_before) = (Instant::now(), cpu());
    let store = open(path);
    let (opened, opened_cpu) = (begin.elapsed(), cpu() - cpu_before);
    let id = PROCESSES / 2;
    let begin = Instant::now();
    let mut records = 0;
    store
        .records(id, 0, &mut |_, _| {
            records += 1;
            true
        })
        .unwrap();
    println!(
        "{PROCESSES} processes of 5 records: opened in {opened:?} ({opened_cpu:?} CPU), {records} records of one read in {:?}",
        begin.elapsed()
    );
    let mut taken = Vec::new();
    for id in (0..PROCESSES).step_by(97) {
        let begin = Instant::now();
        store.get(Space::Head, &id.to_be_bytes()).unwrap().unwrap();
        taken.push(begin.elapsed());
    }
    taken.sort();
    println!(
        "reading a head: p50 {:?}, p99 {:?}",
        taken[taken.len() / 2],
        taken[taken.len() * 99 / 100]
    );
    drop(store);
    fs::remove_dir_all(path).unwrap();
}
