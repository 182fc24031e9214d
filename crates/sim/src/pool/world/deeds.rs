//! What the pool wants done, and how it may go wrong.

use super::World;
use crate::pool::PoolFault;
use crate::pool::member::{Member, Order};
use procession_supervision::pool::{Action, Actions, Input};
use procession_types::{Error, ErrorKind, Limit, Message, Pid, Rest};

impl World {
    pub(super) fn act(&mut self, action: Action, actions: &mut Actions) -> Result<(), String> {
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
            Action::Hand { pid, message, .. } => return self.hand(pid, &message, actions),
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
            Action::Done { .. } => return Err("no queue keeps anything here".to_owned()),
            Action::Rest { .. } => return Err("nobody of this pool is durable".to_owned()),
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

    pub(super) fn spawn(&mut self) -> Result<Pid, String> {
        self.pids += 1;
        let pid = Pid { host: 0, shard: 0, epoch: 1, slot: self.pids, generation: 0 };
        self.note(format!("{pid} starts"));
        self.report.spawned += 1;
        self.members.insert(pid, Member::new());
        self.check_size()?;
        Ok(pid)
    }

    pub(super) fn hand(
        &mut self,
        pid: Pid,
        message: &Message,
        actions: &mut Actions,
    ) -> Result<(), String> {
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

    pub(super) fn order(&mut self, pid: Pid, order: Order) {
        if let Some(member) = self.members.get_mut(&pid) {
            member.orders.push_back(order);
        }
    }
}

fn number(message: &Message) -> usize {
    let value = message.payload.integer(message.payload.values()[0]);
    value.and_then(|value| usize::try_from(value).ok()).unwrap_or(usize::MAX)
}
