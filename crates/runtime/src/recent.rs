//! The programs that a worker's processes have started last, each with the process host that was named:
//! whoever starts the same one again has neither text checked nor looked up, and takes no lock.

use crate::program::Loaded;
use procession_types::{HostIndex, SmolStr};

/// Entries that are kept, and looked at one by one.
const ENTRIES_MAX: usize = 8;

#[derive(Clone)]
struct Entry {
    program: SmolStr,
    host_id: SmolStr,
    host: HostIndex,
    loaded: Loaded,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Recent {
    /// The version of [`crate::program::Programs`] to which the entries belong.
    version: u64,
    /// The one that was found last comes first.
    entries: Vec<Entry>,
}

impl Recent {
    /// What such a request has led to, if the programs have still this version.
    #[inline]
    pub(crate) fn get(
        &mut self,
        version: u64,
        program: &SmolStr,
        host_id: &SmolStr,
    ) -> Option<(HostIndex, Loaded)> {
        if version != self.version {
            (self.version, self.entries) = (version, Vec::new());
        }
        let is_it = |entry: &Entry| entry.program == *program && entry.host_id == *host_id;
        let at = self.entries.iter().position(is_it)?;
        self.entries.swap(0, at);
        let Entry { host, loaded, .. } = &self.entries[0];
        Some((*host, loaded.clone()))
    }

    /// Remembers what a request has led to. The version is one read before it was looked up.
    pub(crate) fn put(
        &mut self,
        version: u64,
        (program, host_id): (&SmolStr, &SmolStr),
        (host, loaded): (HostIndex, &Loaded),
    ) {
        if version != self.version {
            return;
        }
        self.entries.truncate(ENTRIES_MAX - 1);
        let (program, host_id) = (program.clone(), host_id.clone());
        self.entries.push(Entry { program, host_id, host, loaded: loaded.clone() });
    }
}
