//! Objects with finalizers: which of them nothing refers to any more.

use super::{FORWARDED, To};
use crate::heap::{Heap, root};
use procession_types::word::{self, Kind, Word};

impl Heap {
    /// The objects of a list that a root leads to, as far as it is used; words of the old array.
    fn list(&self, root: usize, count: usize) -> Vec<Word> {
        let first = word::index(self.get(root)) as usize + 1;
        let count = self.get(count) as usize;
        self.words()[first..first + count].to_vec()
    }

    /// Has those objects copied that only their finalizers are to see again, and queues them: those
    /// that got their finalizer last are due first, after all that were due before. Gives the others.
    pub(super) fn separate(&mut self, to: &mut To<'_>) -> Vec<Word> {
        if self.get(root::FINALIZABLE_COUNT) == 0 {
            return Vec::new();
        }
        let all = self.list(root::FINALIZABLE, root::FINALIZABLE_COUNT);
        let lives =
            |object: &Word| word::header_kind(self.get(word::index(*object) as usize)) == FORWARDED;
        let (living, mut due): (Vec<Word>, Vec<Word>) = all.into_iter().partition(lives);
        if !due.is_empty() {
            if self.get(root::PENDING_COUNT) != 0 {
                due.extend(self.list(root::PENDING, root::PENDING_COUNT));
            }
            // The list is scanned like every object, which copies what it refers to.
            let list = append_list(&due, to);
            to[root::PENDING] = word::object(Kind::Array, list as u32);
            to[root::PENDING_COUNT] = due.len() as u64;
        }
        living
    }

    /// Writes the list of the objects that keep their finalizers: the last thing that is copied.
    pub(super) fn keep_finalizable(&mut self, living: &[Word], to: &mut To<'_>) {
        let moved: Vec<Word> = living
            .iter()
            .map(|&object| {
                let new = word::header_length(self.get(word::index(object) as usize));
                object & !0xFFFF_FFFF | Word::from(new)
            })
            .collect();
        to[root::FINALIZABLE] = 0;
        to[root::FINALIZABLE_COUNT] = moved.len() as u64;
        if !moved.is_empty() {
            to[root::FINALIZABLE] = word::object(Kind::Array, append_list(&moved, to) as u32);
        }
    }
}

fn append_list(objects: &[Word], to: &mut To<'_>) -> usize {
    let at = to.append(&[word::header(Kind::Array, 0, objects.len() as u32)]);
    to.append(objects);
    at
}
