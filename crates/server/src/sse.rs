//! Server-sent events: an answer that goes on until either side ends it.

use axum::body::{Body, Bytes};
use axum::http::Response;
use axum::http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::body::Frame;
use procession_types::token;
use serde::Serialize;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{Interval, MissedTickBehavior, interval};

/// Events that wait for a reader who is slow; then whoever sends waits.
const QUEUE_MAX: usize = 64;
/// Something is said at least that often, so that a reader knows that the connection lives.
const QUIET_MAX: Duration = Duration::from_secs(15);

/// Where events are put in.
pub(crate) struct Sink(Sender<Bytes>);

impl Sink {
    /// Sends an event; `false` when nobody reads any more.
    pub(crate) async fn send(&self, id: u64, event: &str, data: &impl Serialize) -> bool {
        let Ok(data) = serde_json::to_string(data) else { return false };
        // JSON of one line: no field of the event can break out of its own.
        let mut text = format!("id: {id}\nevent: {event}\ndata: {data}\n\n").into_bytes();
        token::mask(&mut text);
        self.0.send(text.into()).await.is_ok()
    }

    /// Comes when nobody reads any more.
    pub(crate) async fn closed(&self) {
        self.0.closed().await;
    }
}

/// An answer of events, and where they are put in. The permit is held as long as it is read.
pub(crate) fn stream(permit: OwnedSemaphorePermit) -> (Response<Body>, Sink) {
    let (sender, receiver) = channel(QUEUE_MAX);
    let mut quiet = interval(QUIET_MAX);
    quiet.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let body = Body::new(Events { receiver, quiet, _permit: permit });
    let mut response = Response::new(body);
    let kind = HeaderValue::from_static("text/event-stream");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    (response, Sink(sender))
}

/// The id of the last event that the reader has seen, when it says so.
pub(crate) fn last_event_id(headers: &HeaderMap) -> Option<u64> {
    headers.get("last-event-id")?.to_str().ok()?.parse().ok()
}

struct Events {
    receiver: Receiver<Bytes>,
    quiet: Interval,
    _permit: OwnedSemaphorePermit,
}

impl hyper::body::Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Poll::Ready(next) = self.receiver.poll_recv(cx) {
            self.quiet.reset();
            return Poll::Ready(next.map(|bytes| Ok(Frame::data(bytes))));
        }
        // The first tick comes at once: it sends the head of the answer on its way.
        self.quiet.poll_tick(cx).map(|_| Some(Ok(Frame::data(Bytes::from_static(b": \n\n")))))
    }
}
