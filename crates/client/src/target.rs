//! Where a node is.

use std::fmt;
use std::path::PathBuf;

/// Where a node is, and how one says who one is.
#[derive(Clone, PartialEq, Eq)]
pub enum Target {
    /// Its Unix socket: the system says who asks.
    Socket(PathBuf),
    /// An address of TCP.
    Tcp {
        /// `HOST:PORT`.
        address: String,
        /// The token to send.
        token: String,
    },
}

/// Why a text is no target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// It is neither a path nor an address.
    #[error("\"{0}\" is no node; write the path of its socket, or http://HOST:PORT")]
    Unreadable(String),
    /// It is reached over TCP, and there is no token.
    #[error("{0} needs a token; set PROCESSION_TOKEN")]
    NoToken(String),
}

impl Target {
    /// Reads `unix:PATH`, `/PATH`, `./PATH` or `http://HOST:PORT`.
    ///
    /// # Errors
    /// See [`TargetError`].
    pub fn parse(text: &str, token: Option<String>) -> Result<Self, TargetError> {
        if let Some(path) = text.strip_prefix("unix:") {
            return Ok(Self::Socket(path.into()));
        }
        if text.starts_with(['/', '.']) {
            return Ok(Self::Socket(text.into()));
        }
        let unreadable = || TargetError::Unreadable(text.to_owned());
        let address = text.strip_prefix("http://").ok_or_else(unreadable)?.trim_end_matches('/');
        let (host, port) = address.rsplit_once(':').ok_or_else(unreadable)?;
        if host.is_empty() || port.parse::<u16>().is_err() || address.contains(['/', '@', ' ']) {
            return Err(unreadable());
        }
        let token = token.ok_or_else(|| TargetError::NoToken(text.to_owned()))?;
        Ok(Self::Tcp { address: address.to_owned(), token })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => path.display().fmt(f),
            Self::Tcp { address, .. } => write!(f, "http://{address}"),
        }
    }
}

/// Without the token.
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read() {
        let tcp = |address: &str| {
            Ok(Target::Tcp { address: address.to_owned(), token: "secret".to_owned() })
        };
        for (text, expected) in [
            ("unix:/run/a.sock", Ok(Target::Socket("/run/a.sock".into()))),
            ("/run/a.sock", Ok(Target::Socket("/run/a.sock".into()))),
            ("./a.sock", Ok(Target::Socket("./a.sock".into()))),
            ("http://127.0.0.1:7878", tcp("127.0.0.1:7878")),
            ("http://[::1]:7878/", tcp("[::1]:7878")),
            ("https://a:1", Err(TargetError::Unreadable("https://a:1".to_owned()))),
            ("http://a", Err(TargetError::Unreadable("http://a".to_owned()))),
            ("http://a:1/b", Err(TargetError::Unreadable("http://a:1/b".to_owned()))),
            ("", Err(TargetError::Unreadable(String::new()))),
        ] {
            assert_eq!(Target::parse(text, Some("secret".to_owned())), expected, "{text}");
        }
        let missing = Target::parse("http://a:1", None);
        assert_eq!(missing, Err(TargetError::NoToken("http://a:1".to_owned())));
        assert_eq!(format!("{:?}", tcp("a:1").unwrap()), "Target(http://a:1)");
    }
}
