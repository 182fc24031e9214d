//! The spaces of a store and the keys of the log.

use std::fmt;

/// What a key is looked up in. Each space has an order of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Space {
    /// The records of processes; the key is [`log_key`]. The only space the store knows the meaning of.
    Log = 0,
    /// Where each process is.
    Head = 1,
    /// States of processes.
    Snapshot = 2,
    /// What has come for processes and is not yet consumed.
    Inbox = 3,
    /// Registered names.
    Name = 4,
    /// Who has to be woken, and when.
    Wake = 5,
    /// Who has to be looked after when the node starts.
    Uneasy = 6,
    /// Links and monitors.
    Relation = 7,
    /// Programs by the hash of their content.
    Program = 8,
    /// Values that processes keep.
    Value = 9,
    /// What concerns the whole of it.
    Meta = 10,
    /// Pages of the states of processes.
    Page = 11,
}

impl Space {
    /// Every space.
    pub const ALL: [Self; 12] = [
        Self::Log,
        Self::Head,
        Self::Snapshot,
        Self::Inbox,
        Self::Name,
        Self::Wake,
        Self::Uneasy,
        Self::Relation,
        Self::Program,
        Self::Value,
        Self::Meta,
        Self::Page,
    ];

    /// Its name, in files and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Head => "head",
            Self::Snapshot => "snapshot",
            Self::Inbox => "inbox",
            Self::Name => "name",
            Self::Wake => "wake",
            Self::Uneasy => "uneasy",
            Self::Relation => "relation",
            Self::Program => "program",
            Self::Value => "value",
            Self::Meta => "meta",
            Self::Page => "page",
        }
    }

    /// The space of this number, as [`Space::number`] gives it.
    pub fn of_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Its number, in files.
    pub const fn number(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The key of record `n` of process `id`: both in big endian, so that they lie in order.
pub fn log_key(id: u64, n: u64) -> [u8; 16] {
    let mut key = [0; 16];
    key[..8].copy_from_slice(&id.to_be_bytes());
    key[8..].copy_from_slice(&n.to_be_bytes());
    key
}

/// Process and number of a key that [`log_key`] has made; `None` of any other.
pub fn read_log_key(key: &[u8]) -> Option<(u64, u64)> {
    let (id, n) = key.split_at_checked(8)?;
    Some((u64::from_be_bytes(id.try_into().ok()?), u64::from_be_bytes(n.try_into().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_have_their_numbers() {
        for (number, space) in Space::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(space.number()), number);
            assert_eq!(Space::of_number(space.number()), Some(space));
        }
        assert_eq!(Space::of_number(Space::ALL.len() as u8), None);
    }

    #[test]
    fn log_keys_lie_in_order() {
        let keys = [(0, 0), (0, 255), (0, 256), (1, 0), (u64::MAX, 1)];
        assert!(keys.map(|(id, n)| log_key(id, n)).is_sorted());
        for (id, n) in keys {
            assert_eq!(read_log_key(&log_key(id, n)), Some((id, n)));
        }
        assert_eq!(read_log_key(b"short"), None);
        assert_eq!(read_log_key(&[0; 17]), None);
    }
}
