//! Process ids: what they hold, how they print, how they are read.

use std::fmt;

/// Position of a process host in the node's table of hosts.
pub type HostIndex = u16;
/// Position of a shard (one kernel on one worker thread) in the node.
pub type ShardIndex = u16;

/// The identity of a process. It is never given twice: `epoch` differs between two starts of a node
/// and `generation` between two processes that used the same slot of the process table, so a stale
/// id is an error and never somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pid {
    /// The host the process runs on.
    pub host: HostIndex,
    /// The shard that owns the process.
    pub shard: ShardIndex,
    /// Which start of the node made it (seconds since 1970 at that start, made unique).
    pub epoch: u32,
    /// Slot of the shard's process table.
    pub slot: u32,
    /// How often the slot had been used before.
    pub generation: u32,
}

/// What a PID's text says: the host's id and, in a cluster, the node's; the numbers of [`Pid`]
/// without the host, which only the node's table of hosts can resolve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PidText<'a> {
    /// Name of the node, when the text has the form `{node@host|id}`.
    pub node: Option<&'a str>,
    /// Id of the process host, as in `app:processes`.
    pub host: &'a str,
    /// See [`Pid::epoch`].
    pub epoch: u32,
    /// See [`Pid::shard`].
    pub shard: ShardIndex,
    /// See [`Pid::slot`].
    pub slot: u32,
    /// See [`Pid::generation`].
    pub generation: u32,
}

/// The bit of an epoch that says whose: that of a store, whose processes outlive the node, or of a start
/// of the node.
pub const EPOCH_OF_STORE: u32 = 1 << 31;

impl Pid {
    /// Whether the process is durable: its PID names it in every start of the node.
    #[must_use]
    #[inline]
    pub const fn is_durable(&self) -> bool {
        self.epoch & EPOCH_OF_STORE != 0
    }

    /// Writes the PID's text, `{host|epoch.shard.slot.generation}` with hexadecimal numbers.
    pub fn write(&self, host: &str, out: &mut String) {
        out.push('{');
        out.push_str(host);
        out.push('|');
        push_hex(self.epoch, out);
        out.push('.');
        push_hex(u32::from(self.shard), out);
        out.push('.');
        push_hex(self.slot, out);
        out.push('.');
        push_hex(self.generation, out);
        out.push('}');
    }
}

/// Shows the numbers only; use [`Pid::write`] for what people and programs see.
impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write(&self.host.to_string(), &mut text);
        f.write_str(&text)
    }
}

/// Reads a PID's text; `None` when it is not one (then it may be a registered name).
#[must_use]
pub fn parse_pid(text: &str) -> Option<PidText<'_>> {
    let inner = text.strip_prefix('{')?.strip_suffix('}')?;
    let (place, id) = inner.rsplit_once('|')?;
    let (node, host) = match place.split_once('@') {
        Some((node, host)) => (Some(node), host),
        None => (None, place),
    };
    let bytes = id.as_bytes();
    let (epoch, at) = take_hex(bytes, 0)?;
    let (shard, at) = take_hex(bytes, dot(bytes, at)?)?;
    let (slot, at) = take_hex(bytes, dot(bytes, at)?)?;
    let (generation, at) = take_hex(bytes, dot(bytes, at)?)?;
    let shard = ShardIndex::try_from(shard).ok()?;
    (at == bytes.len() && !host.is_empty()).then_some(PidText {
        node,
        host,
        epoch,
        shard,
        slot,
        generation,
    })
}

fn push_hex(value: u32, out: &mut String) {
    let digits = (32 - value.leading_zeros()).div_ceil(4).max(1);
    for position in (0..digits).rev() {
        let digit = (value >> (position * 4)) & 0xf;
        out.push(char::from_digit(digit, 16).unwrap_or('0'));
    }
}

fn dot(bytes: &[u8], at: usize) -> Option<usize> {
    (bytes.get(at) == Some(&b'.')).then_some(at + 1)
}

/// One to eight lower-case hexadecimal digits without a leading zero (one text per PID).
fn take_hex(bytes: &[u8], start: usize) -> Option<(u32, usize)> {
    let mut value: u32 = 0;
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => break,
        };
        if at - start == 8 {
            return None;
        }
        value = value << 4 | u32::from(digit);
        at += 1;
    }
    let length = at - start;
    (length > 0 && (length == 1 || bytes[start] != b'0')).then_some((value, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips() {
        let pid = Pid { host: 0, shard: 1, epoch: 0x6740_a3f2, slot: 26, generation: u32::MAX };
        let mut text = String::new();
        pid.write("app:processes", &mut text);
        assert_eq!(text, "{app:processes|6740a3f2.1.1a.ffffffff}");
        let read = parse_pid(&text).unwrap();
        assert_eq!((read.node, read.host), (None, "app:processes"));
        assert_eq!((read.epoch, read.shard), (pid.epoch, pid.shard));
        assert_eq!((read.slot, read.generation), (pid.slot, pid.generation));
        assert_eq!(parse_pid("{n1@app:p|1.0.0.0}").unwrap().node, Some("n1"));
    }

    #[test]
    fn other_texts_are_no_pids() {
        for text in [
            "",
            "{}",
            "name",
            "{a|}",
            "{a|1}",
            "{a|1.0.0}",
            "{a|1.0.0.0",
            "{|1.0.0.0}",
            "{a|1.0.0.0.0}",
            "{a|01.0.0.0}",
            "{a|1.0.0.g}",
            "{a|1.ffff0.0.0}",
            "{a|123456789.0.0.0}",
        ] {
            assert_eq!(parse_pid(text), None, "{text}");
        }
    }
}
