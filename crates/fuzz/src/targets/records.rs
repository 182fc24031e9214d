//! Segments of records: what was written is read; damaged files give the records before the damage,
//! and forged ones, whose checksums are right, give anything but a panic.

use super::{Finding, Target};
use crate::mutate::mutate;
use crate::ours::caught;
use crate::random::Random;
use procession_environment::Level;
use procession_telemetry::{EventKind, Kind, Record, Segment, segment_bytes};
use procession_types::{Pid, SmolStr, Timestamp};
use std::ops::Range;

/// Records of a segment, at most.
const RECORDS_MAX: usize = 12;
/// Copies of each that are damaged.
const COPIES: usize = 40;
/// Bytes before the first frame, and before the content of a frame.
const MAGIC_BYTES: usize = 16;
const PREFIX_BYTES: usize = 8;

const WORDS: &[&[u8]] = &[
    b"procession-seg\0\x01",
    b"\x00\x00\x00\x00",
    b"\xff\xff\xff\xff",
    b"\x80\x80\x80\x80",
    b"\xff\xff\xff\x7f",
    b"\x00\x00\x02\x00",
    b"\x05\x00\x03",
    b"\xc3\x28",
];

/// See the module.
#[derive(Debug)]
pub(super) struct Records;

impl Target for Records {
    fn batch(&mut self, seeds: Range<u64>) -> Vec<Finding> {
        seeds.filter_map(case).collect()
    }

    fn extension(&self) -> &'static str {
        "seg"
    }
}

fn case(seed: u64) -> Option<Finding> {
    let mut random = Random::new(seed);
    let records: Vec<Record> =
        (0..random.below(RECORDS_MAX)).map(|number| record(&mut random, number as u64)).collect();
    let whole = segment_bytes(&records);
    let finding = |title: String, input: &[u8]| Some(Finding::new(seed, title, input));
    match read(&whole) {
        Ok(Some((found, false))) if found == records => {}
        Ok(_) => return finding("what was written is not read".to_owned(), &whole),
        Err(panic) => return finding(format!("panics: {panic}"), &whole),
    }
    for _ in 0..COPIES {
        let mut copy = whole.clone();
        let is_forged = random.one_in(2);
        if is_forged {
            forge(&mut random, &mut copy);
        } else {
            mutate(&mut random, &mut copy, WORDS);
        }
        match read(&copy) {
            Err(panic) => return finding(format!("panics: {panic}"), &copy),
            Ok(Some((found, is_damaged))) if !is_forged => {
                if !records.starts_with(&found) {
                    return finding("damage gives other records".to_owned(), &copy);
                }
                let is_cut = whole.starts_with(&copy);
                if found.len() < records.len() && !is_damaged && !is_cut {
                    return finding("damage is not told".to_owned(), &copy);
                }
            }
            Ok(_) => {}
        }
    }
    None
}

/// The records of a segment, and whether it is damaged; `None` when it is refused.
fn read(bytes: &[u8]) -> Result<Option<(Vec<Record>, bool)>, String> {
    caught(|| {
        let Ok(mut segment) = Segment::open(bytes) else { return None };
        let mut found = Vec::new();
        // Reading from memory does not fail.
        while let Ok(Some(record)) = segment.next_record() {
            // Showing a record must do no harm either.
            let _ = (record.text().len(), record.pid_text(), record.kind.name());
            found.push(record);
        }
        let good = segment.good_bytes();
        let is_whole = good == bytes.len() as u64;
        assert!(good <= bytes.len() as u64 && is_whole != segment.is_damaged(), "{good}");
        Some((found, segment.is_damaged()))
    })
}

/// Changes the content of a frame, and makes its length and checksum right again.
fn forge(random: &mut Random, bytes: &mut Vec<u8>) {
    let mut frames = Vec::new();
    let mut at = MAGIC_BYTES;
    while let Some(prefix) = bytes.get(at..at + 4) {
        let length = prefix.try_into().map_or(0, u32::from_le_bytes) as usize;
        frames.push((at, length));
        at += PREFIX_BYTES + length;
    }
    let Some(&(at, length)) = frames.get(random.below(frames.len().max(1))) else { return };
    let mut content = bytes[at + PREFIX_BYTES..at + PREFIX_BYTES + length].to_vec();
    mutate(random, &mut content, WORDS);
    let mut frame = (content.len() as u32).to_le_bytes().to_vec();
    frame.extend_from_slice(&crc32(&content).to_le_bytes());
    frame.extend_from_slice(&content);
    bytes.splice(at..at + PREFIX_BYTES + length, frame);
}

/// CRC-32 as in zip files.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = !0_u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

fn record(random: &mut Random, number: u64) -> Record {
    let kinds = [
        Kind::Print,
        Kind::Gap,
        Kind::Log(Level::Debug),
        Kind::Log(Level::Error),
        Kind::Event(EventKind::ProcessExited),
        Kind::Event(EventKind::Unknown),
    ];
    let pid = Pid {
        host: 0,
        shard: random.below(9) as u16,
        epoch: random.next() as u32,
        slot: random.next() as u32 >> random.below(32),
        generation: random.below(5) as u32,
    };
    let pairs = |random: &mut Random| random.below(4);
    let message = (0..random.below(40)).map(|_| random.next() as u8).collect();
    Record {
        sequence: number + 1_000,
        time: Timestamp(random.next() as i64),
        kind: kinds[random.below(kinds.len())],
        node: None,
        pid: (!random.one_in(4)).then_some(pid),
        host: word(random).into(),
        program: word(random).into(),
        service: random.one_in(2).then(|| SmolStr::new_static("app:service")),
        labels: (0..pairs(random)).map(|_| (word(random).into(), word(random).into())).collect(),
        fields: (0..pairs(random))
            .map(|_| (word(random).into(), word(random).to_owned()))
            .collect(),
        message,
        is_cut: false,
    }
}

fn word(random: &mut Random) -> &'static str {
    random.pick(&[
        "",
        "a",
        "app:main",
        "size",
        "ein Wörtchen",
        "a\nb=\"c\"",
        "0123456789012345678901234567",
    ])
}
