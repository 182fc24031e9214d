//! Requests and answers.

use crate::encode;
use crate::error::ClientError;
use crate::events::{Reader, ServerEvent};
use crate::target::Target;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use procession_api::Problem;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io;
use std::ops::ControlFlow;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

/// How long an answer is waited for when the call does not say.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// How long a connection may take.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// Largest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 256 << 20;

/// A client of one node. Every call makes a connection of its own.
#[derive(Debug)]
pub struct Client {
    runtime: Runtime,
    target: Target,
}

/// What is asked.
pub(crate) struct Ask {
    pub(crate) method: Method,
    /// With its parameters.
    pub(crate) path: String,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) patience: Duration,
    /// For requests that are to be done once, however often they are sent.
    pub(crate) key: Option<String>,
}

impl Ask {
    pub(crate) fn get(parts: &[&str], parameters: &impl Serialize) -> Self {
        let path = encode::path(parts) + &encode::query(parameters);
        Self { method: Method::GET, path, body: None, patience: PATIENCE, key: None }
    }

    pub(crate) fn post(parts: &[&str], body: &impl Serialize) -> Result<Self, ClientError> {
        let body = serde_json::to_vec(body).map_err(|error| {
            ClientError::Broken(format!("failed to write the request: {error}"))
        })?;
        let path = encode::path(parts);
        Ok(Self { method: Method::POST, path, body: Some(body), patience: PATIENCE, key: None })
    }

    pub(crate) fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }
}

impl Client {
    /// A client; nothing is connected yet.
    ///
    /// # Errors
    /// When the system gives no resources for it.
    pub fn new(target: Target) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        Ok(Self { runtime, target })
    }

    /// Where the node is.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The answer to a request, whole.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub(crate) fn text(&self, ask: Ask) -> Result<Bytes, ClientError> {
        let patience = ask.patience;
        let answered = self.runtime.block_on(async {
            timeout(patience, async {
                let response = self.send(ask, "application/json").await?;
                let (parts, body) = response.into_parts();
                let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
                let body = body.map_err(|error| ClientError::Broken(error.to_string()))?;
                let body = body.to_bytes();
                if parts.status.is_success() {
                    return Ok(body);
                }
                Err(problem(parts.status.as_u16(), &body))
            })
            .await
        });
        answered.map_err(|_| ClientError::Timeout { seconds: patience.as_secs() })?
    }

    /// The answer to a request, read from its JSON.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub(crate) fn json<T: DeserializeOwned>(&self, ask: Ask) -> Result<T, ClientError> {
        let text = self.text(ask)?;
        serde_json::from_slice(&text).map_err(|error| ClientError::Broken(error.to_string()))
    }

    /// Gives each event of a stream to `each`, until it breaks off or the stream ends.
    ///
    /// # Errors
    /// See [`ClientError`]; also when the connection breaks.
    pub(crate) fn events(
        &self,
        ask: Ask,
        mut each: impl FnMut(ServerEvent) -> ControlFlow<()>,
    ) -> Result<(), ClientError> {
        self.runtime.block_on(async {
            let asked = timeout(ask.patience, self.send(ask, "text/event-stream")).await;
            let response =
                asked.map_err(|_| ClientError::Timeout { seconds: PATIENCE.as_secs() })??;
            let (parts, mut body) = response.into_parts();
            if !parts.status.is_success() {
                let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
                let body = body.map(|body| body.to_bytes()).unwrap_or_default();
                return Err(problem(parts.status.as_u16(), &body));
            }
            let mut reader = Reader::default();
            while let Some(frame) = body.frame().await {
                let frame = frame.map_err(|error| ClientError::Broken(error.to_string()))?;
                let Ok(data) = frame.into_data() else { continue };
                for event in reader.read(&data).map_err(ClientError::Broken)? {
                    if each(event).is_break() {
                        return Ok(());
                    }
                }
            }
            Ok(())
        })
    }

    async fn send(
        &self,
        ask: Ask,
        accept: &'static str,
    ) -> Result<Response<Incoming>, ClientError> {
        let unreachable = |source| ClientError::no_connection(self.target.clone(), source);
        let (host, token) = match &self.target {
            Target::Socket(_) => ("localhost", None),
            Target::Tcp { address, token } => (address.as_str(), Some(token)),
        };
        let broken = |error: &dyn std::error::Error| ClientError::Broken(error.to_string());
        let mut request = Request::new(Full::new(Bytes::from(ask.body.unwrap_or_default())));
        *request.method_mut() = ask.method;
        *request.uri_mut() = ask.path.parse().map_err(|error| broken(&error))?;
        let headers = request.headers_mut();
        headers.insert(HOST, HeaderValue::from_str(host).map_err(|error| broken(&error))?);
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(token) = token {
            let value = HeaderValue::from_str(&format!("Bearer {token}"));
            // What is wrong about a token is not shown with the token.
            let mut value =
                value.map_err(|_| ClientError::Broken("the token is none".to_owned()))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        if let Some(key) = ask.key {
            let key = HeaderValue::from_str(&key).map_err(|error| broken(&error))?;
            headers.insert("idempotency-key", key);
        }
        match &self.target {
            Target::Socket(path) => {
                let stream = connected(UnixStream::connect(path)).await.map_err(unreachable)?;
                exchange(stream, request).await
            }
            Target::Tcp { address, .. } => {
                let stream = connected(TcpStream::connect(address)).await.map_err(unreachable)?;
                exchange(stream, request).await
            }
        }
    }
}

async fn connected<T>(connect: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let elapsed = |_| io::Error::new(io::ErrorKind::TimedOut, "it takes too long to connect");
    timeout(CONNECT_MAX, connect).await.map_err(elapsed)?
}

async fn exchange<S>(
    stream: S,
    request: Request<Full<Bytes>>,
) -> Result<Response<Incoming>, ClientError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let broken = |error: hyper::Error| ClientError::Broken(error.to_string());
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    // Ends with the answer; what goes wrong is told to whoever reads that.
    tokio::spawn(async move { drop(connection.await) });
    sender.send_request(request).await.map_err(broken)
}

fn problem(status: u16, body: &[u8]) -> ClientError {
    let problem = serde_json::from_slice(body).unwrap_or_else(|_| {
        Problem::of_status(status, format!("the node answered with status {status}"))
    });
    ClientError::Problem(Box::new(problem))
}
