//! The published part of a shard's process table, readable by every thread.
//!
//! Who may touch what: `life`, `room_messages`, `room_bytes` and `Relations::room` are written by the thread on which
//! the process lives (hand-over goes through an inbox, so there is an order), except that a claim
//! of a name sets the bit `NAMED` of `life` by compare and exchange; `way` and `Relations::way` are
//! added to by senders and taken from by the receiving thread. Slots never move or disappear.

use procession_kernel::{Dispatch, Room};
use procession_types::Pid;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Slots of the first chunk, as a power of two; every further chunk is as large as all before it.
const FIRST_BITS: u32 = 10;
/// Enough for every slot that a `u32` names.
const CHUNKS: usize = 23;
/// Bits of `life` below the host.
const HOST_SHIFT: u32 = 40;
/// The process holds a name.
const NAMED: u64 = 1;

#[derive(Debug, Default)]
struct Slot {
    /// The host, (generation + 1) shifted by one, and [`NAMED`]; 0 = dead.
    life: AtomicU64,
    room_bytes: AtomicU64,
    room_messages: AtomicU32,
    /// Messages and bytes under way; see [`packed`].
    way: AtomicU64,
}

/// Links and monitors that a process may still get, and those that are announced.
#[derive(Debug, Default)]
struct Relations {
    room: AtomicU32,
    way: AtomicU32,
}

/// Two lists, because what messages need should be close together.
#[derive(Debug)]
struct Chunk {
    slots: Box<[Slot]>,
    relations: Box<[Relations]>,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    chunks: [OnceLock<Chunk>; CHUNKS],
}

/// Bits of the bytes under way: a terabyte. The messages are above them.
const WAY_SHIFT: u32 = 40;
const WAY_BYTES: u64 = (1 << WAY_SHIFT) - 1;

/// One word, so that a message costs one atomic operation at each end.
fn packed(messages: u64, bytes: u64) -> u64 {
    messages << WAY_SHIFT | bytes
}

fn life_of(pid: Pid) -> u64 {
    u64::from(pid.host) << HOST_SHIFT | (u64::from(pid.generation) + 1) << 1
}

/// Chunk and position of a slot.
fn place(slot: u32) -> (usize, usize) {
    let bits = (slot >> FIRST_BITS).checked_ilog2().map_or(0, |top| top + 1);
    let first = if bits == 0 { 0 } else { 1_u32 << (bits - 1 + FIRST_BITS) };
    (bits as usize, (slot - first) as usize)
}

impl Slots {
    pub(crate) fn enter(&self, pid: Pid, room: Room, relations: u32) {
        let (chunk, at) = place(pid.slot);
        let chunk = self.chunks[chunk].get_or_init(|| {
            let slots = 1_usize << (FIRST_BITS as usize + chunk.saturating_sub(1));
            Chunk {
                slots: (0..slots).map(|_| Slot::default()).collect(),
                relations: (0..slots).map(|_| Relations::default()).collect(),
            }
        });
        let slot = &chunk.slots[at];
        chunk.relations[at].room.store(relations, Ordering::Relaxed);
        slot.room_messages.store(room.messages, Ordering::Relaxed);
        slot.room_bytes.store(room.bytes, Ordering::Relaxed);
        slot.life.store(life_of(pid), Ordering::Release);
    }

    /// Marks the process as dead; says whether it may hold names.
    pub(crate) fn leave(&self, pid: Pid) -> bool {
        let Some(slot) = self.slot(pid) else { return false };
        let named = slot.life.swap(0, Ordering::AcqRel) & NAMED;
        named != 0
    }

    pub(crate) fn is_alive(&self, pid: Pid) -> bool {
        self.slot(pid).is_some_and(|slot| is(slot, pid))
    }

    /// Notes that the process holds a name; false when it is dead.
    pub(crate) fn mark_named(&self, pid: Pid) -> bool {
        let Some(slot) = self.slot(pid) else { return false };
        let life = life_of(pid);
        let marked = life | NAMED;
        let order = Ordering::AcqRel;
        match slot.life.compare_exchange(life, marked, order, Ordering::Acquire) {
            Ok(_) => true,
            Err(found) => found == marked,
        }
    }

    pub(crate) fn set_room(&self, pid: Pid, room: Room) {
        if let Some(slot) = self.slot(pid) {
            slot.room_messages.store(room.messages, Ordering::Relaxed);
            slot.room_bytes.store(room.bytes, Ordering::Relaxed);
        }
    }

    pub(crate) fn dispatch(&self, pid: Pid, bytes: u64) -> Dispatch {
        let Some(slot) = self.slot(pid).filter(|slot| is(slot, pid)) else { return Dispatch::Dead };
        let way = slot.way.fetch_add(packed(1, bytes), Ordering::Relaxed);
        let full = (way >> WAY_SHIFT) >= u64::from(slot.room_messages.load(Ordering::Relaxed))
            || (way & WAY_BYTES) + bytes > slot.room_bytes.load(Ordering::Relaxed);
        if full {
            slot.way.fetch_sub(packed(1, bytes), Ordering::Relaxed);
            return Dispatch::Full;
        }
        Dispatch::Sent
    }

    pub(crate) fn arrived(&self, pid: Pid, what: Room) {
        if let Some(slot) = self.slot(pid) {
            let what = packed(u64::from(what.messages), what.bytes);
            slot.way.fetch_sub(what, Ordering::Relaxed);
        }
    }

    pub(crate) fn set_relations(&self, pid: Pid, room: u32) {
        if let Some(relations) = self.relations(pid) {
            relations.room.store(room, Ordering::Relaxed);
        }
    }

    pub(crate) fn relate(&self, pid: Pid) -> Dispatch {
        let lives = self.is_alive(pid);
        let Some(relations) = self.relations(pid).filter(|_| lives) else { return Dispatch::Dead };
        let way = relations.way.fetch_add(1, Ordering::Relaxed);
        if way >= relations.room.load(Ordering::Relaxed) {
            relations.way.fetch_sub(1, Ordering::Relaxed);
            return Dispatch::Full;
        }
        Dispatch::Sent
    }

    pub(crate) fn related(&self, pid: Pid) {
        if let Some(relations) = self.relations(pid) {
            relations.way.fetch_sub(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn relations_under_way(&self, pid: Pid) -> u32 {
        self.relations(pid).map_or(0, |relations| relations.way.load(Ordering::Relaxed))
    }

    fn slot(&self, pid: Pid) -> Option<&Slot> {
        let (chunk, at) = place(pid.slot);
        self.chunks.get(chunk)?.get()?.slots.get(at)
    }

    fn relations(&self, pid: Pid) -> Option<&Relations> {
        let (chunk, at) = place(pid.slot);
        self.chunks.get(chunk)?.get()?.relations.get(at)
    }
}

fn is(slot: &Slot, pid: Pid) -> bool {
    slot.life.load(Ordering::Acquire) & !NAMED == life_of(pid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slot_has_its_place() {
        let mut expected = (0, 0);
        for slot in 0..100_000 {
            assert_eq!(place(slot), expected, "{slot}");
            let size = 1_usize << (FIRST_BITS as usize + expected.0.saturating_sub(1));
            expected.1 += 1;
            if expected.1 == size {
                expected = (expected.0 + 1, 0);
            }
        }
        assert!(place(u32::MAX).0 < CHUNKS);
    }

    #[test]
    fn a_mailbox_takes_what_fits_with_what_is_under_way() {
        let slots = Slots::default();
        let pid = Pid { host: 0, shard: 0, epoch: 1, slot: 5000, generation: 3 };
        assert_eq!(slots.dispatch(pid, 1), Dispatch::Dead);
        slots.enter(pid, Room { messages: 2, bytes: 100 }, 2);
        let elsewhere = Pid { host: 1, ..pid };
        assert!(slots.is_alive(pid) && !slots.is_alive(elsewhere), "a PID is all of it");
        assert_eq!(slots.dispatch(elsewhere, 1), Dispatch::Dead);
        assert_eq!(slots.dispatch(pid, 60), Dispatch::Sent);
        assert_eq!(slots.dispatch(pid, 60), Dispatch::Full);
        assert_eq!(slots.dispatch(pid, 40), Dispatch::Sent);
        assert_eq!(slots.dispatch(pid, 0), Dispatch::Full);
        slots.arrived(pid, Room { messages: 1, bytes: 60 });
        assert_eq!(slots.dispatch(pid, 60), Dispatch::Sent);
        assert!(slots.mark_named(pid) && slots.mark_named(pid) && slots.is_alive(pid));
        assert!(slots.leave(pid) && !slots.is_alive(pid) && !slots.mark_named(pid));
    }

    #[test]
    fn a_process_gets_the_relations_that_fit_with_those_announced() {
        let slots = Slots::default();
        let pid = Pid { host: 0, shard: 0, epoch: 1, slot: 7, generation: 0 };
        assert_eq!(slots.relate(pid), Dispatch::Dead);
        slots.enter(pid, Room::default(), 2);
        assert_eq!(slots.relate(pid), Dispatch::Sent);
        slots.set_relations(pid, 1);
        assert_eq!(slots.relate(pid), Dispatch::Full);
        slots.related(pid);
        assert_eq!((slots.relate(pid), slots.relations_under_way(pid)), (Dispatch::Sent, 1));
        slots.leave(pid);
        assert_eq!(slots.relate(pid), Dispatch::Dead);
        // The one under way finds it dead.
        slots.related(pid);
        assert_eq!(slots.relations_under_way(pid), 0);
    }
}
