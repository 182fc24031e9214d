//! What a store is built upon: ordered bytes that know nothing of chains and checksums.

use crate::batch::Batch;
use crate::error::StoreError;
use crate::space::Space;

/// Where an engine keeps something: the spaces, and one more for the store itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Area {
    /// What users see.
    Space(Space),
    /// Where trimmed logs begin: process → number of the first record, hash of the one before it.
    Base,
}

impl Area {
    /// Every area.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        Space::ALL.into_iter().map(Self::Space).chain([Self::Base])
    }

    /// Its number, in files.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Space(space) => space.number(),
            Self::Base => 255,
        }
    }

    /// Its name, in files.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Space(space) => space.name(),
            Self::Base => "base",
        }
    }

    /// The space to name when something is wrong in it.
    pub(crate) const fn space(self) -> Space {
        match self {
            Self::Space(space) => space,
            Self::Base => Space::Log,
        }
    }
}

/// Where a scan begins and ends: `from <= key`, and `key < to` unless that is open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range<'a> {
    pub(crate) from: &'a [u8],
    /// `None` is the end of the area.
    pub(crate) to: Option<&'a [u8]>,
    pub(crate) reverse: bool,
}

/// What an engine finds: an entry, or that it can't read what lies next.
pub(crate) enum Entry<'a> {
    Pair(&'a [u8], &'a [u8]),
    /// The engine itself has noticed damage, at this key where it knows one.
    Unreadable(&'a [u8], &'a str),
}

/// Ordered bytes by area.
pub(crate) trait Engine: Send + Sync {
    /// What lies under a key.
    fn read(&self, area: Area, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Visits entries of a range until `visit` returns false.
    fn scan(
        &self,
        area: Area,
        range: Range<'_>,
        visit: &mut dyn FnMut(Entry<'_>) -> bool,
    ) -> Result<(), StoreError>;

    /// Writes all of it, atomically, and returns when it is on disk. After an error nothing of it is
    /// there, now or later, unless the error is [`StoreError::Failed`].
    fn write(&self, batch: &Batch) -> Result<(), StoreError>;

    /// How much room there is for more.
    fn room(&self) -> Result<Room, StoreError>;

    /// Gives back the room of what was removed or overwritten.
    fn compact(&self) -> Result<(), StoreError>;

    /// Nothing is to be written just now: does what makes the next start quick. Says whether it is to be
    /// asked again soon; it must not wait for anything.
    fn settle(&self) -> bool {
        false
    }

    /// Bytes that everything takes.
    fn bytes(&self) -> Result<u64, StoreError>;
}

/// How much can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    /// Bytes that are free.
    pub(crate) free: u64,
    /// Bytes that stay free, so that the engine itself always finds room to clean up.
    pub(crate) reserve: u64,
}

impl Room {
    /// Room without end.
    pub(crate) const ENDLESS: Self = Self { free: u64::MAX, reserve: 0 };

    /// An error unless so many bytes fit. What only removes may use most of the reserve, because that
    /// is how room is made.
    pub(crate) fn allows(self, bytes: u64, removes: bool) -> Result<(), StoreError> {
        let reserve = if removes { self.reserve / 4 } else { self.reserve };
        let needed = bytes.saturating_add(reserve);
        if self.free < needed { Err(StoreError::Full { free: self.free, needed }) } else { Ok(()) }
    }
}
