//! YAML text as a tree whose nodes know their place. Aliases, tags and second documents are refused:
//! no definition needs them, and expanded aliases are how a small text becomes a huge one.

use crate::source::Span;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle};

/// Longest text, in bytes.
pub(crate) const TEXT_BYTES_MAX: usize = 1 << 20;
/// Deepest nesting of lists and mappings.
const DEPTH_MAX: usize = 32;
/// Most values in one text.
const NODES_MAX: usize = 100_000;

/// A value with its place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) content: Content,
}

/// What a node holds.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// A scalar without quotes: its text decides its type.
    Plain(String),
    /// A quoted or block scalar: a text.
    Quoted(String),
    List(Vec<Node>),
    /// In the order of the text.
    Map(Vec<(Node, Node)>),
    /// What is wrong with it is reported already.
    Broken,
}

/// Something wrong with the text as YAML.
#[derive(Debug)]
pub(crate) struct Flaw {
    pub(crate) span: Span,
    pub(crate) message: String,
    pub(crate) help: &'static str,
}

impl Node {
    /// The text of a single value.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Plain(text) | Content::Quoted(text) => Some(text),
            Content::List(_) | Content::Map(_) | Content::Broken => None,
        }
    }
}

/// The root node of the text's one document, as far as it can be read, and what is wrong.
pub(crate) fn parse(text: &str) -> (Option<Node>, Vec<Flaw>) {
    let mut builder = Builder { offsets: Offsets::new(text), ..Builder::default() };
    for event in Parser::new_from_str(text) {
        let (event, span) = match event {
            Ok((event, span)) => (event, builder.offsets.span(&span.start, &span.end)),
            Err(error) => {
                let span = builder.offsets.span(error.marker(), error.marker());
                builder.flaw(span, format!("not valid YAML: {}", error.info()), "");
                return (None, builder.flaws);
            }
        };
        if builder.event(event, span).is_none() {
            return (None, builder.flaws);
        }
    }
    (builder.root, builder.flaws)
}

/// From the parser's count of characters to bytes.
#[derive(Default)]
struct Offsets {
    length: usize,
    /// Where each character begins; empty when each is a byte.
    characters: Vec<usize>,
}

impl Offsets {
    fn new(text: &str) -> Self {
        let characters = if text.is_ascii() {
            Vec::new()
        } else {
            text.char_indices().map(|(at, _)| at).collect()
        };
        Self { length: text.len(), characters }
    }

    fn byte(&self, marker: &Marker) -> usize {
        if self.characters.is_empty() {
            return marker.index().min(self.length);
        }
        self.characters.get(marker.index()).copied().unwrap_or(self.length)
    }

    fn span(&self, start: &Marker, end: &Marker) -> Span {
        let start = self.byte(start);
        Span { start, end: self.byte(end).max(start) }
    }
}

/// Builds the tree from events, without recursion.
#[derive(Default)]
struct Builder {
    offsets: Offsets,
    open: Vec<Open>,
    nodes: usize,
    root: Option<Node>,
    flaws: Vec<Flaw>,
}

/// A list or mapping whose end is still to come.
struct Open {
    span: Span,
    collected: Collected,
}

enum Collected {
    List(Vec<Node>),
    Map { pairs: Vec<(Node, Node)>, key: Option<Node> },
}

/// `None` when there is no use in going on.
type Progress = Option<()>;

impl Builder {
    fn event(&mut self, event: Event<'_>, span: Span) -> Progress {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Some(()),
            Event::DocumentStart(_) if self.root.is_some() => {
                self.flaw(span, "a second document".to_owned(), "a file holds one document");
                None
            }
            Event::DocumentStart(_) => Some(()),
            Event::Alias(_) => {
                let help = "write the value out where it is needed";
                self.flaw(span, "aliases are not supported".to_owned(), help);
                self.add(Node { span, content: Content::Broken })
            }
            Event::Scalar(text, style, _, tag) => {
                self.refuse_tag(tag.is_some(), span);
                let text = text.into_owned();
                let content = match style {
                    ScalarStyle::Plain => Content::Plain(text),
                    ScalarStyle::SingleQuoted
                    | ScalarStyle::DoubleQuoted
                    | ScalarStyle::Literal
                    | ScalarStyle::Folded => Content::Quoted(text),
                };
                self.add(Node { span, content })
            }
            Event::SequenceStart(_, tag) => {
                self.refuse_tag(tag.is_some(), span);
                self.open(span, Collected::List(Vec::new()))
            }
            Event::MappingStart(_, tag) => {
                self.refuse_tag(tag.is_some(), span);
                self.open(span, Collected::Map { pairs: Vec::new(), key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
        }
    }

    fn refuse_tag(&mut self, is_there: bool, span: Span) {
        if is_there {
            let help = "leave the ! away: the key says what its value is";
            self.flaw(span, "tags are not supported".to_owned(), help);
        }
    }

    fn open(&mut self, span: Span, collected: Collected) -> Progress {
        if self.open.len() == DEPTH_MAX {
            self.flaw(span, format!("more than {DEPTH_MAX} levels of nesting"), "");
            return None;
        }
        self.open.push(Open { span, collected });
        Some(())
    }

    fn close(&mut self, end: Span) -> Progress {
        let Open { span, collected } = self.open.pop()?;
        let content = match collected {
            Collected::List(nodes) => Content::List(nodes),
            Collected::Map { pairs, .. } => Content::Map(pairs),
        };
        // A bracket ends where it is closed. A block ends where its last value ends; the parser
        // says only where it noticed.
        let is_bracket = end.end > end.start;
        let end = match &content {
            Content::List(nodes) if !is_bracket => nodes.last().map(|node| node.span.end),
            Content::Map(pairs) if !is_bracket => pairs.last().map(|(_, value)| value.span.end),
            _ => None,
        }
        .unwrap_or(end.end);
        self.add(Node { span: Span { start: span.start, end: end.max(span.start) }, content })
    }

    fn add(&mut self, node: Node) -> Progress {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            self.flaw(node.span, format!("more than {NODES_MAX} values"), "use several files");
            return None;
        }
        match self.open.last_mut().map(|open| &mut open.collected) {
            None => self.root = Some(node),
            Some(Collected::List(nodes)) => nodes.push(node),
            Some(Collected::Map { pairs, key }) => match key.take() {
                None => *key = Some(node),
                Some(key) => pairs.push((key, node)),
            },
        }
        Some(())
    }

    fn flaw(&mut self, span: Span, message: String, help: &'static str) {
        self.flaws.push(Flaw { span, message, help });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every plain value with the text at its place.
    fn plain<'a>(node: &'a Node, text: &'a str, found: &mut Vec<(&'a str, &'a str)>) {
        match &node.content {
            Content::Plain(value) => found.push((value, &text[node.span.start..node.span.end])),
            Content::List(nodes) => nodes.iter().for_each(|node| plain(node, text, found)),
            Content::Map(pairs) => pairs.iter().for_each(|(key, value)| {
                plain(key, text, found);
                plain(value, text, found);
            }),
            Content::Quoted(_) | Content::Broken => {}
        }
    }

    #[test]
    fn places_are_those_of_the_values() {
        for text in [
            "a: b\nc:\n  - d\n  - {e: f, g: [h, i]}\nj: k # comment\n",
            "a: b\r\nc:\r\n  - d\r\n  - e\r\n",
            "ä: \"ö\"\nü:\n  - 🦀 x # ß\n  - {e: é}\n",
            "\u{feff}a: b\nc: d\n",
            "a: 'x\n  y'\nb: |\n  text\n  more\nc: d\ne: >-\n  z\nf: g\n",
        ] {
            let (root, flaws) = parse(text);
            assert!(flaws.is_empty(), "{text}: {flaws:?}");
            let (root, mut found) = (root.unwrap(), Vec::new());
            plain(&root, text, &mut found);
            assert!(found.len() > 3, "{text}");
            for (value, at) in found {
                assert_eq!(value, at.trim_end(), "{text}");
            }
        }
    }

    #[test]
    fn what_serves_no_definition_is_refused() {
        let deep = "[".repeat(DEPTH_MAX + 1) + &"]".repeat(DEPTH_MAX + 1);
        let many = format!("[{}]", "1,".repeat(NODES_MAX + 1));
        for (text, at, expected) in [
            (&*deep, DEPTH_MAX, "more than 32 levels of nesting"),
            (&*many, 2 * NODES_MAX + 1, "more than 100000 values"),
            ("a: [1", 6, "not valid YAML"),
            ("a: b: c", 4, "not valid YAML"),
            ("\"a", 0, "not valid YAML"),
            ("- &x a\n- *x", 9, "aliases are not supported"),
            ("- !!str a", 2, "tags are not supported"),
            ("--- []\n--- []", 7, "a second document"),
        ] {
            let (_, flaws) = parse(text);
            assert!(flaws[0].message.contains(expected), "{expected}: {flaws:?}");
            assert_eq!(flaws[0].span.start, at.min(text.len()), "{expected}: {flaws:?}");
        }
    }
}
