//! Failures of the network in the words of the runtime.

use crate::web_client::CONNECT_MAX;
use procession_types::{Error, ErrorKind};
use std::io;
use ureq::http::Uri;

/// How the standard library begins what the resolver of the system has said; the rest tells how.
const LOOKUP_FAILED: &str = "failed to lookup address information";
/// What the resolvers of glibc, musl and macOS say when a host is known to have no address, in contrast to
/// a name server that does not answer. There is no number to go by.
const NO_ADDRESS: [&str; 5] = [
    "Name or service not known",
    "No address associated with hostname",
    "Name does not resolve",
    "Name has no usable address",
    "nodename nor servname provided",
];

/// Whether the connection has been closed by the other side.
pub(crate) fn is_closed(error: &io::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    [BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof].contains(&error.kind())
}

/// A failure of the request to a URL as an error of the runtime.
pub(crate) fn describe(uri: &Uri, error: ureq::Error) -> Error {
    let slow = |what: &str| {
        let seconds = CONNECT_MAX.as_secs();
        (ErrorKind::Unavailable, true, format!("{what} within {seconds} seconds"))
    };
    let (kind, retryable, what) = match error {
        ureq::Error::Timeout(ureq::Timeout::Resolve) => slow("nobody knew the host's address"),
        ureq::Error::Timeout(ureq::Timeout::Connect) => slow("no connection"),
        ureq::Error::Timeout(_) => (ErrorKind::Timeout, true, "the time is over".to_owned()),
        ureq::Error::HostNotFound => no_address(),
        ureq::Error::Io(error) => describe_io(&error),
        // A certificate that is not as it should be stays so.
        error @ (ureq::Error::Rustls(_) | ureq::Error::Tls(_)) => {
            (ErrorKind::Unavailable, false, error.to_string())
        }
        error @ ureq::Error::ConnectionFailed => (ErrorKind::Unavailable, true, error.to_string()),
        ureq::Error::Protocol(error) => {
            (ErrorKind::Unavailable, false, format!("the answer is not as HTTP wants it: {error}"))
        }
        ureq::Error::LargeResponseHeader(_, most) => {
            let what = format!("headers of the answer are larger than {most} bytes");
            (ErrorKind::Unavailable, false, what)
        }
        error @ (ureq::Error::Http(_) | ureq::Error::BadUri(_)) => {
            (ErrorKind::Invalid, false, error.to_string())
        }
        error => (ErrorKind::Internal, false, error.to_string()),
    };
    Error::new(kind, format!("{}: {what}", shown(uri))).with_retryable(retryable)
}

fn describe_io(error: &io::Error) -> (ErrorKind, bool, String) {
    let text = error.to_string();
    if text.starts_with(LOOKUP_FAILED) {
        if NO_ADDRESS.iter().any(|said| text.contains(said)) {
            return no_address();
        }
        return (ErrorKind::Unavailable, true, text);
    }
    if is_closed(error) {
        let what = "the server closed the connection before the answer was complete";
        return (ErrorKind::Unavailable, true, what.to_owned());
    }
    // A certificate that is not as it should be stays so.
    (ErrorKind::Unavailable, error.kind() != io::ErrorKind::InvalidData, text)
}

fn no_address() -> (ErrorKind, bool, String) {
    (ErrorKind::NotFound, false, "the host has no address".to_owned())
}

/// A URL for messages, without its query, which may hold secrets.
pub(crate) fn shown(uri: &Uri) -> String {
    let scheme = uri.scheme_str().map(|scheme| format!("{scheme}://")).unwrap_or_default();
    let host = uri
        .authority()
        .map(|authority| authority.as_str().rsplit('@').next().unwrap_or_default().to_owned());
    format!("{scheme}{}{}", host.unwrap_or_default(), uri.path()).chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_show_no_secrets() {
        let uri: Uri = "http://user:secret@a.example/x?token=secret".parse().unwrap();
        assert_eq!(shown(&uri), "http://a.example/x");
    }

    #[test]
    fn failures_are_told_apart() {
        let uri: Uri = "http://a.example/x?token=secret".parse().unwrap();
        let io = |kind, text: &str| ureq::Error::Io(io::Error::new(kind, text));
        let lookup = |said| io(io::ErrorKind::Other, &format!("{LOOKUP_FAILED}: {said}"));
        for (error, kind, retryable, part) in [
            (lookup(NO_ADDRESS[0]), ErrorKind::NotFound, false, "the host has no address"),
            (ureq::Error::HostNotFound, ErrorKind::NotFound, false, "the host has no address"),
            (
                lookup("Temporary failure in name resolution"),
                ErrorKind::Unavailable,
                true,
                "failed to lookup",
            ),
            (
                io(io::ErrorKind::UnexpectedEof, "Peer disconnected"),
                ErrorKind::Unavailable,
                true,
                "the server closed the connection before",
            ),
            (
                io(io::ErrorKind::ConnectionRefused, "refused"),
                ErrorKind::Unavailable,
                true,
                "refused",
            ),
            (io(io::ErrorKind::InvalidData, "bad"), ErrorKind::Unavailable, false, "bad"),
            (
                ureq::Error::Timeout(ureq::Timeout::Connect),
                ErrorKind::Unavailable,
                true,
                "no connection within 10 seconds",
            ),
            (ureq::Error::Timeout(ureq::Timeout::Global), ErrorKind::Timeout, true, "the time"),
        ] {
            let said = describe(&uri, error);
            assert_eq!((said.kind, said.retryable), (kind, Some(retryable)), "{}", said.message);
            let wanted = format!("http://a.example/x: {part}");
            assert!(said.message.starts_with(&wanted), "{}", said.message);
        }
    }
}
