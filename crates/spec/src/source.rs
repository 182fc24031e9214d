//! Texts of files, and places in them.

/// A part of a text, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// A part of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Index of the file.
    pub(crate) file: usize,
    pub(crate) span: Span,
}

/// A file's text with its lines.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// As messages name it.
    pub(crate) path: String,
    text: String,
    /// Where each line begins.
    lines: Vec<usize>,
}

/// A line and a column in characters, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Source {
    pub(crate) fn new(path: String, text: String) -> Self {
        let bytes = text.as_bytes();
        let breaks = bytes.iter().enumerate().filter(|&(at, &byte)| {
            byte == b'\n' || byte == b'\r' && bytes.get(at + 1) != Some(&b'\n')
        });
        let lines = std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect();
        Self { path, text, lines }
    }

    /// Where a byte is; one beyond the text is at its end.
    pub(crate) fn position(&self, offset: usize) -> Position {
        let offset = self.text.floor_char_boundary(offset.min(self.text.len()));
        let line = self.lines.partition_point(|start| *start <= offset);
        let column = self.text[self.lines[line - 1]..offset].chars().count() + 1;
        Position { line, column }
    }

    /// The text of a line, without its end.
    pub(crate) fn line(&self, number: usize) -> &str {
        let Some(&start) = self.lines.get(number.wrapping_sub(1)) else { return "" };
        let end = self.lines.get(number).copied().unwrap_or(self.text.len());
        self.text[start..end].trim_end_matches(['\n', '\r'])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_counted_in_characters() {
        let source = Source::new("x".to_owned(), "ab\r\nçd\re\n".to_owned());
        for (offset, line, column) in [
            (0, 1, 1),
            (2, 1, 3),
            (4, 2, 1),
            (5, 2, 1),
            (6, 2, 2),
            (8, 3, 1),
            (10, 4, 1),
            (99, 4, 1),
        ] {
            assert_eq!(source.position(offset), Position { line, column }, "{offset}");
        }
        assert_eq!([1, 2, 3, 4, 5].map(|line| source.line(line)), ["ab", "çd", "e", "", ""]);
    }
}
