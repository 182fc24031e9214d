//! Running a guest again from its records.

use crate::journal::Entry;
use crate::ledger::Ledger;
use crate::replayer::{Divergence, Identity, Replayer};
use procession_environment::{Guest, Turn};
use procession_types::{Error, ExitReason};

/// How the turns of a journal ended.
#[derive(Debug)]
pub enum End {
    /// At a wait point, or where a slice was used up: it goes on.
    Goes,
    /// With the input that was not to be given: the guest is where it was before that.
    Withheld,
    /// Likewise, but the guest has gone on with something else meanwhile: its state is none that it
    /// ever had.
    Strayed,
    /// With the end of the process.
    Exited(ExitReason),
    /// The program's top level failed.
    Failed(Error),
}

/// Runs the turns of one record's journal again. The guest is given no input once the ledger counts
/// `inputs_max`.
///
/// # Errors
/// When the guest does not do what it did then.
pub fn replay(
    guest: &mut dyn Guest,
    identity: &Identity<'_>,
    ledger: &mut Ledger,
    journal: &[u8],
    inputs_max: u64,
) -> Result<End, Divergence> {
    let mut host = Replayer::new(identity, ledger, journal, inputs_max);
    let mut end = End::Goes;
    while let Some(entry) = host.between()? {
        if !matches!(end, End::Goes) {
            return Err(host.differs_at_end());
        }
        match entry {
            Entry::Start { budget } => {
                if let Err(error) = guest.start(&mut host, budget as u64) {
                    end = End::Failed(error);
                }
            }
            Entry::Turn { budget } => match guest.run(&mut host, budget as u64) {
                Turn::Exited(reason) => end = End::Exited(reason),
                // It was done before anything else happened to the process.
                Turn::Aside => guest.work(),
                Turn::Waiting | Turn::Preempted | Turn::Replaced => {}
            },
            Entry::Parted(pid) => host.parted(pid),
            // Nothing else is between turns.
            _ => guest.trim(),
        }
        host.verdict()?;
    }
    // A difference that was met in the last turn.
    host.verdict()?;
    if host.has_withheld() {
        return Ok(if host.has_strayed() { End::Strayed } else { End::Withheld });
    }
    Ok(end)
}
