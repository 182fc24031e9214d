//! Words of foreign texts in messages, and the known words that they look like.

/// Characters of a foreign word that a message shows.
const SHOWN_CHARACTERS_MAX: usize = 60;
/// Characters of words that are compared.
const COMPARED_CHARACTERS_MAX: usize = 64;
/// Known words that a message lists.
const LISTED_MAX: usize = 20;

/// A character as it can be shown: what would move the cursor is shown as something harmless.
pub(crate) fn printable(character: char) -> char {
    match character {
        '\t' => ' ',
        // The marks that change the direction of the text around them.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}'..='\u{200f}' => '\u{fffd}',
        _ if character.is_control() => '\u{fffd}',
        _ => character,
    }
}

/// A foreign text in quotes, on one line and not too long.
pub(crate) fn quoted(text: &str) -> String {
    let shown: String = text.chars().take(SHOWN_CHARACTERS_MAX).map(printable).collect();
    let more = if text.chars().nth(SHOWN_CHARACTERS_MAX).is_some() { "…" } else { "" };
    format!("\"{shown}{more}\"")
}

/// What to do about a word that is none of the known ones.
pub(crate) fn suggestion<'a>(
    word: &str,
    what: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Option<String> {
    if let Some(nearest) = nearest(word, known.clone()) {
        return Some(format!("did you mean \"{nearest}\"?"));
    }
    let list: Vec<&str> = known.take(LISTED_MAX + 1).collect();
    match list.len() {
        0 => None,
        // A long list helps nobody.
        count if count > LISTED_MAX => None,
        _ => Some(format!("known {what}: {}", list.join(", "))),
    }
}

/// The known word that is at most two typing errors away from `word`.
pub(crate) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = match word.chars().count() {
        0..=1 => return None,
        2..=4 => 1,
        _ => 2,
    };
    known
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many characters have to be added, taken away, replaced or swapped with their neighbour.
fn distance(from: &str, to: &str) -> usize {
    // Words of very different lengths need no table.
    if from.len().abs_diff(to.len()) > 8 {
        return usize::MAX;
    }
    let to: Vec<char> = to.chars().take(COMPARED_CHARACTERS_MAX).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    let mut last = None;
    for (line, a) in from.chars().take(COMPARED_CHARACTERS_MAX).enumerate() {
        let mut next = vec![line + 1];
        for (column, &b) in to.iter().enumerate() {
            let replaced = row[column] + usize::from(a != b);
            let mut best = replaced.min(row[column + 1] + 1).min(next[column] + 1);
            let swapped = column > 0 && last == Some(b) && to[column - 1] == a;
            if let (true, Some(&skipped)) = (swapped, before.get(column.wrapping_sub(1))) {
                best = best.min(skipped + 1);
            }
            next.push(best);
        }
        last = Some(a);
        before = std::mem::replace(&mut row, next);
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found() {
        let words = ["allow", "deny", "actions", "resources", "value_from"];
        for (word, expected) in [
            ("alow", Some("allow")),
            ("allwo", Some("allow")),
            ("dney", Some("deny")),
            ("action", Some("actions")),
            ("value-from", Some("value_from")),
            ("permit", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, words.into_iter()), expected, "{word}");
        }
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn foreign_texts_move_no_cursor() {
        assert_eq!(quoted("a\u{1b}[2Jb\tc\u{202e}"), "\"a\u{fffd}[2Jb c\u{fffd}\"");
        assert_eq!(quoted(&"x".repeat(61)), format!("\"{}…\"", "x".repeat(60)));
    }
}
