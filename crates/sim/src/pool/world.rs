//! One pool with its queue and its members, and the schedule.

use super::member::{Doing, Member, Order};
use super::{PoolFault, PoolReport};
use crate::random::Random;
use procession_supervision::pool::{Action, Actions, Input, Moment, Pool, Scale};
use procession_types::definition::{self, Lifecycle, Monitoring, PoolSize, Recovery, Restart};
use procession_types::{
    Error, ErrorKind, ExitReason, Failure, Fragment, Limit, Message, Pid, Rest, Timestamp, word,
};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

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

fn definition(random: &mut Random) -> definition::Pool {
    let least = random.below(4) as u32;
    let most = (least + random.below(4) as u32).max(1);
    definition::Pool {
        id: "sim:pool".into(),
        program: "sim:member".into(),
        host: "sim:host".into(),
        arguments: Vec::new(),
        context: BTreeMap::new(),
        labels: BTreeMap::new(),
        size: PoolSize { min_size: least, max_size: most, idle_timeout_ns: 40 * MS },
        queue_max: QUEUE_MAX as u32,
        monitoring: Monitoring {
            health_check_interval_ns: 20 * MS,
            health_check_timeout_ns: 5 * MS,
            ..Monitoring::default()
        },
        recovery: Recovery {
            restart_delay_ns: 2 * MS,
            // Some pools fail soon, some never.
            max_restarts: if random.one_in(3) { 3 } else { u32::MAX },
            redeliveries_max: random.below(4) as u32,
            ..Recovery::default()
        },
        lifecycle: Lifecycle {
            start_timeout_ns: 50 * MS,
            stop_timeout_ns: 20 * MS,
            restart: Restart { max_delay_ns: 50 * MS, ..Restart::default() },
            ..Lifecycle::default()
        },
    }
}

impl World {
    pub(super) fn new(seed: u64, fault: Option<PoolFault>) -> Self {
        let mut random = Random::new(seed);
        let pool = Pool::new(definition(&mut random));
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
        Moment { now: self.now, waiting, random: self.random.next() }
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

    fn act(&mut self, action: Action, actions: &mut Actions) -> Result<(), String> {
        if self.finished.is_some() {
            return Err(format!("{action:?} after the end"));
        }
        match action {
            Action::Spawn { member } => {
                let is_refused = !self.is_calm && self.random.one_in(6);
                let input = if is_refused {
                    let full = Error::limit(Limit::Processes, "host is full");
                    let broken = Error::invalid("syntax error");
                    let error = if self.random.one_in(4) { broken } else { full };
                    Input::Refused { member, error }
                } else {
                    Input::Spawned { member, pid: self.spawn()? }
                };
                if self.strikes(PoolFault::SpawnTwice) {
                    self.spawn()?;
                }
                let moment = self.moment();
                self.pool.handle(moment, input, actions);
            }
            Action::Hand { pid, message } => return self.hand(pid, &message, actions),
            Action::AskIdle { pid } => self.order(pid, Order::Ask(Rest::Idle)),
            Action::Cancel { pid, deadline } => {
                if let Some(member) = self.members.get_mut(&pid) {
                    member.deadline = Some(deadline);
                }
                self.order(pid, Order::Ask(Rest::Idle));
            }
            Action::Check { pid } => {
                self.order(pid, Order::Ask(Rest::WaitPoint));
                let member = self.members.get_mut(&pid);
                if let Some(member) = member.filter(|member| member.is_alive) {
                    let (memory_bytes, memory_bytes_max) = (u64::from(pid.slot % 40), 100);
                    let is_paused = member.is_paused;
                    let news = Input::Measured { pid, memory_bytes, memory_bytes_max, is_paused };
                    member.news.push_back(news);
                }
            }
            Action::Terminate { pid } => self.order(pid, Order::Terminate),
            Action::DeadLetter(letter) => {
                let number = number(&letter.message);
                if self.strikes(PoolFault::LoseLetter) {
                    return Ok(());
                }
                self.note(format!("message {number} is dead: {}", letter.error));
                self.report.dead += 1;
                self.died(number)?;
            }
            Action::Report(_) => {}
            Action::Finish(result) => {
                self.note(format!("the pool ends: {result:?}"));
                self.finished = Some(result);
            }
        }
        Ok(())
    }

    fn spawn(&mut self) -> Result<Pid, String> {
        self.pids += 1;
        let pid = Pid { host: 0, shard: 0, epoch: 1, slot: self.pids, generation: 0 };
        self.note(format!("{pid} starts"));
        self.report.spawned += 1;
        self.members.insert(pid, Member::new());
        self.check_size()?;
        Ok(pid)
    }

    fn hand(&mut self, pid: Pid, message: &Message, actions: &mut Actions) -> Result<(), String> {
        let number = number(message);
        let is_alive = self.members.get(&pid).is_some_and(|member| member.is_alive);
        // Sometimes it is on another shard, where nobody sees that it is paused.
        let is_paused = self.members.get(&pid).is_some_and(|member| member.is_paused);
        if is_alive && is_paused && self.random.one_in(2) {
            self.note(format!("message {number} does not go to {pid}, which is paused"));
            let error = Error::new(ErrorKind::Conflict, "the process is paused");
            let moment = self.moment();
            self.pool.handle(moment, Input::NotHanded { pid, error }, actions);
            return Ok(());
        }
        self.note(format!("message {number} goes to {pid}, which lives: {is_alive}"));
        self.check_hand(number, pid)?;
        if self.messages[number].handed == 1 {
            if self.last_handed.is_some_and(|last| last > number) {
                return Err(format!("message {number} is handed out after a later one"));
            }
            self.last_handed = Some(number);
        }
        if !is_alive {
            let error = Error::new(ErrorKind::NotFound, "process not found");
            let moment = self.moment();
            self.pool.handle(moment, Input::NotHanded { pid, error }, actions);
            return Ok(());
        }
        if self.strikes(PoolFault::LoseHand) {
            self.order(pid, Order::Ask(Rest::Idle));
            return Ok(());
        }
        self.order(pid, Order::Hand(number));
        let twin = self.members.iter().find(|(other, it)| **other != pid && it.is_alive);
        if let Some(twin) = twin.map(|(pid, _)| *pid)
            && self.strikes(PoolFault::HandTwice)
        {
            self.order(twin, Order::Hand(number));
        }
        Ok(())
    }

    fn order(&mut self, pid: Pid, order: Order) {
        if let Some(member) = self.members.get_mut(&pid) {
            member.orders.push_back(order);
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

    /// What is under way to a member arrives.
    pub(super) fn deliver_order(&mut self) -> Result<(), String> {
        let Some(pid) = self.some_member(|member| !member.orders.is_empty()) else {
            return Ok(());
        };
        let Some(member) = self.members.get_mut(&pid) else { return Ok(()) };
        let Some(order) = member.orders.pop_front() else { return Ok(()) };
        if member.is_alive && member.receive(pid, order) {
            self.end(pid, "terminated", true);
        }
        Ok(())
    }

    /// The pool hears what a member has done.
    pub(super) fn deliver_news(&mut self) -> Result<(), String> {
        let Some(pid) = self.some_member(|member| !member.news.is_empty()) else {
            return Ok(());
        };
        let Some(member) = self.members.get_mut(&pid) else { return Ok(()) };
        let Some(news) = member.news.pop_front() else { return Ok(()) };
        if !member.is_alive && member.news.is_empty() {
            self.members.remove(&pid);
        }
        self.note(format!("the pool hears {news:?}"));
        if matches!(news, Input::Ended { .. }) && self.strikes(PoolFault::LoseEnd) {
            return Ok(());
        }
        if self.finished.is_some() { Ok(()) } else { self.input(news) }
    }

    /// Somebody does something.
    pub(super) fn live(&mut self) -> Result<(), String> {
        let Some(pid) = self.some_member(|member| member.is_alive) else { return Ok(()) };
        let dice = self.random.below(100);
        let is_calm = self.is_calm;
        let Some(member) = self.members.get_mut(&pid) else { return Ok(()) };
        if !is_calm && dice < 2 || is_calm && member.is_paused {
            member.is_paused = !member.is_paused;
            member.tell(pid);
            return Ok(());
        }
        if member.is_paused {
            return Ok(());
        }
        match member.doing {
            _ if !is_calm && dice < 6 => self.end(pid, "crash", true),
            Doing::Hanging => {}
            _ if !is_calm && dice < 8 => self.end(pid, "returned", false),
            _ if !is_calm && dice < 9 => member.doing = Doing::Hanging,
            Doing::Starting => {
                member.doing = Doing::Waiting;
                member.tell(pid);
            }
            Doing::Waiting => {
                if let Some(number) = member.take() {
                    return self.taken(number, pid);
                }
            }
            Doing::Working(number) if dice < 50 => {
                member.doing = Doing::Pondering(number);
                member.tell(pid);
            }
            Doing::Working(number) | Doing::Pondering(number) => {
                if dice < 70 {
                    member.doing = Doing::Waiting;
                    self.done(number, pid)?;
                    if let Some(member) = self.members.get_mut(&pid) {
                        member.tell(pid);
                    }
                } else if dice < 73 {
                    // Its last message.
                    self.done(number, pid)?;
                    self.end(pid, "last", false);
                }
            }
        }
        Ok(())
    }

    fn end(&mut self, pid: Pid, why: &str, is_abnormal: bool) {
        let Some(member) = self.members.get_mut(&pid) else { return };
        // Who returns with a message has done it: that is what a return says.
        if let (Doing::Working(number) | Doing::Pondering(number), false) =
            (member.doing, is_abnormal)
        {
            self.messages[number].is_done = true;
        }
        member.end(pid);
        let reason = if is_abnormal {
            ExitReason::failed(Failure::Error(Error::new(ErrorKind::Internal, why)))
        } else {
            ExitReason::Normal(Fragment::nil())
        };
        member.news.push_back(Input::Ended { pid, reason: Arc::new(reason) });
        self.report.crashed += u64::from(is_abnormal);
        self.note(format!("{pid} ends: {why}"));
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

    fn scale(&mut self) -> Result<(), String> {
        let some = |random: &mut Random| random.one_in(2).then(|| random.below(7) as u32);
        let (min_size, max_size) = (some(&mut self.random), some(&mut self.random));
        let size = self.random.one_in(2).then(|| some(&mut self.random));
        self.set_size(Scale { size, min_size, max_size })
    }

    /// The pool gets another definition, and perhaps other members.
    fn redefine(&mut self) -> Result<(), String> {
        if self.finished.is_some() {
            return Ok(());
        }
        let mut actions = Actions::new();
        let new = definition(&mut self.random);
        // How often a message may fail stays: the model counts by it.
        let old = self.pool.definition();
        let recovery = Recovery { redeliveries_max: old.recovery.redeliveries_max, ..new.recovery };
        let new = definition::Pool { recovery, ..new };
        self.note(format!("another definition: {:?}", new.size));
        let moment = self.moment();
        self.pool.redefine(moment, new, &mut actions);
        let all: Vec<Pid> = self.members.keys().copied().collect();
        let some = self.random.pick(&all).into_iter().collect::<Vec<Pid>>();
        let which = [None, Some(&some[..]), Some(&[][..])][self.random.below(3)];
        self.note(format!("members make room: {which:?}"));
        let moment = self.moment();
        self.pool.retire(moment, which, &mut actions);
        self.carry_out(actions)?;
        self.report.redefined += 1;
        self.input(Input::Tick)
    }

    pub(super) fn set_size(&mut self, scale: Scale) -> Result<(), String> {
        if self.finished.is_some() {
            return Ok(());
        }
        let mut actions = Actions::new();
        let moment = self.moment();
        let done = self.pool.scale(moment, scale, &mut actions);
        self.note(format!("{scale:?}: {}", if done.is_ok() { "done" } else { "refused" }));
        self.carry_out(actions)?;
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

fn number(message: &Message) -> usize {
    let value = message.payload.integer(message.payload.values()[0]);
    value.and_then(|value| usize::try_from(value).ok()).unwrap_or(usize::MAX)
}
