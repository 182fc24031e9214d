//! Tokens of callers over TCP: made, listed and revoked by whoever may write their file; the server
//! only reads it, and sees a change with the next request.
//!
//! A token is 256 random bits, so its SHA-256 is as good as the token to check it, and of no use to
//! whoever reads the file. The text is `pcn_ID_SECRET`; the id is no secret.

use crate::caller::Principal;
use procession_types::token::{self, PREFIX};
use procession_types::{Actor, Scope};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use subtle::ConstantTimeEq as _;

/// Tokens of one file at most.
const TOKENS_MAX: usize = 1000;
/// Largest file, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// Policies of one token at most.
const POLICIES_MAX: usize = 100;
const SECRET_BYTES: usize = token::SECRET_DIGITS / 2;
const ID_BYTES: usize = token::ID_DIGITS / 2;

/// Why something with tokens failed.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The system says no.
    #[error("{doing} {}: {source}", .path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What is there is no file of tokens.
    #[error("{} is no file of tokens: {problem}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is the matter.
        problem: String,
    },
    /// Others than the user may read or write it.
    #[error("{} may be read or changed by others; chmod 600 it", .0.display())]
    Open(PathBuf),
    /// There are too many, or one has too many policies.
    #[error("a file holds {TOKENS_MAX} tokens, and a token {POLICIES_MAX} policies at most")]
    TooMany,
    /// There is no such token.
    #[error("token \"{0}\" not found")]
    NotFound(String),
    /// The system gives no random numbers.
    #[error("get random numbers: {0}")]
    Random(String),
}

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenView {
    /// Its id.
    pub id: String,
    /// The actor for which its holder's permissions are checked.
    pub actor: String,
    /// The policies that apply to its holder.
    pub scope: Vec<String>,
    /// When it was made, in seconds since 1970.
    pub created: u64,
}

/// A token that was just made. Its text is shown once and kept nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct NewToken {
    /// What its holder sends.
    pub text: String,
    /// What is kept of it.
    pub token: TokenView,
}

#[derive(Clone, Serialize, Deserialize)]
struct Stored {
    #[serde(flatten)]
    token: TokenView,
    /// SHA-256 of the secret, hexadecimal.
    hash: String,
}

#[derive(Default, Serialize, Deserialize)]
struct Stock {
    tokens: Vec<Stored>,
}

/// What tells one state of the file from another: its inode, size and time of change.
type Stamp = (u64, u64, i64, i64);

struct Loaded {
    stamp: Option<Stamp>,
    by_id: BTreeMap<String, (Arc<Principal>, [u8; 32])>,
}

/// See the module.
pub struct Tokens {
    path: PathBuf,
    loaded: Mutex<Loaded>,
}

impl Tokens {
    /// The tokens of a file, which need not exist yet.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub fn open(path: &Path) -> Result<Self, TokenError> {
        let loaded = Loaded { stamp: stamp(path), by_id: by_id(read(path)?) };
        Ok(Self { path: path.to_owned(), loaded: Mutex::new(loaded) })
    }

    /// Who the holder of a token is.
    pub(crate) fn verify(&self, text: &str) -> Option<Arc<Principal>> {
        let (id, secret) = text.strip_prefix(PREFIX)?.strip_prefix('_')?.split_once('_')?;
        let hash: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = stamp(&self.path);
        if stamp != loaded.stamp {
            // A file that can't be read lets nobody in.
            *loaded = Loaded { stamp, by_id: read(&self.path).map(by_id).unwrap_or_default() };
        }
        let (principal, expected) = loaded.by_id.get(id)?;
        bool::from(expected.ct_eq(&hash)).then(|| Arc::clone(principal))
    }

    /// Makes a token.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub fn create(&self, actor: &str, scope: Vec<String>) -> Result<NewToken, TokenError> {
        let _lock = lock(&self.path)?;
        let mut stock = read(&self.path)?;
        if stock.tokens.len() >= TOKENS_MAX || scope.len() > POLICIES_MAX {
            return Err(TokenError::TooMany);
        }
        let random = |bytes: &mut [u8]| {
            getrandom::fill(bytes).map_err(|error| TokenError::Random(error.to_string()))
        };
        let (mut secret, mut id) = ([0; SECRET_BYTES], [0; ID_BYTES]);
        random(&mut secret)?;
        random(&mut id)?;
        while stock.tokens.iter().any(|stored| stored.token.id == hex(&id)) {
            random(&mut id)?;
        }
        let created = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let token = TokenView { id: hex(&id), actor: actor.to_owned(), scope, created };
        let secret = hex(&secret);
        let hash = hex(&Sha256::digest(secret.as_bytes()));
        stock.tokens.push(Stored { token: token.clone(), hash });
        write(&self.path, &stock)?;
        Ok(NewToken { text: format!("{PREFIX}_{}_{secret}", token.id), token })
    }

    /// All tokens.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub fn list(&self) -> Result<Vec<TokenView>, TokenError> {
        Ok(read(&self.path)?.tokens.into_iter().map(|stored| stored.token).collect())
    }

    /// Makes a token invalid, from the next request on.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub fn revoke(&self, id: &str) -> Result<(), TokenError> {
        let _lock = lock(&self.path)?;
        let mut stock = read(&self.path)?;
        let before = stock.tokens.len();
        stock.tokens.retain(|stored| stored.token.id != id);
        if stock.tokens.len() == before {
            return Err(TokenError::NotFound(id.to_owned()));
        }
        write(&self.path, &stock)
    }
}

fn by_id(stock: Stock) -> BTreeMap<String, (Arc<Principal>, [u8; 32])> {
    let tokens = stock.tokens.into_iter().filter_map(|Stored { token, hash }| {
        let principal = Principal {
            token: token.id.clone(),
            actor: Actor { id: token.actor, meta: BTreeMap::new() },
            scope: Scope { policies: token.scope },
        };
        Some((token.id, (Arc::new(principal), unhex(&hash)?)))
    });
    tokens.collect()
}

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.ino(), metadata.size(), metadata.ctime(), metadata.ctime_nsec()))
}

fn read(path: &Path) -> Result<Stock, TokenError> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Stock::default()),
        Err(source) => return Err(io_error("read", path, source)),
    };
    if metadata.mode() & 0o077 != 0 {
        return Err(TokenError::Open(path.to_owned()));
    }
    let damaged = |problem: String| TokenError::Damaged { path: path.to_owned(), problem };
    if metadata.len() > FILE_BYTES_MAX {
        return Err(damaged(format!("it has more than {FILE_BYTES_MAX} bytes")));
    }
    let text = fs::read(path).map_err(|source| io_error("read", path, source))?;
    let stock: Stock = serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
    match stock.tokens.iter().find(|stored| unhex(&stored.hash).is_none()) {
        None => Ok(stock),
        Some(stored) => Err(damaged(format!("token {} has no valid hash", stored.token.id))),
    }
}

/// Writes another file and puts it in the place of the old one, so that nobody reads half of it.
fn write(path: &Path, stock: &Stock) -> Result<(), TokenError> {
    let new = beside(path, ".new");
    let failed = |source| io_error("write", &new, source);
    let text = serde_json::to_vec_pretty(stock).map_err(|error| failed(error.into()))?;
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&new).map_err(failed)?;
    file.write_all(&text).and_then(|()| file.sync_all()).map_err(failed)?;
    fs::rename(&new, path).map_err(|source| io_error("replace", path, source))
}

/// Only one at a time changes the file.
fn lock(path: &Path) -> Result<File, TokenError> {
    if let Some(directory) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::create_dir_all(directory).map_err(|source| io_error("create", directory, source))?;
    }
    let path = beside(path, ".lock");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    let locked = options.open(&path).and_then(|file| file.lock().map(|()| file));
    locked.map_err(|source| io_error("lock", &path, source))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn io_error(doing: &'static str, path: &Path, source: io::Error) -> TokenError {
    TokenError::Io { doing, path: path.to_owned(), source }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() == 64)?;
    let bytes: Vec<u8> = digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect();
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn file(name: &str) -> PathBuf {
        let directory = std::env::temp_dir().join(format!("pcn-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&directory);
        directory.join("tokens.json")
    }

    #[test]
    fn tokens_are_made_checked_and_revoked() {
        let path = file("tokens");
        let (maker, server) = (Tokens::open(&path).unwrap(), Tokens::open(&path).unwrap());
        let made = maker.create("ci", vec!["app:deploy".to_owned()]).unwrap();
        let other = maker.create("root", vec![]).unwrap();
        let principal = server.verify(&made.text).unwrap();
        assert_eq!((&*principal.actor.id, &*principal.token), ("ci", &*made.token.id));
        assert_eq!(principal.scope.policies, ["app:deploy"]);
        let secret = made.text.rsplit('_').next().unwrap();
        let kept = fs::read_to_string(&path).unwrap();
        assert!(!kept.contains(secret), "the secret is not kept");
        for wrong in [
            "",
            "pcn__",
            &format!("pcn_{}_{}", made.token.id, "0".repeat(64)),
            &format!("pcn_{}_{secret}", other.token.id),
            &made.text[..made.text.len() - 1],
        ] {
            assert!(server.verify(wrong).is_none(), "{wrong}");
        }
        maker.revoke(&made.token.id).unwrap();
        assert!(server.verify(&made.text).is_none());
        assert!(server.verify(&other.text).is_some());
        assert!(matches!(maker.revoke("x"), Err(TokenError::NotFound(_))));
        assert_eq!(maker.list().unwrap(), [other.token]);
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }

    #[test]
    fn files_that_others_may_read_and_damaged_ones_are_refused() {
        let path = file("open");
        let tokens = Tokens::open(&path).unwrap();
        let made = tokens.create("a", vec![]).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(Tokens::open(&path), Err(TokenError::Open(_))));
        assert!(tokens.verify(&made.text).is_none());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(tokens.verify(&made.text).is_some());
        for text in [
            "",
            "{\"tokens\": 1}",
            "{\"tokens\":[{\"id\":\"a\",\"actor\":\"a\",\"scope\":[],\"created\":0,\"hash\":\"zz\"}]}",
        ] {
            fs::write(&path, text).unwrap();
            assert!(matches!(tokens.list(), Err(TokenError::Damaged { .. })), "{text}");
        }
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }
}
