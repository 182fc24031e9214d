//! What must be true of a pool: always, and when everything has had its time.

use super::world::{DELAY_MAX_NS, World};
use procession_supervision::pool::Scale;
use procession_types::Pid;

/// Rounds after which it is clear that a pool does not come to rest.
const ROUNDS_MAX: usize = 20_000;

impl World {
    /// True at any moment.
    pub(super) fn check_always(&self) -> Result<(), String> {
        if self.finished.is_some() {
            return Ok(());
        }
        let status = self.pool.status(self.mailbox.len() as u32);
        let least = status.pinned.unwrap_or(status.bounds.0);
        let due = self.pool.next_deadline();
        let is_soon = due.is_some_and(|at| at <= self.now.after(DELAY_MAX_NS));
        let is_ending = status.members.ending > 0;
        if status.size < least && !status.is_stopping && !is_soon && !is_ending {
            return Err(format!("it has {} members and does nothing about it", status.size));
        }
        let counts = status.counts;
        if counts.handed < counts.done {
            return Err(format!("more was done than was handed out: {counts:?}"));
        }
        Ok(())
    }

    /// A member has just been started.
    pub(super) fn check_size(&self) -> Result<(), String> {
        let status = self.pool.status(0);
        let most = status.pinned.unwrap_or(status.bounds.1) as usize;
        let living = self.members.values().filter(|member| member.is_alive).count();
        if living > most {
            return Err(format!("{living} members live, and there may be {most}"));
        }
        Ok(())
    }

    /// A message is about to be handed to a member.
    pub(super) fn check_hand(&mut self, number: usize, pid: Pid) -> Result<(), String> {
        let Some(sent) = self.messages.get_mut(number) else {
            return Err("a message that nobody sent".to_owned());
        };
        if sent.is_dead {
            return Err(format!("message {number} is dead and is handed to {pid}"));
        }
        let holder = sent.holder.replace(pid);
        sent.handed += 1;
        self.report.redelivered += u64::from(sent.taken > 0);
        let most = self.pool.definition().recovery.redeliveries_max + 1;
        if sent.taken > most {
            return Err(format!("message {number} was taken {} times", sent.taken));
        }
        match holder {
            Some(holder) if self.members.get(&holder).is_some_and(|it| it.is_alive) => {
                Err(format!("message {number} is handed to {pid} and {holder} has it"))
            }
            Some(_) | None => Ok(()),
        }
    }

    pub(super) fn taken(&mut self, number: usize, by: Pid) -> Result<(), String> {
        let sent = &mut self.messages[number];
        sent.taken += 1;
        if sent.holder != Some(by) {
            return Err(format!("{by} takes message {number}, which {:?} has", sent.holder));
        }
        Ok(())
    }

    pub(super) fn done(&mut self, number: usize, by: Pid) -> Result<(), String> {
        let sent = &mut self.messages[number];
        sent.is_done = true;
        self.report.done += 1;
        if sent.holder != Some(by) {
            return Err(format!("{by} does message {number}, which {:?} has", sent.holder));
        }
        Ok(())
    }

    pub(super) fn died(&mut self, number: usize) -> Result<(), String> {
        let Some(sent) = self.messages.get_mut(number) else {
            return Err("a dead letter that nobody sent".to_owned());
        };
        if std::mem::replace(&mut sent.is_dead, true) {
            return Err(format!("message {number} is dead twice"));
        }
        Ok(())
    }

    /// Lets everything have its time, without anything going wrong, and checks everything.
    pub(super) fn settle(&mut self) -> Result<(), String> {
        self.note("all is calm".to_owned());
        self.is_calm = true;
        // Without members, nothing is ever done.
        self.set_size(Scale { size: Some(None), max_size: Some(6), ..Scale::default() })?;
        let mut rounds = 0;
        while !self.has_settled() {
            rounds += 1;
            if rounds > ROUNDS_MAX {
                let status = self.pool.status(self.mailbox.len() as u32);
                return Err(format!("it does not come to rest: {status:?}"));
            }
            for _ in 0..8 {
                self.live()?;
                self.deliver_order()?;
                self.deliver_news()?;
            }
            self.input_look()?;
            self.pass_time()?;
            self.check_always()?;
        }
        self.report.unhealthy += self.pool.counts().unhealthy;
        let result = self.check_messages();
        self.is_calm = false;
        self.report.ended += u64::from(self.finished.is_some());
        self.renew();
        result
    }

    fn input_look(&mut self) -> Result<(), String> {
        if self.finished.is_some() || self.mailbox.is_empty() {
            return Ok(());
        }
        self.input(procession_supervision::pool::Input::Look)
    }

    /// Whether nothing is under way and nobody has anything to do.
    fn has_settled(&self) -> bool {
        if self.finished.is_some() {
            return true;
        }
        let status = self.pool.status(0);
        let is_quiet = self
            .members
            .values()
            .all(|member| member.news.is_empty() && member.orders.is_empty() && member.is_alive);
        let members = status.members;
        let (least, most) = match status.pinned {
            Some(size) => (size, size),
            None => status.bounds,
        };
        is_quiet
            && !status.is_stopping
            && self.mailbox.is_empty()
            // What came back, too.
            && status.waiting == 0
            && members.busy + members.starting + members.ending + members.paused == 0
            && (least..=most).contains(&members.idle)
    }

    fn check_messages(&self) -> Result<(), String> {
        let failed = matches!(self.finished, Some(Err(_)));
        let waiting = self.mailbox.len();
        let given = self.messages.len() - waiting;
        for (number, sent) in self.messages[..given].iter().enumerate() {
            if !sent.is_done && !sent.is_dead {
                return Err(format!("message {number} is lost: {sent:?}, pool failed: {failed}"));
            }
        }
        if self.finished.is_none() && waiting > 0 {
            return Err(format!("{waiting} messages wait, and all members are idle"));
        }
        Ok(())
    }
}
