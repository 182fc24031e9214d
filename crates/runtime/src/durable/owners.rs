//! Which durable processes belong to services and pools.
//!
//! Such a process is born as the child of a supervisor or a pool and outlives it: the next process of the
//! same supervisor or pool adopts it. Until then it has no *guardian*, and stays at rest, whatever comes for
//! it: so what a service requires is up before it runs, and nothing runs that nobody looks after.
//!
//! What belongs to whom is in the store, and changes with the births and deaths of the processes; guardians
//! live no longer than the node.

use super::keeper::locked;
use procession_durable::bytes::{decoded, encoded};
use procession_durable::head::number;
use procession_store::{Change, Space};
use procession_types::{Error, Pid, SmolStr};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

/// Where it is in the store's meta space: prefix, id of the owner, 0, number of the process.
pub(crate) const PREFIX: &[u8; 6] = b"owner/";

/// What is known of one such process.
struct Owned {
    owner: SmolStr,
    /// The process of a supervisor or pool that looks after it.
    guardian: Option<Pid>,
    /// It stands still, and why.
    halted: Option<Error>,
}

#[derive(Default)]
struct Known {
    by_pid: BTreeMap<Pid, Owned>,
    by_owner: BTreeMap<SmolStr, BTreeSet<Pid>>,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Owners(Mutex<Known>);

impl Owners {
    /// Takes in an entry of the store; false when it is none.
    pub(crate) fn load(&self, key: &[u8], value: &[u8]) -> bool {
        let Some(owner) = owner_of(key) else { return false };
        let Ok(pid) = decoded::<Pid>(value) else { return false };
        locked(&self.0).add(owner, pid, None);
        true
    }

    /// A process is born; what its first commit must carry along.
    pub(crate) fn born(&self, owner: &SmolStr, pid: Pid, guardian: Pid) -> Change {
        locked(&self.0).add(owner.clone(), pid, Some(guardian));
        Change::put(Space::Meta, key(owner, pid), encoded(&pid))
    }

    /// A process has ended, or was never born; what its last commit must carry along, if it is anybody's.
    pub(crate) fn died(&self, pid: Pid) -> Option<Change> {
        let mut known = locked(&self.0);
        let owned = known.by_pid.remove(&pid)?;
        if let Some(pids) = known.by_owner.get_mut(&owned.owner) {
            pids.remove(&pid);
            if pids.is_empty() {
                known.by_owner.remove(&owned.owner);
            }
        }
        Some(Change::remove(Space::Meta, key(&owned.owner, pid)))
    }

    /// The processes of an owner.
    pub(crate) fn of(&self, owner: &str) -> Vec<Pid> {
        locked(&self.0).by_owner.get(owner).into_iter().flatten().copied().collect()
    }

    /// All of them, by owner.
    pub(crate) fn all(&self) -> Vec<(SmolStr, Vec<Pid>)> {
        let known = locked(&self.0);
        let all = known.by_owner.iter();
        all.map(|(owner, pids)| (owner.clone(), pids.iter().copied().collect())).collect()
    }

    /// A process has a guardian from now on.
    pub(crate) fn adopted(&self, pid: Pid, guardian: Pid) {
        if let Some(owned) = locked(&self.0).by_pid.get_mut(&pid) {
            owned.guardian = Some(guardian);
        }
    }

    /// This guardian lets go of a process; says whether it was the one who had it.
    pub(crate) fn released(&self, pid: Pid, guardian: Pid) -> bool {
        let mut known = locked(&self.0);
        let owned = known.by_pid.get_mut(&pid).filter(|owned| owned.guardian == Some(guardian));
        owned.map(|owned| owned.guardian = None).is_some()
    }

    /// The processes that this guardian looks after.
    pub(crate) fn guarded_by(&self, guardian: Pid) -> Vec<Pid> {
        let known = locked(&self.0);
        let own = known.by_pid.iter().filter(|(_, owned)| owned.guardian == Some(guardian));
        own.map(|(pid, _)| *pid).collect()
    }

    /// Who looks after a process; `None` also when it is nobody's.
    pub(crate) fn guardian(&self, pid: Pid) -> Option<Pid> {
        locked(&self.0).by_pid.get(&pid)?.guardian
    }

    /// Whether a process stays at rest: it belongs to somebody, and nobody looks after it.
    pub(crate) fn is_barred(&self, pid: Pid) -> bool {
        locked(&self.0).by_pid.get(&pid).is_some_and(|owned| owned.guardian.is_none())
    }

    /// Whether a process belongs to somebody.
    pub(crate) fn has(&self, pid: Pid) -> bool {
        locked(&self.0).by_pid.contains_key(&pid)
    }

    /// Notes that a process stands still, or does so no more; says whether that is news.
    pub(crate) fn set_halted(&self, pid: Pid, error: Option<Error>) -> bool {
        let mut known = locked(&self.0);
        let Some(owned) = known.by_pid.get_mut(&pid) else { return false };
        let is_news = owned.halted.is_some() != error.is_some();
        owned.halted = error;
        is_news
    }

    /// Why a process stands still, when it does.
    pub(crate) fn halted(&self, pid: Pid) -> Option<Error> {
        locked(&self.0).by_pid.get(&pid)?.halted.clone()
    }
}

impl Known {
    fn add(&mut self, owner: SmolStr, pid: Pid, guardian: Option<Pid>) {
        self.by_owner.entry(owner.clone()).or_default().insert(pid);
        self.by_pid.insert(pid, Owned { owner, guardian, halted: None });
    }
}

fn key(owner: &str, pid: Pid) -> Vec<u8> {
    let mut key = PREFIX.to_vec();
    key.extend_from_slice(owner.as_bytes());
    key.push(0);
    key.extend_from_slice(&number(&pid).to_be_bytes());
    key
}

fn owner_of(key: &[u8]) -> Option<SmolStr> {
    let rest = key.strip_prefix(PREFIX)?;
    let (owner, _) = rest.split_last_chunk::<8>()?;
    std::str::from_utf8(owner.strip_suffix(&[0])?).ok().map(SmolStr::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use procession_durable::head::pid;

    const EPOCH: u32 = 1 << 31;

    #[test]
    fn what_belongs_to_whom_goes_to_the_store_and_back() {
        let (owners, loaded) = (Owners::default(), Owners::default());
        let (service, member) = (pid(1, 0, EPOCH, 7), pid(1, 1, EPOCH, 0x2F00));
        let guardian = Pid { host: 0, shard: 0, epoch: 5, slot: 1, generation: 1 };
        for (owner, pid) in [("app:counter", service), ("app:pool", member)] {
            let born = owners.born(&owner.into(), pid, guardian);
            assert!(loaded.load(&born.key, &born.value.unwrap()));
        }
        assert_eq!(
            (loaded.of("app:counter"), loaded.of("app:pool")),
            (vec![service], vec![member])
        );
        assert!(loaded.is_barred(service) && !owners.is_barred(service));
        assert!(!loaded.load(b"owner/x", b"") && !loaded.load(b"names/1", &encoded(&service)));

        assert_eq!(owners.guarded_by(guardian), vec![service, member]);
        assert!(!owners.released(service, member) && owners.released(service, guardian));
        assert!(owners.is_barred(service) && owners.guarded_by(guardian) == vec![member]);

        assert!(owners.died(service).is_some() && owners.died(service).is_none());
        assert!(owners.of("app:counter").is_empty() && !owners.is_barred(service));
    }
}
