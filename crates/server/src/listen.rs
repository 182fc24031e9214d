//! Taking connections, as many at once as are allowed; more wait in the system's queue.

use crate::caller::Peer;
use crate::config::Limits;
use crate::connection::serve;
use axum::Router;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// How long nothing is taken after the system refused: it is out of descriptors, most likely.
const REFUSED_PAUSE: Duration = Duration::from_millis(50);

/// What connections are taken with.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) router: Router,
    pub(crate) limits: Limits,
    /// A permit for each connection, and one for each listener that waits for the next.
    pub(crate) connections: Arc<Semaphore>,
    pub(crate) stopping: watch::Receiver<bool>,
}

/// Takes connections of the node's own user, and of root.
pub(crate) async fn unix(listener: UnixListener, uid: u32, door: Door) {
    while let Some((accepted, permit)) = door.next(listener.accept()).await {
        let Ok((stream, _)) = accepted else { continue };
        if stream.peer_cred().is_ok_and(|peer| peer.uid() == uid || peer.uid() == 0) {
            door.open(stream, Peer::Local, permit);
        }
    }
}

/// Takes connections of anybody; who they are, their tokens say.
pub(crate) async fn tcp(listener: TcpListener, door: Door) {
    while let Some((accepted, permit)) = door.next(listener.accept()).await {
        let Ok((stream, _)) = accepted else { continue };
        // Answers are written whole; waiting for more to send only delays them.
        let _ = stream.set_nodelay(true);
        door.open(stream, Peer::Remote, permit);
    }
}

impl Door {
    /// The next connection with its permit; `None` when the server stops.
    async fn next<T>(
        &self,
        accept: impl Future<Output = io::Result<T>>,
    ) -> Option<(io::Result<T>, OwnedSemaphorePermit)> {
        let mut stopping = self.stopping.clone();
        let next = async {
            let permit = Arc::clone(&self.connections).acquire_owned().await.ok()?;
            let accepted = accept.await;
            if accepted.is_err() {
                tokio::time::sleep(REFUSED_PAUSE).await;
            }
            Some((accepted, permit))
        };
        tokio::select! {
            _ = stopping.wait_for(|&stopping| stopping) => None,
            next = next => next,
        }
    }

    fn open<I>(&self, stream: I, peer: Peer, permit: OwnedSemaphorePermit)
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let served = serve(stream, peer, self.router.clone(), self.limits, self.stopping.clone());
        tokio::spawn(async move {
            served.await;
            drop(permit);
        });
    }
}
