//! Numbers and texts that programs are made of: many of them at the limits.

use super::Generator;
use crate::random::Random;

const NUMBERS: &[&str] = &[
    "0",
    "1",
    "-1",
    "2",
    "3",
    "7",
    "10",
    "255",
    "1.5",
    "-0.0",
    "0.1",
    "1e15",
    "1e16",
    "1e100",
    "2^53",
    "1/0",
    "-1/0",
    "0/0",
    "math.maxinteger",
    "math.mininteger",
    "0x7fffffff",
    "1 << 47",
    "-(1 << 47)",
    "(1 << 47) - 1",
    "3.0",
    "1e308",
    "-3",
    "-7",
    "0.5",
    "2.5",
    "1 << 62",
    "-1e15",
    "0x1p-2",
    "0x.8p4",
    "9007199254740993",
    "9223372036854775807.0",
    "-9223372036854775808.0",
    "9223372036854775808",
    "0xffffffffffffffff",
    "5e-324",
    "123456789012",
    "math.pi",
    "1 << 63",
    "140737488355328",
    "-140737488355329",
    "4611686018427387904",
    "64",
    "-64",
    "63",
];
const TEXTS: &[&str] = &[
    "",
    "a",
    "abc",
    "10",
    "0x1F",
    " 5 ",
    "1e2",
    "hello world",
    "a,b,,c",
    "x=1, y=2",
    "\0z",
    "longer than a word is",
    "(foo(bar))",
    "%d",
    "ababababab",
    "-7",
    "0x",
    "1e",
    "inf",
    "nan",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "0x1p4",
    "1.",
    ".5",
    ".",
    "12345",
    "123456",
    "\u{e9}t\u{e9}",
    "\r\n\t",
    "two words",
    "THE Quick",
    "key",
    "5.0",
    "-0",
];

/// A Lua literal for any bytes.
pub(crate) fn quoted(bytes: &[u8]) -> String {
    let mut text = String::from("\"");
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => {
                text.push('\\');
                text.push(byte as char);
            }
            b' '..=b'~' => text.push(byte as char),
            _ => text.push_str(&format!("\\{byte:03}")),
        }
    }
    text + "\""
}

/// A number with any bits, as an expression that needs no parentheses.
pub(super) fn any_number(random: &mut Random) -> String {
    let shift = random.below(64);
    let bits = random.next() >> shift;
    match random.below(4) {
        0 => format!("{}", bits as i64 & i64::MAX),
        1 => format!("{bits:#x}"),
        2 => {
            let value = f64::from_bits(random.next() & !(1 << 63));
            if value.is_finite() { format!("{value:e}") } else { "1e999".to_owned() }
        }
        _ => format!("{}.{}", bits % 100_000, random.below(1000)),
    }
}

impl Generator {
    pub(super) fn number(&mut self) -> String {
        match self.random.below(8) {
            0 => any_number(&mut self.random),
            1 | 2 => self.random.below(20).to_string(),
            _ => {
                let text = self.pick(NUMBERS);
                let needs = text.bytes().any(|byte| b" -/^<".contains(&byte));
                if needs { format!("({text})") } else { text.to_owned() }
            }
        }
    }

    pub(super) fn small(&mut self) -> String {
        self.pick(&["0", "1", "2", "3", "4", "5", "-1", "-2", "-3", "10", "1.0", "'2'"]).to_owned()
    }

    pub(super) fn text(&mut self) -> String {
        match self.random.below(8) {
            0 => format!("({}):rep({})", quoted(self.plain_text()), self.random.below(12)),
            1 => quoted(&super::strings::subject(&mut self.random)),
            _ => quoted(self.plain_text()),
        }
    }

    fn plain_text(&mut self) -> &'static [u8] {
        self.pick(TEXTS).as_bytes()
    }
}
