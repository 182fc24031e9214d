//! How much of the journals lies in tables already: the engine would read all of it again at the next start,
//! entry by entry, and leave each out. A note says up to which group; what the journals have of that is
//! cut off before the engine sees them.
//!
//! The note is only a help. It is not synced: one that is missing, half written or old costs time and
//! nothing else. It never runs ahead of what the engine has synced.

use crate::error::is_full;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Where a journal begins with less than this that lies in tables, it is left as it is.
const FRONT_BYTES_MIN: usize = 1 << 20;

fn path(data: &Path) -> PathBuf {
    data.join("settled")
}

/// Notes that a group, and all before it, lie in tables.
pub(super) fn note(data: &Path, group: u64) {
    let check = xxhash_rust::xxh3::xxh3_64(&group.to_le_bytes());
    let anew = data.join("settled.new");
    let content = [group.to_le_bytes(), check.to_le_bytes()].concat();
    let noted = fs::write(&anew, content).and_then(|()| fs::rename(&anew, path(data)));
    // Without it the next start takes longer.
    drop(noted);
}

/// The group that was noted last, if that can be read.
pub(super) fn noted(data: &Path) -> Option<u64> {
    let content = fs::read(path(data)).ok()?;
    let (group, check) = content.split_first_chunk::<8>()?;
    let check = <[u8; 8]>::try_from(check).ok()?;
    let fits = xxhash_rust::xxh3::xxh3_64(group) == u64::from_le_bytes(check);
    fits.then_some(u64::from_le_bytes(*group))
}

/// Cuts off the front of a journal, which lies in tables; `rest` is what is behind it.
pub(super) fn cut_front(journal: &Path, front: usize, rest: &[u8]) -> io::Result<()> {
    if front < FRONT_BYTES_MIN {
        return Ok(());
    }
    let anew = journal.with_extension("new");
    match replace(journal, &anew, rest) {
        // The engine reads the whole of it, then.
        Err(error) if is_full(&error) => {
            let _ = fs::remove_file(&anew);
            Ok(())
        }
        result => result,
    }
}

fn replace(journal: &Path, anew: &Path, rest: &[u8]) -> io::Result<()> {
    let mut file = File::create(anew)?;
    file.write_all(rest)?;
    file.sync_all()?;
    fs::rename(anew, journal)?;
    journal.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_note_says_nothing() {
        let data = &std::env::temp_dir().join(format!("settled-{}", std::process::id()));
        fs::create_dir_all(data).unwrap();
        assert_eq!(noted(data), None);
        note(data, 7);
        note(data, 8);
        assert_eq!(noted(data), Some(8));
        let whole = fs::read(path(data)).unwrap();
        for length in 0..whole.len() {
            fs::write(path(data), &whole[..length]).unwrap();
            assert_eq!(noted(data), None, "cut to {length}");
        }
        for bit in 0..whole.len() * 8 {
            let mut bad = whole.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            fs::write(path(data), bad).unwrap();
            assert_eq!(noted(data), None, "bit {bit}");
        }
        fs::remove_dir_all(data).unwrap();
    }
}
