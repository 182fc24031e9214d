//! The trivial guest: in its turn it does a few random things and says how the turn ends.

use crate::world::World;
use procession_kernel::{
    Asker, CallId, CallKind, Cancel, Definition, Directory, QueueId, Spawn, Spawned, TurnEnd,
};
use procession_types::{
    Context, Error, ErrorKind, ExitReason, Failure, Fragment, Limits, Message, Pid, Rest, SmolStr,
    Topic, word,
};
use std::sync::Arc;

/// Processes alive at which no more are spawned.
const PROCESSES_MAX: usize = 40;
/// Topics there are.
const TOPICS: usize = 4;
/// Names there are.
const NAMES: usize = 6;

/// Limits small enough to be met.
pub(crate) fn limits() -> Limits {
    Limits {
        mailbox_messages_max: 12,
        links_max: 12,
        names_max: 2,
        calls_max: 3,
        topics_max: 2,
        ..Limits::default()
    }
}

pub(crate) fn topic(number: u8) -> Topic {
    Topic::new(["t0", "t1", "t2", "t3"][usize::from(number) % TOPICS])
}

impl World {
    /// A turn of the process at a slot.
    pub(crate) fn play(&mut self, shard: usize, slot: u32, pid: Pid) -> Result<TurnEnd, String> {
        for _ in 0..self.random.below(5) {
            let other = self.partner(pid).unwrap_or(pid);
            match self.random.below(17) {
                0..2 => self.send(shard, slot, pid, other)?,
                2 => self.hand(shard, slot, pid)?,
                3..6 => self.receive(shard, slot, pid)?,
                6 => self.read_event(shard, slot, pid)?,
                7 => self.relate(shard, slot, pid, other)?,
                8 => self.unrelate(shard, slot, pid, other)?,
                9 => self.spawn(shard, Some((slot, pid)))?,
                10 => self.name(shard, slot, pid, other)?,
                11 => self.listen(shard, slot)?,
                12 => {
                    let trap = self.random.one_in(2);
                    self.kernels[shard].set_trap_links(slot, trap);
                }
                13 => self.calls(shard, slot)?,
                14 => self.end(shard, slot, pid, other)?,
                15 => self.ask(shard, pid, other)?,
                _ => self.ask_rest(shard, slot, pid, other)?,
            }
        }
        Ok(match self.random.below(160) {
            0..30 => TurnEnd::Waiting,
            30..158 => TurnEnd::Preempted,
            158 => TurnEnd::Exited(ExitReason::Normal(Fragment::nil())),
            _ => {
                let error = Error::new(ErrorKind::Internal, "crash");
                TurnEnd::Exited(ExitReason::failed(Failure::Error(error)))
            }
        })
    }

    /// Mostly anybody; often one of the family, since pairs must meet again to get into disorder.
    fn partner(&mut self, pid: Pid) -> Option<Pid> {
        let family =
            if self.random.one_in(2) { self.model.a_child(pid) } else { self.model.parent(pid) };
        family.filter(|_| self.random.one_in(3)).or_else(|| self.somebody())
    }

    fn send(&mut self, shard: usize, slot: u32, pid: Pid, to: Pid) -> Result<(), String> {
        let number = self.random.below(TOPICS) as u8;
        let id = self.model.next_message();
        let words = [word::int_wrapping(id)].into_iter().collect();
        let payload = Fragment::from_words(words, 1);
        let near = self.kernels[shard].locate(to).filter(|_| usize::from(to.shard) != shard);
        let waiting = |world: &Self| near.map(|slot| world.kernels[shard].waiting(slot));
        let before = waiting(self);
        let sent = self.on(shard, |k, cx| k.send(cx, slot, to, topic(number), payload))?;
        self.report.near += u64::from(waiting(self) > before);
        self.note(format!("{pid} sends {id} to {to}: {}", outcome(&sent)));
        match sent {
            Ok(()) => self.model.sent(pid, to, number),
            Err(error) if error.kind == ErrorKind::NotFound && self.model.is_alive(to) => {
                return Err(format!("{pid} could not find {to}, which lives"));
            }
            Err(_) => {}
        }
        Ok(())
    }

    /// Hands a message to a child; without one it sends to itself.
    fn hand(&mut self, shard: usize, slot: u32, pid: Pid) -> Result<(), String> {
        let Some(child) = self.model.a_child(pid) else {
            return self.send(shard, slot, pid, pid);
        };
        let number = self.random.below(TOPICS) as u8;
        let id = self.model.next_message();
        let words = [word::int_wrapping(id)].into_iter().collect();
        let payload = Fragment::from_words(words, 1);
        let message = Message { topic: topic(number), from: Some(pid), payload };
        let handed = self.on(shard, |kernel, cx| kernel.hand(cx, slot, child, message))?;
        self.note(format!("{pid} hands {id} to {child}: {}", outcome(&handed)));
        match handed {
            Ok(()) => self.model.handed(pid, child, number),
            // The mailbox is full, or the child is paused.
            Err(error) if !matches!(error.kind, ErrorKind::RateLimited | ErrorKind::Conflict) => {
                return Err(format!("a parent can't hand to its child: {error}"));
            }
            Err(_) => {}
        }
        Ok(())
    }

    fn receive(&mut self, shard: usize, slot: u32, pid: Pid) -> Result<(), String> {
        let queue = match self.random.below(3) {
            0 => self.some_queue(shard, slot),
            _ => QueueId::INBOX,
        };
        let had = self.kernels[shard].has_message(slot, queue);
        let message = self.on(shard, |kernel, cx| kernel.receive(cx, slot, queue))?;
        if had != message.is_some() {
            return Err(format!("{pid} was told wrongly whether it has a message"));
        }
        match message {
            Some(message) => {
                let has_event = self.kernels[shard].has_event(slot);
                self.model.received(pid, &message, has_event)
            }
            None => Ok(()),
        }
    }

    /// The queue of a topic, if it is listened to or can be.
    fn some_queue(&mut self, shard: usize, slot: u32) -> QueueId {
        let number = self.random.below(TOPICS) as u8;
        self.kernels[shard].listen(slot, &topic(number)).unwrap_or(QueueId::INBOX)
    }

    fn listen(&mut self, shard: usize, slot: u32) -> Result<(), String> {
        let queue = self.some_queue(shard, slot);
        if queue != QueueId::INBOX && self.random.one_in(2) {
            self.kernels[shard].unlisten(slot, queue);
            if self.kernels[shard].has_message(slot, queue) {
                return Err("a queue that was closed has messages".to_owned());
            }
        }
        Ok(())
    }

    pub(crate) fn read_event(&mut self, shard: usize, slot: u32, pid: Pid) -> Result<(), String> {
        let Some(event) = self.kernels[shard].receive_event(slot) else { return Ok(()) };
        match event {
            procession_types::Event::Exit { .. } => self.report.exits += 1,
            procession_types::Event::LinkDown { .. } => self.report.links_down += 1,
            procession_types::Event::Cancel { .. } => {}
            procession_types::Event::Rest { .. } => self.report.rests += 1,
            procession_types::Event::Took { .. } => self.report.took += 1,
        }
        self.check_order(shard, slot, pid, &event)?;
        self.model.event(pid, &event, self.now)
    }

    fn relate(&mut self, shard: usize, slot: u32, pid: Pid, other: Pid) -> Result<(), String> {
        if self.random.one_in(2) {
            let done = self.on(shard, |kernel, cx| kernel.monitor(cx, slot, other))?;
            self.note(format!("{pid} monitors {other}: {}", outcome(&done)));
            if done.is_ok() {
                self.model.monitors(pid, other);
            }
        } else {
            // Before the step: it may fail with the link at once.
            self.model.links(pid, other);
            let done = self.on(shard, |kernel, cx| kernel.link(cx, slot, other))?;
            self.note(format!("{pid} links {other}: {}", outcome(&done)));
        }
        Ok(())
    }

    fn unrelate(&mut self, shard: usize, slot: u32, pid: Pid, other: Pid) -> Result<(), String> {
        if self.random.one_in(2) {
            self.note(format!("{pid} unmonitors {other}"));
            self.model.unmonitors(pid, other);
            let _ = self.on(shard, |kernel, cx| kernel.unmonitor(cx, slot, other))?;
        } else {
            self.note(format!("{pid} unlinks {other}"));
            let _ = self.on(shard, |kernel, cx| kernel.unlink(cx, slot, other))?;
        }
        Ok(())
    }

    pub(crate) fn spawn_from_outside(&mut self) -> Result<(), String> {
        let shard = self.random.below(self.kernels.len());
        self.spawn(shard, None)
    }

    fn spawn(&mut self, shard: usize, parent: Option<(u32, Pid)>) -> Result<(), String> {
        if self.model.alive().count() >= PROCESSES_MAX {
            return Ok(());
        }
        let program = SmolStr::new("app:x");
        let host = u16::from(self.random.one_in(4));
        let lives_on = self.random.below(self.kernels.len());
        let elsewhere = (lives_on != shard && self.random.one_in(2))
            .then(|| self.kernels[lives_on].set_aside())
            .flatten();
        self.report.born_elsewhere += u64::from(elsewhere.is_some());
        let definition = Definition { program, limits: limits(), built_in: false };
        let spawn = Spawn {
            pid: elsewhere.map(|vacancy| vacancy.pid(host)),
            host,
            definition: Arc::new(definition),
            context: Arc::new(Context::default()),
            parent: parent.map(|(slot, _)| slot),
            monitored: parent.is_some() && self.random.one_in(3),
            linked: parent.is_some() && self.random.one_in(3),
            called: parent.is_some() && self.random.one_in(4),
            name: self.random.one_in(3).then(|| self.some_name()),
            messages: Vec::new(),
        };
        let (monitored, linked, called) = (spawn.monitored, spawn.linked, spawn.called);
        let by = parent.map(|(_, pid)| pid);
        let made = self.on(shard, |kernel, cx| kernel.spawn(cx, spawn))?;
        let Ok(Spawned::New { slot, pid, .. }) = made else { return Ok(()) };
        self.note(format!("{by:?} spawns {pid} on shard {shard}"));
        self.report.spawned += 1;
        self.model.spawned(pid, by)?;
        if self.random.one_in(8) {
            // Its top level raises: nobody hears of it.
            return self.on(shard, |kernel, cx| kernel.discard(cx, slot, parent.map(|p| p.0)));
        }
        if let Some(parent) = by {
            if monitored {
                self.model.monitors(parent, pid);
            }
            if linked {
                self.model.links(parent, pid);
            }
            if called {
                self.model.called(parent, pid);
            }
        }
        self.know(pid);
        self.on(shard, |kernel, cx| kernel.launch(cx, slot, 10))
    }

    fn some_name(&mut self) -> SmolStr {
        SmolStr::new(["n0", "n1", "n2", "n3", "n4", "n5"][self.random.below(NAMES)])
    }

    fn name(&mut self, shard: usize, slot: u32, pid: Pid, other: Pid) -> Result<(), String> {
        let name = self.some_name();
        let holder = if self.random.one_in(2) { other } else { pid };
        let done = self.on(shard, |kernel, cx| kernel.register(cx, slot, &name, holder))?;
        self.note(format!("{pid} names {holder} {name}: {}", outcome(&done)));
        if self.random.one_in(4) {
            self.directory.release(&name);
        }
        Ok(())
    }

    fn calls(&mut self, shard: usize, slot: u32) -> Result<(), String> {
        let calls: Vec<CallId> = self.kernels[shard].calls(slot);
        match self.random.pick(&calls) {
            Some(call) if self.kernels[shard].is_finished(slot, call) => {
                let reply = self.kernels[shard].finish(slot, call);
                if reply.is_none() || self.kernels[shard].finish(slot, call).is_some() {
                    return Err("a reply is there once".to_owned());
                }
                self.report.replies += 1;
                Ok(())
            }
            Some(call) if self.random.one_in(3) => {
                self.on(shard, |kernel, cx| kernel.abandon(cx, slot, call))
            }
            Some(_) | None => {
                let until = self.now.after(self.random.next() % 200);
                // There may be too many.
                let call = self.kernels[shard].open_call(slot, CallKind::Sleep { until });
                if let (Ok(call), true) = (call, self.random.one_in(3)) {
                    let until = self.now.after(self.random.next() % 200);
                    let limited = self.kernels[shard].limit_call(slot, call, until);
                    return limited.map_err(|error| format!("a new call is pending: {error}"));
                }
                Ok(())
            }
        }
    }

    fn ask(&mut self, shard: usize, pid: Pid, other: Pid) -> Result<(), String> {
        let number = self.model.next_question();
        // Before the step: it may be answered at once.
        self.model.asks(number, other);
        let by = Asker::Outside(number);
        let asked = self.on(shard, |kernel, cx| kernel.inspect(cx, other, by))?;
        self.note(format!("{pid} asks about {other}: {}", outcome(&asked)));
        match asked {
            Ok(()) => Ok(()),
            Err(_) => self.model.refused(number),
        }
    }

    /// Asks about a child, sometimes about somebody else.
    fn ask_rest(&mut self, shard: usize, slot: u32, pid: Pid, other: Pid) -> Result<(), String> {
        let child = if self.random.one_in(4) { None } else { self.model.a_child(pid) };
        let other = child.unwrap_or(other);
        let rest = if self.random.one_in(2) { Rest::WaitPoint } else { Rest::Idle };
        // Before the step: it may be answered at once.
        self.model.asks_rest(pid, other);
        let asked = self.on(shard, |kernel, cx| kernel.ask_rest(cx, slot, other, rest))?;
        self.note(format!("{pid} asks when {other} is at rest: {}", outcome(&asked)));
        match asked {
            Err(error) if child.is_some() => Err(format!("a parent was refused: {error}")),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn end(&mut self, shard: usize, slot: u32, pid: Pid, other: Pid) -> Result<(), String> {
        let done = if self.random.one_in(4) {
            self.on(shard, |kernel, cx| kernel.terminate_by(cx, slot, other))?
        } else {
            let deadline = self.random.one_in(3).then(|| self.now.after(50));
            let reason = Some(self.model.cancels(pid, other).to_string().into());
            let cancel = Cancel { from: Some(pid), deadline, reason };
            let done = self.on(shard, |kernel, cx| kernel.cancel(cx, other, cancel))?;
            if done.is_err() {
                self.model.orders.did_not_cancel(pid, other);
            }
            done
        };
        self.note(format!("{pid} ends {other}: {}", outcome(&done)));
        Ok(())
    }
}

fn outcome(result: &Result<(), Error>) -> String {
    result.as_ref().map_or_else(ToString::to_string, |()| "ok".to_owned())
}
