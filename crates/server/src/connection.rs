//! One connection.

use crate::bare::Bodied;
use crate::caller::Peer;
use crate::config::Limits;
use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::pin::pin;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

/// Smallest buffer that hyper accepts, in bytes.
const HEAD_BYTES_MIN: usize = 8192;
/// Headers of a request at most.
const HEADERS_MAX: usize = 64;

/// Answers the requests of a connection, one after the other, until either side ends it or the
/// server stops.
pub(crate) async fn serve<I>(
    io: I,
    peer: Peer,
    router: Router,
    limits: Limits,
    mut stopping: watch::Receiver<bool>,
) where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let inner = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer);
        inner.call(request)
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_time_max)
        .max_headers(HEADERS_MAX)
        .max_buf_size(limits.head_bytes_max.max(HEAD_BYTES_MIN));
    let mut connection = pin!(builder.serve_connection(TokioIo::new(Bodied::new(io)), service));
    tokio::select! {
        // A connection that breaks is the other side's business.
        _ = connection.as_mut() => return,
        _ = stopping.wait_for(|&stopping| stopping) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}
