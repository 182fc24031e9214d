//! What the members do, and what the pool hears of it.

use super::World;
use crate::pool::PoolFault;
use crate::pool::member::Doing;
use procession_supervision::pool::Input;
use procession_types::{Error, ErrorKind, ExitReason, Failure, Fragment, Pid};
use std::sync::Arc;

impl World {
    /// What is under way to a member arrives.
    pub(in crate::pool) fn deliver_order(&mut self) -> Result<(), String> {
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
    pub(in crate::pool) fn deliver_news(&mut self) -> Result<(), String> {
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
    pub(in crate::pool) fn live(&mut self) -> Result<(), String> {
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

    pub(super) fn end(&mut self, pid: Pid, why: &str, is_abnormal: bool) {
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
}
