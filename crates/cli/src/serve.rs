//! Giving a node its face: the options, and the server.

use crate::configuration::Configuration;
use crate::failure::{ExitStatus, Failure};
use crate::settings::Settings;
use clap::Args;
use procession_runtime::Node;
use procession_server::{About, Limits, Reload, Server, ServerConfig, SocketError, StartError};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Where a node listens.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ServeArguments {
    /// Where its socket is [default: the setting socket, or the user's runtime directory]
    #[arg(long, value_name = "PATH")]
    pub(crate) socket: Option<PathBuf>,
    /// Also listen on this address of TCP; callers need a token
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Vec<SocketAddr>,
    /// The file of tokens
    #[arg(long, value_name = "FILE")]
    pub(crate) tokens: Option<PathBuf>,
}

impl ServeArguments {
    /// Whether the node listens on an address of TCP.
    pub(crate) fn listens(&self, settings: &Settings) -> bool {
        !self.listen.is_empty()
            || settings.get("listen").is_some_and(|text| !text.trim().is_empty())
    }

    /// Whether any of them was given.
    pub(crate) fn is_given(&self) -> bool {
        self.socket.is_some() || !self.listen.is_empty() || self.tokens.is_some()
    }
}

/// Starts the server of a node. `shutdown` is called when somebody asks the node to stop.
pub(crate) fn serve(
    node: &Arc<Node>,
    arguments: &ServeArguments,
    settings: &Settings,
    mut configuration: Configuration<'_>,
    application: String,
    shutdown: impl Fn(Duration) + Send + Sync + 'static,
    reload: Option<Reload>,
) -> Result<Server, Failure> {
    let socket = match &arguments.socket {
        Some(path) => path.clone(),
        None => settings.socket()?,
    };
    let mut listen = arguments.listen.clone();
    if listen.is_empty() {
        let texts = settings.get("listen").into_iter().flat_map(|text| text.split(','));
        for text in texts.map(str::trim).filter(|text| !text.is_empty()) {
            let address = text.parse();
            listen.push(address.map_err(|_| settings.wrong("listen", "write ADDRESS:PORT"))?);
        }
    }
    let tokens = match &arguments.tokens {
        Some(path) => Some(path.clone()),
        None if listen.is_empty() => None,
        None => Some(settings.tokens()?),
    };
    // They mean the same when the current directory changes.
    let absolute = |path: PathBuf| {
        let failed = |error| Failure::file("find", &path, &error);
        std::path::absolute(&path).map_err(failed)
    };
    let (socket, tokens) = (absolute(socket)?, tokens.map(absolute).transpose()?);
    let shown = |path: &Path| path.display().to_string();
    configuration.put("socket", shown(&socket), arguments.socket.is_some());
    let addresses: Vec<String> = listen.iter().map(ToString::to_string).collect();
    configuration.put("listen", addresses, !arguments.listen.is_empty());
    configuration.put("tokens", tokens.as_deref().map(shown), arguments.tokens.is_some());
    configuration.put("otlp", settings.get("otlp"), false);
    configuration.put("shards", node.shards(), false);
    let about = About { application: Some(application), config: configuration.finish() };
    let config = ServerConfig {
        node: Arc::clone(node),
        socket: Some(socket),
        listen,
        tokens,
        about,
        shutdown: Box::new(shutdown),
        reload,
        limits: Limits::default(),
    };
    Server::start(config).map_err(|error| failed(&error))
}

/// Where a server listens, in words; the ports are those that it has got.
pub(crate) fn listens_on(server: &Server) -> String {
    let socket = server.socket().map(|path| path.display().to_string());
    let addresses = server.addresses().iter().map(|address| format!("http://{address}"));
    let all: Vec<String> = socket.into_iter().chain(addresses).collect();
    format!("it listens on {}", all.join(" and "))
}

/// Something for people, beside what processes print.
pub(crate) fn tell(text: &str) {
    // Nobody is left to tell when stderr is gone.
    let _ = writeln!(std::io::stderr(), "procession: {text}");
}

fn failed(error: &StartError) -> Failure {
    let denied = std::io::ErrorKind::PermissionDenied;
    let status = match error {
        StartError::Socket(SocketError::Taken { .. }) => ExitStatus::Conflict,
        StartError::Socket(SocketError::NoSocket(_)) => ExitStatus::Conflict,
        StartError::Socket(SocketError::TooLong(_)) | StartError::NoTokens(_) => ExitStatus::Usage,
        StartError::Socket(SocketError::Io { source, .. })
        | StartError::Listen { source, .. }
        | StartError::Threads(source) => match source.kind() {
            kind if kind == denied => ExitStatus::PermissionDenied,
            std::io::ErrorKind::AddrInUse => ExitStatus::Conflict,
            _ => ExitStatus::Failure,
        },
        StartError::Tokens(error) => return crate::token::failed("read tokens", error),
    };
    let failure = Failure::new(status, format!("failed to serve: {error}"));
    match error {
        StartError::Socket(SocketError::Taken { .. }) => failure
            .with_hint("procession status shows it; --socket PATH lets another one run beside it"),
        StartError::Socket(SocketError::TooLong(_)) => {
            failure.with_hint("give a shorter one with --socket PATH")
        }
        _ => failure,
    }
}
