//! Random changes to bytes.

use crate::random::Random;

/// Bytes that mean something to one parser or another.
const SPECIAL: &[u8] = b"\0\n\r\t \"'\\()[]{}<>=~-+*/%^#&|:;,.01239aAeExXnN_\x7f\x80\xc3\xff";

/// Changes a text in a few places. `words` are put in now and then.
pub(crate) fn mutate(random: &mut Random, text: &mut Vec<u8>, words: &[&[u8]]) {
    for _ in 0..=random.below(3) {
        once(random, text, words);
    }
}

fn once(random: &mut Random, text: &mut Vec<u8>, words: &[&[u8]]) {
    let at = random.below(text.len() + 1);
    let length = (1 + random.below(8)).min(text.len() - at);
    match random.below(9) {
        0 => text.truncate(at),
        1 => drop(text.drain(at..at + length)),
        2 => text.insert(at, random.pick(SPECIAL)),
        3 if at < text.len() => text[at] = random.pick(SPECIAL),
        4 if at < text.len() => text[at] ^= 1 << random.below(8),
        5 => {
            let piece = text[at..at + length].to_vec();
            let to = random.below(text.len() + 1);
            text.splice(to..to, piece);
        }
        6 => {
            let piece = text[at..at + length].to_vec();
            let many = 1 + random.below(300);
            text.splice(at..at, piece.repeat(many));
        }
        _ if !words.is_empty() => {
            let word = random.pick(words);
            text.splice(at..at, word.iter().copied());
        }
        _ => text.push(random.next() as u8),
    }
}

/// A piece of a text, at most so long, cut at lines where there are some.
pub(crate) fn piece(random: &mut Random, text: &[u8], most: usize) -> Vec<u8> {
    let from = random.below(text.len());
    let from = text[..from].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let rest = &text[from..];
    let length = random.below(most.min(rest.len()) + 1);
    let end =
        rest[length..].iter().position(|&byte| byte == b'\n').map_or(length, |at| length + at);
    rest[..end.min(most)].to_vec()
}
