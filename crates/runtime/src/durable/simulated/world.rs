//! The schedule.

use super::machine::{Machine, SHARDS, Sent, turn};
use super::programs::{KINDS, message, programs};
use super::truth::{Deed, Truth};
use crate::random::Random;
use procession_environment::Promise;
use procession_store::{Faults, FaultyStore, Store as _};
use procession_types::Pid;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex};

const ACCOUNTS: usize = 5;
/// Steps after which a node that can do nothing more is killed, at most.
const ZOMBIE_STEPS_MAX: u64 = 40;
/// Rounds in which everything must have come to rest.
const ROUNDS_MAX: usize = 20_000;
const MS: i64 = 1_000_000;

/// What a run was.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) crashes: u64,
    pub(super) stops: u64,
    pub(super) sent: u64,
    pub(super) acknowledged: u64,
    pub(super) lines: u64,
    /// Records of all logs at the end.
    pub(super) records: u64,
    pub(super) refused: u64,
    pub(super) duplicates: u64,
    pub(super) lies: u64,
}

impl Outcome {
    pub(super) fn add(&mut self, other: &Self) {
        self.crashes += other.crashes;
        self.stops += other.stops;
        self.sent += other.sent;
        self.acknowledged += other.acknowledged;
        self.lines += other.lines;
        self.records += other.records;
        self.refused += other.refused;
        self.duplicates += other.duplicates;
        self.lies += other.lies;
    }
}

/// See the module.
pub(super) struct World {
    seed: u64,
    random: Random,
    hand: &'static AtomicI64,
    store: Arc<FaultyStore>,
    machine: Option<Machine>,
    accounts: Vec<Pid>,
    faults: Faults,
    promise: Promise,
    truth: Truth,
    /// Steps that a node has left whose store has failed.
    zombie: Option<u64>,
    outcome: Outcome,
}

fn name(account: usize) -> String {
    format!("account-{account}")
}

impl World {
    pub(super) fn new(seed: u64, faults: Faults) -> Self {
        // A test is over when its clock is not needed any more.
        let hand: &'static AtomicI64 = Box::leak(Box::new(AtomicI64::new(1_700_000_000_000 * MS)));
        let store = Arc::new(FaultyStore::new(seed, Faults::default()));
        // What has left a process too early is done again when its commit is refused: nothing is promised
        // for that, as the documents say.
        let is_early = seed % 5 == 4 && faults.write_fails == 0;
        let promise = if is_early { Promise::Async } else { Promise::Local };
        let mut world = Self {
            seed,
            random: Random::new(Some(seed), 0),
            hand,
            store,
            machine: None,
            accounts: Vec::new(),
            faults,
            promise,
            truth: Truth::new(faults.sync_lies > 0, promise == Promise::Async),
            zombie: None,
            outcome: Outcome::default(),
        };
        world.start();
        for account in 0..ACCOUNTS {
            let shard = (account % usize::from(SHARDS)) as u16;
            let pid = world.machine().spawn(shard, "app:account", &name(account));
            world.accounts.push(pid);
        }
        world.calm();
        world.store.set_faults(faults);
        world
    }

    fn machine(&mut self) -> &mut Machine {
        self.machine.as_mut().expect("it runs between steps")
    }

    fn start(&mut self) {
        let store = Arc::clone(&self.store);
        // A start that fails is one that never was.
        store.set_faults(Faults::default());
        self.machine = Some(Machine::start(store, self.hand, programs(self.promise), self.seed));
        self.store.set_faults(self.faults);
        self.zombie = None;
    }

    fn below(&mut self, end: u64) -> u64 {
        self.random.next() % end
    }

    pub(super) fn run(mut self, steps: usize) -> Outcome {
        for _ in 0..steps {
            self.step();
        }
        self.store.set_faults(Faults::default());
        // What was refused although it was done is known after a start only.
        if self.faults.duplicate > 0 || self.below(2) == 0 {
            self.crash();
        }
        self.calm();
        for account in 0..ACCOUNTS {
            let deed = Deed { kind: "report", id: 0, from: account, to: 0, amount: 0 };
            self.send(&deed);
            self.calm();
        }
        let machine = self.machine.take().expect("it runs between steps");
        self.truth.check_logs(&machine, &self.store);
        self.outcome.records = self.truth.records;
        let mut machine = machine;
        machine.rest();
        self.truth.heard(&machine.stop());
        self.outcome.lines = self.truth.lines();
        self.outcome.acknowledged = self.truth.acknowledged();
        let counts = self.store.counts();
        (self.outcome.refused, self.outcome.duplicates) = (counts.refused, counts.duplicates);
        self.outcome.lies = counts.lies;
        self.truth.check(&(0..ACCOUNTS).map(name).collect::<Vec<_>>());
        self.outcome
    }

    fn step(&mut self) {
        if self.zombie.is_none() && self.store.size().is_err() {
            self.zombie = Some(self.below(ZOMBIE_STEPS_MAX));
        }
        match &mut self.zombie {
            Some(0) => return self.crash(),
            Some(left) => *left -= 1,
            None => {}
        }
        let (dice, more) = (self.below(1000), self.random.next());
        let machine = self.machine();
        let choose = |count: usize| (more % count as u64) as usize;
        match dice {
            0..400 => machine.look(choose(usize::from(SHARDS))),
            400..560 => drop(machine.write(1 + choose(6))),
            // Four threads would be at work.
            560..700 => drop(machine.read(|count| choose(count.min(4)))),
            700..760 => drop(machine.act(choose)),
            760..900 => self.deed(),
            900..970 => turn(self.hand, (more % 3) as i64 * MS),
            970..985 => turn(self.hand, 60 * MS),
            985..990 => turn(self.hand, 300 * MS),
            990..993 => self.stop(),
            993..997 => self.crash(),
            _ => self.calm(),
        }
    }

    fn deed(&mut self) {
        let kind = KINDS[self.below(KINDS.len() as u64) as usize];
        let (from, to) = (self.below(ACCOUNTS as u64), self.below(ACCOUNTS as u64));
        let amount = 1 + self.below(30) as i64;
        self.outcome.sent += 1;
        let id = self.outcome.sent as i64;
        self.send(&Deed { kind, id, from: from as usize, to: to as usize, amount });
    }

    fn send(&mut self, deed: &Deed) {
        let told = Arc::new(Mutex::new(Sent::Waits));
        let message = message(deed.kind, deed.id, &name(deed.to), deed.amount);
        let to = self.accounts[deed.from];
        self.machine().send(to, message, Arc::clone(&told));
        self.truth.does(deed, told);
    }

    /// The machine is gone between two steps.
    fn crash(&mut self) {
        let store = self.store.crash();
        self.store = Arc::new(store);
        if let Some(machine) = self.machine.take() {
            self.truth.heard(&machine.stop());
        }
        self.outcome.crashes += 1;
        turn(self.hand, MS);
        self.start();
    }

    /// The node is stopped in order, and started again.
    fn stop(&mut self) {
        let Some(mut machine) = self.machine.take() else { return };
        machine.rest();
        self.truth.heard(&machine.stop());
        self.outcome.stops += 1;
        if self.store.size().is_err() {
            self.store = Arc::new(self.store.crash());
        }
        turn(self.hand, MS);
        self.start();
    }

    /// Nothing goes wrong for a while, until nothing happens any more.
    fn calm(&mut self) {
        if self.store.size().is_err() {
            self.crash();
        }
        self.store.set_faults(Faults::default());
        let mut idle = 0;
        for _ in 0..ROUNDS_MAX {
            let mut is_busy = false;
            let machine = self.machine();
            for shard in 0..machine.workers.len() {
                machine.look(shard);
            }
            while machine.act(|_| 0) || machine.read(|_| 0) || machine.write(usize::MAX) {
                is_busy = true;
            }
            is_busy |= !machine.is_calm();
            idle = if is_busy { 0 } else { idle + 1 };
            if idle > 20 {
                return self.store.set_faults(self.faults);
            }
            turn(self.hand, 20 * MS);
        }
        panic!("it never comes to rest");
    }
}
