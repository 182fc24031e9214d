//! What a worker counts about its processes: plain numbers in cells, one for each program on each
//! host, which nobody else touches. They are added up when somebody asks.

use crate::fold::FoldHash;
use crate::worker::Worker;
use procession_kernel::{SlotIndex, TurnEnd};
use procession_types::{ErrorKind, ExitReason, HostIndex, Limit, Pid, SmolStr};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Cells of a worker; the first is for whatever does not fit.
const CELLS_MAX: usize = 10_000;
/// One turn of so many is timed.
const TURNS_PER_SAMPLE: u32 = 64;
/// Upper bounds of the buckets of turns' durations, in seconds.
pub(crate) const SLICE_BOUNDS: [f64; 9] =
    [0.000_001, 0.000_005, 0.000_01, 0.000_02, 0.000_05, 0.000_1, 0.001, 0.01, 0.1];

/// The labels of exit reasons, as [`ExitReason::label`] gives them.
pub(crate) const EXITS: [&str; 7] =
    ["normal", "error", "terminated", "linked", "deadline", "limit", "deadlock"];

/// What is counted about a program on a host.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cell {
    pub(crate) program: SmolStr,
    pub(crate) host: HostIndex,
    pub(crate) spawned: u64,
    /// Those that live on this shard.
    pub(crate) alive: i64,
    /// By reason; the last is for the faults of environments.
    pub(crate) exits: [u64; EXITS.len() + 1],
    pub(crate) turns: u64,
    pub(crate) preemptions: u64,
    pub(crate) instructions: u64,
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) denials: u64,
}

/// Durations of turns.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slices {
    pub(crate) counts: [u64; SLICE_BOUNDS.len() + 1],
    pub(crate) sum: Duration,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) cells: Vec<Cell>,
    index: HashMap<(HostIndex, SmolStr), u32, FoldHash>,
    /// The cell that was asked for last: whoever spawns, spawns mostly the same.
    last: u32,
    /// Limits that were hit, by name.
    pub(crate) limits: Vec<(&'static str, u64)>,
    pub(crate) slices: Slices,
    turns: u32,
}

impl Tally {
    pub(crate) fn new() -> Self {
        let other = Cell { program: SmolStr::new_static("other"), ..Cell::default() };
        let (cells, index) = (vec![other], HashMap::default());
        Self { cells, index, last: 0, limits: Vec::new(), slices: Slices::default(), turns: 0 }
    }

    /// The number of the cell of a program on a host.
    pub(crate) fn cell(&mut self, program: &SmolStr, host: HostIndex) -> u32 {
        let last = &self.cells[self.last as usize];
        if last.host == host && last.program == *program {
            return self.last;
        }
        self.last = self.find(program, host);
        self.last
    }

    fn find(&mut self, program: &SmolStr, host: HostIndex) -> u32 {
        if let Some(&cell) = self.index.get(&(host, program.clone())) {
            return cell;
        }
        if self.cells.len() >= CELLS_MAX {
            return 0;
        }
        let cell = self.cells.len() as u32;
        self.index.insert((host, program.clone()), cell);
        self.cells.push(Cell { program: program.clone(), host, ..Cell::default() });
        cell
    }

    pub(crate) fn at(&mut self, cell: u32) -> &mut Cell {
        // Cells are never taken away.
        &mut self.cells[cell as usize]
    }

    /// A turn begins; the time, if this one is timed.
    #[inline]
    pub(crate) fn begin(&mut self) -> Option<Instant> {
        self.turns = self.turns.wrapping_add(1);
        self.turns.is_multiple_of(TURNS_PER_SAMPLE).then(Instant::now)
    }

    /// A turn has ended.
    #[inline]
    pub(crate) fn turn(&mut self, cell: u32, used: u64, messages: (u64, u64), end: &TurnEnd) {
        let cell = self.at(cell);
        cell.turns += 1;
        cell.instructions += used;
        cell.sent += messages.0;
        cell.received += messages.1;
        cell.preemptions += u64::from(matches!(end, TurnEnd::Preempted));
    }

    /// So long did a turn take that was timed.
    #[cold]
    pub(crate) fn took(&mut self, began: Instant) {
        let took = began.elapsed();
        let seconds = took.as_secs_f64();
        let bucket = SLICE_BOUNDS.iter().position(|bound| seconds <= *bound);
        self.slices.counts[bucket.unwrap_or(SLICE_BOUNDS.len())] += 1;
        self.slices.sum += took;
    }

    pub(crate) fn exit(&mut self, program: &SmolStr, host: HostIndex, reason: &ExitReason) {
        let label = reason.label();
        let reason = EXITS.iter().position(|known| *known == label).unwrap_or(EXITS.len());
        let cell = self.cell(program, host);
        self.at(cell).exits[reason] += 1;
        self.at(cell).alive -= 1;
    }

    pub(crate) fn limit(&mut self, limit: Limit) {
        let name = limit.name();
        match self.limits.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => self.limits.push((name, 1)),
        }
    }
}

impl Worker {
    /// The cell of the process at a slot.
    pub(crate) fn cell(&mut self, slot: SlotIndex, pid: Pid) -> u32 {
        match self.kernel.definition(slot) {
            Some(definition) => self.tally.cell(&definition.program, pid.host),
            None => 0,
        }
    }

    /// Counts what a process was refused.
    pub(crate) fn count_refused(
        &mut self,
        pid: Pid,
        program: &SmolStr,
        error: &procession_types::Error,
    ) {
        if let Some(limit) = error.limit {
            self.tally.limit(limit);
        } else if error.kind == ErrorKind::PermissionDenied {
            let cell = self.tally.cell(program, pid.host);
            self.tally.at(cell).denials += 1;
        }
    }
}
