//! Which durable processes live, as every shard sees it: a bit for each, by the shard on which it began.
//!
//! The bits are kept in the store in pages, which commits of births and deaths carry along, with how many
//! of each host live. Only the
//! worker at which the processes of a shard are at home changes that shard's bits.

use super::keeper::locked;
use procession_durable::bytes::{Bytes as _, decoded};
use procession_durable::head::number;
use procession_types::{HostIndex, Pid, ShardIndex};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// Processes of a page.
const PAGE: u64 = 4096;
const WORDS: usize = (PAGE / 64) as usize;

/// No host: there are fewer.
const UNKNOWN: HostIndex = HostIndex::MAX;

struct Page {
    words: [AtomicU64; WORDS],
    hosts: Mutex<Hosts>,
}

/// Where the processes of a page are.
#[derive(Default)]
struct Hosts {
    /// By host, those that live.
    counts: BTreeMap<HostIndex, u16>,
    /// Of each process, from the moment that they are on several.
    each: Option<Box<[HostIndex]>>,
}

impl Hosts {
    fn born(&mut self, at: u64, host: HostIndex) {
        if self.each.is_none()
            && let Some((&other, _)) = self.counts.iter().find(|(other, _)| **other != host)
        {
            self.each = Some(vec![other; PAGE as usize].into());
        }
        if let Some(each) = &mut self.each {
            each[(at % PAGE) as usize] = host;
        }
    }

    fn of(&self, at: u64) -> HostIndex {
        let only = || self.counts.keys().next().copied().unwrap_or(UNKNOWN);
        self.each.as_ref().map_or_else(only, |each| each[(at % PAGE) as usize])
    }
}

/// What is known of where a process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whereabouts {
    /// It does not live.
    Nowhere,
    /// It lives on this host.
    On(HostIndex),
    /// It lives; the store knows where.
    Unknown,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Alive {
    pages: RwLock<BTreeMap<(ShardIndex, u64), Arc<Page>>>,
}

/// The count of a process among its shard's.
fn count(pid: Pid) -> u64 {
    number(&pid) & 0xFFFF_FFFF_FFFF
}

impl Alive {
    fn page(&self, shard: ShardIndex, page: u64) -> Option<Arc<Page>> {
        let pages = self.pages.read().unwrap_or_else(PoisonError::into_inner);
        pages.get(&(shard, page)).map(Arc::clone)
    }

    /// Whether the process lives.
    pub(crate) fn has(&self, pid: Pid) -> bool {
        let at = count(pid);
        self.page(pid.shard, at / PAGE).is_some_and(|page| {
            let word = page.words[(at % PAGE / 64) as usize].load(Ordering::Acquire);
            word >> (at % 64) & 1 == 1
        })
    }

    /// Where a process lives that has this number, whatever host its PID says.
    pub(crate) fn whereabouts(&self, pid: Pid) -> Whereabouts {
        let at = count(pid);
        let page = self.page(pid.shard, at / PAGE).filter(|_| self.has(pid));
        match page.map(|page| locked(&page.hosts).of(at)) {
            None => Whereabouts::Nowhere,
            Some(UNKNOWN) => Whereabouts::Unknown,
            Some(host) => Whereabouts::On(host),
        }
    }

    /// Notes what the store knows.
    pub(crate) fn found(&self, pid: Pid) {
        let at = count(pid);
        if let Some(page) = self.page(pid.shard, at / PAGE)
            && let Some(each) = &mut locked(&page.hosts).each
        {
            each[(at % PAGE) as usize] = pid.host;
        }
    }

    /// Notes a birth or a death. Returns the page that changed, for the store.
    pub(crate) fn set(&self, pid: Pid, lives: bool) -> (Vec<u8>, Vec<u8>) {
        let at = count(pid);
        let place = (pid.shard, at / PAGE);
        let page = {
            let mut pages = self.pages.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(pages.entry(place).or_insert_with(|| Arc::new(Page::default())))
        };
        let (word, bit) = (&page.words[(at % PAGE / 64) as usize], 1 << (at % 64));
        let mut hosts = locked(&page.hosts);
        let before = match lives {
            true => word.fetch_or(bit, Ordering::AcqRel),
            false => word.fetch_and(!bit, Ordering::AcqRel),
        };
        if (before & bit != 0) != lives {
            if lives {
                hosts.born(at, pid.host);
            }
            let count = hosts.counts.entry(pid.host).or_default();
            *count = if lives { *count + 1 } else { count.saturating_sub(1) };
            hosts.counts.retain(|_, count| *count > 0);
        }
        let words = page.words.iter().flat_map(|word| word.load(Ordering::Acquire).to_le_bytes());
        let mut bytes: Vec<u8> = words.collect();
        hosts.counts.put(&mut bytes);
        (key(place), bytes)
    }

    /// Takes in a page of the store; false when it is none.
    pub(crate) fn load(&self, key: &[u8], bytes: &[u8]) -> bool {
        let Some((shard, page)) = read_key(key) else { return false };
        let Some((words, hosts)) = bytes.split_at_checked(WORDS * 8) else { return false };
        let Ok(counts) = decoded::<BTreeMap<HostIndex, u16>>(hosts) else { return false };
        // Which is on which is not in the page.
        let each = (counts.len() > 1).then(|| vec![UNKNOWN; PAGE as usize].into());
        let hosts = Hosts { counts, each };
        let (words, _) = words.as_chunks::<8>();
        let words = std::array::from_fn(|at| AtomicU64::new(u64::from_le_bytes(words[at])));
        let mut pages = self.pages.write().unwrap_or_else(PoisonError::into_inner);
        pages.insert((shard, page), Arc::new(Page { words, hosts: Mutex::new(hosts) }));
        true
    }

    /// How many of a host live.
    pub(crate) fn on_host(&self, host: HostIndex) -> u64 {
        let pages = self.pages.read().unwrap_or_else(PoisonError::into_inner);
        let of = |page: &Arc<Page>| locked(&page.hosts).counts.get(&host).copied().unwrap_or(0);
        pages.values().map(|page| u64::from(of(page))).sum()
    }

    /// How many live.
    #[cfg(test)]
    pub(crate) fn len(&self) -> u64 {
        let pages = self.pages.read().unwrap_or_else(PoisonError::into_inner);
        let words = pages.values().flat_map(|page| page.words.iter());
        words.map(|word| u64::from(word.load(Ordering::Relaxed).count_ones())).sum()
    }
}

impl Default for Page {
    fn default() -> Self {
        Self { words: std::array::from_fn(|_| AtomicU64::new(0)), hosts: Mutex::default() }
    }
}

/// Where pages are in the store's meta space: prefix, shard, page.
pub(crate) const PREFIX: &[u8; 5] = b"live/";

fn key((shard, page): (ShardIndex, u64)) -> Vec<u8> {
    let mut key = PREFIX.to_vec();
    key.extend_from_slice(&shard.to_be_bytes());
    key.extend_from_slice(&page.to_be_bytes());
    key
}

fn read_key(key: &[u8]) -> Option<(ShardIndex, u64)> {
    let rest = key.strip_prefix(PREFIX)?;
    let (shard, page) = rest.split_first_chunk::<2>()?;
    Some((u16::from_be_bytes(*shard), u64::from_be_bytes(page.try_into().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use procession_durable::head::pid;

    #[test]
    fn pages_go_to_the_store_and_back() {
        let (alive, epoch) = (Alive::default(), 1 << 31);
        let some = [pid(0, 0, epoch, 1), pid(3, 1, epoch, 5000), pid(0, 1, epoch, 1 << 33)];
        let loaded = Alive::default();
        for process in some {
            assert!(!alive.has(process));
            let (key, bytes) = alive.set(process, true);
            assert!(alive.has(process) && loaded.load(&key, &bytes) && loaded.has(process));
        }
        assert_eq!((alive.len(), loaded.len()), (3, 3));
        assert_eq!([0, 1, 3].map(|host| loaded.on_host(host)), [2, 0, 1]);
        // What is known already changes nothing.
        alive.set(some[0], true);
        assert_eq!([0, 1, 3].map(|host| alive.on_host(host)), [2, 0, 1]);
        let (key, bytes) = alive.set(some[1], false);
        assert!(loaded.load(&key, &bytes) && !loaded.has(some[1]) && loaded.has(some[0]));
        assert_eq!([0, 3].map(|host| loaded.on_host(host)), [2, 0]);
        assert!(!loaded.load(b"live/1", &bytes) && !loaded.load(&key, &bytes[1..]));
    }

    #[test]
    fn a_process_is_on_one_host() {
        let (alive, epoch) = (Alive::default(), 1 << 31);
        let (one, two) = (pid(0, 0, epoch, 1), pid(3, 0, epoch, 2));
        let elsewhere = |it: Pid| Pid { host: 7, ..it };
        assert_eq!(alive.whereabouts(one), Whereabouts::Nowhere);
        alive.set(one, true);
        assert_eq!(alive.whereabouts(elsewhere(one)), Whereabouts::On(0));
        let (key, bytes) = alive.set(two, true);
        assert_eq!(alive.whereabouts(elsewhere(one)), Whereabouts::On(0));
        assert_eq!(alive.whereabouts(elsewhere(two)), Whereabouts::On(3));

        // A page of several does not say which is where, until somebody has looked.
        let loaded = Alive::default();
        assert!(loaded.load(&key, &bytes));
        assert_eq!(loaded.whereabouts(two), Whereabouts::Unknown);
        loaded.found(two);
        assert_eq!(loaded.whereabouts(elsewhere(two)), Whereabouts::On(3));
        assert_eq!(loaded.whereabouts(one), Whereabouts::Unknown);
        let three = pid(5, 0, epoch, 3);
        loaded.set(three, true);
        assert_eq!(loaded.whereabouts(three), Whereabouts::On(5));
        let (key, bytes) = alive.set(one, false);
        assert_eq!(alive.whereabouts(one), Whereabouts::Nowhere);
        let loaded = Alive::default();
        assert!(loaded.load(&key, &bytes));
        assert_eq!(loaded.whereabouts(elsewhere(two)), Whereabouts::On(3));
    }
}
