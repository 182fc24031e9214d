//! HTTP requests of guests, carried out on the threads of the network.

use crate::web_client::WebClient;
use crate::web_error::{describe, is_closed, shown};
use crate::web_grant::WebGrants;
use crate::web_url;
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
const SECRET_HEADERS: [HeaderName; 3] =
    [header::AUTHORIZATION, header::PROXY_AUTHORIZATION, header::COOKIE];
/// Headers that say what the body is.
const BODY_HEADERS: [HeaderName; 4] = [
    header::CONTENT_TYPE,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_LOCATION,
];
/// Headers of a request, bytes of one of them (name and value), and of a method.
const HEADERS_MAX: usize = 128;
const HEADER_BYTES_MAX: usize = 64 << 10;
const METHOD_BYTES_MAX: usize = 64;

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
        if request.method.len() > METHOD_BYTES_MAX {
            return Err(Error::invalid(format!("method is longer than {METHOD_BYTES_MAX} bytes")));
        }
        let method = Method::from_bytes(request.method.as_bytes())
            .map_err(|_| Error::invalid(format!("\"{}\" is no HTTP method", request.method)))?;
        if method == Method::CONNECT || method == Method::TRACE {
            return Err(Error::invalid(format!("method {method} can't be used")));
        }
        let mut headers = HeaderMap::new();
        for (name, value) in &request.headers {
            let fault = |what: &str| Error::invalid(format!("header \"{name:.100}\" {what}"));
            if name.len() + value.len() > HEADER_BYTES_MAX {
                return Err(fault(&format!("is larger than {HEADER_BYTES_MAX} bytes")));
            }
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

    /// What it holds while it waits: its body, mostly.
    pub(crate) fn bytes(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len());
        self.body.as_ref().map_or(0, Vec::len) + headers.sum::<usize>()
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
            let response = self.send(client).map_err(|error| describe(&self.target.uri, error))?;
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
        let location = web_url::reference(location.as_bytes());
        if location.is_empty() {
            return None;
        }
        let next = web_url::resolve(&self.target.uri.to_string(), &location);
        Target::parse(next.parse().ok()?).ok()
    }

    fn follow(&mut self, status: StatusCode, next: Target) {
        // RFC 9110, section 15.4.
        let becomes_get = match status.as_u16() {
            301 | 302 => self.method == Method::POST,
            303 => self.method != Method::HEAD && self.method != Method::GET,
            _ => false,
        };
        if becomes_get {
            self.method = Method::GET;
            self.body = None;
            for name in &BODY_HEADERS {
                self.headers.remove(name);
            }
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
            let place = shown(&self.target.uri);
            let message = format!("{place}: body of the answer is larger than {limit} bytes");
            Error::limit(Limit::MessageSize, message)
        };
        // One byte more than allowed, or the end of a body of just that length is not seen.
        let read = response.body_mut().with_config().limit(limit + 1).read_to_vec();
        let body = read.map_err(|error| match error {
            ureq::Error::BodyExceedsLimit(_) => too_large(),
            error => describe(&self.target.uri, error),
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

    fn checked(method: &str, headers: &[(&str, &str)]) -> Checked {
        let header = |(name, value): &(&str, &str)| ((*name).to_owned(), value.as_bytes().to_vec());
        Checked::new(HttpRequest {
            method: method.into(),
            url: "http://a.example/x".to_owned(),
            headers: headers.iter().map(header).collect(),
            body: Some(b"body".to_vec()),
            timeout_ns: 1_000_000_000,
            body_bytes_max: 1,
            redirects_max: 1,
        })
        .unwrap()
    }

    fn followed(request: &mut Checked, status: u16, url: &str) {
        let next = Target::parse(url.parse().unwrap()).unwrap();
        request.follow(StatusCode::from_u16(status).unwrap(), next);
    }

    #[test]
    fn redirects_keep_the_method_where_they_should() {
        for (status, becomes_get) in [
            (301, &["POST"] as &[&str]),
            (302, &["POST"]),
            (303, &["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]),
            (307, &[]),
            (308, &[]),
        ] {
            for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
                let mut request = checked(method, &[("content-type", "a"), ("x", "y")]);
                followed(&mut request, status, "http://a.example/y");
                let changed = becomes_get.contains(&method);
                let wanted = if changed { "GET" } else { method };
                assert_eq!(request.method.as_str(), wanted, "{status} of {method}");
                assert_eq!(request.body.is_none(), changed, "{status} of {method}");
                assert_eq!(
                    request.headers.len(),
                    if changed { 1 } else { 2 },
                    "{status} of {method}"
                );
            }
        }
    }

    #[test]
    fn secrets_are_for_one_host() {
        let secrets = [("Authorization", "a"), ("Cookie", "b"), ("Proxy-Authorization", "c")];
        for (next, kept) in [
            ("http://a.example/y", 3),
            ("http://A.example:80/y", 3),
            ("http://b.example/y", 0),
            ("http://a.example:81/y", 0),
            ("https://a.example/y", 0),
        ] {
            let mut request = checked("GET", &secrets);
            followed(&mut request, 302, next);
            assert_eq!(request.headers.len(), kept, "{next}");
        }
    }
}
