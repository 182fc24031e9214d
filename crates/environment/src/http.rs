//! Requests to other machines.

use procession_types::SmolStr;

/// A request by HTTP. It is made when the host is granted and the caller has the permission
/// `http.request` on the URL (without its query).
#[derive(Debug, Clone, PartialEq)]
pub struct HttpRequest {
    /// `GET` and so on.
    pub method: SmolStr,
    /// Absolute, with its query.
    pub url: String,
    /// Names and values, in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// What is sent; nothing for `None`.
    pub body: Option<Vec<u8>>,
    /// Nanoseconds that all of it may take.
    pub timeout_ns: u64,
    /// Bytes of the answer's body.
    pub body_bytes_max: u64,
    /// Redirects that are followed, to hosts that are granted, too.
    pub redirects_max: u32,
}
