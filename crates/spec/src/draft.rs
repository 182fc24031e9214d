//! What the files declare, checked one by one and not yet against each other.

use crate::checked::{Checked, Record};
use crate::report::Report;
use crate::shape::Kind;
use crate::source::Place;
use std::collections::BTreeMap;

/// An entry whose kind is known.
#[derive(Debug)]
pub(crate) struct Entry {
    /// `namespace:name`.
    pub(crate) id: String,
    pub(crate) kind: &'static Kind,
    /// Where its name stands.
    pub(crate) place: Place,
    /// The keys that every entry has.
    pub(crate) common: Record,
    /// The keys of its kind.
    pub(crate) own: Record,
}

/// Why there is no entry of an id that the files declare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// It is wrong, which is reported as an error.
    Wrong,
    /// It is left out with a warning.
    LeftOut,
}

/// All files together.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) report: Report,
    /// In the order of files and lines.
    pub(crate) entries: Vec<Entry>,
    /// There are too many, which is reported.
    pub(crate) is_full: bool,
    /// Where in the list each id is.
    pub(crate) by_id: BTreeMap<String, usize>,
    /// Ids that are declared and have no entry.
    pub(crate) missing: BTreeMap<String, Missing>,
    /// Groups of policies: where each is declared, and its policies.
    pub(crate) groups: BTreeMap<String, (Place, Vec<Checked>)>,
    /// The keys of the application's own file.
    pub(crate) application: Option<Record>,
    /// The index of that file.
    pub(crate) application_file: usize,
}

impl Draft {
    /// The entry with this id.
    pub(crate) fn entry(&self, id: &str) -> Option<&Entry> {
        self.by_id.get(id).map(|&index| &self.entries[index])
    }
}
