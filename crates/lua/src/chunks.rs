//! The list of the chunks that a process has loaded, in its heap, and which of them it still uses.
//!
//! Chunk n (2 is the first) has items 2n - 3 and 2n - 2: its source and its name. Its number stands
//! under its source as well. The numbers of chunks that have been given back are linked: the first
//! item is that of the next one (0: there is none), and the head of these links stands under `false`.
//! Under `true` and -1 stands how many words of chunks, and how many chunks, there may be before the next
//! look for some that nothing refers to.

use crate::collect::object_words;
use crate::heap::{Heap, root};
use crate::image::Image;
use crate::index::is_heap_table;
use crate::strings::{Strings, is_string};
use procession_types::word::{self, Kind, Word};
use std::sync::Arc;

/// Key of the first number that may be given again.
const FREE: Word = word::FALSE;
/// Keys of the words and of the chunks that there may be before the next look.
const WORDS_DUE: Word = word::TRUE;
const COUNT_DUE: Word = word::int_wrapping(-1);

/// Space of the constants of the program, as of the library below it.
const PROGRAM_SPACE: u16 = 2;

/// The position of the list; `None` while nothing has been loaded.
fn list(heap: &Heap) -> Option<usize> {
    let list = heap.get(root::SOURCES);
    is_heap_table(list).then(|| word::index(list) as usize)
}

/// Position in the list of a chunk's source; its name follows.
const fn item(number: u16) -> i64 {
    2 * number as i64 - 3
}

/// Keeps the source and the name of a chunk that becomes the image with the [`next`] number. The
/// caller has made sure that there is room for their copies.
pub(crate) fn keep(
    heap: &mut Heap,
    images: &[Arc<Image>],
    number: u16,
    (source, name): (Word, Word),
) {
    let strings = Strings { images };
    if heap.get(root::SOURCES) == word::NIL {
        let at = heap.table(4, 0);
        heap.set(root::SOURCES, word::make(word::TAG_TABLE, 0, at as u32));
    }
    let Some(list) = list(heap) else { return };
    if usize::from(number) < images.len() {
        let after = heap.get_any(strings, list, word::int_wrapping(item(number)));
        heap.set_any(strings, list, FREE, after);
    }
    let [source, name] = [source, name].map(|text| own(heap, strings, text));
    heap.set_int(strings, list, item(number), source);
    heap.set_int(strings, list, item(number) + 1, name);
    heap.set_any(strings, list, source, word::int_wrapping(i64::from(number)));
}

/// The string as one that no chunk holds: chunks are restored in the order of their numbers, and must
/// not keep each other alive.
fn own(heap: &mut Heap, strings: Strings<'_>, text: Word) -> Word {
    if word::tag(text) == word::TAG_STRING && word::space(text) > PROGRAM_SPACE {
        let bytes = strings.bytes(heap, text).to_vec();
        return heap.string(&bytes);
    }
    text
}

/// The number of the next chunk. The list may come from another machine: only the number of a chunk
/// that has been given back is given again.
pub(crate) fn next(heap: &mut Heap, images: &[Arc<Image>]) -> Option<u16> {
    let free = list(heap).map(|list| heap.get_any(Strings { images }, list, FREE));
    let free = free.filter(|&free| word::is_int(free)).map_or(0, word::to_int);
    let is_free = |number: &usize| images.get(*number).is_some_and(|image| image.is_empty());
    let number = usize::try_from(free).ok().filter(is_free).unwrap_or(images.len());
    u16::try_from(number).ok()
}

/// The chunk of the same source and name that was loaded before.
pub(crate) fn known(
    heap: &mut Heap,
    images: &[Arc<Image>],
    (source, name): (Word, Word),
) -> Option<u16> {
    let (strings, list) = (Strings { images }, list(heap)?);
    let number = heap.get_any(strings, list, source);
    if !word::is_int(number) {
        return None;
    }
    let number = u16::try_from(word::to_int(number)).ok().filter(|&number| number >= 2)?;
    let is_there = images.get(usize::from(number)).is_some_and(|image| !image.is_empty());
    let known = heap.get_any(strings, list, word::int_wrapping(item(number) + 1));
    (is_there && is_string(known) && strings.same(heap, known, name)).then_some(number)
}

/// Sources and names of the chunks, in turn, from a heap that has not been checked; `None` when it is
/// damaged.
pub(crate) fn sources(heap: &Heap) -> Option<Vec<Word>> {
    let list = heap.get(root::SOURCES);
    if list == word::NIL {
        return Some(Vec::new());
    }
    if !is_heap_table(list) {
        return None;
    }
    let words = heap.words();
    let array = *words.get(word::index(list) as usize + word::table::ARRAY as usize)?;
    let (block, used) = (array as u32 as usize, (array >> 32) as usize);
    words.get(block + 1..block + 1 + used).map(<[Word]>::to_vec)
}

/// When it is looked for chunks that nothing refers to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Due {
    /// When they take so many words.
    pub(crate) words: usize,
    /// Or there are so many.
    pub(crate) count: usize,
}

/// When the next look is due; `None` while there has been none.
pub(crate) fn due(heap: &mut Heap, images: &[Arc<Image>]) -> Option<Due> {
    let list = list(heap)?;
    let mut number = |key| {
        let value = heap.get_any(Strings { images }, list, key);
        word::is_int(value).then(|| usize::try_from(word::to_int(value)).ok()).flatten()
    };
    Some(Due { words: number(WORDS_DUE)?, count: number(COUNT_DUE)? })
}

/// Notes that.
pub(crate) fn set_due(heap: &mut Heap, images: &[Arc<Image>], due: Due) {
    let Some(list) = list(heap) else { return };
    for (key, number) in [(WORDS_DUE, due.words), (COUNT_DUE, due.count)] {
        heap.set_any(Strings { images }, list, key, word::int_wrapping(number as i64));
    }
}

/// Takes a chunk from the list.
pub(crate) fn forget(heap: &mut Heap, images: &[Arc<Image>], number: u16) {
    let (strings, Some(list)) = (Strings { images }, list(heap)) else { return };
    let own = word::int_wrapping(i64::from(number));
    let source = heap.get_any(strings, list, word::int_wrapping(item(number)));
    if is_string(source) && heap.get_any(strings, list, source) == own {
        heap.set_any(strings, list, source, word::NIL);
    }
    let free = heap.get_any(strings, list, FREE);
    let free = if word::is_int(free) { free } else { word::int_wrapping(0) };
    heap.set_int(strings, list, item(number), free);
    heap.set_int(strings, list, item(number) + 1, word::FALSE);
    heap.set_any(strings, list, FREE, own);
}

/// Which of `count` images the words of a heap refer to: by closures and by constants. Of a heap that
/// was just collected this is what the process can reach.
pub(crate) fn in_use(heap: &Heap, count: usize) -> Vec<bool> {
    let mut used = vec![false; count];
    let words = heap.words();
    mark_constants(&words[1..root::RAW], &mut used);
    let mut at = root::END;
    while at < words.len() {
        let head = words[at];
        let object = &words[at..at + object_words(head)];
        at += object.len();
        match Kind::from_u8(word::header_kind(head)) {
            Some(Kind::String | Kind::Integer | Kind::Table) | None => {}
            Some(Kind::Hash) => {
                let first = word::HASH_ENTRIES as usize;
                let entries = object[word::HASH_USED as usize] as u32 as usize;
                mark_constants(&object[first..first + 2 * entries], &mut used);
            }
            Some(Kind::Array | Kind::Box | Kind::Coroutine | Kind::User | Kind::Stack) => {
                mark_constants(&object[1..], &mut used);
            }
            Some(Kind::Closure) => {
                mark((object[1] >> 32) as u16, &mut used);
                mark_constants(&object[2..], &mut used);
            }
        }
    }
    used
}

fn mark_constants(values: &[Word], used: &mut [bool]) {
    for &value in values {
        if word::tag(value) == word::TAG_STRING && word::space(value) != 0 {
            mark(word::space(value) - 1, used);
        }
    }
}

fn mark(image: u16, used: &mut [bool]) {
    if let Some(used) = used.get_mut(usize::from(image)) {
        *used = true;
    }
}
