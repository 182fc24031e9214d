//! Processes in files: what is exported goes on as a new process, here or on another node that has the program.

use super::fork::Forked;
use super::given::{Captured, Given, Newcomer};
use super::keeper::Keeper;
use crate::birth::guarded;
use crate::node::Node;
use procession_durable::head::{Birth, Condition, Head};
use procession_durable::ledger::{Ledger, OpenCall, Waits};
use procession_durable::portable::{self, Portable};
use procession_durable::record::Origin;
use procession_environment::Call;
use procession_telemetry::EventKind;
use procession_types::{Context, Error, ErrorKind, Limits, Pid, SmolStr};
use std::time::Instant;

/// The largest file that is read or written, in bytes.
pub const EXPORT_BYTES_MAX: usize = 256 << 20;
/// The largest state in a file.
const STATE_BYTES_MAX: u64 = 4 << 30;
/// No data is smaller by more when it is compressed.
const FACTOR_MAX: u64 = 256;
/// The most that something in a file has counted: what comes behind must have room.
const COUNT_MAX: u64 = 1 << 62;

/// A file that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported(Portable);

impl Imported {
    /// Reads a file.
    ///
    /// # Errors
    /// `Invalid`, with what is wrong with it.
    pub fn read(file: &[u8]) -> Result<Self, Error> {
        if file.len() > EXPORT_BYTES_MAX {
            let message =
                format!("the export is too large: at most {EXPORT_BYTES_MAX} bytes are read");
            return Err(Error::invalid(message));
        }
        portable::read(file).map(Self).map_err(|error| Error::invalid(error.to_string()))
    }

    /// The program that it needs.
    #[must_use]
    pub fn program(&self) -> &SmolStr {
        &self.0.program
    }

    /// Patterns of events that it has subscribed to.
    pub fn subscriptions(&self) -> impl Iterator<Item = &SmolStr> {
        self.0.ledger.subscriptions.keys()
    }

    /// The PID that it has where it comes from, as text.
    #[must_use]
    pub fn of(&self) -> &str {
        &self.0.of
    }
}

impl Node {
    /// A durable process in a file, as it was when it had taken `slot` inputs; `None` = all so far. The process
    /// is neither touched nor waited for.
    ///
    /// # Errors
    /// As for [`Node::fork`]; `Unavailable` when it is too large.
    pub fn export(
        &self,
        pid: Pid,
        slot: Option<u64>,
        until: Option<Instant>,
    ) -> Result<Vec<u8>, Error> {
        let (keeper, head) = self.past_of(pid)?;
        let Captured { head, ledger, instructions, state, .. } =
            self.captured_at(keeper, &head, slot, until)?;
        let file = portable::write(&Portable {
            of: SmolStr::new(self.pid_text(pid)),
            at: self.shared.clock.now(),
            arguments: head.birth.arguments,
            program: head.program,
            hash: head.hash,
            ledger: travelling(ledger),
            instructions,
            length: state.len() as u64,
            state_hash: *blake3::hash(&state).as_bytes(),
            state: lz4_flex::block::compress(&state),
        });
        if file.len() > EXPORT_BYTES_MAX {
            let message = format!(
                "the process takes {} bytes, and an export has {EXPORT_BYTES_MAX} at most",
                file.len()
            );
            return Err(Error::new(ErrorKind::Unavailable, message));
        }
        Ok(file)
    }

    /// Makes a new durable process of what a file holds. It has the limits of its program on this process host,
    /// and this context; otherwise it is as a fork.
    ///
    /// # Errors
    /// `Invalid` when the state in it is not as it was written, or does not fit here; `NotFound` (program, host);
    /// `Conflict` when the program here is another version; `AlreadyExists` (name); `Unavailable` (limits).
    pub fn import(
        &self,
        imported: Imported,
        host: SmolStr,
        name: Option<SmolStr>,
        context: Context,
    ) -> Result<Forked, Error> {
        let portable = imported.0;
        let unavailable = || Error::new(ErrorKind::Unavailable, "the node has no store");
        let keeper = self.shared.keeper.as_deref().ok_or_else(unavailable)?;
        keeper.check_room()?;
        let not_found = || Error::not_found(format!("process host \"{host}\" not found"));
        let place = self.shared.host(&host).ok_or_else(not_found)?;
        let loaded = self.shared.programs.load(&portable.program, place)?;
        let limits = loaded.definition.limits;
        let Some(durable) = loaded.durable else {
            let message = format!("the program \"{}\" is not durable here", portable.program);
            return Err(Error::new(ErrorKind::Conflict, message));
        };
        self.check_version(keeper, &portable, place)?;
        let state = state_of(&portable)?;
        let ledger = fitting(portable.ledger, &limits)?;
        let image =
            keeper.image(&self.shared.programs, &portable.program, place, &portable.hash)?;
        let guest = guarded(|| image.restore(&state, &limits))?;
        let birth = Birth {
            pid: Pid { host: place, shard: 0, epoch: 0, slot: 0, generation: 0 },
            host,
            parent: None,
            at: self.shared.clock.now(),
            arguments: portable.arguments,
            context,
            limits,
            program: portable.program.clone(),
            hash: portable.hash,
        };
        let head = Head {
            birth,
            program: portable.program.clone(),
            hash: portable.hash,
            durability: durable.durability,
            condition: Condition::Alive,
        };
        let (slot, instructions) = (ledger.inputs, portable.instructions.min(COUNT_MAX));
        let memory_bytes = guest.usage().memory_bytes;
        let captured = Captured { head: head.clone(), ledger, instructions, memory_bytes, state };
        let origin = Origin::Import { of: portable.of.clone(), slot };
        let given = Given::new(origin, captured);
        let changes = match portable.hash == durable.hash {
            true => keeper.store_program(&durable.program, &durable.hash),
            false => None,
        };
        let hash = given.hash;
        let newcomer = Newcomer {
            head,
            given,
            name,
            changes: changes.into_iter().collect(),
            kind: EventKind::ProcessImported,
            of: (portable.of.to_string(), slot),
        };
        let pid = self.welcome(self.least_shard(), newcomer)?;
        Ok(Forked { pid, slot, program: portable.program, hash })
    }

    /// The version of the program whose state it is must be here, or have been.
    fn check_version(&self, keeper: &Keeper, portable: &Portable, place: u16) -> Result<(), Error> {
        let image = keeper.image(&self.shared.programs, &portable.program, place, &portable.hash);
        match image {
            Err(error) if error.kind == ErrorKind::NotFound => {
                let message = format!(
                    "the export is of another version of \"{}\" than is here: bring that one to this node first",
                    portable.program
                );
                Err(Error::new(ErrorKind::Conflict, message))
            }
            other => other.map(drop),
        }
    }
}

/// The state in a file.
fn state_of(portable: &Portable) -> Result<Vec<u8>, Error> {
    let damaged = || Error::invalid("the export is damaged: its state is not as it was written");
    let Portable { length, state, .. } = portable;
    if *length > STATE_BYTES_MAX || length / FACTOR_MAX > state.len() as u64 {
        return Err(damaged());
    }
    let length = usize::try_from(*length).map_err(|_| damaged())?;
    let state = lz4_flex::block::decompress(state, length).map_err(|_| damaged())?;
    let is_whole = *blake3::hash(&state).as_bytes() == portable.state_hash;
    if is_whole { Ok(state) } else { Err(damaged()) }
}

/// What travels of what is known of a process: others are not where it goes.
fn travelling(mut ledger: Ledger) -> Ledger {
    ledger.alone();
    for call in ledger.calls.values_mut() {
        if !matches!(call.waits, Waits::Time(_)) {
            *call = OpenCall { waits: lost(), deadline: None };
        }
    }
    ledger
}

/// A call that can't be made again: it fails with `Unknown`.
fn lost() -> Waits {
    Waits::Outside(Box::new(Call::Sleep { nanoseconds: 0 }))
}

/// The ledger of a file, which may have been forged: within the limits, and with nothing that would be done
/// without asking anybody.
fn fitting(ledger: Ledger, limits: &Limits) -> Result<Ledger, Error> {
    let ledger = travelling(ledger);
    let too_many = |what: &str| {
        let message =
            format!("the export has more {what} than the program's processes may have here");
        Err(Error::invalid(message))
    };
    if ledger.calls.len() > limits.calls_max as usize {
        return too_many("calls");
    }
    if ledger.listens.len() > limits.topics_max as usize {
        return too_many("topics");
    }
    if ledger.subscriptions.len() > limits.topics_max as usize {
        return too_many("subscriptions");
    }
    if ledger.inputs > COUNT_MAX || ledger.last_call > COUNT_MAX {
        return too_many("inputs or calls");
    }
    Ok(ledger)
}
