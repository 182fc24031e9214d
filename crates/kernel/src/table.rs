//! The process table: slots with generations, in chunks that never move.

use crate::process::Process;
use crate::{Signal, SlotIndex};
use procession_types::{Pid, ShardIndex};

const CHUNK_SLOTS: usize = 256;

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all slots are of live processes")]
enum Content {
    Free,
    Live(Process),
    /// Its process is on this shard.
    Away(ShardIndex),
    /// Its process was called back; what has arrived for it meanwhile.
    Expected(Vec<Signal>),
}

#[derive(Debug)]
struct Slot {
    /// How often the slot was used before; `u32::MAX` = never again.
    generation: u32,
    content: Content,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Table {
    chunks: Vec<Box<[Slot]>>,
    free: Vec<SlotIndex>,
    slots_max: u32,
    live: usize,
}

impl Table {
    pub(crate) fn new(slots_max: u32) -> Self {
        Self { chunks: Vec::new(), free: Vec::new(), slots_max, live: 0 }
    }

    /// Processes alive.
    pub(crate) fn live(&self) -> usize {
        self.live
    }

    /// Slots there are, used or not.
    pub(crate) fn slots(&self) -> SlotIndex {
        (self.chunks.len() * CHUNK_SLOTS) as SlotIndex
    }

    /// A free slot and its generation; `None` when the table is full.
    pub(crate) fn allocate(&mut self) -> Option<(SlotIndex, u32)> {
        if self.free.is_empty() {
            self.grow()?;
        }
        let slot = self.free.pop()?;
        Some((slot, self.slot(slot)?.generation))
    }

    pub(crate) fn fill(&mut self, slot: SlotIndex, process: Process) {
        if let Some(entry) = self.slot_mut(slot) {
            entry.content = Content::Live(process);
            self.live += 1;
        }
    }

    /// A slot for a process from elsewhere, also when the table is full.
    pub(crate) fn allocate_over(&mut self) -> SlotIndex {
        match self.free.pop() {
            Some(slot) => slot,
            None => {
                let first = self.slots();
                self.grow_to(first + CHUNK_SLOTS as u32);
                self.free.pop().unwrap_or(first)
            }
        }
    }

    /// Takes the process of a slot out; the slot stays its own.
    pub(crate) fn send_away(&mut self, slot: SlotIndex, to: ShardIndex) -> Option<Process> {
        let entry = self.slot_mut(slot)?;
        match std::mem::replace(&mut entry.content, Content::Away(to)) {
            Content::Live(process) => {
                self.live -= 1;
                Some(process)
            }
            other => {
                entry.content = other;
                None
            }
        }
    }

    /// Where the process with this PID is.
    pub(crate) fn away(&self, pid: Pid) -> Option<ShardIndex> {
        let entry = self.slot(pid.slot).filter(|slot| slot.generation == pid.generation)?;
        match entry.content {
            Content::Away(shard) => Some(shard),
            Content::Free | Content::Live(_) | Content::Expected(_) => None,
        }
    }

    /// Notes that a process that is away will come back.
    pub(crate) fn expect(&mut self, pid: Pid) {
        if let Some(entry) = self.slot_mut(pid.slot) {
            entry.content = Content::Expected(Vec::new());
        }
    }

    /// What has arrived for a process that will come back.
    pub(crate) fn expected(&mut self, pid: Pid) -> Option<&mut Vec<Signal>> {
        let entry = self.slot_mut(pid.slot).filter(|slot| slot.generation == pid.generation)?;
        match &mut entry.content {
            Content::Expected(signals) => Some(signals),
            Content::Free | Content::Live(_) | Content::Away(_) => None,
        }
    }

    /// Ends the use of a slot by a process; the generation is used up.
    pub(crate) fn vacate(&mut self, slot: SlotIndex) -> Option<Process> {
        let entry = self.slot_mut(slot)?;
        match std::mem::replace(&mut entry.content, Content::Free) {
            Content::Live(process) => {
                self.live -= 1;
                self.recycle(slot);
                Some(process)
            }
            Content::Away(_) | Content::Expected(_) => {
                self.recycle(slot);
                None
            }
            Content::Free => None,
        }
    }

    /// Gives back a slot that `allocate` gave and nothing filled.
    pub(crate) fn give_back(&mut self, slot: SlotIndex) {
        self.free.push(slot);
    }

    #[inline]
    pub(crate) fn at(&self, slot: SlotIndex) -> Option<&Process> {
        match &self.slot(slot)?.content {
            Content::Live(process) => Some(process),
            Content::Free | Content::Away(_) | Content::Expected(_) => None,
        }
    }

    #[inline]
    pub(crate) fn at_mut(&mut self, slot: SlotIndex) -> Option<&mut Process> {
        match &mut self.slot_mut(slot)?.content {
            Content::Live(process) => Some(process),
            Content::Free | Content::Away(_) | Content::Expected(_) => None,
        }
    }

    #[inline]
    pub(crate) fn get(&self, pid: Pid) -> Option<&Process> {
        self.at(pid.slot).filter(|process| process.pid == pid)
    }

    #[inline]
    fn slot(&self, slot: SlotIndex) -> Option<&Slot> {
        self.chunks.get(slot as usize / CHUNK_SLOTS)?.get(slot as usize % CHUNK_SLOTS)
    }

    #[inline]
    fn slot_mut(&mut self, slot: SlotIndex) -> Option<&mut Slot> {
        self.chunks.get_mut(slot as usize / CHUNK_SLOTS)?.get_mut(slot as usize % CHUNK_SLOTS)
    }

    fn grow(&mut self) -> Option<()> {
        let first = self.slots();
        if first >= self.slots_max {
            return None;
        }
        self.grow_to((first + CHUNK_SLOTS as u32).min(self.slots_max));
        Some(())
    }

    fn grow_to(&mut self, end: SlotIndex) {
        let first = self.slots();
        let slots = (0..CHUNK_SLOTS).map(|_| Slot { generation: 0, content: Content::Free });
        self.chunks.push(slots.collect());
        self.free.extend((first..end).rev());
    }

    fn recycle(&mut self, slot: SlotIndex) {
        let Some(entry) = self.slot_mut(slot) else { return };
        entry.generation = entry.generation.saturating_add(1);
        if entry.generation != u32::MAX {
            self.free.push(slot);
        }
    }

    #[cfg(test)]
    pub(crate) fn age(&mut self, slot: SlotIndex, generation: u32) {
        self.slot_mut(slot).unwrap().generation = generation;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_whose_generation_is_used_up_is_retired() {
        let mut table = Table::new(2);
        let (slot, _) = table.allocate().unwrap();
        let generation = u32::MAX - 1;
        table.age(slot, generation);
        table.expect(Pid { host: 0, shard: 0, epoch: 0, slot, generation });
        table.vacate(slot);
        let (other, _) = table.allocate().unwrap();
        assert_ne!(slot, other);
        assert_eq!(table.allocate(), None);
    }
}
