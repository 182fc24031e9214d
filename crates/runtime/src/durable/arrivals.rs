//! Mail that decided commits bring to the shards. It is collected while the commits of a group are told,
//! and handed over once for all of them: a shard is woken once for a group, not for each commit.

use super::keeper::locked;
use crate::inbox::Inbox;
use crate::mail::Mail;
use procession_types::ShardIndex;
use std::sync::{Arc, Mutex};

/// See the module.
pub(crate) struct Arrivals {
    inboxes: Vec<Arc<Inbox>>,
    /// By shard. Bounded by the commits of one group, each of which brings one.
    collected: Mutex<Vec<Vec<Mail>>>,
}

impl Arrivals {
    pub(crate) fn new(inboxes: Vec<Arc<Inbox>>) -> Self {
        let collected = Mutex::new(inboxes.iter().map(|_| Vec::new()).collect());
        Self { inboxes, collected }
    }

    /// From a commit's `done` only: it is handed over when all of its group are told.
    pub(crate) fn add(&self, shard: ShardIndex, mail: Mail) {
        let at = usize::from(shard) % self.inboxes.len();
        if let Some(collected) = locked(&self.collected).get_mut(at) {
            collected.push(mail);
        }
    }

    /// Hands everything over.
    pub(crate) fn hand_over(&self) {
        for (inbox, mail) in self.inboxes.iter().zip(&mut *locked(&self.collected)) {
            if !mail.is_empty() {
                inbox.append(mail);
            }
        }
    }

    /// The committer has room again: every shard is to look whether it has something for it.
    pub(crate) fn tell_of_room(&self) {
        self.inboxes.iter().for_each(|inbox| inbox.poke());
    }
}
