//! Who shall stand still, and whether they do.

use crate::world::World;
use procession_kernel::{CallId, CallSubject, Info, SlotIndex, State};
use procession_types::{Pid, Timestamp};
use std::collections::BTreeMap;

/// What was asked for, always on the home of the process, so that the order is known.
#[derive(Debug, Default)]
pub(crate) struct Pauses {
    wanted: BTreeMap<Pid, Still>,
}

/// A process that shall stand still.
#[derive(Debug, Default)]
struct Still {
    /// It was seen to do so when nothing was under way; from then on it must not move.
    seen: Option<Vec<(CallId, Timestamp)>>,
}

impl Pauses {
    /// Somebody's turn begins.
    pub(crate) fn has_turn(&self, pid: Pid) -> Result<(), String> {
        match self.wanted.get(&pid) {
            Some(Still { seen: Some(_) }) => Err(format!("{pid} is paused and has a turn")),
            Some(Still { seen: None }) | None => Ok(()),
        }
    }
}

impl World {
    /// Somebody outside pauses or resumes somebody.
    pub(crate) fn pause_or_resume(&mut self) -> Result<(), String> {
        let Some(to) = self.somebody() else { return Ok(()) };
        let home = usize::from(to.shard);
        // Few stay paused for long, or the others would wait for them.
        let pauses = !self.pauses.wanted.contains_key(&to) && self.random.one_in(2);
        self.note(format!("{to} is paused from outside: {pauses}"));
        // Before the step: it may have a turn at once.
        if !pauses {
            self.pauses.wanted.remove(&to);
        }
        let done =
            self.on(
                home,
                |kernel, cx| {
                    if pauses { kernel.pause(cx, to) } else { kernel.resume(cx, to) }
                },
            )?;
        if done.is_ok() && pauses {
            self.pauses.wanted.insert(to, Still::default());
        }
        if done.is_err() && self.model.is_alive(to) {
            return Err(format!("{to} lives, and can't be paused or resumed"));
        }
        Ok(())
    }

    /// When nothing is under way: exactly those stand still who shall, and their sleeps with them.
    pub(crate) fn check_pauses(
        &mut self,
        places: &[(usize, SlotIndex, Pid)],
        infos: &BTreeMap<Pid, Info>,
    ) -> Result<(), String> {
        self.pauses.wanted.retain(|pid, _| infos.contains_key(pid));
        let counted: usize = self.kernels.iter().map(|kernel| kernel.load().paused).sum();
        if counted != self.pauses.wanted.len() {
            return Err(format!("{counted} are counted as paused: {:?}", self.pauses.wanted));
        }
        for (shard, slot, pid) in places {
            let is_paused = infos.get(pid).is_some_and(|info| info.state == State::Paused);
            let Some(still) = self.pauses.wanted.get_mut(pid) else {
                if is_paused {
                    return Err(format!("{pid} is paused, and nobody wants it"));
                }
                continue;
            };
            if !is_paused {
                return Err(format!("{pid} shall be paused and is not"));
            }
            let kernel = &self.kernels[*shard];
            let sleeps = kernel.calls(*slot).into_iter().filter_map(|call| {
                match kernel.call_subject(*slot, call)? {
                    CallSubject::Time(until) => Some((call, until)),
                    CallSubject::Process(_) | CallSubject::Driver | CallSubject::Done => None,
                }
            });
            let sleeps: Vec<(CallId, Timestamp)> = sleeps.collect();
            if still.seen.replace(sleeps.clone()).is_some_and(|before| before != sleeps) {
                return Err(format!("{pid} is paused, and its sleeps go on"));
            }
        }
        Ok(())
    }
}
