//! Reading a segment file: a header and frames. What is torn or damaged ends it, and is told.
//!
//! ```text
//! "procession-seg" 0 version=1   frame: u64 run   u64 first sequence   i64 time   text node
//! ```

use crate::bytes::{Reader, put_bytes};
use crate::entry;
use crate::frame::{self, FRAME_BYTES_MAX, Frame, PREFIX_BYTES};
use crate::record::{Record, Source};
use crate::sources::bytes_of;
use procession_types::{SmolStr, Timestamp};
use std::io::{self, Read};

const MAGIC: &[u8; 15] = b"procession-seg\0";
/// The version that is written, and the only one that is read.
const VERSION: u8 = 1;

/// Why a file can't be read as a segment.
#[derive(Debug, thiserror::Error)]
pub enum SegmentError {
    /// It begins with something else.
    #[error("it is no segment of records")]
    Foreign,
    /// A newer procession wrote it.
    #[error("its format is version {0}; this procession reads version {VERSION}")]
    Version(u8),
    /// Its header is cut off or damaged.
    #[error("its header is cut off or damaged")]
    Header,
    /// The system can't read it.
    #[error("{0}")]
    Read(#[from] io::Error),
}

/// What a segment says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    /// The first sequence number of the run of the node that wrote it.
    pub(crate) run: u64,
    /// The sequence number of its first record.
    pub(crate) first: u64,
    /// When it was begun.
    pub(crate) time: Timestamp,
    pub(crate) node: Option<SmolStr>,
}

impl Header {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.push(VERSION);
        frame::seal(&mut out, |out| {
            out.extend_from_slice(&self.run.to_le_bytes());
            out.extend_from_slice(&self.first.to_le_bytes());
            out.extend_from_slice(&self.time.0.to_le_bytes());
            put_bytes(out, self.node.as_deref().unwrap_or_default().as_bytes());
        });
        out
    }

    fn read(content: &[u8]) -> Option<Self> {
        let mut reader = Reader(content);
        let (run, first) = (reader.u64()?, reader.u64()?);
        let time = Timestamp(reader.u64()? as i64);
        let node = reader.text()?;
        let node = (!node.is_empty()).then(|| node.into());
        Some(Self { run, first, time, node })
    }
}

/// A segment with these records, as a node would have written it, of a run that began with the
/// first of them.
#[must_use]
pub fn segment_bytes(records: &[Record]) -> Vec<u8> {
    let first = records.first();
    let (run, time) = first.map_or((0, Timestamp(0)), |first| (first.sequence, first.time));
    let node = first.and_then(|first| first.node.clone());
    let mut out = Header { run, first: run, time, node }.bytes();
    for record in records {
        let mut entry = Vec::new();
        let source =
            Source { pid: record.pid, host: &record.host, program: &record.program, service: "" };
        let what = (record.kind, record.time);
        entry::put_bytes(&mut entry, what, &source, &record.fields, &record.message);
        let description = bytes_of(record.service.as_deref().unwrap_or_default(), &record.labels);
        frame::put(&mut out, record.sequence, &description, &entry);
    }
    out
}

/// A segment that is being read.
#[derive(Debug)]
pub struct Segment<R> {
    input: R,
    header: Header,
    content: Vec<u8>,
    /// Bytes read so far that were whole.
    good: u64,
    damaged: bool,
}

impl<R: Read> Segment<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// See [`SegmentError`].
    pub fn open(mut input: R) -> Result<Self, SegmentError> {
        let mut start = [0; MAGIC.len() + 1];
        let count = fill(&mut input, &mut start)?;
        let magic = count.min(MAGIC.len());
        if start[..magic] != MAGIC[..magic] {
            return Err(SegmentError::Foreign);
        }
        if count < start.len() {
            return Err(SegmentError::Header);
        }
        if start[MAGIC.len()] != VERSION {
            return Err(SegmentError::Version(start[MAGIC.len()]));
        }
        let header = Header { run: 0, first: 0, time: Timestamp(0), node: None };
        let good = start.len() as u64;
        let mut segment = Self { input, header, content: Vec::new(), good, damaged: false };
        let header = segment.next_content()?.and_then(Header::read);
        segment.header = header.ok_or(SegmentError::Header)?;
        Ok(segment)
    }

    /// The next record; `None` at the end, and where the rest is torn or damaged.
    ///
    /// # Errors
    /// When the system can't read.
    pub fn next_record(&mut self) -> io::Result<Option<Record>> {
        let node = self.header.node.clone();
        Ok(self.next_frame()?.map(|frame| frame.record(node.as_ref())))
    }

    /// Bytes up to the end of the last record that was whole.
    #[must_use]
    pub fn good_bytes(&self) -> u64 {
        self.good
    }

    /// Whether something followed that is no whole record.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.damaged
    }

    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    pub(crate) fn next_frame(&mut self) -> io::Result<Option<Frame<'_>>> {
        let before = self.good;
        if self.next_content()?.is_none() {
            return Ok(None);
        }
        let frame = Frame::read(&self.content);
        if frame.is_none() {
            (self.good, self.damaged) = (before, true);
        }
        Ok(frame)
    }

    fn next_content(&mut self) -> io::Result<Option<&[u8]>> {
        if self.damaged {
            return Ok(None);
        }
        let mut prefix = [0; PREFIX_BYTES];
        let count = fill(&mut self.input, &mut prefix)?;
        if count == 0 {
            return Ok(None);
        }
        let mut reader = Reader(&prefix);
        let (length, checksum) = (reader.u32().unwrap_or(0), reader.u32().unwrap_or(0));
        self.damaged = count < PREFIX_BYTES || length as usize > FRAME_BYTES_MAX;
        if self.damaged {
            return Ok(None);
        }
        self.content.resize(length as usize, 0);
        let count = fill(&mut self.input, &mut self.content)?;
        self.damaged = count < self.content.len() || crc32fast::hash(&self.content) != checksum;
        if self.damaged {
            return Ok(None);
        }
        self.good += (PREFIX_BYTES + count) as u64;
        Ok(Some(&self.content))
    }
}

/// Reads until the buffer is full or the input ends; gives back how much.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut count = 0;
    while count < buffer.len() {
        match input.read(&mut buffer[count..]) {
            Ok(0) => break,
            Ok(more) => count += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(count)
}
