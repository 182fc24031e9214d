//! Frames: numbered entries with a length and a checksum, as the memory and the files hold them.
//!
//! ```text
//! u32 bytes that follow the checksum   u32 CRC-32 of them
//! u64 sequence   text service   count and pairs of texts: labels   entry
//! ```
//! Not JSON lines: programs print bytes that are no text, a checksum tells a torn or damaged record
//! from a whole one for certain, and a frame is made by copying.

use crate::bytes::{Pairs, Reader};
use crate::entry::{self, Entry};
use crate::record::Record;
use procession_types::SmolStr;

/// Length and checksum.
pub(crate) const PREFIX_BYTES: usize = 8;
/// Longest frame: a cut message, fields, names and labels all fit.
pub(crate) const FRAME_BYTES_MAX: usize = 128 << 10;

/// A frame, borrowed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame<'a> {
    pub(crate) sequence: u64,
    /// Empty when there is none.
    pub(crate) service: &'a str,
    pub(crate) labels: Pairs<'a>,
    pub(crate) entry: Entry<'a>,
}

/// Appends a frame; `of` is the service and the labels as bytes, see `sources`.
pub(crate) fn put(out: &mut Vec<u8>, sequence: u64, of: &[u8], entry: &[u8]) {
    seal(out, |out| {
        out.extend_from_slice(&sequence.to_le_bytes());
        out.extend_from_slice(of);
        entry::put_cut(out, entry);
    });
}

/// Appends what `content` appends, with length and checksum before it.
pub(crate) fn seal(out: &mut Vec<u8>, content: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; PREFIX_BYTES]);
    content(out);
    let (prefix, content) = out[start..].split_at_mut(PREFIX_BYTES);
    prefix[..4].copy_from_slice(&(content.len() as u32).to_le_bytes());
    prefix[4..].copy_from_slice(&crc32fast::hash(content).to_le_bytes());
}

#[cfg(test)]
/// Takes a frame's content off the front of some bytes; `None` when it is not whole.
pub(crate) fn unseal<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    let mut ahead = *reader;
    let length = ahead.u32()? as usize;
    let checksum = ahead.u32()?;
    if length > FRAME_BYTES_MAX {
        return None;
    }
    let content = ahead.take(length)?;
    (crc32fast::hash(content) == checksum).then_some(())?;
    *reader = ahead;
    Some(content)
}

impl<'a> Frame<'a> {
    /// Reads the content of a frame.
    pub(crate) fn read(content: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(content);
        let sequence = reader.u64()?;
        let described = reader.text()?;
        let labels = Pairs::read(&mut reader)?;
        let entry = Entry::read(reader.0)?;
        let own = entry.source.service;
        let service = if own.is_empty() { described } else { own };
        Some(Self { sequence, service, labels, entry })
    }

    /// Copies it out.
    pub(crate) fn record(&self, node: Option<&SmolStr>) -> Record {
        let entry = &self.entry;
        let labels = self.labels.map(|(name, value)| (name.into(), value.into()));
        let fields = entry.fields.map(|(name, value)| (name.into(), value.to_owned()));
        Record {
            sequence: self.sequence,
            time: entry.time,
            kind: entry.kind,
            node: node.cloned(),
            pid: entry.source.pid,
            host: entry.source.host.into(),
            program: entry.source.program.into(),
            service: (!self.service.is_empty()).then(|| self.service.into()),
            labels: labels.collect(),
            fields: fields.collect(),
            message: entry.message.to_vec(),
            is_cut: entry.is_cut,
        }
    }
}

/// The contents of frames one after another, up to the first that is not whole. The writer made
/// those in memory, so they need no look at the checksum.
pub(crate) fn trusted(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut reader = Reader(bytes);
    std::iter::from_fn(move || {
        let length = reader.u32()? as usize;
        reader.take(4)?;
        reader.take(length)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Kind, Source};
    use procession_types::Timestamp;

    #[test]
    fn only_whole_and_undamaged_frames_are_read() {
        let source = Source { pid: None, host: "", program: "p:q", service: "" };
        let (mut entry, mut out) = (Vec::new(), Vec::new());
        let none: [(&str, &str); 0] = [];
        entry::put(&mut entry, (Kind::Gap, Timestamp(9)), &source, &none, "message");
        put(&mut out, 42, &[1, b's', 0], &entry);
        let frame = Frame::read(unseal(&mut Reader(&out)).unwrap()).unwrap();
        assert_eq!((frame.sequence, frame.service), (42, "s"));
        assert_eq!(frame.record(None).text(), "message");
        for at in 0..out.len() {
            assert!(unseal(&mut Reader(&out[..at])).is_none(), "short {at}");
            for bit in 0..8 {
                let mut damaged = out.clone();
                damaged[at] ^= 1 << bit;
                assert!(unseal(&mut Reader(&damaged)).is_none(), "{at} {bit}");
            }
        }
    }
}
