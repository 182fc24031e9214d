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

#[cfg(test)]
mod tests {
    use super::*;
    use procession_environment::{Guest, Image};
    use procession_kernel::Definition;
    use procession_types::{Error, Fragment, Limits};
    use std::sync::Arc;

    struct Nothing;

    impl Image for Nothing {
        fn spawn(&self, _: &Fragment, _: &Limits) -> Result<Box<dyn Guest>, Error> {
            Err(Error::invalid("there is nothing to spawn"))
        }

        fn restore(&self, _: &[u8], _: &Limits) -> Result<Box<dyn Guest>, Error> {
            Err(Error::invalid("there is nothing to restore"))
        }
    }

    fn loaded(program: &str) -> Loaded {
        let program = SmolStr::new(program);
        let definition = Definition { program, limits: Limits::default(), built_in: false };
        Loaded { image: Arc::new(Nothing), definition: Arc::new(definition), durable: None }
    }

    #[test]
    fn what_was_looked_up_is_found_until_something_changes() {
        let mut recent = Recent::default();
        let host_id = SmolStr::new("app:processes");
        let program = |number: usize| SmolStr::new(format!("app:p{number}"));
        assert!(recent.get(1, &program(0), &host_id).is_none());
        for number in 0..ENTRIES_MAX + 2 {
            let program = program(number);
            recent.put(1, (&program, &host_id), (number as HostIndex, &loaded(&program)));
            let (host, found) = recent.get(1, &program, &host_id).unwrap();
            assert_eq!((usize::from(host), &found.definition.program), (number, &program));
        }
        assert_eq!(recent.entries.len(), ENTRIES_MAX);
        let last = program(ENTRIES_MAX + 1);
        assert!(recent.get(1, &last, &SmolStr::new("app:other")).is_none());
        assert!(recent.get(1, &last, &host_id).is_some());
        assert!(recent.get(2, &last, &host_id).is_none(), "the programs may be others now");
        recent.put(1, (&last, &host_id), (0, &loaded(&last)));
        assert!(recent.get(2, &last, &host_id).is_none(), "what was looked up before is not kept");
    }
}
