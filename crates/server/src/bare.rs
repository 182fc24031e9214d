//! Answers that hyper gives by itself, before any of our code hears of the request: to one that is no
//! HTTP, or whose head is too large. They have no body; what goes out here in their place is a problem
//! like any other.
//!
//! Such an answer is known by its form: a head alone, written whole, that says that nothing follows
//! it. Answers of ours with these statuses have a body, and no body of ours has such lines in it:
//! JSON and the text of metrics know no carriage return.

use procession_api::{PROBLEM_TYPE, Problem};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Longest head that hyper writes by itself, in bytes; it is about 120.
const HEAD_BYTES_MAX: usize = 512;

/// A connection on which answers without a body get one.
pub(crate) struct Bodied<I> {
    inner: I,
    /// What hyper believes to have written, and what goes out for it, as far as it has not.
    instead: Option<(usize, Vec<u8>)>,
}

impl<I> Bodied<I> {
    pub(crate) fn new(inner: I) -> Self {
        Self { inner, instead: None }
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Bodied<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Bodied<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.instead.is_none() {
            this.instead = bodied(bytes).map(|answer| (bytes.len(), answer));
        }
        let Some((taken, answer)) = &mut this.instead else {
            return Pin::new(&mut this.inner).poll_write(cx, bytes);
        };
        while !answer.is_empty() {
            let count = ready!(Pin::new(&mut this.inner).poll_write(cx, answer))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            answer.drain(..count);
        }
        let taken = *taken;
        this.instead = None;
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// What goes out instead, if these bytes are an answer of hyper's own.
fn bodied(bytes: &[u8]) -> Option<Vec<u8>> {
    let status = bytes.strip_prefix(b"HTTP/1.1 4")?;
    if bytes.len() > HEAD_BYTES_MAX {
        return None;
    }
    let head = std::str::from_utf8(bytes).ok()?.strip_suffix("\r\n\r\n")?;
    let lines: Vec<&str> = head.split("\r\n").collect();
    let says = |line: &str| lines.iter().any(|it| it.eq_ignore_ascii_case(line));
    if !says("content-length: 0") || !says("connection: close") {
        return None;
    }
    let (status, detail, hint) = match status.get(..2)? {
        b"31" => (431, "the head of the request is too large", "send fewer or shorter headers"),
        b"14" => (414, "the address of the request is too long", "ask for less at once"),
        b"00" => (400, "this is no request of HTTP/1.1", "what can be asked says /openapi.json"),
        _ => return None,
    };
    let problem = Problem::of_status(status, detail).with_hint(hint);
    let body = serde_json::to_string(&problem).unwrap_or_default();
    let kept = lines.iter().filter(|line| !line.to_ascii_lowercase().starts_with("content-length"));
    let head: Vec<&str> = kept.copied().collect();
    let (head, length) = (head.join("\r\n"), body.len());
    let labels = "x-content-type-options: nosniff\r\ncache-control: no-store";
    let kind = format!("content-type: {PROBLEM_TYPE}\r\ncontent-length: {length}");
    Some(format!("{head}\r\n{kind}\r\n{labels}\r\n\r\n{body}").into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_answers_without_a_body_are_replaced() {
        let bare = "HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\n\
            content-length: 0\r\ndate: today\r\n\r\n";
        let text = String::from_utf8(bodied(bare.as_bytes()).unwrap()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}", body.len())), "{text}");
        assert!(head.contains("date: today") && !head.contains("content-length: 0"), "{text}");
        assert!(body.contains("\"status\":431"), "{text}");
        for other in [
            bare.replace(" 431 ", " 404 "),
            bare.replace(" 431 ", " 200 "),
            bare.replace("length: 0", "length: 5"),
            bare.replace("close", "keep-alive"),
            format!("{bare}more"),
            format!("data: {bare}"),
        ] {
            assert_eq!(bodied(other.as_bytes()), None, "{other}");
        }
    }
}
