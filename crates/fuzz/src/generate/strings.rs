//! Patterns, subjects and formats, and the calls of the string library that use them.

use super::{Dialect, Generator, Kind, quoted};
use crate::random::Random;

const CLASSES: &[u8] = b"acdglpsuwxACDGLPSUWX";
const LETTERS: &[u8] = b"abcABC012 ,.()[]-xy%_\n\0\xe9";

/// A text for patterns to match: few different bytes, so that much of it matches.
pub(crate) fn subject(random: &mut Random) -> Vec<u8> {
    let letters = 1 + random.below(LETTERS.len());
    (0..random.below(24)).map(|_| LETTERS[random.below(letters)]).collect()
}

/// A pattern; most are well-formed.
pub(crate) fn pattern(random: &mut Random) -> Vec<u8> {
    let mut out = Vec::new();
    if random.one_in(6) {
        out.push(b'^');
    }
    let mut open = 0;
    for _ in 0..=random.below(5) {
        item(random, &mut out, &mut open);
    }
    while open > 0 && !random.one_in(30) {
        open -= 1;
        out.push(b')');
    }
    if random.one_in(6) {
        out.push(b'$');
    }
    if random.one_in(15) && !out.is_empty() {
        let at = random.below(out.len());
        out.remove(at);
    }
    out
}

fn item(random: &mut Random, out: &mut Vec<u8>, open: &mut usize) {
    match random.below(14) {
        0 => {
            out.push(b'(');
            *open += 1;
        }
        1 if *open > 0 => {
            out.push(b')');
            *open -= 1;
        }
        2 => out.extend_from_slice(b"()"),
        3 => {
            out.extend_from_slice(b"%b");
            out.extend_from_slice(random.pick(&[b"()", b"[]", b"aa", b"ab"]));
        }
        4 => {
            out.extend_from_slice(b"%f");
            set(random, out);
        }
        5 => out.extend_from_slice(random.pick(&[b"%1", b"%2", b"%0", b"%9"])),
        _ => {
            single(random, out);
            if random.one_in(2) {
                out.push(random.pick(b"*+-?"));
            }
        }
    }
}

fn single(random: &mut Random, out: &mut Vec<u8>) {
    match random.below(6) {
        0 => out.push(b'.'),
        1 => out.extend_from_slice(&[b'%', random.pick(CLASSES)]),
        2 => set(random, out),
        3 => out.extend_from_slice(&[b'%', random.pick(b".%()[]-+*?^$")]),
        _ => out.push(random.pick(LETTERS)),
    }
}

fn set(random: &mut Random, out: &mut Vec<u8>) {
    out.push(b'[');
    if random.one_in(3) {
        out.push(b'^');
    }
    if random.one_in(8) {
        out.push(b']');
    }
    for _ in 0..=random.below(3) {
        match random.below(3) {
            0 => out.extend_from_slice(&[b'%', random.pick(CLASSES)]),
            1 => {
                out.extend_from_slice(
                    random.pick(&[b"a-c", b"0-9", b"A-z", b"c-a", b" --", b"x-%"]),
                );
            }
            _ => out.push(random.pick(LETTERS)),
        }
    }
    if !random.one_in(20) {
        out.push(b']');
    }
}

/// A format with so many conversions; most are well-formed.
pub(crate) fn format_string(random: &mut Random, conversions: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for _ in 0..conversions {
        out.extend_from_slice(random.pick(&[&b""[..], b"a", b"%%", b" | ", b"\0", b"x="]));
        out.push(b'%');
        for _ in 0..random.below(3) {
            if random.one_in(2) {
                out.push(random.pick(b"-+ #0"));
            }
        }
        if random.one_in(3) {
            out.extend_from_slice(random.below(130).to_string().as_bytes());
        }
        if random.one_in(3) {
            out.push(b'.');
            if !random.one_in(5) {
                let digits = if random.one_in(9) { 120 } else { 25 };
                out.extend_from_slice(random.below(digits).to_string().as_bytes());
            }
        }
        out.push(random.pick(b"dddiuoxXceEffgGgaAsssqqsdlz%"));
    }
    out
}

impl Generator {
    fn pattern(&mut self) -> String {
        quoted(&pattern(&mut self.random))
    }

    /// A call that gives a text first.
    pub(super) fn text_call(&mut self, depth: usize) -> String {
        let text = self.expression(Kind::Text, depth);
        let (i, j) = (self.small(), self.small());
        match self.random.below(13) {
            0 => format!("({text}):sub({i}, {j})"),
            1 => format!("({text}):upper()"),
            2 => format!("({text}):lower()"),
            3 => format!("({text}):reverse()"),
            4 => format!("clip(string.rep({text}, {i}, {}))", self.text()),
            5 => format!("string.match({text}, {})", self.pattern()),
            6 => self.gsub(&text),
            7 => format!("string.char({}, 65)", self.small()),
            8 => format!("table.concat({}, {text})", self.expression(Kind::Table, depth)),
            9 | 10 => {
                let count = 1 + self.random.below(3);
                let format = quoted(&format_string(&mut self.random, count));
                let mut list = vec![format];
                for _ in 0..count + self.random.below(2) {
                    let kind = self.pick(&[Kind::Number, Kind::Number, Kind::Text, Kind::Any]);
                    list.push(self.expression(kind, depth));
                }
                format!("string.format({})", list.join(", "))
            }
            11 => format!("string.gsub({text}, {}, {})", self.pattern(), self.text()),
            _ => format!("utf8.char({i}, 233, {})", self.small()),
        }
    }

    fn gsub(&mut self, text: &str) -> String {
        let pattern = self.pattern();
        let replacement = match self.random.below(8) {
            0 => "'<%0>'".to_owned(),
            1 => "'%1%1'".to_owned(),
            2 => "'%2%%'".to_owned(),
            3 => "{ a = 'A', b = false, [1] = 'one' }".to_owned(),
            4 => "function(c, d) tick() return d end".to_owned(),
            5 => "setmetatable({}, { __index = function(_, k) tick() return k .. '!' end })"
                .to_owned(),
            6 if self.yields && self.dialect == Dialect::Everything => {
                "function(c) coroutine.yield(c) return 'y' end".to_owned()
            }
            _ => self.expression(Kind::Function, 1),
        };
        let limit = if self.one_in(4) { format!(", {}", self.small()) } else { String::new() };
        format!("string.gsub({text}, {pattern}, {replacement}{limit})")
    }

    /// A call that gives a number first.
    pub(super) fn number_call(&mut self, depth: usize) -> String {
        let number = self.expression(Kind::Number, depth);
        let text = self.text();
        match self.random.below(16) {
            0 => format!("math.floor({number})"),
            1 => format!("math.ceil({number})"),
            2 => format!("math.abs({number})"),
            3 => format!("math.max({number}, {})", self.number()),
            4 => format!("math.min({number}, {})", self.number()),
            5 => format!("math.fmod({number}, {})", self.number()),
            6 => format!("math.tointeger({number})"),
            7 => format!("tonumber({text})"),
            8 => format!("tonumber({text}, {})", self.pick(&["2", "10", "16", "36", "37", "8"])),
            9 => format!("({text}):byte({})", self.small()),
            10 => format!("string.find({text}, {}, {})", self.pattern(), self.small()),
            11 => format!("string.find({text}, {}, {}, true)", self.text(), self.small()),
            12 => format!("({text}):len()"),
            13 => format!("select('#', {number}, {})", self.expression(Kind::Any, depth)),
            14 => format!("utf8.len({text}, {})", self.small()),
            _ => format!("math.modf({number})"),
        }
    }
}
