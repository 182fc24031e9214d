//! Random commits against a model, on every kind of store, opened again at random moments.
#![allow(clippy::unwrap_used)]

mod common;

use common::Directory;
use procession_store::{
    Append, Change, Commit, DiskConfig, DiskStore, Faults, FaultyStore, Hash, MemoryStore, ROOT,
    Record, Space, Store, StoreError, link, log_key, read_log_key, verify,
};
use std::collections::BTreeMap;

/// What a store has to hold.
#[derive(Debug, Clone, Default, PartialEq)]
struct Model {
    /// Of each log: where it begins, and its records from there with their hashes; the hash before.
    logs: BTreeMap<u64, Log>,
    values: BTreeMap<(Space, Vec<u8>), Vec<u8>>,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Log {
    first: u64,
    previous: Hash,
    records: Vec<(Vec<u8>, Hash)>,
}

impl Log {
    fn next(&self) -> u64 {
        self.first + self.records.len() as u64
    }

    fn head(&self) -> Hash {
        self.records.last().map_or(self.previous, |(_, hash)| *hash)
    }
}

impl Model {
    /// Whether a commit is to be taken; carries it out.
    fn apply(&mut self, commit: &Commit) -> bool {
        let mut after = self.clone();
        if let Some(Append { id, n, record }) = &commit.append {
            let log = after.logs.entry(*id).or_default();
            if log.next() != *n {
                return false;
            }
            let hash = link(*id, *n, &log.head(), record);
            log.records.push((record.clone(), hash));
        }
        let forgotten: Vec<&Change> = commit
            .changes
            .iter()
            .filter(|it| it.space == Space::Log && it.key.len() == 8)
            .collect();
        for change in &commit.changes {
            match (change.space, &change.value) {
                (Space::Log, _) => {
                    let Some((id, last)) = read_log_key(&change.key) else { continue };
                    if forgotten.iter().any(|it| it.key == id.to_be_bytes()) {
                        continue;
                    }
                    let log = after.logs.entry(id).or_default();
                    if log.next() == 0 || last < log.first {
                        continue;
                    }
                    if last >= log.next() {
                        return false;
                    }
                    let gone = usize::try_from(last + 1 - log.first).unwrap();
                    log.previous = log.records[gone - 1].1;
                    log.records.drain(..gone);
                    log.first = last + 1;
                }
                (space, Some(value)) => {
                    after.values.insert((space, change.key.clone()), value.clone());
                }
                (space, None) => {
                    after.values.remove(&(space, change.key.clone()));
                }
            }
        }
        for change in forgotten {
            after.logs.remove(&u64::from_be_bytes(change.key[..].try_into().unwrap()));
        }
        *self = after;
        true
    }

    fn check(&self, store: &dyn Store, what: &str) {
        for space in Space::ALL.into_iter().filter(|it| *it != Space::Log) {
            let mut found = Vec::new();
            store
                .scan(space, b"", b"", false, &mut |key, value| {
                    found.push((key.to_vec(), value.to_vec()));
                    true
                })
                .unwrap();
            let expected = self.values.iter().filter(|((it, _), _)| *it == space);
            let expected: Vec<_> =
                expected.map(|((_, key), value)| (key.clone(), value.clone())).collect();
            assert_eq!(found, expected, "{what}: {space}");
        }
        let mut records = 0;
        for id in 0..LOGS {
            let log = self.logs.get(&id).cloned().unwrap_or_default();
            let ends = verify(store, id, 0).unwrap();
            let found = (ends.first, ends.next, ends.previous, ends.head);
            let expected = (log.first, log.next(), log.previous, log.head());
            assert_eq!(found, expected, "{what}: log {id}");
            for (n, (body, hash)) in (log.first..).zip(&log.records) {
                let value = store.get(Space::Log, &log_key(id, n)).unwrap().unwrap();
                assert_eq!(Record::of_value(&value), Some(Record { body, hash: *hash }), "{what}");
            }
            records += log.records.len();
        }
        let mut found = 0;
        let count = &mut |_: &[u8], _: &[u8]| {
            found += 1;
            true
        };
        store.scan(Space::Log, b"", b"", true, count).unwrap();
        assert_eq!(found, records, "{what}: nothing is left of what was trimmed");
    }
}

const LOGS: u64 = 6;

struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn bytes(&mut self, length: u64) -> Vec<u8> {
        let length = self.below(length);
        (0..length).map(|_| self.below(256) as u8).collect()
    }

    /// A commit that mostly makes sense after what the model holds.
    fn commit(&mut self, model: &Model) -> Commit {
        let mut commit = Commit::default();
        let id = self.below(LOGS);
        let next = model.logs.get(&id).map_or(0, Log::next);
        if self.below(10) < 8 {
            let wrong = if self.below(12) == 0 { self.below(3) } else { 0 };
            let n = (next + wrong).saturating_sub(u64::from(self.below(20) == 0));
            let longest = if self.below(30) == 0 { 30_000 } else { 300 };
            commit.append = Some(Append { id, n, record: self.bytes(longest) });
        }
        for _ in 0..self.below(4) {
            let space = Space::ALL[1 + self.below(10) as usize];
            let key = vec![self.below(30) as u8; 1 + self.below(2) as usize];
            let change = match self.below(4) {
                0 => Change::remove(space, key),
                1 if self.below(10) == 0 => Change::put(space, key, self.bytes(20_000)),
                _ => Change::put(space, key, self.bytes(40)),
            };
            commit.changes.push(change);
        }
        match self.below(20) {
            0 => commit.changes.push(Change::trim_log(id, self.below(next + 2))),
            1 => commit.changes.push(Change::trim_log(self.below(LOGS), self.below(next + 2))),
            2 if self.below(3) == 0 => commit.changes.push(Change::forget_log(id)),
            _ => {}
        }
        commit
    }

    /// Commits that are applied together, and what the model says of each.
    fn group(&mut self, model: &mut Model) -> (Vec<Commit>, Vec<bool>) {
        let count = 1 + self.below(8);
        let mut group = Vec::new();
        let mut expected = Vec::new();
        for _ in 0..count {
            let commit = self.commit(model);
            expected.push(model.apply(&commit));
            group.push(commit);
        }
        (group, expected)
    }
}

fn run(store: &dyn Store, random: &mut Random, model: &mut Model, groups: u64) {
    for _ in 0..groups {
        let (group, expected) = random.group(model);
        let results = store.apply(group.clone());
        for ((result, expected), commit) in results.iter().zip(&expected).zip(&group) {
            assert_eq!(result.is_ok(), *expected, "{commit:?}: {result:?}");
        }
    }
}

#[test]
fn memory_is_as_the_model() {
    for seed in 0..20 {
        let mut random = Random(seed);
        let (store, mut model) = (MemoryStore::new(), Model::default());
        for _ in 0..5 {
            run(&store, &mut random, &mut model, 40);
            model.check(&store, &format!("memory, seed {seed}"));
        }
        assert_ne!(model.logs.get(&0).map_or(ROOT, Log::head), ROOT);
    }
}

#[test]
fn the_disk_is_as_the_model() {
    for seed in 100..103 {
        let mut random = Random(seed);
        let directory = Directory::new();
        // Journals are kept at the end of one, and written to tables at that of another.
        let journal_bytes_kept = [0, 50_000, u64::MAX][seed as usize % 3];
        let config = DiskConfig { reserve_bytes: 0, journal_bytes_kept, ..DiskConfig::default() };
        let open = || DiskStore::open(directory.path(), config).unwrap().0;
        let mut store = open();
        let mut model = Model::default();
        for round in 0..6 {
            let groups = random.below(60);
            run(&store, &mut random, &mut model, groups);
            match random.below(3) {
                0 => store.compact().unwrap(),
                1 => {
                    drop(store);
                    store = open();
                }
                _ => {}
            }
            model.check(&store, &format!("disk, seed {seed}, round {round}"));
        }
    }
}

#[test]
fn after_faults_it_is_as_one_of_two_models() {
    let (mut ends, mut refused) = (0, 0);
    for seed in 0..40 {
        let mut random = Random(seed);
        let mut store = FaultyStore::new(seed, Faults::HONEST);
        let mut model = Model::default();
        for _ in 0..150 {
            let mut after = model.clone();
            let (group, expected) = random.group(&mut after);
            let results = store.apply(group);
            let failed = results.iter().any(|it| matches!(it, Err(StoreError::Failed { .. })));
            if failed {
                ends += 1;
                store = store.crash();
                // All of the group, or nothing.
                let heads = |it: &Model| {
                    let logs = it.logs.iter().filter(|(_, log)| log.next() > 0);
                    logs.map(|(id, log)| (*id, log.head())).collect::<Vec<_>>()
                };
                let found: Vec<_> = (0..LOGS)
                    .map(|id| (id, store.log_ends(id).unwrap()))
                    .filter(|(_, it)| it.next > 0)
                    .map(|(id, it)| (id, it.head))
                    .collect();
                let values = |it: &Model| it.values.clone();
                let mut stored = BTreeMap::new();
                for space in Space::ALL.into_iter().filter(|it| *it != Space::Log) {
                    let visit = &mut |key: &[u8], value: &[u8]| {
                        stored.insert((space, key.to_vec()), value.to_vec());
                        true
                    };
                    store.scan(space, b"", b"", false, visit).unwrap();
                }
                if found == heads(&after) && stored == values(&after) {
                    model = after;
                }
                model.check(&store, &format!("faulty, seed {seed}"));
                continue;
            }
            let written = results.iter().any(Result::is_ok);
            if expected.contains(&true) && !written {
                refused += 1;
                continue;
            }
            let taken: Vec<bool> = results.iter().map(Result::is_ok).collect();
            assert_eq!(taken, expected);
            model = after;
        }
        model.check(&store, &format!("faulty, seed {seed}"));
    }
    assert!(ends > 20 && refused > 20, "{ends} {refused}");
}
