//! What the disk itself does, and how much lies on it.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// Appends of 200 bytes with a sync each, per second.
pub(super) fn syncs_per_second(directory: &Path, time: Duration) -> io::Result<f64> {
    let path = directory.join("disk");
    let mut file = File::create(&path)?;
    let (begun, mut count) = (Instant::now(), 0_u32);
    while begun.elapsed() < time {
        file.write_all(&[7; 200])?;
        file.sync_data()?;
        count += 1;
    }
    let rate = f64::from(count) / begun.elapsed().as_secs_f64();
    fs::remove_file(path)?;
    Ok(rate)
}

/// Bytes that a directory takes on the disk, without the holes in its files.
pub(super) fn bytes(directory: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        bytes += if meta.is_dir() { self::bytes(&entry.path())? } else { meta.blocks() * 512 };
    }
    Ok(bytes)
}
