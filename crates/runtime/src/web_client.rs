//! What makes HTTP requests: the connections that are kept, and the certificates that servers are
//! checked against.

use crate::web_cancel::LineConnector;
use procession_types::{Error, ErrorKind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use ureq::Agent;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{Connector as _, RustlsConnector};

/// Bytes of an answer's headers.
const HEADER_BYTES_MAX: usize = 64 << 10;
/// Connections that are kept for later requests, of all hosts and of one, and for how long.
const IDLE_MAX: usize = 32;
const IDLE_PER_HOST_MAX: usize = 4;
const IDLE_AGE_MAX: Duration = Duration::from_secs(15);
/// How long it may take to look up a host, and to connect to it: neither can be ended when nobody waits for
/// the answer any more.
pub(crate) const CONNECT_MAX: Duration = Duration::from_secs(10);

/// Whose certificates servers may have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum WebRoots {
    /// Those that Mozilla trusts, as of this version of the runtime.
    #[default]
    Mozilla,
    /// Those in a file of PEM certificates, and no others.
    File(PathBuf),
}

impl WebRoots {
    /// The file that `SSL_CERT_FILE` names, as elsewhere, or Mozilla's.
    #[must_use]
    pub fn from_environment() -> Self {
        match std::env::var_os("SSL_CERT_FILE").filter(|path| !path.is_empty()) {
            Some(path) => Self::File(path.into()),
            None => Self::Mozilla,
        }
    }

    fn read(&self) -> Result<RootCerts, Error> {
        let Self::File(path) = self else { return Ok(RootCerts::WebPki) };
        let fault = |what: String| {
            let path = path.display();
            let message = format!("https needs the certificates of {path} (SSL_CERT_FILE): {what}");
            Error::new(ErrorKind::Unavailable, message).with_retryable(false)
        };
        let text = std::fs::read(path).map_err(|error| fault(error.to_string()))?;
        let mut list = Vec::new();
        for item in parse_pem(&text) {
            // Private keys are passed over: whoever has put them there, nobody needs them here.
            if let PemItem::Certificate(certificate) =
                item.map_err(|error| fault(error.to_string()))?
            {
                list.push(certificate);
            }
        }
        if list.is_empty() {
            return Err(fault("there are none".to_owned()));
        }
        Ok(RootCerts::Specific(Arc::new(list)))
    }
}

/// See the module.
pub(crate) struct WebClient {
    /// Uses connections again. The server may close one in that moment, so only what can be sent
    /// twice goes this way.
    pub(crate) kept: Agent,
    /// Opens a connection for each request.
    pub(crate) fresh: Agent,
    /// Why there are no certificates.
    roots_fault: Option<Error>,
}

impl WebClient {
    pub(crate) fn new(roots: &WebRoots) -> Self {
        let (roots, roots_fault) = match roots.read() {
            Ok(roots) => (roots, None),
            Err(error) => (RootCerts::WebPki, Some(error)),
        };
        let kept = agent(roots.clone(), IDLE_MAX);
        Self { kept, fresh: agent(roots, 0), roots_fault }
    }

    /// Whether servers can be checked.
    pub(crate) fn check_roots(&self) -> Result<(), Error> {
        self.roots_fault.clone().map_or(Ok(()), Err)
    }
}

fn agent(roots: RootCerts, idle_max: usize) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        // Redirects are followed by the runtime, where grants and permissions are checked.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_response_header_size(HEADER_BYTES_MAX)
        .max_idle_connections(idle_max)
        .max_idle_connections_per_host(idle_max.min(IDLE_PER_HOST_MAX))
        .max_idle_age(IDLE_AGE_MAX)
        .timeout_resolve(Some(CONNECT_MAX))
        .timeout_connect(Some(CONNECT_MAX))
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        // Never what the environment of the node says.
        .proxy(None)
        .user_agent(concat!("procession/", env!("CARGO_PKG_VERSION")))
        .build();
    let connector = LineConnector::default().chain(RustlsConnector::default());
    Agent::with_parts(config, connector, DefaultResolver::default())
}
