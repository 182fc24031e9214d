//! Looking at Rust source without its comments and without its tests.

/// A source file cut in two.
pub(super) struct Source<'a> {
    /// The lines before the tests, all of them when the file holds only tests of others.
    pub(super) code: Vec<&'a str>,
    /// The lines of the tests.
    pub(super) tests: Vec<&'a str>,
}

/// Cuts a file at its test module: a line `#[cfg(test)]` followed by a module with a body.
pub(super) fn split(text: &str) -> Source<'_> {
    let lines: Vec<&str> = text.lines().collect();
    let start = lines.windows(2).position(|pair| {
        pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ") && pair[1].ends_with('{')
    });
    let (code, tests) = lines.split_at(start.unwrap_or(lines.len()));
    Source { code: code.to_vec(), tests: tests.to_vec() }
}

/// A line without its comment. A `//` inside a string ends the line too: what is looked for here
/// does not stand in strings.
pub(super) fn uncommented(line: &str) -> &str {
    line.split_once("//").map_or(line, |(code, _)| code)
}

/// Whether the word stands in the line as a whole word, which may be a path like `std::fs`.
pub(super) fn has_word(line: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        !line[..at].ends_with(part_of_word) && !line[at + word.len()..].starts_with(part_of_word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_are_found() {
        for (line, word, expected) in [
            ("use std::fs;", "std::fs", true),
            ("std::fs::read()", "std::fs", true),
            ("std::fsync", "std::fs", false),
            ("let operand = 1;", "rand", false),
            ("rand::random()", "rand", true),
            ("InstantReply", "Instant", false),
        ] {
            assert_eq!(has_word(line, word), expected, "{line}");
        }
        assert_eq!(uncommented("code // an Instant"), "code ");
    }

    #[test]
    fn tests_are_cut_off() {
        let text = "a\n#[cfg(test)]\nmod tests;\nb\n#[cfg(test)]\nmod tests {\n c\n}\n";
        let source = split(text);
        assert_eq!((source.code.len(), source.tests.len()), (4, 4));
    }
}
