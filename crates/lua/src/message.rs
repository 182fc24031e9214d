//! Moving values between a heap and fragments.
//!
//! Out: a copy of everything reachable from the values, with references counted from the fragment's
//! start. In: the objects are appended to the heap and their references shifted, in one pass.

mod pack;

use crate::collect::object_words;
use crate::library::class;
use crate::vm::Vm;
use pack::Packer;
use procession_types::Fragment;
use procession_types::word::{self, Kind, Word, table};
use smallvec::SmallVec;
use std::cell::Cell;

/// Deepest path that an error message shows.
const PATH_MAX: usize = 32;

/// Largest room that is made for a message before its size is known, in words.
const EXPECTED_MAX: usize = 1 << 12;

thread_local! {
    /// Size of the last message, and a list to work with.
    static SCRATCH: Cell<(usize, Vec<(usize, Word)>)> = const { Cell::new((0, Vec::new())) };
}

/// Why values could not be packed.
#[derive(Debug)]
pub(crate) enum PackError {
    /// Something in them can't be sent.
    Unsendable,
    /// They are larger than the limit.
    TooLarge,
}

impl Vm<'_> {
    /// Packs values into a fragment.
    pub(crate) fn pack(&mut self, values: &[Word], bytes_max: u64) -> Result<Fragment, PackError> {
        if let [value] = values
            && word::is_scalar(*value)
        {
            let mut words = SmallVec::new();
            words.push(*value);
            return Ok(Fragment::from_words(words, 1));
        }
        let strings = self.strings();
        let words_max = usize::try_from(bytes_max / 8).unwrap_or(usize::MAX);
        // Messages of a program are alike, so the last one tells how large this one gets.
        let (expected, moved) = SCRATCH.take();
        let out = Vec::with_capacity(expected);
        let mut packer = Packer::new(&mut self.heap, strings, out, moved, words_max);
        let result = packer.pack(values);
        let (out, moved) = packer.finish();
        SCRATCH.set((out.len().min(EXPECTED_MAX), moved));
        self.fuel -= (out.len() / 4) as i64;
        result.map(|()| Fragment::from_words(SmallVec::from_vec(out), values.len() as u32))
    }

    /// Unpacks a fragment: its values' words. The heap grows by its objects.
    pub(crate) fn unpack(&mut self, fragment: &Fragment) -> SmallVec<[Word; 4]> {
        self.fuel -= (fragment.words().len() / 4) as i64;
        if fragment.objects().is_empty() {
            return SmallVec::from_slice(fragment.values());
        }
        unpack(&mut self.heap, fragment)
    }

    /// Where in the values something is that can't be sent: `payload[2].handlers.on_done: cannot send
    /// a function`.
    pub(crate) fn unsendable_path(&mut self, values: &[Word], root: &str) -> String {
        let mut seen = Vec::new();
        for (number, &value) in values.iter().enumerate() {
            let path = if values.len() == 1 && root != "payload" {
                root.to_owned()
            } else {
                format!("{root}[{}]", number + 1)
            };
            if let Some(found) = self.find_unsendable(value, path, &mut seen) {
                return found;
            }
        }
        format!("{root}: cannot be sent")
    }

    fn find_unsendable(
        &mut self,
        value: Word,
        path: String,
        seen: &mut Vec<usize>,
    ) -> Option<String> {
        let kind = self.type_text(value);
        match kind {
            "nil" | "boolean" | "number" | "string" => None,
            "table" if word::space(value) == 0 => {
                let at = word::index(value) as usize;
                if seen.contains(&at) || seen.len() > 1000 || path.len() > PATH_MAX * 16 {
                    return None;
                }
                seen.push(at);
                let mut cursor = 0;
                while let Some((next, key, item)) = self.heap.next_entry(at, cursor) {
                    cursor = next;
                    let place = self.key_path(&path, key);
                    if let Some(found) = self.find_unsendable(key, place.clone(), seen) {
                        return Some(found);
                    }
                    if let Some(found) = self.find_unsendable(item, place, seen) {
                        return Some(found);
                    }
                }
                None
            }
            "userdata" if crate::library::is_class(self, value, class::ERROR) => None,
            "table" => Some(format!("{path}: cannot send a library table")),
            "userdata" => {
                let name = self.type_name(value);
                Some(format!("{path}: cannot send a {name}"))
            }
            "thread" => Some(format!("{path}: cannot send a coroutine")),
            _ => Some(format!("{path}: cannot send a {kind}")),
        }
    }

    fn key_path(&mut self, path: &str, key: Word) -> String {
        if crate::strings::is_string(key) {
            let text = String::from_utf8_lossy(&self.bytes(key)).into_owned();
            let is_name = !text.is_empty()
                && text.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric());
            return if is_name { format!("{path}.{text}") } else { format!("{path}[{text:?}]") };
        }
        format!("{path}[{}]", self.raw_text(key))
    }
}

/// See [`Vm::unpack`].
pub(crate) fn unpack(heap: &mut crate::heap::Heap, fragment: &Fragment) -> SmallVec<[Word; 4]> {
    let objects = fragment.objects();
    let base = heap.allocate(objects.len());
    let shift = |value: Word| {
        if word::is_reference(value) { value + base as u64 } else { value }
    };
    let words = heap.words_mut();
    words[base..base + objects.len()].copy_from_slice(objects);
    let mut scan = base;
    let end = base + objects.len();
    while scan < end {
        let head = words[scan];
        let size = object_words(head);
        match Kind::from_u8(word::header_kind(head)) {
            Some(Kind::Table) => {
                for field in [table::ARRAY as usize, table::HASH as usize] {
                    if words[scan + field] as u32 != 0 {
                        words[scan + field] += base as u64;
                    }
                }
            }
            Some(Kind::Hash) => {
                if word::header_flags(head) & crate::table::HASH_BY_POSITION != 0 {
                    words[scan] = head | u64::from(crate::table::HASH_STALE) << 8;
                }
                let used = words[scan + 1] as u32 as usize;
                for value in &mut words[scan + 2..scan + 2 + 2 * used] {
                    *value = shift(*value);
                }
            }
            Some(Kind::Array | Kind::User) => {
                for value in &mut words[scan + 1..scan + size] {
                    *value = shift(*value);
                }
            }
            _ => {}
        }
        scan += size;
    }
    fragment.values().iter().map(|&value| shift(value)).collect()
}
