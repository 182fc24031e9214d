//! YAML text as a tree whose nodes know their place. Anchors, tags and second documents are refused:
//! they serve no policy, and expanded anchors are how a small text becomes a huge one.

use super::error::{ParseError, Problem};
use super::{DEPTH_MAX, NODES_MAX, TEXT_BYTES_MAX};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle};

/// A place in the text; both numbers from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// A value with its place.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) at: Place,
    pub(super) content: Content,
}

/// What a node holds.
#[derive(Debug)]
pub(super) enum Content {
    /// A scalar without quotes: its text decides its type.
    Plain(String),
    /// A quoted or block scalar: a text.
    Quoted(String),
    List(Vec<Node>),
    /// In the order of the text; keys as text.
    Map(Vec<(Node, Node)>),
}

impl Content {
    /// What it is, for messages.
    pub(super) const fn sort(&self) -> &'static str {
        match self {
            Self::Plain(text) if text.is_empty() => "nothing",
            Self::Plain(_) | Self::Quoted(_) => "a single value",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

/// The root node of the text's one document.
pub(super) fn parse(text: &str) -> Result<Node, ParseError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(too_much(Place { line: 1, column: 1 }, "bytes", TEXT_BYTES_MAX));
    }
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) =
            event.map_err(|e| error(place(e.marker()), Problem::Syntax(e.info().to_owned())))?;
        builder.event(event, place(&span.start))?;
    }
    let empty = || Node { at: Place { line: 1, column: 1 }, content: Content::List(Vec::new()) };
    Ok(builder.root.unwrap_or_else(empty))
}

/// Builds the tree from events, without recursion.
#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    nodes: usize,
    root: Option<Node>,
}

/// A list or mapping whose end is still to come.
struct Open {
    at: Place,
    collected: Collected,
}

enum Collected {
    List(Vec<Node>),
    Map { pairs: Vec<(Node, Node)>, key: Option<Node> },
}

impl Builder {
    fn event(&mut self, event: Event<'_>, at: Place) -> Result<(), ParseError> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) if self.root.is_some() => {
                Err(error(at, Problem::Unsupported("several documents")))
            }
            Event::DocumentStart(_) => Ok(()),
            Event::Alias(_) => Err(error(at, Problem::Unsupported("aliases"))),
            Event::Scalar(_, _, anchor, Some(_))
            | Event::SequenceStart(anchor, Some(_))
            | Event::MappingStart(anchor, Some(_)) => {
                let what = if anchor == 0 { "tags" } else { "anchors and tags" };
                Err(error(at, Problem::Unsupported(what)))
            }
            Event::Scalar(text, style, _, None) => {
                let text = text.into_owned();
                let content = match style {
                    ScalarStyle::Plain => Content::Plain(text),
                    _ => Content::Quoted(text),
                };
                self.add(Node { at, content })
            }
            Event::SequenceStart(_, None) => self.open(at, Collected::List(Vec::new())),
            Event::MappingStart(_, None) => {
                self.open(at, Collected::Map { pairs: Vec::new(), key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
        }
    }

    fn open(&mut self, at: Place, collected: Collected) -> Result<(), ParseError> {
        if self.open.len() == DEPTH_MAX {
            return Err(too_much(at, "levels of nesting", DEPTH_MAX));
        }
        self.open.push(Open { at, collected });
        Ok(())
    }

    fn close(&mut self) -> Result<(), ParseError> {
        let Some(Open { at, collected }) = self.open.pop() else { return Ok(()) };
        let content = match collected {
            Collected::List(nodes) => Content::List(nodes),
            Collected::Map { pairs, .. } => Content::Map(pairs),
        };
        self.add(Node { at, content })
    }

    fn add(&mut self, node: Node) -> Result<(), ParseError> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(too_much(node.at, "values", NODES_MAX));
        }
        match self.open.last_mut().map(|open| &mut open.collected) {
            None => self.root = Some(node),
            Some(Collected::List(nodes)) => nodes.push(node),
            Some(Collected::Map { pairs, key }) => match key.take() {
                None => *key = Some(node),
                Some(key) => pairs.push((key, node)),
            },
        }
        Ok(())
    }
}

fn place(marker: &Marker) -> Place {
    Place { line: marker.line().max(1), column: marker.col() + 1 }
}

fn error(at: Place, problem: Problem) -> ParseError {
    ParseError { line: at.line, column: at.column, path: String::new(), problem: Box::new(problem) }
}

fn too_much(at: Place, what: &'static str, max: usize) -> ParseError {
    error(at, Problem::TooMuch { what, max })
}
