//! A bank whose accounts are durable processes, on a node that is killed at random moments: no money is made
//! or lost, no transfer that was acknowledged is lost, none is done twice, and every chain of the store
//! verifies.
//!
//! A test starts itself again as the node, with [`NODE`] set. `cargo xtask torture --minutes N --variant V`
//! runs one of them for longer; `--seed S` draws the same numbers again, though the moments are never the
//! same.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]

mod accounts;
mod bank;
mod disk;
mod variant;

use accounts::{ACCOUNTS, BALANCE};
use bank::{Bank, Removed};
use disk::{Failure, Filler};
use procession_store::{DiskConfig, DiskStore, Space, Store, check, verify};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use variant::Variant;

/// The directory of the store, for the node.
const NODE: &str = "PROCESSION_TORTURE_NODE";
/// Which life of the node it is, for the node.
const LIFE: &str = "PROCESSION_TORTURE_LIFE";
/// How long the run takes.
const MINUTES: &str = "PROCESSION_TORTURE_MINUTES";
/// What the numbers of the run are drawn from.
const SEED: &str = "PROCESSION_TORTURE_SEED";
/// The small disk, for a run on one.
const DISK: &str = "PROCESSION_TORTURE_DISK";
/// Transfers that a run in the tests has at least.
const TRANSFERS_MIN: usize = 200;
/// How long transfers may be on their way between accounts.
const PATIENCE: Duration = Duration::from_secs(60);

/// The same numbers for the same seed.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// A run, and what its user knows.
struct Torture<'a> {
    variant: Variant,
    test: &'a str,
    directory: PathBuf,
    seed: u64,
    random: Random,
    life: u64,
    /// The next transfer.
    next: i64,
    /// Transfers that were acknowledged, and the accounts that have them.
    acknowledged: BTreeMap<i64, u64>,
    refused: u64,
    /// Lives that ended before the node was ready.
    stillborn: u64,
}

impl Torture<'_> {
    fn about(&self, life: &str) -> String {
        let directory = self.directory.display();
        format!("{}, seed {}, {life}, store {directory}", self.test, self.seed)
    }

    fn command(&self) -> Command {
        let mut command = bank::itself(self.test);
        command.env(NODE, &self.directory).env(LIFE, self.life.to_string());
        command
    }

    /// One life of the node: transfers until it is killed by another thread.
    fn live(&mut self) {
        let mut command = self.command();
        let mut life = format!("life {}", self.life);
        if self.variant == Variant::Fault {
            let failure = Failure::next(self.life, &self.directory, &mut self.random);
            command = failure.around(&self.directory, command);
            life = format!("{life} with {failure:?}");
        }
        let filler = (self.variant == Variant::FullDisk).then(|| {
            let random = Random(self.random.below(1 << 30));
            Filler::start(self.directory.parent().unwrap(), random)
        });
        let about = self.about(&life);
        let Some(mut bank) = Bank::start(command, about.clone()) else {
            assert!(self.variant.may_refuse(), "{about}: the node did not start");
            self.stillborn += 1;
            return;
        };
        let pid = bank.pid().to_string();
        let micros = 2_000 + self.random.below(self.variant.life_max());
        let killer = std::thread::spawn(move || {
            // The moment is what is tried: nothing comes here but the end of the time.
            let (_sender, never) = std::sync::mpsc::channel::<()>();
            let _ = never.recv_timeout(Duration::from_micros(micros));
            Command::new("kill").args(["-9", &pid]).status().unwrap();
        });
        while self.deed(&mut bank) {}
        killer.join().unwrap();
        bank.wait();
        drop(filler);
    }

    /// Something that the user does; false when the node was killed before it answered.
    fn deed(&mut self, bank: &mut Bank) -> bool {
        let (from, to) = (self.random.below(ACCOUNTS), self.random.below(ACCOUNTS));
        let (id, amount) = (self.next, self.random.below(50));
        let other = match self.variant {
            Variant::Upgrade if self.random.below(3) == 0 => {
                format!("upgrade account-{from} {}", self.random.below(5))
            }
            Variant::Compaction if self.random.below(20) == 0 => "compact".to_owned(),
            _ => {
                self.next += 1;
                format!("transfer account-{from} {id} account-{to} {amount}")
            }
        };
        let Some(answer) = bank.ask(&other) else { return false };
        if answer != "done" {
            assert!(self.variant.may_refuse(), "{}: {other}: {answer}", self.about("a life"));
            assert!(answer.starts_with("refused: Unavailable"), "{other}: {answer}");
            self.refused += 1;
        } else if self.next > id {
            self.acknowledged.insert(id, from);
        }
        true
    }

    /// What must be true when everybody is done.
    fn judge(&self) {
        let about = self.about("the last life");
        let mut bank = Bank::start(self.command(), about.clone()).expect("the node starts");
        let [money, count, twice, upgrades] = settled(&mut bank, &about);
        let (acknowledged, refused) = (self.acknowledged.len() as i64, self.refused);
        println!(
            "{} lives ({} of them stillborn), {acknowledged} transfers acknowledged, {refused} refused, {count} done, {upgrades} upgrades",
            self.life, self.stillborn
        );
        assert_eq!(money, ACCOUNTS as i64 * BALANCE, "{about}: money is conserved");
        assert_eq!(twice, 0, "{about}: no transfer is done twice");
        assert!(count >= acknowledged, "{about}: {count} of {acknowledged}");
        assert!(count < self.next, "{about}: none comes from nowhere");
        self.none_is_missing(&mut bank, &about);
        match self.variant {
            Variant::Upgrade => assert!(upgrades > 0, "{about}: nobody was upgraded"),
            Variant::Eviction => assert_sleeping(&mut bank, &about),
            _ => {}
        }
        bank.stop();
        self.check_store(&about);
    }

    fn none_is_missing(&self, bank: &mut Bank, about: &str) {
        let mut of_account: BTreeMap<u64, Vec<String>> = BTreeMap::new();
        for (id, account) in &self.acknowledged {
            of_account.entry(*account).or_default().push(id.to_string());
        }
        for (account, ids) in of_account {
            for some in ids.chunks(1000) {
                let missing = bank.ask(&format!("missing account-{account} {}", some.join(" ")));
                assert_eq!(missing.as_deref(), Some(""), "{about}: lost by account-{account}");
            }
        }
    }

    /// As `procession store check` does.
    fn check_store(&self, about: &str) {
        let (store, _) = DiskStore::open(&self.directory, DiskConfig::default()).unwrap();
        let mut damaged = Vec::new();
        let counts = check(&store, &mut |damage| damaged.push(damage.to_string())).unwrap();
        assert!(damaged.is_empty(), "{about}: {damaged:?}");
        let mut logs = 0;
        let mut verified = |key: &[u8], _: &[u8]| {
            let id = u64::from_be_bytes(key.try_into().unwrap());
            logs += u64::from(verify(&store, id, 0).unwrap().next > 0);
            true
        };
        store.scan(Space::Head, &[], &[], false, &mut verified).unwrap();
        // With those that were born when the disk failed, and never had a turn.
        assert!(logs >= ACCOUNTS, "{about}: {logs} accounts have logs");
        let has_any = |space| {
            let mut has_any = false;
            let look = &mut |_: &[u8], _: &[u8]| {
                has_any = true;
                false
            };
            store.scan(space, &[], &[], false, look).unwrap();
            has_any
        };
        match self.variant {
            Variant::Snapshot => {
                assert!(has_any(Space::Snapshot) && has_any(Space::Page), "{about}: no snapshot");
            }
            Variant::Compaction => assert!(counts.trimmed > 0, "{about}: every record is there"),
            _ => {}
        }
    }
}

/// What the accounts say, when nothing is on its way between them any more.
fn settled(bank: &mut Bank, about: &str) -> [i64; 4] {
    let started = Instant::now();
    loop {
        let report = bank.ask("report").expect("the node lives");
        let numbers = report.split(' ').map(str::parse).collect::<Result<Vec<i64>, _>>();
        let numbers = numbers.unwrap_or_else(|_| panic!("{about}: {report}"));
        if numbers[0] == ACCOUNTS as i64 * BALANCE || started.elapsed() > PATIENCE {
            return numbers.try_into().unwrap();
        }
    }
}

fn assert_sleeping(bank: &mut Bank, about: &str) {
    let resident = bank.ask("resident").unwrap();
    let numbers: Vec<u64> = resident.split(' ').map(|number| number.parse().unwrap()).collect();
    let (in_memory, sleeping) = (numbers[0], numbers[1]);
    assert!(sleeping > in_memory, "{about}: {in_memory} in memory, {sleeping} asleep");
}

/// One test: the node when it is called as such, and otherwise the whole run.
fn torture(test: &str, variant: Variant) {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    if let Some(directory) = std::env::var_os(NODE) {
        return accounts::serve(Path::new(&directory), variant, number(LIFE).unwrap());
    }
    let own = std::env::temp_dir().join(format!("torture-{test}-{}", std::process::id()));
    let disk = std::env::var_os(DISK).map(PathBuf::from);
    let place = disk.clone().unwrap_or(own);
    let _removed = disk.is_none().then(|| Removed(&place));
    if variant == Variant::FullDisk && disk.is_none() {
        // In minutes the journals alone take 128 MiB.
        let mebibytes = if number(MINUTES).is_some() { 400 } else { 40 };
        match disk::on_a_small_disk(test, (&place, mebibytes), DISK) {
            Some(is_good) => assert!(is_good, "see above"),
            None => eprintln!("no small file system can be mounted here: nothing is tried"),
        }
        return;
    }
    let seed = number(SEED).unwrap_or_else(|| u64::from(std::process::id()));
    let mut run = Torture {
        variant,
        test,
        directory: place.join("store"),
        seed,
        random: Random(seed),
        life: 0,
        next: 1,
        acknowledged: BTreeMap::new(),
        refused: 0,
        stillborn: 0,
    };
    println!("{test}: seed {seed}");
    let end = number(MINUTES).map(|minutes| Instant::now() + Duration::from_secs(minutes * 60));
    let goes_on = |run: &Torture<'_>| match end {
        Some(end) => Instant::now() < end,
        // On a busy machine a life may be over before anything was done.
        None => run.life < variant.lives() || run.acknowledged.len() < TRANSFERS_MIN,
    };
    while goes_on(&run) {
        run.live();
        run.life += 1;
    }
    run.judge();
    if variant.may_refuse() {
        assert!(run.refused + run.stillborn > 0, "{test}: seed {seed}: the disk never failed");
    }
}

macro_rules! tests {
    ($($test:ident: $variant:ident,)*) => {
        $(#[test]
        fn $test() {
            torture(stringify!($test), Variant::$variant);
        })*
    };
}

tests! {
    kill: Kill,
    upgrade: Upgrade,
    snapshot: Snapshot,
    compaction: Compaction,
    eviction: Eviction,
    fault: Fault,
    full_disk: FullDisk,
}
