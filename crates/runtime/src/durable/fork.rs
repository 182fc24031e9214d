//! Forks: new durable processes that have the past of another one.

use super::given::{Captured, Given, Newcomer, end_of};
use super::history::slots;
use super::keeper::Keeper;
use crate::node::Node;
use procession_durable::head::{Head, number};
use procession_durable::record::Origin;
use procession_telemetry::EventKind;
use procession_types::{Error, ErrorKind, Pid, SmolStr};
use std::time::Instant;

/// What has come of a fork.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forked {
    /// Who it is.
    pub pid: Pid,
    /// Inputs that the other had taken, and so the first slot of its own.
    pub slot: u64,
    /// The program it runs.
    pub program: SmolStr,
    /// BLAKE3 of the state that it begins with.
    pub hash: [u8; 32],
}

impl Node {
    /// What a fork of a process at a slot would run, and on which process host: for the checks of whoever
    /// may fork it.
    ///
    /// # Errors
    /// `NotFound` when the store has no such process.
    pub fn forks_into(&self, pid: Pid) -> Result<(SmolStr, SmolStr), Error> {
        let (_, head) = self.past_of(pid)?;
        Ok((head.program, head.birth.host))
    }

    /// Makes a new durable process with the state that another one had when it had taken `slot` inputs;
    /// `None` = all so far. It is on disk when this returns. The other one is not touched; it may have ended.
    ///
    /// The fork has the other's arguments, context, limits and process host; its topics, subscriptions and
    /// timers, which go off at once when they are overdue. It has no names but the one that it is given, no
    /// parent, links, monitors or messages; calls that were under way fail with `Unknown`, or are made
    /// again where they only read.
    ///
    /// # Errors
    /// `NotFound` when the store has no such process, or not what led to the slot, or the slot is yet to come;
    /// `Conflict` when the process was not at rest there, or had ended; `AlreadyExists` (name); `Timeout`;
    /// `Unavailable` (limits, a full disk).
    pub fn fork(
        &self,
        pid: Pid,
        slot: Option<u64>,
        name: Option<SmolStr>,
        until: Option<Instant>,
    ) -> Result<Forked, Error> {
        let (keeper, head) = self.past_of(pid)?;
        keeper.check_room()?;
        let mut captured = self.captured_at(keeper, &head, slot, until)?;
        captured.ledger.alone();
        let (slot, program) = (captured.ledger.inputs, captured.head.program.clone());
        let head = captured.head.clone();
        let given = Given::new(Origin::Fork { of: pid, slot }, captured);
        let hash = given.hash;
        let newcomer = Newcomer {
            head,
            given,
            name,
            changes: Vec::new(),
            kind: EventKind::ProcessForked,
            of: (self.pid_text(pid), slot),
        };
        // Where the other one is: whoever is busy gives work away.
        let pid = self.welcome(pid.shard % self.shared.shards(), newcomer)?;
        Ok(Forked { pid, slot, program, hash })
    }

    /// The state at exactly a slot; `None` = the last one.
    pub(super) fn captured_at(
        &self,
        keeper: &Keeper,
        head: &Head,
        slot: Option<u64>,
        until: Option<Instant>,
    ) -> Result<Captured, Error> {
        let past = self.past_at(keeper, head, slot.unwrap_or(u64::MAX), until)?;
        let Some(slot) = slot.filter(|slot| *slot != past.ledger.inputs) else {
            return past.captured();
        };
        let id = number(&head.birth.pid);
        let (_, slots) = slots(keeper, id, &end_of(keeper, id)?)?;
        if slot > slots {
            let has = if past.has_ended { "took" } else { "has taken" };
            let message = format!("there is no slot {slot}: the process {has} {slots} inputs");
            return Err(Error::not_found(message));
        }
        let before = past.ledger.inputs;
        let message = format!(
            "the process was not at rest at slot {slot}, between the inputs of one record: take slot \
             {before}, or a later one"
        );
        Err(Error::new(ErrorKind::Conflict, message))
    }
}
