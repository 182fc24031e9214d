//! Where in some values something is that can't be sent. This is looked for only when packing has failed,
//! and a text is made only of what was found.

use crate::library::class;
use crate::vm::Vm;
use procession_types::word::{self, Word};
use std::collections::HashSet;

/// Tables and wrappers within each other that are looked into.
const DEPTH_MAX: usize = 32;
/// Bytes of one key that a message shows.
const KEY_BYTES_MAX: usize = 200;
/// Entries and slots of tables that count as one instruction.
const SLOTS_PER_FUEL: usize = 4;

/// A table, or a wrapper, that is being looked into.
struct Open {
    at: usize,
    /// How far it is; of a wrapper this has no meaning.
    cursor: usize,
    /// The key of the entry before; of a wrapper there is none.
    key: Option<Word>,
    /// What is to be looked at next: the value of that entry, the content of the wrapper.
    next: Option<Word>,
}

/// What a value is for who looks.
enum Look {
    /// It can be sent.
    Fine,
    /// What is in it must be looked at.
    Into(Open),
    /// It can't be sent: what it is.
    Not(String),
}

impl Vm<'_> {
    /// Where in the values something is that can't be sent: `payload[2].handlers.on_done: cannot send
    /// a function`.
    pub(crate) fn unsendable_path(&mut self, values: &[Word], root: &str) -> String {
        let mut seen = HashSet::new();
        for (number, &value) in values.iter().enumerate() {
            if let Some((places, what)) = self.find_unsendable(value, &mut seen) {
                let mut path = root.to_owned();
                if values.len() > 1 || root == "payload" {
                    path.push_str(&format!("[{}]", number + 1));
                }
                for place in places {
                    path.push_str(&place.map_or(":data()".to_owned(), |key| self.key_text(key)));
                }
                return format!("{path}: cannot send {what}");
            }
        }
        format!("{root}: cannot be sent")
    }

    /// The keys that lead to it, `None` for the content of a wrapper, and what it is.
    fn find_unsendable(
        &mut self,
        value: Word,
        seen: &mut HashSet<usize>,
    ) -> Option<(Vec<Option<Word>>, String)> {
        let mut looked = 0;
        let mut open: Vec<Open> = Vec::new();
        let mut next = Some(value);
        let found = loop {
            if let Some(value) = next.take() {
                match self.look_at(value) {
                    Look::Not(what) => {
                        break Some((open.iter().map(|open| open.key).collect(), what));
                    }
                    Look::Into(inner) if open.len() < DEPTH_MAX && seen.insert(inner.at) => {
                        open.push(inner);
                    }
                    Look::Fine | Look::Into(_) => {}
                }
            }
            let Some(top) = open.last_mut() else { break None };
            next = top.next.take();
            if next.is_some() {
                continue;
            }
            // A wrapper has no entries.
            let is_table = word::header_kind(self.heap.get(top.at)) == super::TABLE;
            match self.heap.next_entry(top.at, top.cursor).filter(|_| is_table) {
                Some((cursor, key, item)) => {
                    looked += 1 + cursor - top.cursor;
                    *top = Open { at: top.at, cursor, key: Some(key), next: Some(item) };
                    next = Some(key);
                }
                None => drop(open.pop()),
            }
        };
        self.fuel -= (looked / SLOTS_PER_FUEL) as i64;
        found
    }

    fn look_at(&mut self, value: Word) -> Look {
        let kind = self.type_text(value);
        let at = word::index(value) as usize;
        match kind {
            "nil" | "boolean" | "number" | "string" => Look::Fine,
            "table" if word::space(value) == 0 => {
                Look::Into(Open { at, cursor: 0, key: None, next: None })
            }
            "table" => Look::Not("a library table".to_owned()),
            "userdata" if crate::library::is_class(self, value, class::ERROR) => Look::Fine,
            "userdata" if crate::library::is_class(self, value, class::PAYLOAD) => {
                Look::Into(Open { at, cursor: 0, key: None, next: Some(self.heap.get(at + 1)) })
            }
            "userdata" => Look::Not(format!("a {}", self.type_name(value))),
            "thread" => Look::Not("a coroutine".to_owned()),
            _ => Look::Not(format!("a {kind}")),
        }
    }

    /// A key as Lua code would name it.
    fn key_text(&mut self, key: Word) -> String {
        if !crate::strings::is_string(key) {
            return format!("[{}]", String::from_utf8_lossy(&self.raw_text(key)));
        }
        let bytes = self.bytes(key);
        let kept = crate::outgoing::cut(&bytes, KEY_BYTES_MAX);
        let text = String::from_utf8_lossy(kept).into_owned();
        let is_name = !text.is_empty()
            && text.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric());
        if is_name { format!(".{text}") } else { format!("[{text:?}]") }
    }
}
