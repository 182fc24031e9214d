//! A map by PID that costs nothing while it is empty and no allocation for one entry.

use procession_types::Pid;
use std::collections::BTreeMap;

/// Entries that are searched one by one; more go into a tree.
const FEW_MAX: usize = 16;

/// See the module; three words for `PidMap<()>`, hence the boxed tree. Its order of iteration depends on its history only.
#[derive(Debug, Default)]
#[allow(clippy::box_collection)]
pub(crate) enum PidMap<V> {
    #[default]
    Empty,
    One(Pid, V),
    Few(Vec<(Pid, V)>),
    Many(Box<BTreeMap<Pid, V>>),
}

impl<V> PidMap<V> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::One(..) => 1,
            Self::Few(list) => list.len(),
            Self::Many(tree) => tree.len(),
        }
    }

    pub(crate) fn get(&self, pid: Pid) -> Option<&V> {
        match self {
            Self::Empty => None,
            Self::One(key, value) => (*key == pid).then_some(value),
            Self::Few(list) => list.iter().find(|(key, _)| *key == pid).map(|(_, value)| value),
            Self::Many(tree) => tree.get(&pid),
        }
    }

    pub(crate) fn get_mut(&mut self, pid: Pid) -> Option<&mut V> {
        match self {
            Self::Empty => None,
            Self::One(key, value) => (*key == pid).then_some(value),
            Self::Few(list) => list.iter_mut().find(|(key, _)| *key == pid).map(|(_, value)| value),
            Self::Many(tree) => tree.get_mut(&pid),
        }
    }

    pub(crate) fn contains(&self, pid: Pid) -> bool {
        self.get(pid).is_some()
    }

    /// Adds or replaces an entry; true when it is new.
    pub(crate) fn insert(&mut self, pid: Pid, value: V) -> bool {
        if let Some(held) = self.get_mut(pid) {
            *held = value;
            return false;
        }
        *self = match std::mem::take(self) {
            Self::Empty => Self::One(pid, value),
            Self::One(first, held) => Self::Few(vec![(first, held), (pid, value)]),
            Self::Few(mut list) if list.len() < FEW_MAX => {
                list.push((pid, value));
                Self::Few(list)
            }
            Self::Few(list) => {
                let mut tree: BTreeMap<Pid, V> = list.into_iter().collect();
                tree.insert(pid, value);
                Self::Many(Box::new(tree))
            }
            Self::Many(mut tree) => {
                tree.insert(pid, value);
                Self::Many(tree)
            }
        };
        true
    }

    pub(crate) fn remove(&mut self, pid: Pid) -> Option<V> {
        match self {
            Self::Empty => None,
            Self::One(key, _) if *key == pid => match std::mem::take(self) {
                Self::One(_, value) => Some(value),
                Self::Empty | Self::Few(_) | Self::Many(_) => None,
            },
            Self::One(..) => None,
            Self::Few(list) => {
                let at = list.iter().position(|(key, _)| *key == pid)?;
                let (_, value) = list.remove(at);
                if list.is_empty() {
                    *self = Self::Empty;
                }
                Some(value)
            }
            Self::Many(tree) => {
                let value = tree.remove(&pid)?;
                if tree.is_empty() {
                    *self = Self::Empty;
                }
                Some(value)
            }
        }
    }

    /// Calls `visit` with every entry.
    pub(crate) fn each(&self, mut visit: impl FnMut(Pid, &V)) {
        match self {
            Self::Empty => {}
            Self::One(key, value) => visit(*key, value),
            Self::Few(list) => list.iter().for_each(|(key, value)| visit(*key, value)),
            Self::Many(tree) => tree.iter().for_each(|(key, value)| visit(*key, value)),
        }
    }

    /// The first PIDs, `count_max` at most.
    pub(crate) fn keys(&self, count_max: usize) -> Vec<Pid> {
        let mut keys = Vec::with_capacity(self.len().min(count_max));
        match self {
            Self::Empty => {}
            Self::One(key, _) => keys.push(*key),
            Self::Few(list) => keys.extend(list.iter().map(|(key, _)| *key)),
            Self::Many(tree) => keys.extend(tree.keys().take(count_max).copied()),
        }
        keys.truncate(count_max);
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pid(slot: u32) -> Pid {
        Pid { host: 0, shard: 0, epoch: 1, slot, generation: 0 }
    }

    #[test]
    fn behaves_as_a_map_at_every_size() {
        let mut map = PidMap::Empty;
        let mut model = BTreeMap::new();
        let mut state = 7_u64;
        for step in 0..4000_u32 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let key = pid((state >> 33) as u32 % if step % 1000 < 500 { 3 } else { 60 });
            if (state >> 20).is_multiple_of(2) {
                assert_eq!(map.insert(key, step), model.insert(key, step).is_none());
            } else {
                assert_eq!(map.remove(key), model.remove(&key));
            }
            assert_eq!(map.len(), model.len());
            assert_eq!(map.get(key), model.get(&key));
            let mut keys = map.keys(usize::MAX);
            keys.sort();
            assert!(keys.iter().eq(model.keys()));
            assert_eq!(map.keys(2), map.keys(usize::MAX)[..map.len().min(2)]);
        }
    }

    #[test]
    fn a_set_is_three_words() {
        assert!(size_of::<PidMap<()>>() <= 24);
    }
}
