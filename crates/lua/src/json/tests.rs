//! Both directions over a heap without a process.

use super::decode::{Decoded, decode};
use super::encode::{EncodeError, Encoder};
use super::{DEPTH_MAX, TEXT_BYTES_MAX};
use crate::heap::Heap;
use crate::strings::Strings;
use procession_types::word::{self, Kind, Word};

const STRINGS: Strings<'static> = Strings { images: &[] };
const HEAP_BYTES: u64 = 64 << 20;

fn heap() -> Heap {
    let mut heap = Heap::new(HEAP_BYTES);
    heap.threshold = heap.limit;
    heap
}

fn encoded(heap: &mut Heap, value: Word) -> Result<String, String> {
    let mut encoder = Encoder::new(heap, STRINGS);
    let done = encoder.run(value);
    done.map(|()| String::from_utf8(encoder.text).unwrap()).map_err(|error| error.to_string())
}

fn decoded(heap: &mut Heap, text: &str) -> Result<Word, String> {
    let before = heap.used();
    match decode(heap, STRINGS, text.as_bytes()) {
        (Ok(Decoded::Value(value)), words) => {
            assert_eq!(heap.used() - before, words, "words counted for {text}");
            Ok(value)
        }
        (Ok(Decoded::NoRoom), words) => panic!("no room for {words} words"),
        (Err(message), _) => Err(message),
    }
}

/// What a text becomes when it is read and written.
fn again(text: &str) -> String {
    let mut heap = heap();
    let value = decoded(&mut heap, text).unwrap();
    encoded(&mut heap, value).unwrap()
}

fn refused(text: &str) -> String {
    decoded(&mut heap(), text).unwrap_err()
}

fn table(at: usize) -> Word {
    word::make(word::TAG_TABLE, 0, at as u32)
}

fn set(heap: &mut Heap, at: usize, key: Word, value: Word) {
    heap.set_any(STRINGS, at, key, value);
}

fn object(heap: &mut Heap, fields: &[(&str, Word)]) -> Word {
    let at = heap.table(0, 0);
    for (name, value) in fields {
        let name = heap.string(name.as_bytes());
        set(heap, at, name, *value);
    }
    table(at)
}

fn list(heap: &mut Heap, items: &[Word]) -> Word {
    let at = heap.table(0, 0);
    for (item, key) in items.iter().zip(1..) {
        heap.set_int(STRINGS, at, key, *item);
    }
    table(at)
}

#[test]
fn texts_that_stay_as_they_are() {
    for text in [
        "null",
        "true",
        "false",
        "0",
        "-7",
        "9223372036854775807",
        "-9223372036854775808",
        "140737488355328",
        "-140737488355329",
        "0.5",
        "1.0",
        "-0.0",
        "5e-324",
        "1e+100",
        "1.7976931348623157e+308",
        "0.1",
        "1.2345678901234568e+17",
        r#""""#,
        r#""text""#,
        r#""a longer text than five""#,
        r#""\u0000\u001f\b\f\n\r\t\"\\/""#,
        "\"\u{7f}grün €😀\"",
        "[]",
        "[1,2,3]",
        "[[],[[]]]",
        r#"[true,"x",{"a":1}]"#,
        r#"{"z":1,"a":{"long name":[1]},"":2}"#,
        r#"{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"eleven":10}"#,
        r#"[{"long name":1},{"long name":2}]"#,
    ] {
        assert_eq!(again(text), text);
    }
}

#[test]
fn texts_with_a_simpler_form() {
    for (text, simple) in [
        (" { \"a\" : [ 1 ,\r\n\t2 ] } ", r#"{"a":[1,2]}"#),
        (r#""\u0041\u00e4\u20ac\ud83d\ude00\/""#, "\"Aä€😀/\""),
        ("1e3", "1000.0"),
        ("-2.5E-1", "-0.25"),
        ("-0", "-0.0"),
        ("9223372036854775808", "9.223372036854776e+18"),
        ("18446744073709551616", "1.8446744073709552e+19"),
        ("{}", "[]"),
        ("[null]", "[]"),
        ("[1,null]", "[1]"),
        (r#"{"a":null}"#, "[]"),
        (r#"{"a":null,"b":1}"#, r#"{"b":1}"#),
        (r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#),
        (r#"{"same name":1,"same name":null}"#, "[]"),
        (r#"{"a":1,"a":null,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#),
    ] {
        assert_eq!(again(text), simple, "{text}");
    }
}

#[test]
fn a_null_is_a_hole() {
    let mut heap = heap();
    let value = decoded(&mut heap, "[null,1,null,3,null]").unwrap();
    let at = word::index(value) as usize;
    let items = [1, 2, 3, 4, 5].map(|key| heap.get_int(STRINGS, at, key));
    let int = word::int_wrapping;
    assert_eq!(items, [word::NIL, int(1), word::NIL, int(3), word::NIL]);
    assert_eq!(heap.length(STRINGS, at), 4);
}

#[test]
fn floats_come_back_as_they_were() {
    // Reading without `float_roundtrip` misses some of these by one unit in the last place.
    let mut bits = 0x1234_5678_9ABC_DEF1_u64;
    let mut heap = heap();
    for _ in 0..20_000 {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        let value = f64::from_bits(bits);
        if value.is_finite() {
            let text = encoded(&mut heap, word::from_f64(value)).unwrap();
            assert_eq!(decoded(&mut heap, &text), Ok(word::from_f64(value)), "{text}");
        }
    }
}

#[test]
fn mistakes_and_their_places() {
    for (text, message) in [
        ("", "unexpected end while parsing a value at line 1 column 0"),
        ("[", "unexpected end while parsing a list at line 1 column 1"),
        ("\"open", "unexpected end while parsing a string at line 1 column 5"),
        ("[1,\n 2,\n x]", "expected value at line 3 column 2"),
        ("[1,]", "trailing comma at line 1 column 4"),
        ("{a:1}", "key must be a string at line 1 column 2"),
        ("1 2", "trailing characters at line 1 column 3"),
        (r#""\ud83d""#, "unexpected end of hex escape at line 1 column 8"),
        ("1e999", "number out of range at line 1 column 5"),
    ] {
        assert_eq!(refused(text), message, "{text}");
    }
    for text in [
        "]",
        "{",
        "[1 2]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{'a':1}",
        r#""\x""#,
        r#""\u12""#,
        r#""\udc00""#,
        r#""\ud83d\u0041""#,
        "tru",
        "nul",
        "True",
        "01",
        "-01",
        "1.",
        ".5",
        "+1",
        "- 1",
        "-",
        "1e",
        "1e+",
        "NaN",
        "Infinity",
        "-Infinity",
        "0x10",
        "[] []",
        "\"line\nfeed\"",
        "\"tab\t\"",
        "\"\0\"",
        "// comment\n1",
        "\u{feff}1",
        "\u{a0}1",
        "nulll",
        "{\"a\":1 \"b\":2}",
        "{1:2}",
        "{null:1}",
    ] {
        refused(text);
    }
}

#[test]
fn bytes_that_are_not_utf8() {
    for text in [&b"\"\xff\""[..], b"\"\xed\xa0\x80\"", b"{\"\xc0\x80\":1}", b"\xff"] {
        assert!(decode(&mut heap(), STRINGS, text).0.is_err());
    }
    let mut heap = heap();
    let bad = heap.string(b"ab\xff");
    let value = object(&mut heap, &[("x", bad)]);
    let message = "x: cannot encode a string that is not UTF-8";
    assert_eq!(encoded(&mut heap, value), Err(message.to_owned()));
    let at = heap.table(0, 0);
    set(&mut heap, at, bad, word::TRUE);
    let value = list(&mut heap, &[table(at)]);
    let message = "[1]: cannot encode a key that is not UTF-8";
    assert_eq!(encoded(&mut heap, value), Err(message.to_owned()));
}

#[test]
fn what_is_written_at_the_limit_of_depth_is_read() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert_eq!(again(&nested(DEPTH_MAX)), nested(DEPTH_MAX));
    let objects = r#"{"a":"#.repeat(DEPTH_MAX - 1) + "[]" + &"}".repeat(DEPTH_MAX - 1);
    assert_eq!(again(&objects), objects);
    assert_eq!(refused(&nested(DEPTH_MAX + 1)), "more than 127 levels at line 1 column 128");
    refused(&"[".repeat(100_000));
    let mut heap = heap();
    let inner = decoded(&mut heap, &nested(DEPTH_MAX)).unwrap();
    let outer = list(&mut heap, &[inner]);
    assert_eq!(encoded(&mut heap, outer), Err(EncodeError::TooDeep.to_string()));
}

#[test]
fn reading_at_full_depth_fits_a_small_stack() {
    let read = || again(&(r#"[{"a":"#.repeat(DEPTH_MAX / 2) + "1" + &"}]".repeat(DEPTH_MAX / 2)));
    let thread = std::thread::Builder::new().stack_size(512 << 10).spawn(read).unwrap();
    assert!(thread.join().unwrap().contains("1"));
}

#[test]
fn values_without_a_text_are_named_by_their_path() {
    let function = word::make(word::TAG_FUNCTION, 1, 0);
    let mut heap = heap();
    let handlers = object(&mut heap, &[("on_done", function)]);
    let nested = object(&mut heap, &[("ok", word::TRUE), ("handlers", handlers)]);
    let items = list(&mut heap, &[word::TRUE, function]);
    let named = object(&mut heap, &[("two words", items)]);
    let error = heap.user(crate::library::class::ERROR, &[word::NIL; 5]);
    let channel = heap.user(crate::library::class::CHANNEL, &[word::NIL]);
    let coroutine = word::object(Kind::Coroutine, 0);
    let infinite = list(&mut heap, &[word::from_f64(f64::NEG_INFINITY)]);
    let library = crate::library::table_word(3);
    for (value, message) in [
        (function, "cannot encode a function"),
        (crate::library::builtin_word(0), "cannot encode a function"),
        (coroutine, "cannot encode a coroutine"),
        (error, "cannot encode an error"),
        (channel, "cannot encode a channel"),
        (library, "cannot encode a library table"),
        (word::from_f64(f64::NAN), "cannot encode NaN"),
        (infinite, "[1]: cannot encode an infinite number"),
        (nested, "handlers.on_done: cannot encode a function"),
        (named, "[\"two words\"][2]: cannot encode a function"),
    ] {
        assert_eq!(encoded(&mut heap, value), Err(message.to_owned()));
    }
}

#[test]
fn tables_of_every_shape() {
    let int = word::int_wrapping;
    let other = "cannot encode a table with integer keys other than 1 to n";
    let mixed = "cannot encode a table with both integer and string keys";
    let mut heap = heap();
    let big = heap.integer(i64::MAX);
    let name = heap.string(b"n");
    let key = table(heap.table(0, 0));
    let cases: [(&[Word], Result<&str, &str>); 11] = [
        (&[], Ok("[]")),
        (&[int(1), int(2), int(3)], Ok("[true,true,true]")),
        (&[int(3), int(2), int(1)], Ok("[true,true,true]")),
        (&[int(1), int(3)], Err(other)),
        (&[int(0), int(1)], Err(other)),
        (&[int(-1)], Err(other)),
        (&[big], Err(other)),
        (&[int(1), name], Err(mixed)),
        (&[word::from_f64(0.5)], Err("cannot encode a table with a float as key")),
        (&[word::TRUE], Err("cannot encode a table with a boolean as key")),
        (&[key], Err("cannot encode a table with a table as key")),
    ];
    for (keys, wanted) in cases {
        let at = heap.table(0, 0);
        for &key in keys {
            set(&mut heap, at, key, word::TRUE);
        }
        let got = encoded(&mut heap, table(at));
        assert_eq!(got, wanted.map(str::to_owned).map_err(str::to_owned));
    }
}

#[test]
fn removed_keys_are_not_there() {
    let mut heap = heap();
    let value = object(&mut heap, &[("a", word::TRUE), ("b", word::TRUE), ("c", word::TRUE)]);
    let name = heap.string(b"a");
    set(&mut heap, word::index(value) as usize, name, word::NIL);
    assert_eq!(encoded(&mut heap, value).unwrap(), r#"{"b":true,"c":true}"#);
}

#[test]
fn a_table_inside_itself_is_refused_and_one_met_twice_is_not() {
    let mut heap = heap();
    let shared = list(&mut heap, &[word::TRUE]);
    let twice = list(&mut heap, &[shared, shared]);
    assert_eq!(encoded(&mut heap, twice).unwrap(), "[[true],[true]]");
    let inner = object(&mut heap, &[("outer", word::NIL)]);
    let outer = object(&mut heap, &[("inner", inner)]);
    let name = heap.string(b"outer");
    set(&mut heap, word::index(inner) as usize, name, outer);
    let message = "inner.outer: cannot encode a table inside itself";
    assert_eq!(encoded(&mut heap, outer), Err(message.to_owned()));
}

#[test]
fn small_values_with_huge_texts_are_refused() {
    // No `assert_eq`: it would print megabytes.
    let is_refused = |heap: &mut Heap, value| {
        encoded(heap, value).is_err_and(|message| message == EncodeError::TooLarge.to_string())
    };
    // 2^100 leaves.
    let mut heap = heap();
    let mut value = list(&mut heap, &[]);
    for _ in 0..100 {
        value = list(&mut heap, &[value, value]);
    }
    assert!(is_refused(&mut heap, value));
    // An emptied table that is long to look through, many times.
    let emptied = heap.table(0, 0);
    for key in 0..100_000 {
        set(&mut heap, emptied, word::from_f64(f64::from(key) + 0.5), word::TRUE);
    }
    for key in 0..100_000 {
        set(&mut heap, emptied, word::from_f64(f64::from(key) + 0.5), word::NIL);
    }
    let items = vec![table(emptied); 10_000];
    let value = list(&mut heap, &items);
    assert!(is_refused(&mut heap, value));
    let long = heap.string(&vec![0; TEXT_BYTES_MAX / 2]);
    assert!(is_refused(&mut heap, long));
}

#[test]
fn without_room_only_the_words_are_counted() {
    let text = r#"[{"long name":"a longer text","n":[1,null,9223372036854775807]},"x",[[]]]"#;
    let mut roomy = heap();
    let before = roomy.used();
    decoded(&mut roomy, text).unwrap();
    let needed = roomy.used() - before;
    for room in 0..needed {
        let mut heap = heap();
        heap.threshold = heap.used() + room;
        let (read, words) = decode(&mut heap, STRINGS, text.as_bytes());
        assert_eq!((read, words), (Ok(Decoded::NoRoom), needed));
        assert!(heap.used() <= heap.threshold);
    }
    let mut heap = heap();
    heap.threshold = heap.used() + needed;
    assert!(matches!(decode(&mut heap, STRINGS, text.as_bytes()), (Ok(Decoded::Value(_)), _)));
}

/// `cargo test --release -p procession-lua json::tests::speed -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
fn speed() {
    let item =
        r#"{"id":12345,"name":"item with a name","tags":["a","b"],"price":12.5,"active":true}"#;
    let text = format!("[{}]", vec![item; 10_000].join(","));
    let mut heap = heap();
    let start = std::time::Instant::now();
    let value = decoded(&mut heap, &text).unwrap();
    let read = start.elapsed();
    let start = std::time::Instant::now();
    let written = encoded(&mut heap, value).unwrap();
    let mb = |time: std::time::Duration| text.len() as f64 / time.as_secs_f64() / 1e6;
    println!("decode {:.0} MB/s, encode {:.0} MB/s", mb(read), mb(start.elapsed()));
    println!("{:.2} words per byte", heap.used() as f64 / text.len() as f64);
    assert_eq!(written.len(), text.len());
}
