//! A record as a line of text: what stands on the log stream, and on a sink of last resort.

use crate::bytes::cut;
use crate::chain::Sink;
use crate::chunk::Chunk;
use crate::entry::Entry;
use crate::frame::{self, Frame};
use procession_types::{SmolStr, Timestamp};
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::Arc;

/// Longest line; the rest is cut off and the cut is marked.
const LINE_BYTES_MAX: usize = 16 << 10;

/// Appends `level program pid message name=value …` and a line end.
pub(crate) fn put(out: &mut Vec<u8>, entry: &Entry<'_>, node: Option<&str>) {
    let mut line = String::with_capacity(entry.message.len() + 96);
    line.push_str(entry.kind.name());
    for text in [entry.source.program, &pid_text(entry, node)] {
        if !text.is_empty() {
            line.push(' ');
            line.push_str(text);
        }
    }
    line.push(' ');
    line.push_str(&escaped(&String::from_utf8_lossy(entry.message)));
    for (name, value) in entry.fields {
        // Writing to a string does not fail.
        let _ = write!(line, " {}={}", escaped(name), escaped(value));
    }
    let kept = cut(&line, LINE_BYTES_MAX);
    out.extend_from_slice(kept.as_bytes());
    if kept.len() < line.len() {
        out.extend_from_slice(b" [cut]");
    }
    out.push(b'\n');
}

fn pid_text(entry: &Entry<'_>, node: Option<&str>) -> String {
    let mut text = String::new();
    if let Some(pid) = entry.source.pid {
        match node {
            Some(node) => pid.write(&format!("{node}@{}", entry.source.host), &mut text),
            None => pid.write(entry.source.host, &mut text),
        }
    }
    text
}

/// One line, whatever the guest put in.
fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if c.is_control() { out.extend(c.escape_default()) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// A sink of lines, such as standard error.
pub(crate) struct Lines {
    out: Box<dyn Write + Send>,
    node: Option<SmolStr>,
}

impl Lines {
    pub(crate) fn new(out: Box<dyn Write + Send>, node: Option<SmolStr>) -> Self {
        Self { out, node }
    }
}

impl Sink for Lines {
    fn name(&self) -> &'static str {
        "stderr"
    }

    fn put(&mut self, chunks: &[Arc<Chunk>], _now: Timestamp) -> io::Result<()> {
        let mut text = Vec::new();
        for content in chunks.iter().flat_map(|chunk| frame::trusted(&chunk.frames)) {
            if let Some(frame) = Frame::read(content) {
                put(&mut text, &frame.entry, self.node.as_deref());
            }
        }
        self.out.write_all(&text)?;
        self.out.flush()
    }
}
