//! The checksum behind each value, so that no engine has to be trusted to notice damage.

use crate::engine::Area;

/// Bytes that a seal adds to a value.
pub(crate) const SEAL_BYTES: usize = 8;

/// The first bytes of BLAKE3 over area, key and value: a value in the wrong place does not fit either.
pub(crate) fn check(area: Area, key: &[u8], value: &[u8]) -> [u8; SEAL_BYTES] {
    let mut hasher = blake3::Hasher::new();
    let length = u32::try_from(key.len()).unwrap_or(u32::MAX);
    let [a, b, c, d] = length.to_le_bytes();
    hasher.update(&[area.number(), a, b, c, d]).update(key).update(value);
    let mut check = [0; SEAL_BYTES];
    check.copy_from_slice(&hasher.finalize().as_bytes()[..SEAL_BYTES]);
    check
}

/// The value without its seal.
///
/// # Errors
/// What does not fit.
pub(crate) fn open<'a>(area: Area, key: &[u8], sealed: &'a [u8]) -> Result<&'a [u8], &'static str> {
    let (value, found) =
        sealed.split_last_chunk::<SEAL_BYTES>().ok_or("it is too short to have a checksum")?;
    if *found == check(area, key, value) { Ok(value) } else { Err("its checksum does not fit") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Space;

    fn seal(area: Area, key: &[u8], mut value: Vec<u8>) -> Vec<u8> {
        let check = check(area, key, &value);
        value.extend(check);
        value
    }

    /// Otherwise no value that is on a disk could be read any more.
    #[test]
    fn checksums_are_what_they_were() {
        let checks = [
            check(Area::Space(Space::Log), b"key", b"value"),
            check(Area::Space(Space::Page), b"", b""),
            check(Area::Base, b"key", b"value"),
        ];
        let expected = [7045520311436592, 12809269767802805425, 2113675277281136035];
        assert_eq!(checks.map(u64::from_be_bytes), expected);
    }

    #[test]
    fn any_change_is_noticed() {
        let area = Area::Space(Space::Value);
        let sealed = seal(area, b"key", b"value".to_vec());
        assert_eq!(open(area, b"key", &sealed), Ok(&b"value"[..]));
        for bit in 0..sealed.len() * 8 {
            let mut bad = sealed.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(open(area, b"key", &bad).is_err(), "bit {bit}");
        }
        assert!(open(area, b"kez", &sealed).is_err());
        assert!(open(Area::Space(Space::Name), b"key", &sealed).is_err());
        assert!(open(Area::Base, b"key", &sealed).is_err());
        for length in 0..sealed.len() {
            assert!(open(area, b"key", &sealed[..length]).is_err(), "cut to {length}");
        }
        let empty = seal(area, b"", Vec::new());
        assert_eq!(open(area, b"", &empty), Ok(&b""[..]));
    }
}
