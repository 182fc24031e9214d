//! The form in which a store travels: frames, each with a checksum, and a hash over all at the end.
//!
//! A file begins with a title and a version. A frame is its length (u32), its bytes, and the first 8
//! bytes of BLAKE3 over the frame's number and bytes. Its first byte says what it is: the beginning of a
//! trimmed log, a record, a value, or the end, which has the number of frames and BLAKE3 over all bytes
//! before it. All numbers are little endian. Records of a log come in order, behind its beginning.

use crate::chain::{HASH_BYTES, Hash};
use crate::commit::{KEY_BYTES_MAX, VALUE_BYTES_MAX};
use crate::space::Space;
use std::io::{self, Read, Write};

/// What a file begins with.
const TITLE: &[u8; 16] = b"procession-store";

/// The version of the form.
const VERSION: u32 = 1;

/// The longest frame: a value, its key, and what is said of them.
const FRAME_BYTES_MAX: usize = VALUE_BYTES_MAX + KEY_BYTES_MAX + 64;

const BASE: u8 = 1;
const RECORD: u8 = 2;
const VALUE: u8 = 3;
const END: u8 = 4;

/// What a frame says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Frame {
    /// A log of which everything before `first` was trimmed.
    Base { id: u64, first: u64, previous: Hash },
    /// A record.
    Record { id: u64, n: u64, hash: Hash, body: Vec<u8> },
    /// A value of any space but the log.
    Value { space: Space, key: Vec<u8>, value: Vec<u8> },
}

/// Writes frames.
pub(crate) struct Writer<W> {
    into: W,
    frames: u64,
    all: blake3::Hasher,
}

impl<W: Write> Writer<W> {
    pub(crate) fn new(into: W) -> io::Result<Self> {
        let mut writer = Self { into, frames: 0, all: blake3::Hasher::new() };
        writer.write(TITLE)?;
        writer.write(&VERSION.to_le_bytes())?;
        Ok(writer)
    }

    pub(crate) fn frame(&mut self, frame: &Frame) -> io::Result<()> {
        let bytes = match frame {
            Frame::Base { id, first, previous } => {
                [&[BASE][..], &id.to_le_bytes(), &first.to_le_bytes(), previous].concat()
            }
            Frame::Record { id, n, hash, body } => {
                [&[RECORD][..], &id.to_le_bytes(), &n.to_le_bytes(), hash, body].concat()
            }
            Frame::Value { space, key, value } => {
                let length = u16::try_from(key.len()).map_err(io::Error::other)?;
                [&[VALUE, space.number()][..], &length.to_le_bytes(), key, value].concat()
            }
        };
        self.bytes(&bytes)
    }

    /// Writes the end; gives the number of frames before it.
    pub(crate) fn finish(mut self) -> io::Result<u64> {
        let frames = self.frames;
        let hash = *self.all.finalize().as_bytes();
        self.bytes(&[&[END][..], &frames.to_le_bytes(), &hash].concat())?;
        self.into.flush()?;
        Ok(frames)
    }

    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        let check = check(self.frames, bytes);
        self.frames += 1;
        self.write(&length.to_le_bytes())?;
        self.write(bytes)?;
        self.write(&check)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.all.update(bytes);
        self.into.write_all(bytes)
    }
}

fn check(number: u64, bytes: &[u8]) -> [u8; 8] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&number.to_le_bytes()).update(bytes);
    let mut check = [0; 8];
    check.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    check
}

/// Why a file can't be read.
#[derive(Debug, thiserror::Error)]
pub enum PortableError {
    /// The file is no export.
    #[error("this is no export of a store")]
    Title,
    /// It is of another version.
    #[error("this export has version {0}, and this procession reads version {VERSION}")]
    Version(u32),
    /// It is not as it was written.
    #[error("the export is damaged in entry {number}: {what}")]
    Damaged {
        /// The number of the frame, from 0.
        number: u64,
        /// What does not fit.
        what: String,
    },
    /// It can't be read.
    #[error("read the export: {0}")]
    Io(#[from] io::Error),
}

/// Reads frames.
pub(crate) struct Reader<R> {
    from: R,
    frames: u64,
    all: blake3::Hasher,
}

impl<R: Read> Reader<R> {
    pub(crate) fn new(from: R) -> Result<Self, PortableError> {
        let mut reader = Self { from, frames: 0, all: blake3::Hasher::new() };
        let title: [u8; 16] = reader.array().map_err(|_| PortableError::Title)?;
        if title != *TITLE {
            return Err(PortableError::Title);
        }
        let version = u32::from_le_bytes(reader.array()?);
        if version != VERSION {
            return Err(PortableError::Version(version));
        }
        Ok(reader)
    }

    /// The next frame; `None` behind the end, when everything fits.
    pub(crate) fn frame(&mut self) -> Result<Option<Frame>, PortableError> {
        let all = *self.all.finalize().as_bytes();
        let length = usize::try_from(u32::from_le_bytes(self.array()?)).unwrap_or(usize::MAX);
        if length == 0 || length > FRAME_BYTES_MAX {
            return Err(self.damaged("its length can't be"));
        }
        let mut bytes = Vec::new();
        let taken = Read::take(&mut self.from, length as u64).read_to_end(&mut bytes)?;
        if taken < length {
            return Err(self.damaged("the file ends in it"));
        }
        self.all.update(&bytes);
        let found: [u8; 8] = self.array()?;
        if found != check(self.frames, &bytes) {
            return Err(self.damaged("its checksum does not fit"));
        }
        if bytes[0] == END {
            return self.end(&bytes, &all).map(|()| None);
        }
        let frame = parse(&bytes).ok_or_else(|| self.damaged("it is nothing known"))?;
        self.frames += 1;
        Ok(Some(frame))
    }

    fn end(&mut self, bytes: &[u8], all: &Hash) -> Result<(), PortableError> {
        let expected = [&[END][..], &self.frames.to_le_bytes(), all].concat();
        if bytes != expected {
            return Err(self.damaged("the hash over everything does not fit"));
        }
        match self.from.read(&mut [0])? {
            0 => Ok(()),
            _ => Err(self.damaged("there is more behind the end")),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], PortableError> {
        let mut array = [0; N];
        self.from.read_exact(&mut array).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => self.damaged("the file ends before it"),
            _ => error.into(),
        })?;
        self.all.update(&array);
        Ok(array)
    }

    /// The number of the frame that is being read.
    pub(crate) fn damaged(&self, what: impl Into<String>) -> PortableError {
        PortableError::Damaged { number: self.frames, what: what.into() }
    }
}

fn parse(bytes: &[u8]) -> Option<Frame> {
    let (kind, rest) = bytes.split_first()?;
    if *kind == VALUE {
        let (space, rest) = rest.split_first()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (key, value) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
        let space = Space::of_number(*space).filter(|space| *space != Space::Log)?;
        return Some(Frame::Value { space, key: key.to_vec(), value: value.to_vec() });
    }
    let (id, rest) = rest.split_first_chunk()?;
    let (n, rest) = rest.split_first_chunk()?;
    let (hash, body) = rest.split_first_chunk::<HASH_BYTES>()?;
    let (id, n) = (u64::from_le_bytes(*id), u64::from_le_bytes(*n));
    match *kind {
        BASE if body.is_empty() => Some(Frame::Base { id, first: n, previous: *hash }),
        RECORD => Some(Frame::Record { id, n, hash: *hash, body: body.to_vec() }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames() -> Vec<Frame> {
        vec![
            Frame::Base { id: 3, first: 7, previous: [1; 32] },
            Frame::Record { id: 3, n: 7, hash: [2; 32], body: b"body".to_vec() },
            Frame::Record { id: 4, n: 0, hash: [3; 32], body: Vec::new() },
            Frame::Value { space: Space::Name, key: b"key".to_vec(), value: Vec::new() },
        ]
    }

    fn written() -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes).unwrap();
        frames().iter().for_each(|frame| writer.frame(frame).unwrap());
        assert_eq!(writer.finish().unwrap(), 4);
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Vec<Frame>, PortableError> {
        let mut reader = Reader::new(bytes)?;
        let mut frames = Vec::new();
        while let Some(frame) = reader.frame()? {
            frames.push(frame);
        }
        Ok(frames)
    }

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(read(&written()).unwrap(), frames());
    }

    #[test]
    fn any_change_is_noticed() {
        let bytes = written();
        for bit in 0..bytes.len() * 8 {
            let mut bad = bytes.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(read(&bad).is_err(), "bit {bit}");
        }
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length]).is_err(), "cut to {length}");
        }
        assert!(read(&[&bytes[..], b"x"].concat()).is_err());
        assert!(matches!(read(b"something else entirely"), Err(PortableError::Title)));
        let mut newer = bytes;
        newer[16] = 2;
        assert!(matches!(read(&newer), Err(PortableError::Version(2))));
    }
}
