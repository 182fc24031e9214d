//! Registered names of the whole node.
//!
//! A name is claimed under the lock of its shard of `by_name`; the holder's list in `by_pid` is
//! locked inside that. A dying process first takes its list out of `by_pid`, without any other
//! lock, then frees each name: so the order of locks is always name, then list.

use procession_kernel::ClaimError;
use procession_types::{Pid, SmolStr};
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

const SHARDS: usize = 32;

/// See the module.
#[derive(Default)]
pub(crate) struct Names {
    by_name: [RwLock<HashMap<SmolStr, Pid>>; SHARDS],
    by_pid: [Mutex<HashMap<Pid, Vec<SmolStr>>>; SHARDS],
    hasher: RandomState,
}

impl Names {
    /// Claims a name, if `mark` says that the process lives. `mark` must make a death that comes
    /// after it call [`Names::release_all`].
    pub(crate) fn claim(
        &self,
        name: &str,
        pid: Pid,
        names_max: u32,
        mark: impl FnOnce() -> bool,
    ) -> Result<(), ClaimError> {
        let mut names = self.shard(name).write().unwrap_or_else(PoisonError::into_inner);
        if let Some(&holder) = names.get(name) {
            return if holder == pid { Ok(()) } else { Err(ClaimError::Taken(holder)) };
        }
        let mut lists = self.lists(pid);
        if lists.get(&pid).is_some_and(|list| list.len() >= names_max as usize) || names_max == 0 {
            return Err(ClaimError::TooMany);
        }
        if !mark() {
            return Err(ClaimError::Dead);
        }
        let name = SmolStr::new(name);
        lists.entry(pid).or_default().push(name.clone());
        names.insert(name, pid);
        Ok(())
    }

    pub(crate) fn release(&self, name: &str) -> Option<Pid> {
        let mut names = self.shard(name).write().unwrap_or_else(PoisonError::into_inner);
        let holder = names.remove(name)?;
        if let Some(list) = self.lists(holder).get_mut(&holder) {
            list.retain(|held| held != name);
        }
        Some(holder)
    }

    pub(crate) fn release_all(&self, pid: Pid) {
        let Some(list) = self.lists(pid).remove(&pid) else { return };
        for name in list {
            let mut names = self.shard(&name).write().unwrap_or_else(PoisonError::into_inner);
            if names.get(&name) == Some(&pid) {
                names.remove(&name);
            }
        }
    }

    pub(crate) fn holder(&self, name: &str) -> Option<Pid> {
        self.shard(name).read().unwrap_or_else(PoisonError::into_inner).get(name).copied()
    }

    /// Names behind `after` in their order with their holders, `count_max` at most.
    pub(crate) fn page(&self, after: &str, count_max: usize) -> Vec<(SmolStr, Pid)> {
        let mut page: BTreeMap<SmolStr, Pid> = BTreeMap::new();
        for names in &self.by_name {
            let names = names.read().unwrap_or_else(PoisonError::into_inner);
            for (name, &holder) in names.iter().filter(|(name, _)| name.as_str() > after) {
                let is_full = page.len() >= count_max;
                if is_full && page.last_key_value().is_none_or(|(last, _)| last <= name) {
                    continue;
                }
                page.insert(name.clone(), holder);
                if is_full {
                    page.pop_last();
                }
            }
        }
        page.into_iter().collect()
    }

    pub(crate) fn of(&self, pid: Pid) -> Vec<SmolStr> {
        self.lists(pid).get(&pid).cloned().unwrap_or_default()
    }

    fn shard(&self, name: &str) -> &RwLock<HashMap<SmolStr, Pid>> {
        &self.by_name[self.hasher.hash_one(name) as usize % SHARDS]
    }

    fn lists(&self, pid: Pid) -> MutexGuard<'_, HashMap<Pid, Vec<SmolStr>>> {
        let shard = &self.by_pid[(pid.slot as usize + usize::from(pid.shard)) % SHARDS];
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
