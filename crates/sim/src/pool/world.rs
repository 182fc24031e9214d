//! One pool with its queue and its members, and the schedule.

mod changes;
mod deeds;
mod members;

use super::member::Member;
use super::{PoolFault, PoolReport};
use crate::random::Random;
use changes::definition;
use procession_supervision::pool::{Actions, Input, Moment, Pool};
use procession_types::{Error, Fragment, Message, Pid, Timestamp, word};
use std::collections::{BTreeMap, VecDeque};

const OPERATIONS_SHOWN: usize = 20;
const MS: u64 = 1_000_000;
/// Longest delay of a pool of the simulation.
pub(super) const DELAY_MAX_NS: u64 = 100 * MS;
/// Messages that its queue takes.
const QUEUE_MAX: usize = 20;

/// Where a message is, as the simulation knows it.
#[derive(Debug, Clone, Default)]
pub(super) struct Sent {
    /// How often it was handed out.
    pub(super) handed: u32,
    /// How often a member has taken it.
    pub(super) taken: u32,
    pub(super) holder: Option<Pid>,
    pub(super) is_done: bool,
    pub(super) is_dead: bool,
}

pub(super) struct World {
    pub(super) pool: Pool,
    pub(super) now: Timestamp,
    pub(super) random: Random,
    pub(super) mailbox: VecDeque<Message>,
    pub(super) members: BTreeMap<Pid, Member>,
    pub(super) messages: Vec<Sent>,
    /// The last message that was handed out for the first time.
    last_handed: Option<usize>,
    /// How the pool has ended.
    pub(super) finished: Option<Result<(), Error>>,
    /// Nothing goes wrong any more.
    pub(super) is_calm: bool,
    pub(super) report: PoolReport,
    pids: u32,
    fault: Option<PoolFault>,
    operations: VecDeque<String>,
}

impl World {
    pub(super) fn new(seed: u64, fault: Option<PoolFault>) -> Self {
        let mut random = Random::new(seed);
        // Small pools do in small steps what large ones do in larger ones.
        let step_max = 1 + random.below(4) as u32;
        let pool = Pool::new(definition(&mut random)).with_step_max(step_max);
        let mut world = Self {
            pool,
            now: Timestamp(1),
            random,
            mailbox: VecDeque::new(),
            members: BTreeMap::new(),
            messages: Vec::new(),
            last_handed: None,
            finished: None,
            is_calm: false,
            report: PoolReport::default(),
            pids: 0,
            fault,
            operations: VecDeque::new(),
        };
        // A pool that starts is not yet wrong.
        let _ = world.input(Input::Start);
        world
    }

    /// The next pool.
    pub(super) fn renew(&mut self) {
        let fresh = Self::new(self.random.next(), self.fault);
        let (report, operations) = (self.report, std::mem::take(&mut self.operations));
        let pids = self.pids;
        *self = fresh;
        self.report = report;
        self.operations = operations;
        self.pids += pids;
        self.note("a new pool".to_owned());
    }

    /// One random thing.
    pub(super) fn step(&mut self) -> Result<(), String> {
        match self.random.below(24) {
            0..4 => self.send()?,
            4..10 => self.deliver_order()?,
            10..16 => self.deliver_news()?,
            16..21 => self.live()?,
            21 => self.pass_time()?,
            22 if self.random.one_in(4) => self.scale()?,
            22 if self.random.one_in(8) => self.redefine()?,
            22 => self.input(Input::Look)?,
            _ if self.random.one_in(100) => {
                let wait = self.random.next() % (200 * MS);
                let deadline = self.random.one_in(2).then(|| self.now.after(wait));
                self.note(format!("the pool is stopped until {deadline:?}"));
                self.input(Input::Stop { deadline })?;
            }
            _ => self.pass_time()?,
        }
        self.check_always()
    }

    pub(super) fn input(&mut self, input: Input) -> Result<(), String> {
        let mut actions = Actions::new();
        let moment = self.moment();
        self.pool.handle(moment, input, &mut actions);
        self.carry_out(actions)
    }

    pub(super) fn moment(&mut self) -> Moment {
        let waiting = self.mailbox.len() as u32;
        Moment { now: self.now, waiting, queued: 0, random: self.random.next() }
    }

    pub(super) fn carry_out(&mut self, mut actions: Actions) -> Result<(), String> {
        loop {
            while let Some(action) = actions.pop() {
                self.act(action, &mut actions)?;
            }
            if !self.pool.wants_work() {
                return Ok(());
            }
            let Some(message) = self.mailbox.pop_front() else { return Ok(()) };
            let moment = self.moment();
            self.pool.handle(moment, Input::Work(message), &mut actions);
        }
    }

    fn send(&mut self) -> Result<(), String> {
        if self.mailbox.len() >= QUEUE_MAX || self.finished.is_some() {
            return Ok(());
        }
        let number = self.messages.len();
        self.messages.push(Sent::default());
        self.report.sent += 1;
        let words = [word::int_wrapping(number as i64)].into_iter().collect();
        let payload = Fragment::from_words(words, 1);
        self.mailbox.push_back(Message { topic: "work".into(), from: None, payload });
        if self.mailbox.len() > 1 && self.strikes(PoolFault::Reorder) {
            let last = self.mailbox.len() - 1;
            self.mailbox.swap(last, last - 1);
        }
        self.carry_out(Actions::new())
    }

    /// Mostly a moment, sometimes until something is due.
    pub(super) fn pass_time(&mut self) -> Result<(), String> {
        let next = self.pool.next_deadline().filter(|_| self.random.one_in(4));
        let wait = self.random.next() % (MS / 2);
        self.now = next.unwrap_or_else(|| self.now.after(wait)).max(self.now);
        let is_over = |member: &Member| member.deadline.is_some_and(|at| at <= self.now);
        let late = self.members.iter().filter(|(_, it)| it.is_alive && is_over(it));
        let late: Vec<Pid> = late.map(|(pid, _)| *pid).collect();
        late.into_iter().for_each(|pid| self.end(pid, "deadline", true));
        self.ring()
    }

    /// The alarm, if it is time.
    pub(super) fn ring(&mut self) -> Result<(), String> {
        let is_due = self.pool.next_deadline().is_some_and(|at| at <= self.now);
        if !is_due || self.finished.is_some() || self.fault == Some(PoolFault::LoseAlarm) {
            return Ok(());
        }
        self.input(Input::Tick)
    }

    fn some_member(&mut self, is_one: impl Fn(&Member) -> bool) -> Option<Pid> {
        let fitting = self.members.iter().filter(|(_, member)| is_one(member));
        let pids: Vec<Pid> = fitting.map(|(pid, _)| *pid).collect();
        self.random.pick(&pids)
    }

    fn strikes(&mut self, fault: PoolFault) -> bool {
        self.fault == Some(fault) && self.random.one_in(5)
    }

    pub(super) fn note(&mut self, operation: String) {
        if self.operations.len() == OPERATIONS_SHOWN {
            self.operations.pop_front();
        }
        self.operations.push_back(operation);
    }

    pub(super) fn operations(&self) -> Vec<String> {
        self.operations.iter().cloned().collect()
    }
}
