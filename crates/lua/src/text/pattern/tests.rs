//! Tables of matches; the comparison with PUC Lua itself runs outside of the unit tests.

use super::{
    CAPTURES_MAX, Capture, DEPTH_MAX, Matcher, PatternError, SET_BYTES_MAX, Step, has_specials,
};

/// Start, end and captures of the first match; fuel taken by the slice.
type Found = (Result<Option<(usize, usize, Vec<Capture>)>, PatternError>, i64);

fn search(subject: &[u8], pattern: &[u8], slice: i64) -> Found {
    let mut matcher = Matcher::new(0);
    let mut spent = 0;
    loop {
        let mut fuel = slice;
        let step = matcher.search(subject, pattern, &mut fuel);
        spent += slice - fuel;
        match step {
            Ok(Step::Matched { end }) => {
                return (Ok(Some((matcher.start(), end, matcher.captures().to_vec()))), spent);
            }
            Ok(Step::Failed) => return (Ok(None), spent),
            Ok(Step::OutOfFuel) => {
                let mut bytes = Vec::new();
                matcher.save(&mut bytes);
                matcher = Matcher::restore(&bytes).unwrap();
            }
            Err(error) => return (Err(error), spent),
        }
    }
}

fn found(subject: &str, pattern: &str) -> Option<(usize, usize)> {
    let (result, _) = search(subject.as_bytes(), pattern.as_bytes(), 1 << 40);
    result.unwrap().map(|(start, end, _)| (start, end))
}

fn error(subject: &[u8], pattern: &[u8]) -> String {
    search(subject, pattern, 1 << 40).0.unwrap_err().to_string()
}

#[test]
fn matches() {
    let cases = [
        ("hello world", "o w", Some((4, 7))),
        ("hello", "l+", Some((2, 4))),
        ("hello", "x*", Some((0, 0))),
        ("hello", ".-o", Some((0, 5))),
        ("hello", "l$", None),
        ("hello", "o$", Some((4, 5))),
        ("a$b", "a$b", Some((0, 3))),
        ("key = value", "%w+%s*=%s*%w+", Some((0, 11))),
        ("f(a(b)c)d", "%b()", Some((1, 8))),
        ("f(a(b", "%b()", None),
        ("THE (quick) fox", "%f[%a]%a+", Some((0, 3))),
        ("x = 'it'", "(['\"])(.-)%1", Some((4, 8))),
        ("abc", "[^a]", Some((1, 2))),
        ("a]c", "[]]", Some((1, 2))),
        ("a-c", "[a%-]+", Some((0, 2))),
        ("0x1F", "0[xX]%x+", Some((0, 4))),
        ("aaa", "a?a?a?a?aa", Some((0, 3))),
        ("", "", Some((0, 0))),
        ("abc", "()b()", Some((1, 2))),
        ("a,b,c", "^(.-),", None),
        ("a.b", "%.", Some((1, 2))),
        ("xay", "((x)(a))%3", None),
        ("xaay", "((x)(a))%3", Some((0, 3))),
    ];
    for (subject, pattern, expected) in cases {
        assert_eq!(found(subject, pattern), expected, "{subject:?} {pattern:?}");
    }
}

#[test]
fn captures_in_the_order_of_their_opening() {
    let (result, _) = search(b"k=v", b"((%w)=()(%w))", 1 << 40);
    let (_, _, captures) = result.unwrap().unwrap();
    let expected = [
        Capture::Span { start: 0, end: 3 },
        Capture::Span { start: 0, end: 1 },
        Capture::Position(3),
        Capture::Span { start: 2, end: 3 },
    ];
    assert_eq!(captures, expected);
}

#[test]
fn captures_are_opened_again_on_the_way_back() {
    // The group closes at each attempt of the greedy item; only the last counts.
    let (result, _) = search(b"aaab", b"(a*)(a-)ab", 1 << 40);
    let (_, _, captures) = result.unwrap().unwrap();
    assert_eq!(captures[0], Capture::Span { start: 0, end: 2 });
    assert_eq!(captures[1], Capture::Span { start: 2, end: 2 });
}

#[test]
fn an_unclosed_capture_shows_only_when_used() {
    let mut matcher = Matcher::new(0);
    let step = matcher.search(b"a", b"(a", &mut 100);
    assert_eq!(step, Ok(Step::Matched { end: 1 }));
    assert_eq!(matcher.finished_captures(CAPTURES_MAX), Err(PatternError::UnfinishedCapture));
}

#[test]
fn malformed_patterns_have_the_texts_of_puc() {
    let cases = [
        ("%", "malformed pattern (ends with '%')"),
        ("[a", "malformed pattern (missing ']')"),
        ("[]", "malformed pattern (missing ']')"),
        ("[^]", "malformed pattern (missing ']')"),
        ("[%", "malformed pattern (missing ']')"),
        ("[a%]", "malformed pattern (missing ']')"),
        ("%f", "missing '[' after '%f' in pattern"),
        ("%b", "malformed pattern (missing arguments to '%b')"),
        ("%bx", "malformed pattern (missing arguments to '%b')"),
        ("a)", "invalid pattern capture"),
        ("%1", "invalid capture index %1"),
        ("%0", "invalid capture index %0"),
        ("(a%1)", "invalid capture index %1"),
    ];
    for (pattern, text) in cases {
        assert_eq!(error(b"a", pattern.as_bytes()), text, "{pattern}");
    }
    assert_eq!(error(b"a", &b"()".repeat(33)), "too many captures");
}

#[test]
fn limits_are_errors() {
    let subject = vec![b'a'; 300];
    let depth = usize::from(DEPTH_MAX);
    assert_eq!(error(&subject, &b"a?".repeat(depth + 1)), "pattern too complex");
    assert!(search(&subject, &b"a?".repeat(depth), 1 << 40).0.unwrap().is_some());
    let mut set = vec![b'['];
    set.resize(SET_BYTES_MAX + 2, b'x');
    assert_eq!(error(b"a", &set), "pattern too complex");
}

#[test]
fn stopping_anywhere_changes_neither_result_nor_cost() {
    let cases: [(&[u8], &[u8]); 14] = [
        (b"aaaaaaaaaaaaaaaaaaab", b"a-a-a-b"),
        (b"aaaaaaaaaaaaaaaa", b".-.-.-x"),
        (b"aaaaaaaaaaaa", b"a*a*a*a*x"),
        (b"key = value, other = thing;", b"(%w+)%s*=%s*([%w_]+);"),
        (b"((a)(b(c)))d", b"%b()d"),
        (b"((((((((", b"%b()"),
        (b"abcabcabcabc", b"(abc)%1(%1)"),
        (b"abcabcabcabd", b"(.*)(%a+)%1x"),
        (b"  THE (quick) fox", b"%f[%a]%a+%f[%A]%s%("),
        (b"x='a\"b' y=\"c\"", b"([\"'])(.-)%1$"),
        (b"aXbXcXd", b"^?(.-)X(.-)X.$"),
        (b"aaaaaaaaaabbbbbbbbbb", b"[ab]-[^a]+()$"),
        (b"aaaaaa", b"(a?)(a?)(a?)(a?)(a?)(a?)(a?)aab"),
        (b"nothing here", b"[0-9]+"),
    ];
    for (subject, pattern) in cases {
        let whole = search(subject, pattern, 1 << 40);
        for slice in [1, 2, 3, 7] {
            let text = String::from_utf8_lossy(pattern);
            assert_eq!(search(subject, pattern, slice), whole, "{text} by {slice}");
        }
    }
}

#[test]
fn bad_bytes_never_restore_to_a_panic() {
    let subject = b"aaaaabbbbb(ab)aabb";
    let pattern = b"(a*)([ab]-)%b()%1b?$";
    let mut matcher = Matcher::new(0);
    let step = matcher.search(subject, pattern, &mut 20);
    assert_eq!(step, Ok(Step::OutOfFuel));
    let mut bytes = Vec::new();
    matcher.save(&mut bytes);
    for cut in 0..bytes.len() {
        assert!(Matcher::restore(&bytes[..cut]).is_none());
    }
    for at in 0..bytes.len() {
        for value in [0, 1, 2, 3, 5, 17, 18, 19, 32, 199, 255] {
            let mut bad = bytes.clone();
            bad[at] = value;
            if let Some(mut matcher) = Matcher::restore(&bad)
                && let Ok(Step::Matched { end }) = matcher.search(subject, pattern, &mut 1_000_000)
            {
                assert!(end <= subject.len());
                for capture in matcher.captures() {
                    if let Capture::Span { start, end } = capture {
                        assert!(start <= end && *end <= subject.len());
                    }
                }
            }
        }
    }
}

#[test]
fn the_stack_grows_with_the_pattern_not_the_subject() {
    let subject = vec![b'a'; 100_000];
    let mut matcher = Matcher::new(0);
    let step = matcher.run(&subject, b"(a*)%w-a?b", &mut 300_000);
    assert_eq!(step, Ok(Step::OutOfFuel));
    assert!(matcher.choices.len() <= 4);
}

#[test]
fn specials() {
    assert!(!has_specials(b"plain text)]"));
    for special in b"^$*+?.([%-" {
        assert!(has_specials(&[b'a', *special]));
    }
}
