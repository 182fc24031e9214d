//! A store in memory, for tests, the simulator, and nodes that keep nothing.

use crate::batch::Batch;
use crate::engine::{Area, Engine, Entry, Range, Room};
use crate::error::StoreError;
use crate::sealed::Sealed;
use crate::space::Space;
use crate::store::Store;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A store whose content is gone with it. It keeps the contract in everything else.
pub struct MemoryStore(Sealed<MemoryEngine>);

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryStore {
    /// An empty store without a bound.
    pub fn new() -> Self {
        Self(Sealed::new(MemoryEngine { areas: Mutex::default(), bytes_max: None }))
    }

    /// An empty store that is full when its keys and values take so many bytes.
    pub fn bounded(bytes_max: u64) -> Self {
        Self(Sealed::new(MemoryEngine { areas: Mutex::default(), bytes_max: Some(bytes_max) }))
    }

    /// Flips one bit of a value with its checksum, to see what then happens; false if there is none.
    pub fn damage(&self, space: Space, key: &[u8], bit: usize) -> bool {
        let mut areas = self.0.engine.areas();
        let map = areas.maps.get_mut(&Area::Space(space));
        let Some(value) = map.and_then(|map| Arc::make_mut(map).get_mut(key)) else { return false };
        let at = bit / 8 % value.len();
        value[at] ^= 1 << (bit % 8);
        true
    }
}

impl Store for MemoryStore {
    crate::forward_store!(0: apply get inspect log_ends trimmed_logs compact settle size has_room);
}

type Map = BTreeMap<Vec<u8>, Vec<u8>>;

/// Shared, so that a scan keeps the state of its moment; a write copies a map only while one is
/// looked at.
#[derive(Debug, Default, Clone)]
pub(crate) struct Areas {
    maps: BTreeMap<Area, Arc<Map>>,
    bytes: u64,
}

impl Areas {
    /// Carries out a batch.
    pub(crate) fn write(&mut self, batch: &Batch) {
        for write in batch.writes() {
            let map = Arc::make_mut(self.maps.entry(write.area).or_default());
            let size = |value: &[u8]| (write.key.len() + value.len()) as u64;
            let before = match write.value {
                Some(value) => {
                    self.bytes += size(value);
                    map.insert(write.key.to_vec(), value.to_vec())
                }
                None => map.remove(write.key),
            };
            self.bytes -= before.map_or(0, |value| size(&value));
        }
    }

    pub(crate) fn read(&self, area: Area, key: &[u8]) -> Option<Vec<u8>> {
        self.maps.get(&area)?.get(key).cloned()
    }

    /// The entries of an area as they are now.
    pub(crate) fn map(&self, area: Area) -> Arc<Map> {
        self.maps.get(&area).cloned().unwrap_or_default()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// Visits a range of a map.
pub(crate) fn visit_range(map: &Map, range: Range<'_>, visit: &mut dyn FnMut(Entry<'_>) -> bool) {
    let to = range.to.map_or(Bound::Unbounded, Bound::Excluded);
    let mut entries = map.range::<[u8], _>((Bound::Included(range.from), to));
    while let Some((key, value)) = if range.reverse { entries.next_back() } else { entries.next() }
    {
        if !visit(Entry::Pair(key, value)) {
            return;
        }
    }
}

struct MemoryEngine {
    areas: Mutex<Areas>,
    bytes_max: Option<u64>,
}

impl MemoryEngine {
    /// A thread that panicked while it held the lock can only have run out of memory.
    fn areas(&self) -> MutexGuard<'_, Areas> {
        self.areas.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine for MemoryEngine {
    fn read(&self, area: Area, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.areas().read(area, key))
    }

    fn scan(
        &self,
        area: Area,
        range: Range<'_>,
        visit: &mut dyn FnMut(Entry<'_>) -> bool,
    ) -> Result<(), StoreError> {
        let map = self.areas().map(area);
        visit_range(&map, range, visit);
        Ok(())
    }

    fn write(&self, batch: &Batch) -> Result<(), StoreError> {
        self.areas().write(batch);
        Ok(())
    }

    fn room(&self) -> Result<Room, StoreError> {
        let Some(bytes_max) = self.bytes_max else { return Ok(Room::ENDLESS) };
        Ok(Room { free: bytes_max.saturating_sub(self.areas().bytes()), reserve: bytes_max / 16 })
    }

    fn compact(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn bytes(&self) -> Result<u64, StoreError> {
        Ok(self.areas().bytes())
    }
}
