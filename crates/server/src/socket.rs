//! The Unix socket of a node: where it is, and that only one node has it.
//!
//! Beside the socket lies a lock file. Who holds its lock is the node of that socket; so a socket
//! whose lock is free was left behind by a node that is dead, and is replaced.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt,
};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Longest path of a socket on the systems that are supported, in bytes.
const PATH_BYTES_MAX: usize = 103;
/// How often a lock is tried that somebody holds, and how long it is waited in between: whoever only
/// looks holds it for less than that.
const TRIES: usize = 5;
const BETWEEN_TRIES: Duration = Duration::from_millis(5);

/// Why a socket can't be had.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// A living node has it.
    #[error("a node{} already listens on {}", .os_pid.as_ref().map_or_else(String::new, |pid| format!(" (process {pid})")), .path.display())]
    Taken {
        /// The socket.
        path: PathBuf,
        /// That node's id in the operating system, when it says so.
        os_pid: Option<String>,
    },
    /// Something else is there.
    #[error("{} is there already and is no socket", .0.display())]
    NoSocket(PathBuf),
    /// The system can't have a socket there.
    #[error("{} has more than {PATH_BYTES_MAX} bytes, the most that a socket's path may have", .0.display())]
    TooLong(PathBuf),
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
}

/// The socket of a node, and its claim to it.
#[derive(Debug)]
pub(crate) struct Socket {
    path: PathBuf,
    listener: Option<UnixListener>,
    /// The user whose socket it is.
    pub(crate) uid: u32,
    /// Locked as long as this lives.
    lock: File,
}

/// Where a node's socket is when nobody says where: in the user's runtime directory, or else in the
/// directory for a user's state. `None` when the environment names neither.
#[must_use]
pub fn default_socket(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let absolute = |name: &str| variable(name).filter(|path| path.is_absolute());
    let runtime = absolute("XDG_RUNTIME_DIR");
    let directory = runtime
        .or_else(|| absolute("XDG_STATE_HOME"))
        .or_else(|| Some(absolute("HOME")?.join(".local/state")));
    Some(directory?.join("procession/node.sock"))
}

/// Whether a living node has this socket, even if it does not answer any more.
#[must_use]
pub fn is_taken(socket: &Path) -> bool {
    let Ok(file) = File::open(lock_path(socket)) else { return false };
    // Given back at once, when the file is closed.
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

impl Socket {
    /// Claims the path and listens there.
    ///
    /// # Errors
    /// See [`SocketError`].
    pub(crate) fn bind(path: &Path) -> Result<Self, SocketError> {
        if path.as_os_str().len() > PATH_BYTES_MAX {
            return Err(SocketError::TooLong(path.to_owned()));
        }
        if let Some(directory) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
            made.map_err(|source| io_error("create", directory, source))?;
        }
        let lock = lock(path)?;
        match path.symlink_metadata() {
            Ok(metadata) if metadata.file_type().is_socket() => {
                // Left behind: its node would hold the lock.
                std::fs::remove_file(path).map_err(|source| io_error("remove", path, source))?;
            }
            Ok(_) => return Err(SocketError::NoSocket(path.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(io_error("look at", path, source)),
        }
        let listen = |source| io_error("listen on", path, source);
        let listener = UnixListener::bind(path).map_err(listen)?;
        // Whoever connects before this is asked who they are all the same.
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o600)).map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;
        let uid = path.symlink_metadata().map_err(listen)?.uid();
        Ok(Self { path: path.to_owned(), listener: Some(listener), uid, lock })
    }

    /// The listener, once.
    pub(crate) fn take_listener(&mut self) -> Option<UnixListener> {
        self.listener.take()
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // The lock file stays: who removes it may remove that of the next node.
        let _ = std::fs::remove_file(&self.path);
        // Closing the file would do, were it not open in a child, too, that another thread is just starting.
        let _ = self.lock.unlock();
    }
}

fn lock_path(socket: &Path) -> PathBuf {
    let mut path = socket.as_os_str().to_owned();
    path.push(".lock");
    PathBuf::from(path)
}

fn lock(socket: &Path) -> Result<File, SocketError> {
    let path = lock_path(socket);
    let options = OpenOptions::new().read(true).write(true).create(true).mode(0o600).clone();
    let mut file = options.open(&path).map_err(|source| io_error("open", &path, source))?;
    let mut locked = file.try_lock();
    for _ in 1..TRIES {
        if !matches!(locked, Err(TryLockError::WouldBlock)) {
            break;
        }
        std::thread::park_timeout(BETWEEN_TRIES);
        locked = file.try_lock();
    }
    match locked {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            let read = file.take(16).read_to_string(&mut text);
            let os_pid = read.is_ok().then(|| text.trim().to_owned());
            let os_pid = os_pid.filter(|pid| !pid.is_empty());
            return Err(SocketError::Taken { path: socket.to_owned(), os_pid });
        }
        Err(TryLockError::Error(source)) => return Err(io_error("lock", &path, source)),
    }
    // For people and for the message above; nothing depends on it.
    let _ = file.set_len(0).and_then(|()| file.rewind());
    let _ = writeln!(file, "{}", std::process::id());
    Ok(file)
}

fn io_error(doing: &'static str, path: &Path, source: io::Error) -> SocketError {
    SocketError::Io { doing, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;

    fn directory(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("pcn-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        path
    }

    #[test]
    fn one_node_a_socket() {
        let directory = directory("one");
        let path = directory.join("sub/node.sock");
        let socket = Socket::bind(&path).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let parent = path.parent().unwrap();
        assert_eq!(parent.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        let error = Socket::bind(&path).unwrap_err().to_string();
        let own = format!("a node (process {}) already listens on", std::process::id());
        assert!(error.starts_with(&own), "{error}");
        assert!(UnixStream::connect(&path).is_ok());
        assert!(is_taken(&path));
        drop(socket);
        assert!(!path.exists() && !is_taken(&path));
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn what_a_dead_node_left_is_replaced_and_nothing_else() {
        let directory = directory("stale");
        let path = directory.join("node.sock");
        std::fs::create_dir_all(&directory).unwrap();
        // A listener that is dropped leaves its socket behind.
        drop(UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        drop(Socket::bind(&path).unwrap());
        std::fs::write(&path, "precious").unwrap();
        assert!(matches!(Socket::bind(&path), Err(SocketError::NoSocket(_))));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
        let long = directory.join("x".repeat(120));
        assert!(matches!(Socket::bind(&long), Err(SocketError::TooLong(_))));
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn the_default_is_the_users_own() {
        for (variables, expected) in [
            (&[("XDG_RUNTIME_DIR", "/run/user/1"), ("HOME", "/h")][..], "/run/user/1/procession"),
            (&[("XDG_RUNTIME_DIR", "relative"), ("HOME", "/h")], "/h/.local/state/procession"),
            (&[("XDG_STATE_HOME", "/s"), ("HOME", "/h")], "/s/procession"),
        ] {
            let get = |name: &str| {
                let found = variables.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| PathBuf::from(value))
            };
            let expected = Path::new(expected).join("node.sock");
            assert_eq!(default_socket(get), Some(expected));
        }
        assert_eq!(default_socket(|_| None), None);
    }
}
