//! The writes of a group, each key once.

use crate::engine::Area;
use std::collections::HashMap;

/// One write: sealed bytes, or none to remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Write {
    pub(crate) area: Area,
    pub(crate) key: Vec<u8>,
    pub(crate) value: Option<Vec<u8>>,
}

/// Writes in the order in which their keys came first; a later write of a key takes the place of the
/// earlier one.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    writes: Vec<Write>,
    index: HashMap<(Area, Vec<u8>), usize>,
}

impl Batch {
    /// Adds a write.
    pub(crate) fn set(&mut self, area: Area, key: Vec<u8>, value: Option<Vec<u8>>) {
        match self.index.entry((area, key)) {
            std::collections::hash_map::Entry::Occupied(at) => {
                self.writes[*at.get()].value = value;
            }
            std::collections::hash_map::Entry::Vacant(at) => {
                let key = at.key().1.clone();
                at.insert(self.writes.len());
                self.writes.push(Write { area, key, value });
            }
        }
    }

    /// What it says of a key: nothing, or the bytes, or that they are removed.
    pub(crate) fn get(&self, area: Area, key: &[u8]) -> Option<Option<&[u8]>> {
        if self.writes.is_empty() {
            return None;
        }
        let at = *self.index.get(&(area, key.to_vec()))?;
        Some(self.writes[at].value.as_deref())
    }

    /// The writes.
    pub(crate) fn writes(&self) -> &[Write] {
        &self.writes
    }
}
