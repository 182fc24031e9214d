//! Upgrades that somebody outside asks for: another program goes on in the place of a running one.
//!
//! What a process has in hand is in its state, which an upgrade drops. So by default it happens where the
//! process is at rest: all of it waits, it has asked nobody for an answer that is under way, and it waits
//! for a message, or for its events (it could be asked to end there), or it has never got a message at all.
//! What waits in its mailbox is the new program's.

use crate::node::Node;
use crate::worker::{Worker, discard};
use procession_kernel::SlotIndex;
use procession_types::{Error, ErrorKind, Fragment, Pid, ShardIndex, SmolStr};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// How often a process that moves from shard to shard is followed.
const MOVES_MAX: usize = 100;
/// Upgrades that may wait on one shard.
const WAITING_MAX: usize = 10_000;
/// How long a durable process may take to come back for an upgrade that does not wait for anything else.
const RETURN_MAX: Duration = Duration::from_secs(60);

/// When a process is upgraded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// As soon as it is at rest, for so long at most: all of it waits, for a message, its events, or, when
    /// it has never got a message, for anything but an answer.
    AtRest(Duration),
    /// After its turn, whatever it has in hand.
    Now,
}

/// What a process is to become.
#[derive(Debug, Clone)]
struct Renewal {
    pid: Pid,
    /// `None` = the program that it runs, as it is defined now.
    program: Option<SmolStr>,
    arguments: Fragment,
}

/// What became of a request.
enum Answer {
    Done(Result<(), Error>),
    /// The process is not on this shard.
    Elsewhere,
}

/// An upgrade that waits until its process is at rest.
pub(crate) struct Waiting {
    renewal: Renewal,
    when: When,
    reply: Sender<Answer>,
}

impl Node {
    /// Lets another program (`None` = the same, as it is defined now) go on in the place of a process's
    /// program, with these arguments. Its PID, names, links, monitors, context and unread messages
    /// stay; its state is gone. When the new program does not load, the old one goes on.
    ///
    /// # Errors
    /// `NotFound` (process, program); what loading says when the program does not load; `Invalid` when the
    /// process is a part of the runtime; `Timeout` when it was never at rest, or is durable and did not come
    /// back in time; `Conflict` when it is durable and stands still, or nobody looks after it; `Unavailable`
    /// when it can't be done just now. In all cases the old program goes on.
    pub fn upgrade(
        &self,
        pid: Pid,
        program: Option<&str>,
        arguments: Fragment,
        when: When,
    ) -> Result<(), Error> {
        let renewal = Renewal { pid, program: program.map(SmolStr::new), arguments };
        let patience = match when {
            When::AtRest(patience) => patience,
            When::Now => RETURN_MAX,
        };
        let end = Instant::now().checked_add(patience);
        let mut shard = pid.shard;
        for _ in 0..MOVES_MAX {
            let (reply, answer) = channel();
            let waiting = Waiting { renewal: renewal.clone(), when, reply };
            let next = self.on(shard, move |worker| worker.ask_renewal(waiting))?;
            match self.renewed(answer, (end, when == When::Now), shard, pid) {
                Answer::Done(result) => return result,
                Answer::Elsewhere if !self.is_alive(pid) => {
                    return Err(Error::not_found("process not found"));
                }
                // Home is asked again when it has moved on meanwhile.
                Answer::Elsewhere => shard = next.unwrap_or(pid.shard),
            }
        }
        let message = "the process moves from shard to shard: try again";
        Err(Error::new(ErrorKind::Unavailable, message).with_retryable(true))
    }

    fn renewed(
        &self,
        answer: Receiver<Answer>,
        (end, is_now): (Option<Instant>, bool),
        shard: ShardIndex,
        pid: Pid,
    ) -> Answer {
        let waited = match end {
            Some(end) => answer.recv_timeout(end.saturating_duration_since(Instant::now())),
            None => answer.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match waited {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Disconnected) => Answer::Elsewhere,
            Err(RecvTimeoutError::Timeout) => {
                // When it is done just now, the answer is there after this.
                let _ = self.on(shard, move |worker| {
                    worker.renewals.retain(|waiting| waiting.renewal.pid != pid);
                });
                answer.try_recv().unwrap_or_else(|_| {
                    let message = if is_now {
                        "the process did not come back from the store in time: nothing was changed"
                    } else {
                        "the process was not at rest in time, it has something in hand: nothing was changed"
                    };
                    Answer::Done(Err(Error::new(ErrorKind::Timeout, message).with_retryable(true)))
                })
            }
        }
    }
}

impl Worker {
    /// Upgrades a process now or when it is at rest; the shard to which it has moved, if it has.
    fn ask_renewal(&mut self, waiting: Waiting) -> Option<ShardIndex> {
        let pid = waiting.renewal.pid;
        let Some(slot) = self.kernel.locate(pid) else {
            if pid.is_durable() && self.shared.is_alive(pid) {
                // It is brought back, and has a turn.
                if self.renewals.len() >= WAITING_MAX {
                    let _ = waiting.reply.send(Answer::Done(Err(too_many())));
                    return None;
                }
                self.renewals.push(waiting);
                self.step(|kernel, cx| kernel.rouse_sleeper(cx, pid));
                return None;
            }
            let _ = waiting.reply.send(Answer::Elsewhere);
            return self.kernel.away(pid);
        };
        if waiting.when == When::Now || self.is_at_rest(slot, pid) {
            let result = self.renew(slot, &waiting.renewal);
            // Whoever asked may have given up.
            let _ = waiting.reply.send(Answer::Done(result));
        } else if self.renewals.len() >= WAITING_MAX {
            let _ = waiting.reply.send(Answer::Done(Err(too_many())));
        } else {
            self.renewals.push(waiting);
        }
        None
    }

    /// A process has come to a wait point: the upgrade that waits for it, if it is at rest there.
    #[cold]
    pub(crate) fn renew_waiting(&mut self, slot: SlotIndex) {
        let Some(pid) = self.kernel.pid(slot) else { return };
        let position = self.renewals.iter().position(|waiting| waiting.renewal.pid == pid);
        let Some(position) = position else { return };
        let is_now = self.renewals.get(position).is_some_and(|it| it.when == When::Now);
        if !(is_now || self.is_at_rest(slot, pid)) {
            return;
        }
        let waiting = self.renewals.swap_remove(position);
        let result = self.renew(slot, &waiting.renewal);
        let _ = waiting.reply.send(Answer::Done(result));
    }

    /// A durable process does not come back as it is, so it can't be upgraded: whoever waits for that is told
    /// why.
    pub(crate) fn refuse_renewals(&mut self, pid: Pid, why: &str) {
        let (refused, left) = std::mem::take(&mut self.renewals)
            .into_iter()
            .partition(|waiting: &Waiting| waiting.renewal.pid == pid);
        self.renewals = left;
        let refused: Vec<Waiting> = refused;
        for waiting in refused {
            let error = Error::new(ErrorKind::Conflict, format!("nothing was changed: {why}"));
            // Whoever asked may have given up.
            let _ = waiting.reply.send(Answer::Done(Err(error)));
        }
    }

    /// A process has left this shard or ended: who waits for it has to look for it again.
    pub(crate) fn drop_renewals(&mut self, pid: Pid) {
        if !self.renewals.is_empty() {
            self.renewals.retain(|waiting| waiting.renewal.pid != pid);
        }
    }

    /// Whether all of a process waits, and it has nothing in hand.
    pub(crate) fn is_at_rest(&mut self, slot: SlotIndex, pid: Pid) -> bool {
        let waits = self.guests.get_mut(slot).is_some_and(|it| it.pid == pid && it.is_waiting);
        waits && self.kernel.has_hands_free(&mut self.guests, slot)
    }

    fn renew(&mut self, slot: SlotIndex, renewal: &Renewal) -> Result<(), Error> {
        let Renewal { pid, program, arguments } = renewal;
        let id = program.clone().unwrap_or_else(|| SmolStr::new(self.program(slot)));
        let old = self.kernel.definition(slot).is_some_and(|old| old.built_in);
        let loaded = self.shared.programs.load(&id, pid.host)?;
        if old || loaded.definition.built_in {
            return Err(Error::invalid("a part of the runtime can't be upgraded"));
        }
        let Some(resident) = self.guests.take_of(slot, *pid) else {
            let message = "another thread works for the process just now: try again";
            return Err(Error::new(ErrorKind::Unavailable, message).with_retryable(true));
        };
        if pid.is_durable() {
            return self.renew_durable((slot, *pid), resident, &loaded, arguments);
        }
        if let Err(error) = self.prepare(slot, *pid, loaded, arguments) {
            self.guests.put(slot, resident);
            return Err(error);
        }
        if self.kernel.pid(slot) != Some(*pid) {
            // The program's top level has ended the process.
            self.prepared = None;
            discard(resident);
            return Err(Error::not_found("process not found: the new program has ended it"));
        }
        let used = self.replace(slot, resident);
        self.kernel.account(slot, used);
        self.step(|kernel, cx| kernel.rouse(cx, *pid))
    }
}

fn too_many() -> Error {
    let message = format!("{WAITING_MAX} upgrades wait on this shard: try again later");
    Error::new(ErrorKind::Unavailable, message).with_retryable(true)
}
