//! The pattern matcher and `string.format`: programs full of calls, compared with PUC Lua.

use super::differential::{Case, Comparer};
use super::{Finding, Target};
use crate::generate::{format_string, pattern, quoted, subject};
use crate::mutate::mutate;
use crate::ours::{Mode, caught};
use crate::random::Random;
use procession_lua::text::pattern::{Matcher, Step};
use std::ops::Range;

/// Calls in one program.
const CALLS: usize = 40;

/// Prints what a call gives, numbers so that floats and integers can be told apart.
const HEAD: &str = "\
local function p(...)
  local t = table.pack(pcall(...))
  for i = 1, t.n do t[i] = type(t[i]) == 'string' and string.format('%q', t[i]) or tostring(t[i]) end
  print(table.concat(t, ' '))
end
local function all(s, m) local n, t = 0, {}
  for a, b in string.gmatch(s, m) do n = n + 1 t[#t + 1] = tostring(a) .. '/' .. tostring(b) if n > 30 then break end end
  return table.concat(t, ' ')
end
-- The program:
";

/// `string.find` and its relatives.
#[derive(Debug)]
pub(super) struct Pattern {
    comparer: Comparer,
}

impl Default for Pattern {
    fn default() -> Self {
        Self { comparer: Comparer::new(&[Mode::Trimmed]) }
    }
}

impl Target for Pattern {
    fn batch(&mut self, seeds: Range<u64>) -> Vec<Finding> {
        let mut findings: Vec<Finding> = seeds.clone().filter_map(pieces_agree).collect();
        let cases: Vec<Case> = seeds.map(|seed| case(seed, pattern_call)).collect();
        findings.extend(self.comparer.check(&cases));
        findings
    }

    fn batch_size(&self) -> u64 {
        16
    }

    fn extension(&self) -> &'static str {
        "lua"
    }

    fn statistics(&self) -> String {
        self.comparer.statistics()
    }
}

/// `string.format`, `tostring` and `tonumber`.
#[derive(Debug)]
pub(super) struct Format {
    comparer: Comparer,
}

impl Default for Format {
    fn default() -> Self {
        Self { comparer: Comparer::new(&[Mode::Trimmed]) }
    }
}

impl Target for Format {
    fn batch(&mut self, seeds: Range<u64>) -> Vec<Finding> {
        let cases: Vec<Case> = seeds.map(|seed| case(seed, format_call)).collect();
        self.comparer.check(&cases)
    }

    fn batch_size(&self) -> u64 {
        16
    }

    fn extension(&self) -> &'static str {
        "lua"
    }

    fn statistics(&self) -> String {
        self.comparer.statistics()
    }
}

fn case(seed: u64, call: fn(&mut Random) -> String) -> Case {
    let mut random = Random::new(seed);
    let mut source = HEAD.to_owned();
    for _ in 0..CALLS {
        source.push_str(&call(&mut random));
        source.push('\n');
    }
    Case { seed, source, is_portable: true }
}

fn matched_texts(random: &mut Random) -> (Vec<u8>, Vec<u8>) {
    let mut pattern = pattern(random);
    if random.one_in(4) {
        mutate(random, &mut pattern, &[b"%b()", b"%f[%w]", b"[^]]", b"%1"]);
        // What is repeated often takes exponential time there and here.
        pattern.truncate(40);
    }
    (subject(random), pattern)
}

fn pattern_call(random: &mut Random) -> String {
    let (subject, pattern) = matched_texts(random);
    let (subject, pattern) = (quoted(&subject), quoted(&pattern));
    let init = random.pick(&["1", "2", "-1", "0", "5", "-3", "100", "math.mininteger"]);
    match random.below(8) {
        0 => format!("p(string.find, {subject}, {pattern}, {init})"),
        1 => format!("p(string.match, {subject}, {pattern}, {init})"),
        2 => format!("p(string.gsub, {subject}, {pattern}, '<%0>')"),
        3 => format!("p(string.gsub, {subject}, {pattern}, '%1%2', {init})"),
        4 => format!("p(string.gsub, {subject}, {pattern}, function(a, b) return b or a end)"),
        5 => format!("p(string.gsub, {subject}, {pattern}, {{ a = 'x', b = 1, c = false }})"),
        6 => format!("p(string.find, {subject}, {pattern}, {init}, true)"),
        _ => format!("p(all, {subject}, {pattern})"),
    }
}

fn format_call(random: &mut Random) -> String {
    let count = 1 + random.below(3);
    let mut format = format_string(random, count);
    if random.one_in(8) {
        mutate(random, &mut format, &[b"%", b"%5.3", b"%-10q", b"%c"]);
    }
    let mut arguments = vec![quoted(&format)];
    for _ in 0..count {
        arguments.push(argument(random));
    }
    let argument = &arguments[1];
    match random.below(8) {
        0 => format!("p(tostring, {argument})"),
        1 => format!("p(tonumber, tostring({argument}))"),
        2 => format!("p(math.tointeger, {argument})"),
        _ => format!("p(string.format, {})", arguments.join(", ")),
    }
}

fn argument(random: &mut Random) -> String {
    match random.below(9) {
        0 => quoted(&subject(random)),
        1 => random.pick(&["nil", "true", "'12'", "'0x10'", "'1e1'", "'x'"]).to_owned(),
        2 => (random.next() as i64 >> random.below(64)).to_string(),
        3 => format!("{:e}", random.next() as i64 as f64 / 1000.0),
        4 => random
            .pick(&["1/0", "-1/0", "-0.0", "math.mininteger", "math.maxinteger", "2^63", "2^53"])
            .to_owned(),
        5 => format!("{}.{}", random.below(1000), random.below(100_000)),
        6 => format!("{}e{}", random.below(10_000), random.below(330)),
        7 => format!("0x{:x}p-{}", random.next() >> random.below(63), random.below(1100)),
        _ => {
            let value = f64::from_bits(random.next());
            if value.is_finite() { format!("{value:e}") } else { "0.1".to_owned() }
        }
    }
}

/// A match that is stopped after every few steps gives what one without a stop gives.
fn pieces_agree(seed: u64) -> Option<Finding> {
    let mut random = Random::new(seed ^ 0x00A1_1CE5);
    let (subject, pattern) = matched_texts(&mut random);
    let whole = caught(|| search(&subject, &pattern, 1_000_000));
    let pieces = caught(|| search(&subject, &pattern, 1 + seed as i64 % 3));
    let input = format!("{}\n{}\n", quoted(&subject), quoted(&pattern));
    match (whole, pieces) {
        (Ok(whole), Ok(pieces)) if whole == pieces => None,
        (Ok(whole), Ok(pieces)) => {
            let title = format!("matched in pieces: {pieces}, at once: {whole}");
            Some(Finding::new(seed, title, input.as_bytes()))
        }
        (Err(panic), _) | (_, Err(panic)) => {
            Some(Finding::new(seed, format!("panics: {panic}"), input.as_bytes()))
        }
    }
}

/// What a search comes to when it gets so much fuel at a time.
fn search(subject: &[u8], pattern: &[u8], fuel: i64) -> String {
    let mut matcher = Matcher::new(0);
    // The total is bounded too: some patterns take exponential time.
    let mut total: i64 = 300_000;
    loop {
        let mut left = fuel.min(total);
        match matcher.search(subject, pattern, &mut left) {
            Ok(Step::OutOfFuel) => {}
            Ok(step) => return format!("{step:?} {} {:?}", matcher.start(), matcher.captures()),
            Err(error) => return error.to_string(),
        }
        total -= fuel - left;
        if total <= 0 {
            return "too long".to_owned();
        }
    }
}
