//! Directories that processes may use, and how a path finds its place in one of them.

use procession_types::{Error, ErrorKind};
use std::io;
use std::path::{Component, Path, PathBuf};

/// What may be done with a directory and everything below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Read and list.
    Read,
    /// Also create, change and remove.
    Write,
}

/// A directory that processes may use. A path is looked for first under the grants whose `name` it
/// starts with (the empty name fits every relative path), then, made absolute, under the directory
/// itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// How programs name it, as in `examples/texts`.
    pub name: PathBuf,
    /// Where it is.
    pub directory: PathBuf,
    /// See [`Access`].
    pub access: Access,
}

impl Grant {
    /// A directory under its own path.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>, access: Access) -> Self {
        let directory = directory.into();
        Self { name: directory.clone(), directory, access }
    }
}

/// The grants of a node, with real paths.
#[derive(Debug, Default)]
pub(crate) struct Grants {
    list: Vec<Grant>,
}

impl Grants {
    pub(crate) fn new(grants: &[Grant]) -> Result<Self, (PathBuf, io::Error)> {
        let mut list = Vec::with_capacity(grants.len());
        for grant in grants {
            let directory = match grant.directory.canonicalize() {
                Ok(path) if path.is_dir() => path,
                Ok(path) => return Err((path, io::ErrorKind::NotADirectory.into())),
                Err(error) => return Err((grant.directory.clone(), error)),
            };
            let name = normal(&grant.name).unwrap_or_default();
            list.push(Grant { name, directory, access: grant.access });
        }
        Ok(Self { list })
    }

    /// Every grant, under the path that programs use.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&Path, Access)> {
        self.list.iter().map(|grant| {
            let is_named = grant.name != Path::new("");
            (if is_named { &*grant.name } else { &*grant.directory }, grant.access)
        })
    }

    /// The real path of what a program calls `path`; it may not exist yet. Symbolic links are
    /// followed, and must not lead out of the grant.
    pub(crate) fn resolve(&self, path: &str, access: Access) -> Result<PathBuf, Error> {
        if path.is_empty() || path.contains('\0') {
            return Err(Error::invalid("path is empty or contains a zero byte"));
        }
        let escape = || denied(path, "it leads out of the granted directories");
        let wanted = normal(Path::new(path)).ok_or_else(escape)?;
        let mut refusal = None;
        for (grant, candidate) in self.candidates(&wanted) {
            if access > grant.access {
                refusal = Some(denied(path, "the directory is granted to read only"));
                continue;
            }
            let real = real_path(&candidate).map_err(|error| describe(path, &error))?;
            if real.starts_with(&grant.directory) {
                return Ok(real);
            }
            refusal = refusal.or_else(|| Some(escape()));
        }
        let hint = "no granted directory contains it: see --grant fs:DIR";
        Err(refusal.unwrap_or_else(|| denied(path, hint)))
    }

    fn candidates<'a>(&'a self, wanted: &'a Path) -> impl Iterator<Item = (&'a Grant, PathBuf)> {
        let named = self.list.iter().filter_map(move |grant| {
            let rest = wanted.strip_prefix(&grant.name).ok()?;
            (!rest.is_absolute()).then(|| (grant, grant.directory.join(rest)))
        });
        let absolute = std::path::absolute(wanted).ok();
        let placed = self.list.iter().filter_map(move |grant| {
            let rest = absolute.as_ref()?.strip_prefix(&grant.directory).ok()?;
            Some((grant, grant.directory.join(rest)))
        });
        named.chain(placed)
    }
}

/// The path without `.` and `..`; `None` when `..` leads above its start.
fn normal(path: &Path) -> Option<PathBuf> {
    let mut result = PathBuf::new();
    let mut depth = 0_usize;
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                depth = depth.checked_sub(1)?;
                result.pop();
            }
            Component::Normal(name) => {
                depth += 1;
                result.push(name);
            }
            Component::RootDir | Component::Prefix(_) => result.push(component),
        }
    }
    Some(result)
}

/// The real path of the part that exists, with the rest appended.
fn real_path(path: &Path) -> io::Result<PathBuf> {
    match path.canonicalize() {
        Ok(real) => Ok(real),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // A dangling link must not be written through.
            if path.symlink_metadata().is_ok() {
                return Err(io::ErrorKind::PermissionDenied.into());
            }
            let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
                return Err(error);
            };
            Ok(real_path(parent)?.join(name))
        }
        Err(error) => Err(error),
    }
}

fn denied(path: &str, why: &str) -> Error {
    Error::new(ErrorKind::PermissionDenied, format!("{path}: permission denied: {why}"))
}

/// A failure of the system, with the path and what the system said.
pub(crate) fn describe(path: &str, error: &io::Error) -> Error {
    let kind = match error.kind() {
        io::ErrorKind::NotFound => ErrorKind::NotFound,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            ErrorKind::PermissionDenied
        }
        io::ErrorKind::AlreadyExists => ErrorKind::AlreadyExists,
        io::ErrorKind::IsADirectory
        | io::ErrorKind::NotADirectory
        | io::ErrorKind::DirectoryNotEmpty
        | io::ErrorKind::InvalidInput
        | io::ErrorKind::InvalidFilename => ErrorKind::Invalid,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::Unavailable,
        _ => ErrorKind::Internal,
    };
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default().to_lowercase();
    Error::new(kind, format!("{path}: {text}"))
}
