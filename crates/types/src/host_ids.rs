//! The process hosts of a node in the order in which PIDs count them.

use crate::{HostIndex, SmolStr};
use std::fmt;
use std::sync::{Arc, OnceLock};

/// Process hosts of a node at most: shards look at them one by one.
pub const HOSTS_MAX: usize = 1024;

/// The ids of a node's process hosts; a PID's host is a position in here. Some may come while
/// everybody looks, none goes, and none changes its place: so a look costs no lock. Clones are of the
/// same list.
#[derive(Clone)]
pub struct HostIds(Arc<[OnceLock<SmolStr>]>);

impl HostIds {
    /// Those of a node that starts, [`HOSTS_MAX`] of them at most.
    #[must_use]
    pub fn new(ids: impl IntoIterator<Item = SmolStr>) -> Self {
        let list = Self((0..HOSTS_MAX).map(|_| OnceLock::new()).collect());
        for id in ids {
            // One that is there already keeps its place.
            let _ = list.push(&id);
        }
        list
    }

    /// Adds one, behind all others; its place, also when it was there already. One at a time may add:
    /// `None` when there are too many.
    #[must_use]
    pub fn push(&self, id: &str) -> Option<HostIndex> {
        if let Some(position) = self.position(id) {
            return Some(position);
        }
        let position = self.iter().count();
        self.0.get(position)?.set(SmolStr::new(id)).ok()?;
        Some(position as HostIndex)
    }

    /// The id at a place.
    #[inline]
    #[must_use]
    pub fn get(&self, host: HostIndex) -> Option<&SmolStr> {
        self.0.get(usize::from(host))?.get()
    }

    /// The place of an id.
    #[must_use]
    pub fn position(&self, id: &str) -> Option<HostIndex> {
        self.iter().position(|other| other == id).map(|position| position as HostIndex)
    }

    /// All of them, in order.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = &SmolStr> {
        self.0.iter().map_while(OnceLock::get)
    }
}

impl fmt::Debug for HostIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl From<Vec<SmolStr>> for HostIds {
    fn from(ids: Vec<SmolStr>) -> Self {
        Self::new(ids)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_come_and_keep_their_places() {
        let hosts = HostIds::new(["a:1".into(), "a:2".into()]);
        let same = hosts.clone();
        assert_eq!((hosts.push("a:3"), hosts.push("a:1")), (Some(2), Some(0)));
        assert_eq!((same.position("a:3"), same.position("a:4")), (Some(2), None));
        assert_eq!(same.get(1).map(SmolStr::as_str), Some("a:2"));
        assert_eq!((same.get(3), format!("{same:?}")), (None, r#"["a:1", "a:2", "a:3"]"#.into()));
        for number in 3..HOSTS_MAX {
            assert!(hosts.push(&format!("b:{number}")).is_some());
        }
        assert_eq!(hosts.push("a:more"), None);
    }
}
