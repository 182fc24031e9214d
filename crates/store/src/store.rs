//! The contract of a store.

use crate::chain::{Hash, ROOT, Record};
use crate::commit::Commit;
use crate::error::StoreError;
use crate::space::{Space, log_key, read_log_key};

/// What a look at everything finds under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found<'a> {
    /// What was written.
    Value(&'a [u8]),
    /// Something else, and what does not fit.
    Damaged(&'a str),
}

/// Where a log begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogEnds {
    /// The number of the first record that is kept; that of the next one where none is.
    pub first: u64,
    /// The hash of the record before it, [`ROOT`] before record 0.
    pub previous: Hash,
    /// The number that the next append must have.
    pub next: u64,
    /// The hash of the last record, kept or trimmed; [`ROOT`] where there was none.
    pub head: Hash,
}

impl LogEnds {
    /// A log in which nothing has ever been.
    pub const EMPTY: Self = Self { first: 0, previous: ROOT, next: 0, head: ROOT };
}

/// How much a store holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Size {
    /// Bytes that it takes on the disk, or in memory.
    pub bytes: u64,
    /// Bytes that are free where it lies, of which the reserve can't be used.
    pub free_bytes: u64,
    /// Bytes that are never used for commits, so that the store can always clean up.
    pub reserve_bytes: u64,
}

/// What survives the node. Reads can come from every thread; writes come from one, the
/// [`Committer`](crate::Committer)'s.
///
/// A read sees whole groups, but may see one whose `apply` has not yet returned: what must not be told
/// before it is durable has to wait for `apply`. After [`StoreError::Failed`] every operation fails
/// so, reads too, because what is in memory may not be on disk.
pub trait Store: Send + Sync {
    /// Applies commits in order as one durable group: when it returns, every `Ok` one is on disk. One
    /// that is refused leaves no trace and does not stop the others.
    ///
    /// # Errors
    /// For each commit: [`StoreError::Conflict`], [`StoreError::Invalid`] and [`StoreError::Damaged`]
    /// (a record it builds upon) concern it alone. [`StoreError::Full`] and [`StoreError::Io`]: nothing
    /// of the group was done, and the store goes on. [`StoreError::Failed`]: nobody knows.
    fn apply(&self, commits: Vec<Commit>) -> Vec<Result<(), StoreError>>;

    /// The value of a key. In [`Space::Log`] it is what [`Record::of_value`] takes apart.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it is not what was written.
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Visits everything with `from <= key < to` in order, or in reverse, until `visit` returns false;
    /// an empty `to` is the end of the space. Damaged values are visited as such. It sees the state of
    /// one moment; `visit` may read from the store, but must not write.
    ///
    /// # Errors
    /// When something can't be read at all.
    fn inspect(
        &self,
        space: Space,
        from: &[u8],
        to: &[u8],
        reverse: bool,
        visit: &mut dyn FnMut(&[u8], Found<'_>) -> bool,
    ) -> Result<(), StoreError>;

    /// Where the log of a process begins and ends: [`LogEnds::EMPTY`] when it has none.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when its last record, or the note of what was trimmed, is not what was
    /// written.
    fn log_ends(&self, id: u64) -> Result<LogEnds, StoreError>;

    /// Visits the processes whose logs were trimmed, in order, until `visit` returns false or an error.
    ///
    /// # Errors
    /// That of `visit`; [`StoreError::Damaged`] when what is noted of one is not what was written.
    fn trimmed_logs(
        &self,
        visit: &mut dyn FnMut(u64) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError>;

    /// Gives back the room of what was removed or overwritten. Takes as long as there is much to do.
    ///
    /// # Errors
    /// When it can't be done; nothing is lost.
    fn compact(&self) -> Result<(), StoreError>;

    /// Nothing is to be written just now: what makes the next start quick can be done. Says whether it is
    /// to be asked again soon. The committer calls it while it has no work.
    fn settle(&self) -> bool {
        false
    }

    /// How much there is. Looks at every file: not before each commit.
    ///
    /// # Errors
    /// When the system does not tell.
    fn size(&self) -> Result<Size, StoreError>;

    /// Whether there is room for more than what only removes. Costs little.
    ///
    /// # Errors
    /// When the system does not tell.
    fn has_room(&self) -> Result<bool, StoreError> {
        self.size().map(|size| size.free_bytes > size.reserve_bytes)
    }

    /// Visits entries with `from <= key < to` in order, or in reverse, until `visit` returns false; an
    /// empty `to` is the end of the space.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] at the first value that is not what was written.
    fn scan(
        &self,
        space: Space,
        from: &[u8],
        to: &[u8],
        reverse: bool,
        visit: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), StoreError> {
        let mut damage = None;
        self.inspect(space, from, to, reverse, &mut |key, found| match found {
            Found::Value(value) => visit(key, value),
            Found::Damaged(what) => {
                damage = Some(StoreError::damaged(space, key, what));
                false
            }
        })?;
        damage.map_or(Ok(()), Err)
    }

    /// Visits the records of a process with the numbers `from` and above, in order, until `visit`
    /// returns false. Their checksums are verified, the chain is not: that is [`verify`](crate::verify).
    ///
    /// # Errors
    /// [`StoreError::Damaged`] at the first record that is not what was appended, and where one is
    /// missing between others.
    fn records(
        &self,
        id: u64,
        from: u64,
        visit: &mut dyn FnMut(u64, Record<'_>) -> bool,
    ) -> Result<(), StoreError> {
        let end = id.checked_add(1).map(u64::to_be_bytes);
        let to = end.as_ref().map_or(&[][..], |end| &end[..]);
        let mut damage = None;
        let mut next = None;
        self.scan(Space::Log, &log_key(id, from), to, false, &mut |key, value| {
            let (Some((_, n)), Some(record)) = (read_log_key(key), Record::of_value(value)) else {
                damage = Some(StoreError::damaged(Space::Log, key, "it is no record"));
                return false;
            };
            if let Some(missing) = next.filter(|next| *next != n) {
                let key = log_key(id, missing);
                damage = Some(StoreError::damaged(Space::Log, &key, "it is missing"));
                return false;
            }
            next = n.checked_add(1);
            visit(n, record)
        })?;
        damage.map_or(Ok(()), Err)
    }
}
