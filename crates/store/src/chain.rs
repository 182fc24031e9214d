//! The chain of a log: each record carries a hash over itself and the record before it.

/// Length of a [`Hash`].
pub const HASH_BYTES: usize = 32;

/// What a record carries beside its body.
pub type Hash = [u8; HASH_BYTES];

/// What the first record of a log follows.
pub const ROOT: Hash = [0; HASH_BYTES];

/// Keeps the hashes of logs apart from those of anything else.
const DOMAIN: &[u8; 24] = b"procession log record v1";

/// The hash of record `n` of process `id`: BLAKE3 over domain, id, n, the hash before and the body.
pub fn link(id: u64, n: u64, previous: &Hash, body: &[u8]) -> Hash {
    let mut start = [0; DOMAIN.len() + 16 + HASH_BYTES];
    start[..24].copy_from_slice(DOMAIN);
    start[24..32].copy_from_slice(&id.to_le_bytes());
    start[32..40].copy_from_slice(&n.to_le_bytes());
    start[40..].copy_from_slice(previous);
    *blake3::Hasher::new().update(&start).update(body).finalize().as_bytes()
}

/// A record as it is read: the value of a key in [`Space::Log`](crate::Space) is body and hash, one
/// after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// What was appended.
    pub body: &'a [u8],
    /// What [`link`] gives for it.
    pub hash: Hash,
}

impl<'a> Record<'a> {
    /// Takes a value of the log apart; `None` when it is too short to be one.
    pub fn of_value(value: &'a [u8]) -> Option<Self> {
        let (body, hash) = value.split_last_chunk::<HASH_BYTES>()?;
        Some(Self { body, hash: *hash })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_counts() {
        let first = link(1, 0, &ROOT, b"body");
        assert_eq!(first, link(1, 0, &ROOT, b"body"));
        for other in [
            link(2, 0, &ROOT, b"body"),
            link(1, 1, &ROOT, b"body"),
            link(1, 0, &first, b"body"),
            link(1, 0, &ROOT, b"bodz"),
            link(1, 0, &ROOT, b""),
        ] {
            assert_ne!(first, other);
        }
    }

    /// Otherwise no log that is on a disk could be verified any more.
    #[test]
    fn hashes_are_what_they_were() {
        let hash = link(7, 3, &[1; HASH_BYTES], b"body");
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "8c039bc2bac25ba151d336574f553b2edf9940b650fb193f0dd6c060ac0a5570");
    }

    #[test]
    fn values_come_apart() {
        let mut value = b"body".to_vec();
        value.extend([7; HASH_BYTES]);
        assert_eq!(Record::of_value(&value), Some(Record { body: b"body", hash: [7; 32] }));
        assert_eq!(Record::of_value(&value[..31]), None);
    }
}
