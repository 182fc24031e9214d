//! `json.decode` and `json.encode`: a process decodes random texts; what it decodes it encodes and
//! decodes again, and must get the same.

use super::{Finding, Target};
use crate::generate::quoted;
use crate::mutate::mutate;
use crate::ours::{self, Mode, Run};
use crate::random::Random;
use std::ops::Range;

/// Texts in one program.
const TEXTS: usize = 40;
/// Longest text, in bytes.
const TEXT_BYTES_MAX: usize = 4096;

const HEAD: &str = "\
local json = require('json')
local function same(a, b)
  if type(a) ~= 'table' or type(b) ~= 'table' then return a == b and math.type(a) == math.type(b) end
  for k, v in next, a do if not same(v, b[k]) then return false end end
  for k in next, b do if a[k] == nil then return false end end
  return true
end
local function t(text)
  local value, err = json.decode(text)
  if err ~= nil then print('refused', type(tostring(err)) == 'string') return end
  local again, fault = json.encode(value)
  if fault ~= nil then print('not encoded') return end
  local back = json.decode(again)
  print('decoded', type(value))
  if not same(value, back) then print('DIFFERS', again) end
end
-- The program:
";

const WORDS: &[&[u8]] = &[
    b"null",
    b"true",
    b"false",
    b"{\"a\":",
    b"[[[[",
    b"]",
    b"}",
    b"\"",
    b"\\u0000",
    b"\\ud83d",
    b"\\udc00",
    b"1e999",
    b"-0",
    b"1E+2",
    b"9223372036854775808",
    b"-9223372036854775808",
    b"0.1",
    b"\xef\xbb\xbf",
    b"\xc3\x28",
    b"\xed\xa0\x80",
    b",",
    b":",
    b"\\",
    b"\\x",
    b"1.",
    b".5",
    b"01",
];

/// See the module.
#[derive(Debug)]
pub(super) struct Json;

impl Target for Json {
    fn batch(&mut self, seeds: Range<u64>) -> Vec<Finding> {
        seeds.filter_map(case).collect()
    }

    fn batch_size(&self) -> u64 {
        16
    }

    fn extension(&self) -> &'static str {
        "lua"
    }
}

fn case(seed: u64) -> Option<Finding> {
    let mut random = Random::new(seed);
    let mut source = HEAD.to_owned();
    for _ in 0..TEXTS {
        let mut text = Vec::new();
        value(&mut random, &mut text, 4);
        if random.one_in(2) {
            mutate(&mut random, &mut text, WORDS);
        }
        text.truncate(TEXT_BYTES_MAX);
        source.push_str(&format!("t({})\n", quoted(&text)));
    }
    let long = ours::run(source.as_bytes(), Mode::Normal);
    let short = ours::run(source.as_bytes(), Mode::Trimmed);
    let title = match (&long, &short) {
        (Run::Panicked(panic), _) | (_, Run::Panicked(panic)) => format!("panics: {panic}"),
        (Run::Printed(long), Run::Printed(short)) if long != short => {
            "short turns give something else".to_owned()
        }
        (Run::Printed(text), _) if text.contains("DIFFERS") || text.contains("ended: ") => {
            let wrong = |line: &&str| line.contains("DIFFERS") || line.contains("ended: ");
            text.lines().find(wrong).unwrap_or_default().to_owned()
        }
        _ => return None,
    };
    Some(Finding::new(seed, title, source.as_bytes()))
}

/// A random value's text.
fn value(random: &mut Random, out: &mut Vec<u8>, depth: usize) {
    match random.below(if depth == 0 { 4 } else { 6 }) {
        0 => out.extend_from_slice(random.pick(&[b"null", b"true", b"1.5e3", b"-12"])),
        1 => {
            out.extend_from_slice((random.next() as i64 >> random.below(64)).to_string().as_bytes())
        }
        2 => {
            let float = f64::from_bits(random.next());
            let text = if float.is_finite() { format!("{float:e}") } else { "0".to_owned() };
            out.extend_from_slice(text.as_bytes());
        }
        3 => text(random, out),
        4 => list(random, out, (b'[', b']'), |random, out| value(random, out, depth - 1)),
        _ => list(random, out, (b'{', b'}'), |random, out| {
            text(random, out);
            out.push(b':');
            value(random, out, depth - 1);
        }),
    }
}

fn list(
    random: &mut Random,
    out: &mut Vec<u8>,
    (open, close): (u8, u8),
    item: impl Fn(&mut Random, &mut Vec<u8>),
) {
    out.push(open);
    for number in 0..random.below(5) {
        if number > 0 {
            out.extend_from_slice(random.pick(&[&b","[..], b", ", b" ,\n"]));
        }
        item(random, out);
    }
    out.push(close);
}

fn text(random: &mut Random, out: &mut Vec<u8>) {
    out.push(b'"');
    for _ in 0..random.below(12) {
        let piece: &[u8] = random.pick(&[
            &b"a"[..],
            b"key",
            b"\\n",
            b"\\u00e9",
            b"\\ud83d\\ude00",
            b"\xc3\xa9",
            b"\\\"",
            b"/",
            b" ",
        ]);
        out.extend_from_slice(piece);
    }
    out.push(b'"');
}
