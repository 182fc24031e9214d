//! Grants: what of the machine programs may use, in the form of the command line's `--grant`.

use std::fmt;

/// Something of the machine that programs may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    /// `fs:DIR` or `fs:DIR:rw`: a directory with all below it. In an application, a relative one is
    /// relative to the application's directory.
    Directory {
        /// Its path.
        path: String,
        /// See [`DirectoryAccess`].
        access: DirectoryAccess,
    },
    /// `env:NAME`: a variable of the environment.
    Variable(String),
    /// `env:*`: all of them.
    AllVariables,
    /// `http:HOST` or `http:HOST:PORT`: requests to a host, or to one port of it.
    Host {
        /// Its name or address; an IPv6 address stands in brackets.
        host: String,
        /// `None` = the ports 80 and 443.
        port: Option<u16>,
    },
    /// `http:*`: requests to every host and port.
    AllHosts,
}

/// What may be done with a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DirectoryAccess {
    /// Read and list.
    Read,
    /// Also create, change and remove.
    Write,
}

/// Why a text is no grant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// It begins with no known word.
    #[error("unknown grant: write fs:DIR, fs:DIR:rw, env:NAME, env:*, http:HOST or http:HOST:PORT")]
    Unknown,
    /// What follows the last colon of a directory.
    #[error("\"{0}\" is no access: write :ro or :rw")]
    Access(String),
    /// `fs:` alone.
    #[error("the directory is missing: write fs:DIR or fs:DIR:rw")]
    NoDirectory,
    /// What follows `env:`.
    #[error("\"{0}\" is no variable's name: write env:NAME or env:*")]
    Variable(String),
    /// What follows `http:`.
    #[error("\"{0}\" is no host: write http:HOST, http:HOST:PORT or http:*")]
    Host(String),
}

impl Grant {
    /// Reads a grant's text.
    ///
    /// # Errors
    /// When it is none; the error says what would be right.
    pub fn parse(text: &str) -> Result<Self, GrantError> {
        match text.split_once(':') {
            Some(("fs", rest)) => directory(rest),
            Some(("env", "*")) => Ok(Self::AllVariables),
            Some(("env", name)) => variable(name),
            Some(("http", "*")) => Ok(Self::AllHosts),
            Some(("http", rest)) => host(rest),
            Some(_) | None => Err(GrantError::Unknown),
        }
    }
}

fn directory(rest: &str) -> Result<Grant, GrantError> {
    let (path, access) = match rest.rsplit_once(':') {
        Some((path, "rw")) => (path, DirectoryAccess::Write),
        Some((path, "ro")) => (path, DirectoryAccess::Read),
        Some((_, other)) if !other.contains('/') => {
            return Err(GrantError::Access(other.to_owned()));
        }
        Some(_) | None => (rest, DirectoryAccess::Read),
    };
    if path.is_empty() || path.contains('\0') {
        return Err(GrantError::NoDirectory);
    }
    Ok(Grant::Directory { path: path.to_owned(), access })
}

fn variable(name: &str) -> Result<Grant, GrantError> {
    if is_variable_name(name) {
        Ok(Grant::Variable(name.to_owned()))
    } else {
        Err(GrantError::Variable(name.to_owned()))
    }
}

/// Whether a variable of the environment can have this name.
pub(crate) fn is_variable_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(['=', '*', '\0'])
}

fn host(rest: &str) -> Result<Grant, GrantError> {
    let wrong = || GrantError::Host(rest.to_owned());
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            (host, Some(port.parse::<u16>().map_err(|_| wrong())?))
        }
        Some(_) | None => (rest, None),
    };
    let is_address = host.starts_with('[') && host.ends_with(']');
    if host.is_empty() || host.contains(['/', '*', '@']) || host.contains(':') && !is_address {
        return Err(wrong());
    }
    Ok(Grant::Host { host: host.to_owned(), port })
}

/// In the form that is read.
impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory { path, access: DirectoryAccess::Read } => write!(f, "fs:{path}:ro"),
            Self::Directory { path, access: DirectoryAccess::Write } => write!(f, "fs:{path}:rw"),
            Self::Variable(name) => write!(f, "env:{name}"),
            Self::AllVariables => f.write_str("env:*"),
            Self::Host { host, port: None } => write!(f, "http:{host}"),
            Self::Host { host, port: Some(port) } => write!(f, "http:{host}:{port}"),
            Self::AllHosts => f.write_str("http:*"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_read_and_written() {
        for (text, shown) in [
            ("fs:data", "fs:data:ro"),
            ("fs:data:ro", "fs:data:ro"),
            ("fs:/a/b:rw", "fs:/a/b:rw"),
            ("fs:a:b/c", "fs:a:b/c:ro"),
            ("fs:a:b/c:rw", "fs:a:b/c:rw"),
            ("env:HOME", "env:HOME"),
            ("env:*", "env:*"),
            ("http:a.example", "http:a.example"),
            ("http:a.example:8080", "http:a.example:8080"),
            ("http:[::1]", "http:[::1]"),
            ("http:[::1]:80", "http:[::1]:80"),
            ("http:*", "http:*"),
        ] {
            let grant = Grant::parse(text).unwrap();
            assert_eq!(grant.to_string(), shown, "{text}");
            assert_eq!(Grant::parse(shown).unwrap(), grant, "{text}");
        }
    }

    #[test]
    fn other_texts_say_what_would_be_right() {
        for (text, expected) in [
            ("", "unknown grant: write fs:DIR"),
            ("data", "unknown grant"),
            ("net:host", "unknown grant"),
            ("fs:", "the directory is missing"),
            ("fs::rw", "the directory is missing"),
            ("fs:data:rx", "\"rx\" is no access: write :ro or :rw"),
            ("env:", "\"\" is no variable's name"),
            ("env:A=B", "\"A=B\" is no variable's name"),
            ("env:A*", "is no variable's name"),
            ("http:", "\"\" is no host"),
            ("http::80", "is no host"),
            ("http:a:x", "is no host"),
            ("http:a:99999", "is no host"),
            ("http:a/b", "is no host"),
            ("http:*.a", "is no host"),
            ("http:::1", "is no host"),
        ] {
            let error = Grant::parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
