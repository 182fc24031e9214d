//! What every kind of entry is made of: mappings with known keys, texts, lists; and the collection of
//! all that is wrong with them.

use super::ERRORS_MAX;
use super::error::{ParseError, Problem, nearest};
use super::tree::{Content, Node, Place};

/// A mapping whose keys are known: the value of each.
pub(super) type Fields<'a, const N: usize> = [Option<&'a Node>; N];

/// Reads a tree and goes on after errors.
#[derive(Default)]
pub(super) struct Reader {
    /// In the order of the text.
    pub(super) errors: Vec<ParseError>,
}

impl Reader {
    /// The values of a mapping's known keys; unknown and repeated keys are errors.
    pub(super) fn fields<'a, const N: usize>(
        &mut self,
        node: &'a Node,
        path: &str,
        keys: [&'static str; N],
    ) -> Option<Fields<'a, N>> {
        let Content::Map(pairs) = &node.content else {
            self.expected(node, path, "a mapping");
            return None;
        };
        let mut found = [None; N];
        for (key, value) in pairs {
            let Some(name) = self.text(key, path) else { continue };
            match keys.iter().position(|known| *known == name) {
                Some(index) if found[index].is_some() => {
                    self.wrong(key.at, path, Problem::Duplicate(name.to_owned()));
                }
                Some(index) => found[index] = Some(value),
                None => {
                    self.unknown::<()>(key.at, path, "key", name, &keys);
                }
            }
        }
        Some(found)
    }

    /// The value of a key that has to be there.
    pub(super) fn need<'a>(
        &mut self,
        node: Option<&'a Node>,
        at: Place,
        path: &str,
        key: &'static str,
    ) -> Option<&'a Node> {
        if node.is_none() {
            self.wrong(at, path, Problem::Missing(key));
        }
        node
    }

    /// The text of a single value that is not empty.
    pub(super) fn text<'a>(&mut self, node: &'a Node, path: &str) -> Option<&'a str> {
        let text = text_of(node).filter(|text| !text.is_empty());
        if text.is_none() {
            self.expected(node, path, "a text");
        }
        text
    }

    /// The elements of a list.
    pub(super) fn list<'a>(&mut self, node: &'a Node, path: &str) -> Option<&'a [Node]> {
        if let Content::List(nodes) = &node.content {
            return Some(nodes);
        }
        self.expected(node, path, "a list");
        None
    }

    /// Reports a word that is none of the known ones.
    pub(super) fn unknown<T>(
        &mut self,
        at: Place,
        path: &str,
        what: &'static str,
        word: &str,
        known: &[&str],
    ) -> Option<T> {
        let nearest = nearest(word, known.iter().copied());
        let problem =
            Problem::UnknownWord { what, word: word.to_owned(), nearest, words: known.join(", ") };
        self.wrong(at, path, problem);
        None
    }

    /// Reports another sort of value than is needed.
    pub(super) fn expected(&mut self, node: &Node, path: &str, expected: &'static str) {
        let problem = Problem::Expected { expected, found: node.content.sort() };
        self.wrong(node.at, path, problem);
    }

    /// Reports a problem, unless there are too many already.
    pub(super) fn wrong(&mut self, at: Place, path: &str, problem: Problem) {
        if self.errors.len() < ERRORS_MAX {
            let (line, column, path) = (at.line, at.column, path.to_owned());
            let problem = Box::new(problem);
            self.errors.push(ParseError { line, column, path, problem });
        }
    }
}

/// The text of a single value.
pub(super) fn text_of(node: &Node) -> Option<&str> {
    match &node.content {
        Content::Plain(text) | Content::Quoted(text) => Some(text),
        Content::List(_) | Content::Map(_) => None,
    }
}
