//! A member as the simulation has it, with what is under way to it and from it.

use procession_supervision::pool::Input;
use procession_types::{Pid, Rest, Timestamp};
use std::collections::VecDeque;

/// What a pool has sent to a member.
#[derive(Debug, Clone)]
pub(super) enum Order {
    /// A message, by its number; the rest of the member is asked for with it.
    Hand(usize),
    Ask(Rest),
    Terminate,
}

/// What a member does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    /// It has not waited yet.
    Starting,
    /// It waits for a message.
    Waiting,
    /// It runs, with a message.
    Working(usize),
    /// It is at a wait point, with a message.
    Pondering(usize),
    /// It will never do anything again.
    Hanging,
}

#[derive(Debug)]
pub(super) struct Member {
    pub(super) doing: Doing,
    pub(super) is_paused: bool,
    mailbox: VecDeque<usize>,
    asked: Option<Rest>,
    /// Messages that have arrived.
    handed: u64,
    pub(super) orders: VecDeque<Order>,
    /// What the pool has not heard yet.
    pub(super) news: VecDeque<Input>,
    pub(super) is_alive: bool,
    /// When it is terminated.
    pub(super) deadline: Option<Timestamp>,
}

impl Member {
    pub(super) fn new() -> Self {
        Self {
            doing: Doing::Starting,
            is_paused: false,
            mailbox: VecDeque::new(),
            asked: None,
            handed: 0,
            orders: VecDeque::new(),
            news: VecDeque::new(),
            is_alive: true,
            deadline: None,
        }
    }

    /// An order arrives; true when it ends the member.
    pub(super) fn receive(&mut self, pid: Pid, order: Order) -> bool {
        match order {
            Order::Hand(number) => {
                self.mailbox.push_back(number);
                self.handed += 1;
                self.asked = Some(Rest::Idle);
            }
            Order::Ask(rest) => {
                self.asked = Some(rest);
                self.tell(pid);
            }
            Order::Terminate => return true,
        }
        false
    }

    /// Takes its next message, if it waits for one.
    pub(super) fn take(&mut self) -> Option<usize> {
        if self.doing != Doing::Waiting {
            return None;
        }
        let number = self.mailbox.pop_front()?;
        self.doing = Doing::Working(number);
        Some(number)
    }

    /// Tells the pool of its rest, as it has asked.
    pub(super) fn tell(&mut self, pid: Pid) {
        if !self.mailbox.is_empty() || self.is_paused {
            return;
        }
        let told = match (self.asked, self.doing) {
            (Some(Rest::Idle), Doing::Waiting) => Input::Idle { pid, taken: self.handed },
            (Some(Rest::WaitPoint), Doing::Waiting | Doing::Pondering(_)) => {
                Input::WaitPoint { pid }
            }
            (_, Doing::Starting | Doing::Working(_) | Doing::Hanging)
            | (Some(Rest::Idle), Doing::Pondering(_))
            | (Some(Rest::Asleep | Rest::Halted), _)
            | (None, _) => return,
        };
        self.asked = None;
        self.news.push_back(told);
    }

    /// It ends; what it was handed and has not taken.
    pub(super) fn end(&mut self, pid: Pid) {
        self.is_alive = false;
        if self.handed > 0 {
            let count = self.handed - self.mailbox.len() as u64;
            self.news.push_back(Input::Took { pid, count });
        }
    }
}
