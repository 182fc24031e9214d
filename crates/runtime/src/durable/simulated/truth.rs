//! What must be true.

use super::machine::{Machine, Sent};
use super::programs::BALANCE;
use crate::durable::recover::Past;
use procession_durable::bytes::decoded;
use procession_durable::head::{Condition, Head, number};
use procession_store::{FaultyStore, Space, Store as _, verify};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// Above this are the numbers of what belongs to one deed.
const PARTS: i64 = 1_000_000;

/// What an account was asked for from outside.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deed {
    pub(super) kind: &'static str,
    pub(super) id: i64,
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) amount: i64,
}

/// See the module.
pub(super) struct Truth {
    deeds: BTreeMap<i64, (Deed, Arc<Mutex<Sent>>)>,
    /// Lines that were printed, and how often.
    heard: BTreeMap<String, u64>,
    /// The disk has lied: what was acknowledged may be gone, and what was seen may be done again.
    is_lied_to: bool,
    /// What accounts do is seen before it is on disk: it may be lost, and be seen again when it is done again.
    is_early: bool,
    pub(super) records: u64,
}

/// What an account says.
#[derive(Debug)]
struct Report {
    balance: i64,
    twice: i64,
    exits: usize,
    downs: usize,
    seen: BTreeSet<i64>,
    moved: BTreeSet<i64>,
    credits: BTreeSet<i64>,
}

impl Truth {
    pub(super) fn new(is_lied_to: bool, is_early: bool) -> Self {
        Self { deeds: BTreeMap::new(), heard: BTreeMap::new(), is_lied_to, is_early, records: 0 }
    }

    pub(super) fn does(&mut self, deed: &Deed, told: Arc<Mutex<Sent>>) {
        if deed.kind != "report" {
            self.deeds.insert(deed.id, (*deed, told));
        }
    }

    /// Takes in what was printed.
    pub(super) fn heard(&mut self, lines: &str) {
        for line in lines.lines() {
            *self.heard.entry(line.to_owned()).or_default() += 1;
        }
    }

    pub(super) fn lines(&self) -> u64 {
        self.heard.values().sum()
    }

    fn is_acknowledged(told: &Mutex<Sent>) -> bool {
        *told.lock().expect("no panic") == Sent::Acknowledged
    }

    pub(super) fn acknowledged(&self) -> u64 {
        self.deeds.values().filter(|(_, told)| Self::is_acknowledged(told)).count() as u64
    }

    /// Chains are whole, and every process is in the state to which its log leads from the beginning,
    /// whether it went there through crashes and snapshots or not.
    pub(super) fn check_logs(&mut self, machine: &Machine, store: &FaultyStore) {
        let mut heads: Vec<Head> = Vec::new();
        let scanned = store.scan(Space::Head, &[], &[], false, &mut |_, bytes| {
            heads.push(decoded(bytes).expect("a head"));
            true
        });
        scanned.expect("nothing is damaged");
        let keeper = machine.shared.keeper.as_ref().expect("a store");
        for head in heads {
            let id = number(&head.birth.pid);
            let ends = verify(store, id, 0).expect("the chain is whole");
            self.records += ends.next;
            if let Condition::Halted { n, error } = &head.condition {
                panic!("process {id} stands still at record {n}: {error}");
            }
            if head.condition != Condition::Alive || ends.first > 0 {
                continue;
            }
            let state = |n_max| {
                let mut past =
                    Past::begin(&machine.shared, keeper, &head, n_max).expect("it is there");
                past.run(u64::MAX).expect("it goes through its past");
                (past.n, past.ledger, past.guest.snapshot())
            };
            assert_eq!(state(u64::MAX), state(0), "process {id}");
        }
    }

    pub(super) fn check(&self, accounts: &[String]) {
        let twice: Vec<_> = self.heard.keys().filter(|line| line.starts_with("twice")).collect();
        // What was seen too early may have been a life that is on no disk: the reports say what is.
        assert!(self.is_early || twice.is_empty(), "{twice:?}");
        let reports: Vec<Report> = accounts.iter().map(|name| self.report(name)).collect();
        let sum = |amounts: &BTreeSet<i64>| amounts.iter().map(|id| self.amount(*id)).sum::<i64>();
        let (mut moved, mut credits) = (BTreeSet::new(), BTreeSet::new());
        for (at, report) in reports.iter().enumerate() {
            assert_eq!(report.twice, 0, "account {at}: {report:?}");
            let expected = BALANCE - sum(&report.moved) + sum(&report.credits);
            assert_eq!(report.balance, expected, "account {at}: {report:?}");
            for id in &report.seen {
                let deed = self.deeds.get(id).map(|(deed, _)| deed);
                assert!(deed.is_some_and(|deed| deed.from == at), "{id} of account {at}: {deed:?}");
            }
            let seen = |kind| report.seen.iter().filter(move |id| self.deeds[id].0.kind == kind);
            let ended = seen("child").count() + seen("cancel").count();
            assert_eq!(report.exits, ended, "exits of account {at}: {report:?}");
            assert_eq!(report.downs, seen("link").count(), "links of account {at}: {report:?}");
            for id in &report.moved {
                assert!(moved.insert(*id), "{id} was given twice");
            }
            for id in &report.credits {
                assert!(credits.insert(*id), "{id} was taken twice");
            }
        }
        assert_eq!(moved, credits, "what was given was taken");
        for (id, (deed, told)) in &self.deeds {
            self.check_deed(
                deed,
                Self::is_acknowledged(told),
                reports[deed.from].seen.contains(id),
            );
        }
        self.check_lines(&reports);
    }

    fn check_deed(&self, deed: &Deed, is_acknowledged: bool, is_done: bool) {
        if deed.kind == "fail" {
            assert!(!is_done, "{deed:?} was done");
        } else if !self.is_lied_to {
            assert!(is_done || !is_acknowledged, "{deed:?} was acknowledged and is lost");
        }
    }

    /// What was seen was done, and was seen once.
    fn check_lines(&self, reports: &[Report]) {
        for (line, count) in &self.heard {
            assert!(!line.starts_with("never"), "{line}");
            let Some(("did", about)) = line.split_once(' ') else { continue };
            let id: i64 = about.rsplit(' ').next().and_then(|id| id.parse().ok()).expect("an id");
            if self.is_lied_to || self.is_early {
                continue;
            }
            let from = self.deeds[&id].0.from;
            assert!(reports[from].seen.contains(&id), "{line}: it was seen and is lost");
            assert_eq!(*count, 1, "{line}: it was seen before it was on disk");
        }
    }

    fn amount(&self, id: i64) -> i64 {
        // The parts of a burst have numbers of their own.
        let of = if id > PARTS { (id - PARTS) / 10 } else { id };
        let deed =
            self.deeds.get(&of).map(|(deed, _)| deed).expect("it does not come from nowhere");
        assert_eq!(deed.kind == "burst", id > PARTS, "{id} is a part of {deed:?}");
        deed.amount
    }

    fn report(&self, name: &str) -> Report {
        let begin = format!("report | {name} |");
        let lines: Vec<_> = self.heard.keys().filter(|line| line.starts_with(&begin)).collect();
        let [line] = lines[..] else { panic!("{name} has reported {lines:?}") };
        let parts: Vec<&str> = line.split(" | ").collect();
        let number = |at: usize| parts[at].parse::<i64>().expect("a number");
        let list = |at: usize| {
            let ids = parts[at].split(',').filter(|id| !id.is_empty());
            ids.map(|id| id.parse().expect("a number")).collect()
        };
        Report {
            balance: number(2),
            twice: number(3),
            exits: number(4) as usize,
            downs: number(5) as usize,
            seen: list(6),
            moved: list(7),
            credits: list(8),
        }
    }
}
