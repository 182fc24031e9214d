//! The queues of pools whose members are durable.
//!
//! What such a pool is sent by durable processes and from outside is in the store before anybody is told
//! that it was taken, and stays there until a member has done it, or it has become a dead letter. A member
//! that takes a message notes so in its own commit; so after a crash the message is with the one who has
//! taken it, and with nobody else. What a pool that is put to rest has from others is kept here, too.
//!
//! The store's meta space has an entry for each message, and one more for each that a member has.

use super::keeper::locked;
use procession_durable::bytes::{decoded, encoded};
use procession_durable::journal::Source;
use procession_durable::record::Parcel;
use procession_store::{Change, Space};
use procession_types::{Limits, Message, Pid, SmolStr};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Mutex;

/// Where messages are in the store's meta space: prefix, id of the pool, 0, number.
pub(crate) const PREFIX: &[u8; 6] = b"queue/";
/// Where it is noted who has a message: likewise.
pub(crate) const TAKEN: &[u8; 6] = b"taken/";
/// Processes of pools that have ended, for messages that are on the way to them.
const FORMER_MAX: usize = 10_000;

/// Where a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In a commit that is not on disk yet.
    Coming,
    Waiting,
    /// With the process of the pool.
    Out,
    /// With a member, which has taken it or will.
    With(Pid),
}

struct Entry {
    pool: SmolStr,
    message: Message,
    place: Place,
}

/// A pool that takes messages for good: its last process, and how many may wait.
struct Open {
    process: Pid,
    most: u32,
}

/// What waits for the members of a pool.
#[derive(Default)]
struct Waiting {
    numbers: BTreeSet<u64>,
    bytes: u64,
}

#[derive(Default)]
struct Known {
    /// By their numbers: in the order in which they were accepted.
    entries: BTreeMap<u64, Entry>,
    waiting: BTreeMap<SmolStr, Waiting>,
    coming: HashMap<Source, u64>,
    open: BTreeMap<SmolStr, Open>,
    /// The pools of their processes, those that have ended, too.
    processes: BTreeMap<Pid, SmolStr>,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Queues(Mutex<Known>);

impl Queues {
    /// Takes in a message of the store; false when it is none.
    pub(crate) fn load(&self, key: &[u8], value: &[u8]) -> bool {
        let Some((pool, n)) = read_key(PREFIX, key) else { return false };
        let Ok(Parcel::Message(message)) = decoded::<Parcel>(value) else { return false };
        locked(&self.0).add(n, Entry { pool, message, place: Place::Waiting });
        true
    }

    /// Takes in from the store who has a message, when all messages are there; false when it says nothing.
    pub(crate) fn load_taken(&self, key: &[u8], value: &[u8]) -> bool {
        let Some((_, n)) = read_key(TAKEN, key) else { return false };
        let Ok(pid) = decoded::<Pid>(value) else { return false };
        locked(&self.0).set(n, Place::With(pid));
        true
    }

    /// A process of a pool begins. From now on what is sent to it is kept when its members are durable,
    /// `most` messages of strangers at once. Gives what members have that are alive, and so have it still.
    pub(crate) fn begin(
        &self,
        pool: &SmolStr,
        (process, most, is_durable): (Pid, u32, bool),
        is_alive: impl Fn(Pid) -> bool,
    ) -> Vec<(Pid, u64, Message)> {
        let mut known = locked(&self.0);
        if is_durable {
            known.open.insert(pool.clone(), Open { process, most });
            known.processes.insert(process, pool.clone());
            known.forget_former();
        } else {
            known.open.remove(pool);
        }
        let (mut held, mut back) = (Vec::new(), Vec::new());
        for (n, entry) in known.entries.iter().filter(|(_, entry)| entry.pool == *pool) {
            match entry.place {
                Place::With(pid) if is_alive(pid) => held.push((pid, *n, entry.message.clone())),
                Place::With(_) | Place::Out => back.push(*n),
                Place::Coming | Place::Waiting => {}
            }
        }
        back.into_iter().for_each(|n| known.set(n, Place::Waiting));
        held
    }

    /// So many messages of strangers may wait from now on.
    pub(crate) fn set_most(&self, pool: &str, most: u32) {
        if let Some(open) = locked(&self.0).open.get_mut(pool) {
            open.most = most;
        }
    }

    /// The pool that a process is or was the process of, if it keeps what it is sent.
    pub(crate) fn pool_of(&self, process: Pid) -> Option<SmolStr> {
        if process.is_durable() {
            return None;
        }
        let known = locked(&self.0);
        known.processes.get(&process).filter(|pool| known.open.contains_key(*pool)).cloned()
    }

    /// Whether there is room for one more message.
    pub(crate) fn has_room(&self, pool: &str) -> bool {
        let known = locked(&self.0);
        let waiting = known.waiting.get(pool);
        let (count, bytes) = waiting.map_or((0, 0), |it| (it.numbers.len(), it.bytes));
        let most = Limits::default().mailbox_bytes_max;
        known.open.get(pool).is_none_or(|open| count < open.most as usize && bytes < most)
    }

    /// Keeps a message under a number that was never given; what must be committed. It waits from when
    /// [`Queues::arrived`] says so, with this source; without one at once.
    pub(crate) fn keep(
        &self,
        pool: &SmolStr,
        n: u64,
        message: Message,
        source: Option<Source>,
    ) -> Change {
        let value = encoded(&Parcel::Message(message.clone()));
        let mut known = locked(&self.0);
        let place = if source.is_some() { Place::Coming } else { Place::Waiting };
        known.coming.extend(source.map(|source| (source, n)));
        known.add(n, Entry { pool: pool.clone(), message, place });
        Change::put(Space::Meta, key(PREFIX, pool, n), value)
    }

    /// The commit of a message is on disk, or is not waited for: it waits. The process of the pool, which is
    /// to look around; `None` = it was not for a pool.
    pub(crate) fn arrived(&self, source: Source) -> Option<Pid> {
        let mut known = locked(&self.0);
        let n = known.coming.remove(&source)?;
        known.set(n, Place::Waiting);
        let pool = &known.entries.get(&n)?.pool;
        known.open.get(pool).map(|open| open.process)
    }

    /// A commit will never be on disk, and so what it has sent is not there.
    pub(crate) fn retract(&self, is_of_commit: impl Fn(&Source) -> bool) {
        let mut known = locked(&self.0);
        let lost: Vec<Source> =
            known.coming.keys().filter(|it| is_of_commit(it)).copied().collect();
        for source in lost {
            if let Some(n) = known.coming.remove(&source) {
                known.entries.remove(&n);
            }
        }
    }

    /// How many messages wait for members.
    pub(crate) fn waiting(&self, pool: &str) -> u32 {
        locked(&self.0).waiting.get(pool).map_or(0, |waiting| waiting.numbers.len() as u32)
    }

    /// The oldest message that waits: it is with the process of the pool then.
    pub(crate) fn next(&self, pool: &str) -> Option<(u64, Message)> {
        let mut known = locked(&self.0);
        let n = *known.waiting.get(pool)?.numbers.first()?;
        known.set(n, Place::Out);
        known.entries.get(&n).map(|entry| (n, entry.message.clone()))
    }

    /// A message goes to a member.
    pub(crate) fn hand(&self, n: u64, member: Pid) {
        locked(&self.0).set(n, Place::With(member));
    }

    /// What the commit must carry along in which a member takes a message, or has it written down.
    pub(crate) fn taken(&self, n: u64, member: Pid) -> Option<Change> {
        let known = locked(&self.0);
        let entry = known.entries.get(&n)?;
        Some(Change::put(Space::Meta, key(TAKEN, &entry.pool, n), encoded(&member)))
    }

    /// A message is done with; what must be committed.
    pub(crate) fn done(&self, n: u64) -> Vec<Change> {
        let mut known = locked(&self.0);
        known.set(n, Place::Out);
        let Some(Entry { pool, .. }) = known.entries.remove(&n) else { return Vec::new() };
        let keys = [key(PREFIX, &pool, n), key(TAKEN, &pool, n)];
        keys.map(|key| Change::remove(Space::Meta, key)).into()
    }
}

impl Known {
    fn add(&mut self, n: u64, entry: Entry) {
        let place = entry.place;
        self.entries.insert(n, entry);
        self.set(n, place);
    }

    fn set(&mut self, n: u64, place: Place) {
        let Some(entry) = self.entries.get_mut(&n) else { return };
        entry.place = place;
        let bytes = entry.message.bytes();
        let waiting = self.waiting.entry(entry.pool.clone()).or_default();
        if place == Place::Waiting && waiting.numbers.insert(n) {
            waiting.bytes += bytes;
        } else if place != Place::Waiting && waiting.numbers.remove(&n) {
            waiting.bytes -= bytes;
        }
    }

    /// Messages to those that ended long ago come no more.
    fn forget_former(&mut self) {
        while self.processes.len() > FORMER_MAX.max(2 * self.open.len()) {
            let open = &self.open;
            let is_former =
                |it: &(&Pid, &SmolStr)| open.get(it.1).is_none_or(|open| open.process != *it.0);
            let Some(former) = self.processes.iter().find(is_former).map(|(pid, _)| *pid) else {
                return;
            };
            self.processes.remove(&former);
        }
    }
}

fn key(prefix: &[u8], pool: &str, n: u64) -> Vec<u8> {
    let mut key = prefix.to_vec();
    key.extend_from_slice(pool.as_bytes());
    key.push(0);
    key.extend_from_slice(&n.to_be_bytes());
    key
}

fn read_key(prefix: &[u8], key: &[u8]) -> Option<(SmolStr, u64)> {
    let rest = key.strip_prefix(prefix)?;
    let (pool, n) = rest.split_last_chunk::<8>()?;
    let pool = std::str::from_utf8(pool.strip_suffix(&[0])?).ok()?;
    Some((SmolStr::new(pool), u64::from_be_bytes(*n)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use procession_types::{EPOCH_OF_STORE, Fragment};

    fn message(topic: &str) -> Message {
        Message { topic: topic.into(), from: None, payload: Fragment::nil() }
    }

    fn pid(epoch: u32, slot: u32) -> Pid {
        Pid { host: 0, shard: 0, epoch, slot, generation: 0 }
    }

    #[test]
    fn what_waits_comes_back_in_order_and_what_was_taken_is_with_who_has_it() {
        let (queues, pool) = (Queues::default(), SmolStr::new("app:pool"));
        let changes = [(300, "third"), (7, "first"), (8, "second")]
            .map(|(n, topic)| queues.keep(&pool, n, message(topic), None));
        let [one, two] = [1, 2].map(|slot| pid(EPOCH_OF_STORE, slot));
        let taken = [(7, one), (8, two)].map(|(n, member)| queues.taken(n, member).unwrap());

        let loaded = Queues::default();
        assert!(changes.iter().all(|it| loaded.load(&it.key, it.value.as_ref().unwrap())));
        assert!(taken.iter().all(|it| loaded.load_taken(&it.key, it.value.as_ref().unwrap())));
        // One of the two has died: what it had waits again.
        let held = loaded.begin(&pool, (pid(1, 9), 10, true), |pid| pid == two);
        assert_eq!(held.iter().map(|it| (it.0, it.1)).collect::<Vec<_>>(), [(two, 8)]);
        let mut order = Vec::new();
        while let Some((n, message)) = loaded.next("app:pool") {
            order.push((n, message.topic));
        }
        assert_eq!(order, [(7, "first".into()), (300, "third".into())]);
        assert_eq!(
            (loaded.waiting("app:pool"), loaded.done(7).len(), loaded.done(7).len()),
            (0, 2, 0)
        );
        assert!(!loaded.load(b"queue/x", b"") && !loaded.load_taken(b"taken/x", b""));
        // The process of the pool ends with one in its hands: the next one gets it.
        loaded.begin(&pool, (pid(1, 10), 10, true), |pid| pid == two);
        assert_eq!(loaded.next("app:pool").unwrap().0, 300);
    }

    #[test]
    fn what_is_sent_waits_when_its_commit_is_on_disk() {
        let (queues, pool) = (Queues::default(), SmolStr::new("app:pool"));
        let process = pid(1, 9);
        assert_eq!(queues.pool_of(process), None);
        queues.begin(&pool, (process, 1, true), |_| true);
        assert_eq!(queues.pool_of(process), Some(pool.clone()));
        let source = |n| Source { id: 4, n, index: 0 };
        for n in [1, 2] {
            queues.keep(&pool, n, message("x"), Some(source(n)));
        }
        assert!(queues.next("app:pool").is_none() && queues.has_room("app:pool"));
        queues.retract(|it| it.n == 2);
        assert_eq!((queues.arrived(source(2)), queues.arrived(source(1))), (None, Some(process)));
        assert!(!queues.has_room("app:pool"));
        assert_eq!(queues.next("app:pool").map(|(n, _)| n), Some(1));
        // Its members are durable no more.
        queues.begin(&pool, (pid(1, 10), 1, false), |_| true);
        assert_eq!((queues.pool_of(process), queues.waiting("app:pool")), (None, 1));
    }
}
