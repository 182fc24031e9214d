//! The bytes of an entry, as a thread hands it to the writer and as the file keeps it.
//!
//! ```text
//! u32 bytes of the message   u8 kind   u8 kind of event   u8 flags   i64 time
//! [u32 epoch   u16 shard   u32 slot   u32 generation]       with a process
//! text host   text program   text service   count and pairs of texts: fields   message
//! ```
//! The message comes last, so that it can be cut without touching the rest.

use crate::bytes::{self, Pairs, Reader, cut, put_length};
use crate::event::EventKind;
use crate::record::{Kind, Source};
use procession_environment::Level;
use procession_types::{Pid, Timestamp};

/// Longest message of a record, in bytes. What is printed goes to the print stream whole.
pub(crate) const MESSAGE_BYTES_MAX: usize = 16 << 10;
/// Longest value of a field, and the sum of names and values after which no more fields are kept.
const FIELDS_BYTES_MAX: usize = 16 << 10;
/// Longest name of a field, a program or a host.
const NAME_BYTES_MAX: usize = 1 << 10;
/// Bytes before the process.
const HEAD_BYTES: usize = 15;

const KIND_AT: usize = 4;
const FLAGS_AT: usize = 6;
const TIME_AT: usize = 7;
const PID_BYTES: usize = 14;
/// The kind of what is no record.
const DESCRIPTION: u8 = 200;
const WITH_PID: u8 = 1;
const CUT: u8 = 2;

/// The parts of an entry, borrowed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) kind: Kind,
    pub(crate) time: Timestamp,
    pub(crate) source: Source<'a>,
    pub(crate) fields: Pairs<'a>,
    pub(crate) message: &'a [u8],
    pub(crate) is_cut: bool,
}

fn kind_codes(kind: Kind) -> (u8, u8) {
    match kind {
        Kind::Print => (0, 0),
        Kind::Log(Level::Debug) => (1, 0),
        Kind::Log(Level::Info) => (2, 0),
        Kind::Log(Level::Warn) => (3, 0),
        Kind::Log(Level::Error) => (4, 0),
        Kind::Event(event) => (5, event.code()),
        Kind::Gap => (6, 0),
    }
}

fn kind_of(code: u8, event: u8) -> Option<Kind> {
    Some(match code {
        0 => Kind::Print,
        1 => Kind::Log(Level::Debug),
        2 => Kind::Log(Level::Info),
        3 => Kind::Log(Level::Warn),
        4 => Kind::Log(Level::Error),
        5 => Kind::Event(EventKind::from_code(event)),
        6 => Kind::Gap,
        _ => return None,
    })
}

/// Appends what every entry begins with.
fn put_head(
    out: &mut Vec<u8>,
    kind: Kind,
    flags: u8,
    time: Timestamp,
    source: &Source<'_>,
    message: usize,
) {
    let (code, event) = kind_codes(kind);
    let flags = flags | if source.pid.is_some() { WITH_PID } else { 0 };
    // At once: this is done for every line that is printed.
    let mut head = [0; HEAD_BYTES + PID_BYTES];
    head[..4].copy_from_slice(&(message as u32).to_le_bytes());
    head[KIND_AT..TIME_AT].copy_from_slice(&[code, event, flags]);
    head[TIME_AT..HEAD_BYTES].copy_from_slice(&time.0.to_le_bytes());
    let mut length = HEAD_BYTES;
    if let Some(pid) = source.pid {
        head[15..19].copy_from_slice(&pid.epoch.to_le_bytes());
        head[19..21].copy_from_slice(&pid.shard.to_le_bytes());
        head[21..25].copy_from_slice(&pid.slot.to_le_bytes());
        head[25..29].copy_from_slice(&pid.generation.to_le_bytes());
        length += PID_BYTES;
    }
    out.extend_from_slice(&head[..length]);
    bytes::put_bytes(out, cut(source.host, NAME_BYTES_MAX).as_bytes());
    bytes::put_bytes(out, cut(source.program, NAME_BYTES_MAX).as_bytes());
    bytes::put_bytes(out, cut(source.service, NAME_BYTES_MAX).as_bytes());
}

/// Appends a printed line, whole.
#[inline]
pub(crate) fn put_print(out: &mut Vec<u8>, time: Timestamp, source: &Source<'_>, line: &[u8]) {
    // 2^32 bytes are more than a process may hold.
    let line = &line[..line.len().min(u32::MAX as usize)];
    out.reserve(HEAD_BYTES + PID_BYTES + 8 + source.host.len() + source.program.len() + line.len());
    put_head(out, Kind::Print, 0, time, source, line.len());
    put_length(out, 0);
    out.extend_from_slice(line);
}

/// Appends anything else, of a bounded length.
pub(crate) fn put<N: AsRef<str>, V: AsRef<str>>(
    out: &mut Vec<u8>,
    (kind, time): (Kind, Timestamp),
    source: &Source<'_>,
    fields: &[(N, V)],
    message: &str,
) {
    let kept = cut(message, MESSAGE_BYTES_MAX);
    put_cut_at(out, (kind, time), source, fields, (kept.as_bytes(), kept.len() < message.len()));
}

/// Likewise, with a message that may be no text.
pub(crate) fn put_bytes<N: AsRef<str>, V: AsRef<str>>(
    out: &mut Vec<u8>,
    what: (Kind, Timestamp),
    source: &Source<'_>,
    fields: &[(N, V)],
    message: &[u8],
) {
    let kept = &message[..message.len().min(MESSAGE_BYTES_MAX)];
    put_cut_at(out, what, source, fields, (kept, kept.len() < message.len()));
}

fn put_cut_at<N: AsRef<str>, V: AsRef<str>>(
    out: &mut Vec<u8>,
    (kind, time): (Kind, Timestamp),
    source: &Source<'_>,
    fields: &[(N, V)],
    (message, mut is_cut): (&[u8], bool),
) {
    let (mut count, mut bytes) = (0, 0);
    for (name, value) in fields {
        if bytes > FIELDS_BYTES_MAX {
            is_cut = true;
            break;
        }
        let (name, value) = (name.as_ref().len(), value.as_ref().len());
        is_cut |= name > NAME_BYTES_MAX || value > FIELDS_BYTES_MAX;
        bytes += name + value + 2;
        count += 1;
    }
    put_head(out, kind, if is_cut { CUT } else { 0 }, time, source, message.len());
    put_length(out, count);
    for (name, value) in &fields[..count] {
        bytes::put_bytes(out, cut(name.as_ref(), NAME_BYTES_MAX).as_bytes());
        bytes::put_bytes(out, cut(value.as_ref(), FIELDS_BYTES_MAX).as_bytes());
    }
    out.extend_from_slice(message);
}

impl<'a> Entry<'a> {
    /// Reads one that fills the bytes; `None` when they are malformed.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let message_bytes = reader.u32()? as usize;
        let [code, event, flags] = reader.array()?;
        let time = Timestamp(reader.u64()? as i64);
        let pid = if flags & WITH_PID != 0 { Some(read_pid(&mut reader)?) } else { None };
        let (host, program, service) = (reader.text()?, reader.text()?, reader.text()?);
        let fields = Pairs::read(&mut reader)?;
        let message = reader.0;
        (message.len() == message_bytes).then_some(())?;
        let kind = kind_of(code, event)?;
        let source = Source { pid, host, program, service };
        Some(Self { kind, time, source, fields, message, is_cut: flags & CUT != 0 })
    }
}

fn read_pid(reader: &mut Reader<'_>) -> Option<Pid> {
    Some(Pid {
        host: 0,
        epoch: reader.u32()?,
        shard: u16::from_le_bytes(reader.array()?),
        slot: reader.u32()?,
        generation: reader.u32()?,
    })
}

/// Appends what the writer is to know about a process; it is no record.
pub(crate) fn put_description(out: &mut Vec<u8>, pid: Pid, description: &[u8]) {
    let source = Source { pid: Some(pid), host: "", program: "", service: "" };
    let start = out.len();
    put_print(out, Timestamp(0), &source, description);
    out[start + KIND_AT] = DESCRIPTION;
}

/// The content of such an entry.
pub(crate) fn description(bytes: &[u8]) -> Option<(Pid, &[u8])> {
    (*bytes.get(KIND_AT)? == DESCRIPTION).then_some(())?;
    Some((pid(bytes)?, message(bytes)?))
}

/// The kind of an entry, without a look at the rest.
#[inline]
pub(crate) fn kind(bytes: &[u8]) -> Option<Kind> {
    kind_of(*bytes.get(KIND_AT)?, *bytes.get(KIND_AT + 1)?)
}

/// The message of an entry, likewise.
#[inline]
pub(crate) fn message(bytes: &[u8]) -> Option<&[u8]> {
    let length = Reader(bytes).u32()? as usize;
    bytes.get(bytes.len().checked_sub(length)?..)
}

/// The process of an entry, likewise.
#[inline]
pub(crate) fn pid(bytes: &[u8]) -> Option<Pid> {
    let with_pid = bytes.get(FLAGS_AT)? & WITH_PID != 0;
    if with_pid { read_pid(&mut Reader(bytes.get(HEAD_BYTES..)?)) } else { None }
}

/// Appends an entry with its message cut to the length that is kept.
pub(crate) fn put_cut(out: &mut Vec<u8>, bytes: &[u8]) {
    let message_bytes = Reader(bytes).u32().unwrap_or(0) as usize;
    if message_bytes <= MESSAGE_BYTES_MAX || bytes.len() < HEAD_BYTES + message_bytes {
        return out.extend_from_slice(bytes);
    }
    let start = out.len();
    let kept = bytes.len() - message_bytes + MESSAGE_BYTES_MAX;
    out.extend_from_slice(&bytes[..kept]);
    out[start..start + 4].copy_from_slice(&(MESSAGE_BYTES_MAX as u32).to_le_bytes());
    out[start + FLAGS_AT] |= CUT;
}

#[cfg(test)]
mod tests {
    use super::*;

    const PID: Pid = Pid { host: 0, shard: 3, epoch: 7, slot: 70_000, generation: 2 };
    const SOURCE: Source<'_> =
        Source { pid: Some(PID), host: "app:processes", program: "app:main", service: "" };

    #[test]
    fn what_is_put_is_read() {
        let mut out = Vec::new();
        let fields = [("a", "1"), ("b", "zwei")];
        put(&mut out, (Kind::Log(Level::Warn), Timestamp(-5)), &SOURCE, &fields, "careful");
        let entry = Entry::read(&out).unwrap();
        assert_eq!((entry.kind, entry.time), (Kind::Log(Level::Warn), Timestamp(-5)));
        assert_eq!(entry.source, SOURCE);
        assert_eq!(entry.fields.collect::<Vec<_>>(), fields);
        assert_eq!((entry.message, entry.is_cut), (&b"careful"[..], false));
        for length in 0..out.len() {
            assert!(Entry::read(&out[..length]).is_none(), "{length}");
        }
    }

    #[test]
    fn what_is_too_long_is_cut_and_says_so() {
        let (mut out, mut kept) = (Vec::new(), Vec::new());
        put_print(&mut out, Timestamp(1), &SOURCE, &vec![b'x'; MESSAGE_BYTES_MAX + 1]);
        put_cut(&mut kept, &out);
        let entry = Entry::read(&kept).unwrap();
        assert_eq!((entry.message.len(), entry.is_cut), (MESSAGE_BYTES_MAX, true));

        let long = "y".repeat(2 * FIELDS_BYTES_MAX);
        let fields = [("a", "1"), ("long", &long), ("never", "seen")];
        let mut out = Vec::new();
        put(&mut out, (Kind::Print, Timestamp(1)), &SOURCE, &fields, &long);
        let entry = Entry::read(&out).unwrap();
        assert!(entry.is_cut && entry.message.len() == MESSAGE_BYTES_MAX);
        let lengths: Vec<usize> = entry.fields.map(|(_, value)| value.len()).collect();
        assert_eq!(lengths, [1, FIELDS_BYTES_MAX]);
    }
}
