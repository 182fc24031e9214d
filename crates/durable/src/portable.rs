//! A process in a file: its state with all that is needed to go on from it elsewhere.
//!
//! A title, the version of the form (u32), the length of the body (u64), the body, and BLAKE3 over all of that.
//! Numbers are little endian. The body has the byte form of [`Portable`].

use crate::bytes::{Damaged, decoded, encoded, record};
use crate::head::ProgramHash;
use crate::ledger::Ledger;
use procession_types::{Fragment, SmolStr, Timestamp};

/// What a file begins with.
const TITLE: &[u8; 16] = b"procession-state";
/// The version of the form.
const VERSION: u32 = 1;
const HEAD_BYTES: usize = TITLE.len() + 4 + 8;
const HASH_BYTES: usize = 32;

/// See the module.
#[derive(Debug, Clone, PartialEq)]
pub struct Portable {
    /// The text of the PID that the process has where it comes from.
    pub of: SmolStr,
    /// When the file was made.
    pub at: Timestamp,
    /// What its function was given.
    pub arguments: Fragment,
    /// The program whose state it is.
    pub program: SmolStr,
    /// Which version of it.
    pub hash: ProgramHash,
    /// What is known of it beside its state.
    pub ledger: Ledger,
    /// Instructions that it had executed.
    pub instructions: u64,
    /// Bytes of the state.
    pub length: u64,
    /// BLAKE3 of the state.
    pub state_hash: [u8; 32],
    /// LZ4 of the state.
    pub state: Vec<u8>,
}

record!(Portable {
    of,
    at,
    arguments,
    program,
    hash,
    ledger,
    instructions,
    length,
    state_hash,
    state,
});

/// Why a file can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PortableError {
    /// It is something else.
    #[error("this is no process that was exported")]
    Title,
    /// It is of another version.
    #[error("this export has version {0}, and this procession reads version {VERSION}")]
    Version(u32),
    /// Its end is missing.
    #[error("the export is cut off: it has {has} bytes of {of}")]
    Cut {
        /// Bytes that are there.
        has: u64,
        /// Bytes that there were.
        of: u64,
    },
    /// There is more than it says.
    #[error("the export is damaged: there is more behind its end")]
    More,
    /// It is not as it was written.
    #[error("the export is damaged: its checksum does not fit")]
    Checksum,
    /// The checksum fits, and it is nothing that this version writes.
    #[error("the export is damaged: {0}")]
    Form(#[from] Damaged),
}

/// A file of a process.
#[must_use]
pub fn write(portable: &Portable) -> Vec<u8> {
    let body = encoded(portable);
    let mut file = Vec::with_capacity(HEAD_BYTES + body.len() + HASH_BYTES);
    file.extend_from_slice(TITLE);
    file.extend_from_slice(&VERSION.to_le_bytes());
    file.extend_from_slice(&(body.len() as u64).to_le_bytes());
    file.extend_from_slice(&body);
    let hash = blake3::hash(&file);
    file.extend_from_slice(hash.as_bytes());
    file
}

/// What a file holds. The state in it is not looked at.
///
/// # Errors
/// See [`PortableError`].
pub fn read(file: &[u8]) -> Result<Portable, PortableError> {
    let Some(rest) = file.strip_prefix(TITLE) else {
        let is_cut = !file.is_empty() && TITLE.starts_with(file);
        let cut =
            PortableError::Cut { has: file.len() as u64, of: (HEAD_BYTES + HASH_BYTES) as u64 };
        return Err(if is_cut { cut } else { PortableError::Title });
    };
    let has = file.len() as u64;
    let cut = PortableError::Cut { has, of: (HEAD_BYTES + HASH_BYTES) as u64 };
    let (version, rest) = rest.split_first_chunk().ok_or_else(|| cut.clone())?;
    let version = u32::from_le_bytes(*version);
    if version != VERSION {
        return Err(PortableError::Version(version));
    }
    let (length, rest) = rest.split_first_chunk().ok_or(cut)?;
    let of = u64::from_le_bytes(*length).saturating_add((HEAD_BYTES + HASH_BYTES) as u64);
    if has < of {
        return Err(PortableError::Cut { has, of });
    }
    if has > of {
        return Err(PortableError::More);
    }
    let Some((body, hash)) = rest.split_last_chunk::<HASH_BYTES>() else {
        return Err(PortableError::Cut { has, of });
    };
    if blake3::hash(&file[..HEAD_BYTES + body.len()]).as_bytes() != hash {
        return Err(PortableError::Checksum);
    }
    Ok(decoded(body)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn portable() -> Portable {
        Portable {
            of: "{a|1.0.0.0}".into(),
            at: Timestamp(1),
            arguments: Fragment::default(),
            program: "a:b".into(),
            hash: [2; 32],
            ledger: Ledger { inputs: 3, ..Ledger::default() },
            instructions: 4,
            length: 5,
            state_hash: [6; 32],
            state: vec![7, 8],
        }
    }

    /// Files of this version are read for ever.
    #[test]
    fn files_have_the_form_that_they_had() {
        let file = write(&portable());
        let golden = include_bytes!("../tests/portable.bin");
        assert_eq!(file, golden, "another form is another version: keep reading this one");
        assert_eq!(read(golden), Ok(portable()));
    }

    #[test]
    fn any_change_is_noticed() {
        let file = write(&portable());
        for bit in 0..file.len() * 8 {
            let mut bad = file.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(read(&bad).is_err(), "bit {bit}");
        }
        for length in 0..file.len() {
            let error = read(&file[..length]).unwrap_err();
            let is_cut = matches!(error, PortableError::Cut { .. });
            assert!(is_cut || length == 0, "cut to {length}: {error}");
        }
        assert_eq!(read(&[&file[..], b"x"].concat()), Err(PortableError::More));
        assert_eq!(read(b"something else entirely"), Err(PortableError::Title));
        let mut newer = file;
        newer[16] = 2;
        assert_eq!(read(&newer), Err(PortableError::Version(2)));
    }
}
