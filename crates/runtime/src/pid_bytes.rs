//! PIDs as text, on the path of every message: no allocation, no search.

use procession_types::{Error, ErrorKind, HostIds, HostIndex, Pid, parse_pid};

/// About as long as a PID's text gets.
const PID_BYTES: usize = 64;

/// Appends a PID's text: `{host|…}`, or `{node@host|…}` when the node has a name.
pub(crate) fn write(pid: Pid, hosts: &HostIds, node: Option<&str>, out: &mut Vec<u8>) {
    out.reserve(PID_BYTES);
    out.push(b'{');
    if let Some(node) = node {
        out.extend_from_slice(node.as_bytes());
        out.push(b'@');
    }
    let host = hosts.get(pid.host).map_or("?", |host| host.as_str());
    out.extend_from_slice(host.as_bytes());
    // Four numbers of up to eight digits, each behind a sign.
    let mut tail = [0; 40];
    let mut end = 0;
    let parts = [pid.epoch, u32::from(pid.shard), pid.slot, pid.generation];
    for (sign, part) in [b'|', b'.', b'.', b'.'].into_iter().zip(parts) {
        tail[end] = sign;
        end = put_hex(part, &mut tail, end + 1);
    }
    tail[end] = b'}';
    out.extend_from_slice(&tail[..=end]);
}

/// The PID in a text that starts with a brace; `Ok(None)` when it is none.
///
/// # Errors
/// `Unavailable` for a PID of another node.
pub(crate) fn read(text: &[u8], hosts: &HostIds, node: Option<&str>) -> Result<Option<Pid>, Error> {
    if let Some(pid) = read_local(text, hosts) {
        return Ok(Some(pid));
    }
    let Some(parsed) = std::str::from_utf8(text).ok().and_then(parse_pid) else {
        return Ok(None);
    };
    if let Some(other) = parsed.node
        && Some(other) != node
    {
        let message = format!("node \"{other}\" is unreachable");
        return Err(Error::new(ErrorKind::Unavailable, message).with_retryable(true));
    }
    let host = hosts.position(parsed.host);
    Ok(host.map(|host| Pid {
        host,
        shard: parsed.shard,
        epoch: parsed.epoch,
        slot: parsed.slot,
        generation: parsed.generation,
    }))
}

/// The form `{host|…}` with a host of this node.
fn read_local(text: &[u8], hosts: &HostIds) -> Option<Pid> {
    let inner = text.strip_prefix(b"{")?.strip_suffix(b"}")?;
    let (host, id) = hosts.iter().enumerate().find_map(|(position, host)| {
        let rest = inner.strip_prefix(host.as_bytes())?.strip_prefix(b"|")?;
        Some((position as HostIndex, rest))
    })?;
    let (epoch, rest) = take_hex(id)?;
    let (shard, rest) = take_hex(rest.strip_prefix(b".")?)?;
    let (slot, rest) = take_hex(rest.strip_prefix(b".")?)?;
    let (generation, rest) = take_hex(rest.strip_prefix(b".")?)?;
    let shard = u16::try_from(shard).ok()?;
    rest.is_empty().then_some(Pid { host, shard, epoch, slot, generation })
}

/// Writes a number in hexadecimal at a place, without leading zeros; gives the place behind it. What
/// lies behind that may be written to.
#[inline(always)]
fn put_hex(value: u32, out: &mut [u8; 40], at: usize) -> usize {
    // Each digit into a byte of its own, the first one in the highest.
    let mut digits = u64::from(value);
    digits = (digits | digits << 16) & 0x0000_FFFF_0000_FFFF;
    digits = (digits | digits << 8) & 0x00FF_00FF_00FF_00FF;
    digits = (digits | digits << 4) & 0x0F0F_0F0F_0F0F_0F0F;
    // 1 in the bytes of those above 9: letters, which begin 39 after what would follow the 9.
    let letters = (digits + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101;
    let text = digits + 0x3030_3030_3030_3030 + letters * 39;
    let zeros = (value | 1).leading_zeros() / 4;
    out[at..at + 8].copy_from_slice(&(text << (8 * zeros)).to_be_bytes());
    at + 8 - zeros as usize
}

/// Values of the lower-case hexadecimal digits; 16 for any other byte.
const DIGIT_VALUES: [u8; 256] = {
    let mut values = [16; 256];
    let mut digit = 0;
    while digit < 16 {
        values[b"0123456789abcdef"[digit] as usize] = digit as u8;
        digit += 1;
    }
    values
};

/// One to eight lower-case digits without a leading zero: one text per PID.
#[inline(always)]
fn take_hex(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let mut value: u64 = 0;
    let mut length = 0;
    while let Some(&byte) = bytes.get(length) {
        let digit = DIGIT_VALUES[usize::from(byte)];
        if digit > 15 {
            break;
        }
        // Digits beyond eight push the first one out of 32 bits, which is seen below.
        value = value << 4 | u64::from(digit);
        length += 1;
    }
    let valid = length == 1 || (length > 1 && length <= 8 && bytes[0] != b'0');
    valid.then(|| (value as u32, &bytes[length..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_agree_with_the_types() {
        let hosts = HostIds::new(["app:processes".into(), "app:p".into()]);
        for generation in [0, 9, 10, 255, 256, u32::MAX] {
            let pid = Pid { host: 1, shard: 3, epoch: 0x6740_a3f2, slot: 26, generation };
            for node in [None, Some("n1")] {
                let mut text = Vec::new();
                write(pid, &hosts, node, &mut text);
                assert_eq!(read(&text, &hosts, node), Ok(Some(pid)));
                let text = String::from_utf8(text).unwrap();
                let parsed = parse_pid(&text).unwrap();
                assert_eq!((parsed.node, parsed.host), (node, "app:p"));
            }
        }
        for text in ["{app:p|01.0.0.0}", "{app:q|1.0.0.0}", "{app:p|1.0.0}", "{}", "{", "name"] {
            assert_eq!(read(text.as_bytes(), &hosts, None), Ok(None), "{text}");
        }
        let away = read(b"{n2@app:p|1.0.0.0}", &hosts, Some("n1")).unwrap_err();
        assert_eq!((away.kind, away.retryable), (ErrorKind::Unavailable, Some(true)));
    }
}
