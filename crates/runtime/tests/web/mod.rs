//! A small HTTP server of the tests, on a port that the system gives.
#![allow(dead_code, unreachable_pub)]

use procession_environment::{Dialect, Module, Program};
use procession_types::ProgramLimits;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// A program that may use `http`.
pub fn program(id: &str, source: &str) -> Program {
    Program {
        id: id.to_owned(),
        main: Module {
            name: id.to_owned(),
            file: "main.lua".to_owned(),
            source: source.as_bytes().into(),
        },
        method: None,
        modules: vec!["http".to_owned()],
        imports: Vec::new(),
        dialect: Dialect::Plain,
        durability: None,
        limits: ProgramLimits::default(),
    }
}

/// A server; it ends when it is dropped.
pub struct Server {
    pub address: SocketAddr,
    stopping: Arc<AtomicBool>,
    /// Connections that are held without an answer.
    held: Arc<Held>,
    /// Connections made so far.
    pub connections: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

/// Requests to `/hold`, and the first to `/hold-first`.
#[derive(Default)]
struct Held {
    streams: Mutex<Vec<Box<dyn Stream>>>,
    keys: Mutex<Vec<Option<String>>>,
}

/// A connection, encrypted or not.
trait Stream: Read + Write + Send {}

impl<T: Read + Write + Send> Stream for T {}

/// The certificate of [`Server::start_tls`], which is for `localhost` only; its key is beside it. Made
/// with `openssl req -x509`, for a hundred years, and trusted by nobody but these tests.
pub fn certificate() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/web/certificate.pem"))
}

fn tls() -> Arc<ServerConfig> {
    let key = certificate().with_file_name("test-key.pem");
    let certificate = CertificateDer::from_pem_file(certificate()).unwrap();
    let key = PrivateKeyDer::from_pem_file(key).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    Arc::new(config.with_single_cert(vec![certificate], key).unwrap())
}

struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Server {
    pub fn start() -> Self {
        Self::start_with(None)
    }

    /// One that speaks TLS, with [`certificate`].
    pub fn start_tls() -> Self {
        Self::start_with(Some(tls()))
    }

    fn start_with(tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (stopping, held) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let (stop, hold) = (Arc::clone(&stopping), Arc::clone(&held));
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                count.fetch_add(1, Ordering::SeqCst);
                let hold = Arc::clone(&hold);
                let stream: Box<dyn Stream> = match &tls {
                    None => Box::new(stream),
                    Some(config) => {
                        let connection = ServerConnection::new(Arc::clone(config)).unwrap();
                        Box::new(StreamOwned::new(connection, stream))
                    }
                };
                // Ends when the other side closes the connection.
                std::thread::spawn(move || serve(stream, address, &hold));
            }
        });
        Self { address, stopping, held, connections, thread: Some(thread) }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The idempotency keys of the requests that are held, or were, in the order in which they came.
    pub fn held_keys(&self) -> Vec<Option<String>> {
        self.held.keys.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.held.streams.lock().unwrap().clear();
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Held {
    /// Whether a request gets no answer.
    fn takes(&self, request: &Request) -> bool {
        let mut keys = self.keys.lock().unwrap();
        let holds = match request.path() {
            "/hold" => true,
            "/hold-first" => keys.is_empty(),
            _ => false,
        };
        if holds {
            keys.push(request.header("idempotency-key").map(str::to_owned));
        }
        holds
    }
}

impl Request {
    fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Answers the requests of one connection.
fn serve(stream: Box<dyn Stream>, address: SocketAddr, held: &Held) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        if held.takes(&request) {
            held.streams.lock().unwrap().push(reader.into_inner());
            return;
        }
        let mut answer = answer(&request, address);
        if request.method == "HEAD" {
            let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
            answer.truncate(end + 4);
        }
        let stream = reader.get_mut();
        let sent = stream.write_all(&answer).and_then(|()| stream.flush());
        let closes = ["/close", "/cut", "/cut-chunk", "/silent"];
        if sent.is_err() || closes.contains(&request.path()) {
            return;
        }
    }
}

fn read(reader: &mut BufReader<Box<dyn Stream>>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { method, target, headers, body })
}

fn answer(request: &Request, address: SocketAddr) -> Vec<u8> {
    let path = request.path();
    let (first, rest) = path[1..].split_once('/').unwrap_or((&path[1..], ""));
    match first {
        "hold-first" => {
            respond(200, &[], request.header("idempotency-key").unwrap_or("").as_bytes())
        }
        "hello" => respond(200, &["content-type: text/plain", "x-a: 1", "x-a: 2"], b"hello"),
        "echo" => echo(request),
        "status" => respond(rest.parse().unwrap(), &[], b"as you wish"),
        "bytes" => respond(200, &[], &vec![b'x'; rest.parse().unwrap()]),
        "redirect" => {
            // /redirect/STATUS/REST leads to /REST; REST may be a URL with another host.
            let (status, to) = rest.split_once('/').unwrap();
            let to = match to.strip_prefix("to:") {
                Some(host) => format!("location: http://{host}/hello"),
                None => format!("location: /{to}"),
            };
            respond(status.parse().unwrap(), &[&to], b"elsewhere")
        }
        // /moved?to=REFERENCE is a redirect with just that; anything else is /echo.
        "moved" => match request.target.split_once("?to=") {
            Some((_, to)) => respond(302, &[&format!("location: {to}")], b"elsewhere"),
            None => echo(request),
        },
        "loop" => respond(302, &[&format!("location: http://{address}/loop")], b""),
        "order" => {
            respond(200, &["content-type: application/json"], br#"{"id": 7, "state": "paid"}"#)
        }
        "close" => respond(200, &[], b"closed"),
        // These close the connection in between: see `serve`.
        "cut" => b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc".to_vec(),
        "cut-chunk" => b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab".to_vec(),
        "silent" => Vec::new(),
        "garbage" => b"this is no HTTP\r\n\r\n".to_vec(),
        _ => respond(404, &[], b"not here"),
    }
}

/// The request itself.
fn echo(request: &Request) -> Vec<u8> {
    let mut text = format!("{} {}\n", request.method, request.target);
    for (name, value) in &request.headers {
        text.push_str(&format!("{name}: {value}\n"));
    }
    text.push('\n');
    let mut body = text.into_bytes();
    body.extend_from_slice(&request.body);
    respond(200, &[], &body)
}

fn respond(status: u16, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status} Whatever\r\ncontent-length: {}\r\n", body.len());
    for header in headers {
        text.push_str(header);
        text.push_str("\r\n");
    }
    text.push_str("\r\n");
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}
