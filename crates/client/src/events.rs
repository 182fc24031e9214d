//! Server-sent events.

/// Longest line of a stream, in bytes.
const LINE_BYTES_MAX: usize = 16 << 20;

/// An event of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerEvent {
    /// What to send as `Last-Event-ID` to go on behind it.
    pub id: Option<String>,
    /// Its name.
    pub event: String,
    /// What it says.
    pub data: String,
}

/// Reads a stream piece by piece.
#[derive(Default)]
pub(crate) struct Reader {
    line: Vec<u8>,
    event: ServerEvent,
    has_data: bool,
}

impl Reader {
    /// The events that are whole with this piece.
    ///
    /// # Errors
    /// When a line is too long, as text.
    pub(crate) fn read(&mut self, piece: &[u8]) -> Result<Vec<ServerEvent>, String> {
        let mut events = Vec::new();
        for part in piece.split_inclusive(|&byte| byte == b'\n') {
            self.line.extend_from_slice(part);
            if self.line.len() > LINE_BYTES_MAX {
                return Err(format!("a line of the stream has more than {LINE_BYTES_MAX} bytes"));
            }
            if part.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                events.extend(
                    self.line(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r'])),
                );
            }
        }
        Ok(events)
    }

    /// The event that ends with this line.
    fn line(&mut self, line: &str) -> Option<ServerEvent> {
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            // What came before the data belongs to nothing without it.
            return std::mem::take(&mut self.has_data).then_some(event);
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => self.event.id = Some(value.to_owned()),
            "event" => value.clone_into(&mut self.event.event),
            "data" => {
                if self.has_data {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
                self.has_data = true;
            }
            // Comments, and what a later version says.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_read_in_any_pieces() {
        let text =
            ": hello\n\nid: 7\nevent: exit\ndata: {\"a\":1}\n\ndata: x\r\ndata: y\r\n\r\nid: 9\n\n";
        let expected = [
            ServerEvent { id: Some("7".into()), event: "exit".into(), data: "{\"a\":1}".into() },
            ServerEvent { id: None, event: String::new(), data: "x\ny".into() },
        ];
        for size in [1, 3, 7, text.len()] {
            let mut reader = Reader::default();
            let pieces = text.as_bytes().chunks(size);
            let events: Vec<ServerEvent> =
                pieces.flat_map(|piece| reader.read(piece).unwrap()).collect();
            assert_eq!(events, expected, "pieces of {size}");
        }
        assert!(Reader::default().read(&vec![b'x'; LINE_BYTES_MAX + 1]).is_err());
    }
}
