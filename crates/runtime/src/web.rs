//! HTTP requests of guests, carried out on the threads of the network.

use crate::web_client::WebClient;
use crate::web_grant::WebGrants;
use procession_environment::HttpRequest;
use procession_types::{Error, ErrorKind, Fragment, FragmentBuilder, Limit};
use std::time::{Duration, Instant};
use ureq::http::{self, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use ureq::{Agent, Body};

/// Headers that belong to the transport, and the one that would say another host than the URL.
const OWN_HEADERS: [HeaderName; 5] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::UPGRADE,
];
/// By which a server knows a request that it has seen before.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Headers that are for one host only.
const SECRET_HEADERS: [HeaderName; 2] = [header::AUTHORIZATION, header::COOKIE];
/// Headers of a request.
const HEADERS_MAX: usize = 128;

/// A request whose parts have been checked.
pub(crate) struct Checked {
    method: Method,
    target: Target,
    headers: HeaderMap,
    body: Option<Vec<u8>>,
    body_bytes_max: u64,
    redirects_max: u32,
    deadline: Instant,
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Target {
    uri: Uri,
    is_tls: bool,
    host: String,
    port: u16,
}

impl Target {
    /// Takes a URL apart.
    fn parse(uri: Uri) -> Result<Self, Error> {
        let fault = |what: &str| Error::invalid(format!("URL \"{}\" {what}", shown(&uri)));
        let is_tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            Some(_) | None => return Err(fault("must start with http:// or https://")),
        };
        let authority = uri.authority().ok_or_else(|| fault("has no host"))?;
        if authority.as_str().contains('@') {
            return Err(fault("must not have a user: use the header authorization"));
        }
        let host = authority.host().to_ascii_lowercase();
        if host.is_empty() {
            return Err(fault("has no host"));
        }
        // Not `authority.port()`, which takes what is no number for no port.
        let port = match authority.as_str()[host.len()..].strip_prefix(':') {
            None => usual_port(is_tls),
            Some(digits) => digits.parse().map_err(|_| fault("has no valid port"))?,
        };
        Ok(Self { uri, is_tls, host, port })
    }

    /// What policies see: scheme, host, port unless it is the scheme's, and path.
    pub(crate) fn resource(&self) -> String {
        let is_usual = self.port == usual_port(self.is_tls);
        let port = if is_usual { String::new() } else { format!(":{}", self.port) };
        format!("{}://{}{port}{}", self.scheme(), self.host, self.uri.path())
    }

    fn scheme(&self) -> &'static str {
        if self.is_tls { "https" } else { "http" }
    }

    /// Whether the host is granted; the error tells how to.
    pub(crate) fn check(&self, grants: &WebGrants) -> Result<(), Error> {
        let (host, port) = (&self.host, self.port);
        if grants.allows(host, port) {
            return Ok(());
        }
        let message = format!("host {host}:{port} is not granted: see --grant http:{host}:{port}");
        Err(Error::new(ErrorKind::PermissionDenied, message))
    }
}

/// Whether a method changes nothing.
fn only_reads(method: &str) -> bool {
    matches!(method, "GET" | "HEAD")
}

/// Whether a request may be made again when nobody knows whether it was made: it only reads, or has a key by
/// which the server knows it.
pub(crate) fn can_repeat(request: &HttpRequest) -> bool {
    let has_none = |(name, value): &(String, Vec<u8>)| {
        name.eq_ignore_ascii_case(IDEMPOTENCY_KEY.as_str()) && value.is_empty()
    };
    only_reads(&request.method) || !request.headers.iter().any(has_none)
}

impl Checked {
    /// Checks the parts of a request.
    pub(crate) fn new(request: HttpRequest) -> Result<Self, Error> {
        let uri: Uri = request.url.parse().map_err(|error| {
            let shown: String = request.url.chars().take(120).collect();
            Error::invalid(format!("\"{shown}\" is no URL: {error}"))
        })?;
        let method = Method::from_bytes(request.method.as_bytes())
            .map_err(|_| Error::invalid(format!("\"{}\" is no HTTP method", request.method)))?;
        if method == Method::CONNECT || method == Method::TRACE {
            return Err(Error::invalid(format!("method {method} can't be used")));
        }
        let mut headers = HeaderMap::new();
        for (name, value) in &request.headers {
            let fault = |what: &str| Error::invalid(format!("header \"{name}\" {what}"));
            let key = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| fault("is no name of a header"))?;
            let value = HeaderValue::from_bytes(value)
                .map_err(|_| fault("has a value with line ends or control characters"))?;
            if OWN_HEADERS.contains(&key) {
                return Err(fault("is set by the runtime"));
            }
            if headers.len() >= HEADERS_MAX {
                return Err(Error::invalid(format!("more than {HEADERS_MAX} headers")));
            }
            headers.append(key, value);
        }
        Ok(Self {
            method,
            target: Target::parse(uri)?,
            headers,
            body: request.body,
            body_bytes_max: request.body_bytes_max,
            redirects_max: request.redirects_max,
            deadline: Instant::now() + Duration::from_nanos(request.timeout_ns),
        })
    }

    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    /// Gives a request that may change something a key, unless it has one already; an empty one says that it
    /// is to have none.
    pub(crate) fn set_key(&mut self, key: String) {
        if only_reads(self.method.as_str()) {
            return;
        }
        match self.headers.get(IDEMPOTENCY_KEY) {
            None => {
                let key = HeaderValue::try_from(key).expect("keys have visible characters only");
                self.headers.insert(IDEMPOTENCY_KEY, key);
            }
            Some(own) if own.is_empty() => drop(self.headers.remove(IDEMPOTENCY_KEY)),
            Some(_) => {}
        }
    }

    /// Makes the request. Redirects to targets that are not `allowed` are not followed: they are
    /// the answer then.
    pub(crate) fn perform(
        mut self,
        client: &WebClient,
        allowed: impl Fn(&Target) -> bool,
    ) -> Result<Fragment, Error> {
        let mut redirects = 0;
        loop {
            if self.target.is_tls {
                client.check_roots()?;
            }
            let response = self.send(client).map_err(|error| describe(&self.target, error))?;
            let next = self.redirect(&response).filter(|next| allowed(next));
            match next {
                Some(next) if redirects < self.redirects_max => {
                    redirects += 1;
                    self.follow(response.status(), next);
                }
                Some(_) | None => return self.answer(response),
            }
        }
    }

    fn send(&self, client: &WebClient) -> Result<http::Response<Body>, ureq::Error> {
        let may_repeat = [Method::GET, Method::HEAD, Method::OPTIONS, Method::PUT, Method::DELETE];
        if !may_repeat.contains(&self.method) {
            return self.send_by(&client.fresh);
        }
        match self.send_by(&client.kept) {
            // The server has closed the connection in the moment in which it was used again.
            Err(ureq::Error::Io(error)) if is_closed(&error) => self.send_by(&client.fresh),
            done => done,
        }
    }

    fn send_by(&self, agent: &Agent) -> Result<http::Response<Body>, ureq::Error> {
        let rest = self.deadline.saturating_duration_since(Instant::now());
        if rest.is_zero() {
            return Err(ureq::Error::Timeout(ureq::Timeout::Global));
        }
        let mut request = http::Request::builder().method(&self.method).uri(&self.target.uri);
        if let Some(headers) = request.headers_mut() {
            headers.clone_from(&self.headers);
        }
        match &self.body {
            Some(body) => run(agent, request.body(body.as_slice())?, rest),
            // Without a length these would be sent in chunks, which not every server reads.
            None if [Method::POST, Method::PUT, Method::PATCH].contains(&self.method) => {
                run(agent, request.body(&[] as &[u8])?, rest)
            }
            None => run(agent, request.body(())?, rest),
        }
    }

    /// Where the answer says to go.
    fn redirect(&self, response: &http::Response<Body>) -> Option<Target> {
        let follows = [301, 302, 303, 307, 308].contains(&response.status().as_u16());
        let location = response.headers().get(header::LOCATION).filter(|_| follows)?;
        let location = location.to_str().ok()?;
        let uri = match location.parse::<Uri>().ok()? {
            uri if uri.scheme().is_some() => uri,
            relative => {
                let path = relative.path_and_query()?.as_str();
                let path = if path.starts_with('/') {
                    path.to_owned()
                } else {
                    let base = self.target.uri.path();
                    let directory = base.rfind('/').map_or("/", |end| &base[..=end]);
                    format!("{directory}{path}")
                };
                let parts = self.target.uri.clone().into_parts();
                let authority = relative.authority().cloned().or(parts.authority)?;
                Uri::builder()
                    .scheme(self.target.scheme())
                    .authority(authority)
                    .path_and_query(path)
                    .build()
                    .ok()?
            }
        };
        Target::parse(uri).ok()
    }

    fn follow(&mut self, status: StatusCode, next: Target) {
        let keeps = matches!(status.as_u16(), 307 | 308)
            || self.method == Method::GET
            || self.method == Method::HEAD;
        if !keeps {
            self.method = Method::GET;
            self.body = None;
            self.headers.remove(header::CONTENT_TYPE);
        }
        let place = |target: &Target| (target.is_tls, target.host.clone(), target.port);
        if place(&next) != place(&self.target) {
            for name in &SECRET_HEADERS {
                self.headers.remove(name);
            }
        }
        self.target = next;
    }

    /// Reads the body: a record of status, headers (names and values in turn), body and URL.
    fn answer(&self, mut response: http::Response<Body>) -> Result<Fragment, Error> {
        let limit = self.body_bytes_max;
        let too_large = || {
            let message = format!("body of the answer is larger than {limit} bytes");
            Error::limit(Limit::MessageSize, message)
        };
        // One byte more than allowed, or the end of a body of just that length is not seen.
        let read = response.body_mut().with_config().limit(limit + 1).read_to_vec();
        let body = read.map_err(|error| match error {
            ureq::Error::BodyExceedsLimit(_) => too_large(),
            error => describe(&self.target, error),
        })?;
        if body.len() as u64 > limit {
            return Err(too_large());
        }
        let mut builder = FragmentBuilder::new();
        let mut list = Vec::new();
        for (name, value) in response.headers() {
            list.push(builder.string(name.as_str().as_bytes()));
            list.push(builder.string(value.as_bytes()));
        }
        let headers = builder.list(&list);
        let status = builder.integer(i64::from(response.status().as_u16()));
        let body = builder.string(&body);
        let url = builder.string(self.target.uri.to_string().as_bytes());
        let record = builder.record(&[
            ("status", status),
            ("headers", headers),
            ("body", body),
            ("url", url),
        ]);
        Ok(builder.finish(&[record]))
    }
}

fn run<S: ureq::AsSendBody>(
    agent: &Agent,
    request: http::Request<S>,
    timeout: Duration,
) -> Result<http::Response<Body>, ureq::Error> {
    let request = agent.configure_request(request);
    let request = request.timeout_global(Some(timeout)).allow_non_standard_methods(true).build();
    agent.run(request)
}

fn usual_port(is_tls: bool) -> u16 {
    if is_tls { 443 } else { 80 }
}

fn is_closed(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    [BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof].contains(&error.kind())
}

/// A failure of the network as an error of the runtime.
fn describe(target: &Target, error: ureq::Error) -> Error {
    let (kind, retryable) = match &error {
        ureq::Error::Timeout(_) => (ErrorKind::Timeout, true),
        ureq::Error::HostNotFound => (ErrorKind::NotFound, false),
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => {
            (ErrorKind::Timeout, true)
        }
        // A certificate that is not as it should be stays so.
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            (ErrorKind::Unavailable, false)
        }
        ureq::Error::Rustls(_) | ureq::Error::Tls(_) => (ErrorKind::Unavailable, false),
        ureq::Error::Io(_) | ureq::Error::ConnectionFailed => (ErrorKind::Unavailable, true),
        ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) => {
            (ErrorKind::Unavailable, false)
        }
        ureq::Error::Http(_) | ureq::Error::BadUri(_) => (ErrorKind::Invalid, false),
        _ => (ErrorKind::Internal, false),
    };
    let place = shown(&target.uri);
    Error::new(kind, format!("{place}: {error}")).with_retryable(retryable)
}

/// A URL for messages, without its query, which may hold secrets.
fn shown(uri: &Uri) -> String {
    let scheme = uri.scheme_str().map(|scheme| format!("{scheme}://")).unwrap_or_default();
    let host = uri
        .authority()
        .map(|authority| authority.as_str().rsplit('@').next().unwrap_or_default().to_owned());
    format!("{scheme}{}{}", host.unwrap_or_default(), uri.path()).chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Result<Target, ErrorKind> {
        let uri: Uri = url.parse().map_err(|_| ErrorKind::Invalid)?;
        Target::parse(uri).map_err(|error| error.kind)
    }

    #[test]
    fn urls_are_taken_apart() {
        for (url, host, port, resource) in [
            ("http://A.example", "a.example", 80, "http://a.example/"),
            ("http://a.example:80/x?y=z", "a.example", 80, "http://a.example/x"),
            ("http://a.example:8080/x/", "a.example", 8080, "http://a.example:8080/x/"),
            ("http://[::1]:81/", "[::1]", 81, "http://[::1]:81/"),
            ("https://a.example/x", "a.example", 443, "https://a.example/x"),
            ("https://a.example:80/x", "a.example", 80, "https://a.example:80/x"),
        ] {
            let target = target(url).unwrap();
            assert_eq!((&*target.host, target.port), (host, port), "{url}");
            assert_eq!(target.resource(), resource, "{url}");
        }
        for url in [
            "/x",
            "a.example",
            "ftp://a.example/",
            "http://",
            "http://:80/",
            "http://a:x/",
            "http://a:/",
            "http://a:99999/",
            "http://u@a/",
            "http://granted.example:80@other.example/",
        ] {
            assert_eq!(target(url), Err(ErrorKind::Invalid), "{url}");
        }
    }

    #[test]
    fn messages_show_no_secrets() {
        let uri: Uri = "http://user:secret@a.example/x?token=secret".parse().unwrap();
        assert_eq!(shown(&uri), "http://a.example/x");
    }
}
