//! Starting and stopping the server.

use crate::config::ServerConfig;
use crate::enter;
use crate::idempotency::Replays;
use crate::listen::{self, Door};
use crate::routes;
use crate::socket::{Socket, SocketError};
use crate::state::Shared;
use crate::tokens::{TokenError, Tokens};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, watch};

/// Threads that read and write; whatever takes long happens elsewhere.
const THREADS: usize = 2;
/// How long answers that are under way may take when the server stops.
const GRACE: Duration = Duration::from_secs(2);

/// Why a server can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its Unix socket can't be had.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// An address can't be had.
    #[error("listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// TCP without tokens: nobody could do anything.
    #[error("listen on {0}: there is no file of tokens, and TCP needs one")]
    NoTokens(SocketAddr),
    /// The file of tokens can't be read.
    #[error(transparent)]
    Tokens(#[from] TokenError),
    /// The system gives no thread.
    #[error("start the server's threads: {0}")]
    Threads(std::io::Error),
}

/// A server that runs. Dropping it stops it: it takes no more connections, and lets answers that are
/// under way end.
#[derive(Debug)]
pub struct Server {
    runtime: Option<Runtime>,
    socket: Option<Socket>,
    addresses: Vec<SocketAddr>,
    stopping: watch::Sender<bool>,
    /// All permits of connections, and how many they are.
    connections: (Arc<Semaphore>, u32),
}

impl Server {
    /// Listens, and answers from now on.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn start(config: ServerConfig) -> Result<Self, StartError> {
        let tokens = config.tokens.as_deref().map(Tokens::open).transpose()?;
        if let Some(&address) = config.listen.first().filter(|_| tokens.is_none()) {
            return Err(StartError::NoTokens(address));
        }
        let mut socket = config.socket.as_deref().map(Socket::bind).transpose()?;
        let mut listeners = Vec::new();
        for &address in &config.listen {
            let failed = |source| StartError::Listen { address, source };
            let listener = TcpListener::bind(address).map_err(failed)?;
            listener.set_nonblocking(true).map_err(failed)?;
            listeners.push((listener.local_addr().map_err(failed)?, listener));
        }
        let limits = config.limits;
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .max_blocking_threads(limits.threads_max + 1)
            .thread_name("http")
            .enable_all()
            .build()
            .map_err(StartError::Threads)?;
        let (stop, stopping) = watch::channel(false);
        let shared = Arc::new(Shared {
            started: config.node.now(),
            node: config.node,
            about: config.about,
            shutdown: config.shutdown,
            reload: config.reload,
            limits,
            tokens,
            threads: Arc::new(Semaphore::new(limits.threads_max)),
            requests: Arc::new(Semaphore::new(limits.requests_max)),
            waits: Arc::new(Semaphore::new(limits.waits_max)),
            // The other half of the threads is for those who only look.
            controls: Arc::new(Semaphore::new(limits.threads_max.div_ceil(2))),
            replays: Replays::new(limits.replays_max),
            stopping: stopping.clone(),
        });
        let door = Door {
            router: routes::router(&shared).layer(axum::middleware::from_fn(enter::labelled)),
            limits,
            connections: Arc::new(Semaphore::new(limits.connections_max)),
            stopping,
        };
        let inside = runtime.enter();
        let mut addresses = Vec::new();
        if let Some(socket) = &mut socket
            && let Some(listener) = socket.take_listener()
        {
            let listener = tokio::net::UnixListener::from_std(listener);
            let listener = listener.map_err(StartError::Threads)?;
            runtime.spawn(listen::unix(listener, socket.uid, door.clone()));
        }
        for (address, listener) in listeners {
            let listener = tokio::net::TcpListener::from_std(listener);
            let listener = listener.map_err(|source| StartError::Listen { address, source })?;
            runtime.spawn(listen::tcp(listener, door.clone()));
            addresses.push(address);
        }
        let connections_max = u32::try_from(limits.connections_max).unwrap_or(u32::MAX);
        let connections = (Arc::clone(&door.connections), connections_max);
        drop(inside);
        Ok(Self { runtime: Some(runtime), socket, addresses, stopping: stop, connections })
    }

    /// Where its Unix socket is.
    #[must_use]
    pub fn socket(&self) -> Option<&Path> {
        self.socket.as_ref().map(Socket::path)
    }

    /// The addresses of TCP on which it listens, with the ports that the system chose.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }
}

impl Server {
    /// Takes no more connections, and lets answers that are under way end. The socket stays taken until
    /// this is dropped: no other node has it before this one has ended.
    pub fn stop(&mut self) {
        self.stopping.send_replace(true);
        let Some(runtime) = self.runtime.take() else { return };
        let (connections, count) = &self.connections;
        // Every permit comes back when the last connection has ended; whoever takes longer is cut off.
        let all = connections.acquire_many(*count);
        let _ = runtime.block_on(async { tokio::time::timeout(GRACE, all).await.map(drop) });
        runtime.shutdown_timeout(GRACE);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}
