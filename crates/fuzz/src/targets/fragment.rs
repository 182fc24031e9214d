//! Fragments: what one process packs, another unpacks the same; foreign words are refused, or
//! unpacked without a panic.

use super::{Finding, Target};
use crate::ours::{FILE, caught};
use crate::random::Random;
use crate::support::{TestHost, session};
use procession_environment::{Environment, Guest, Image, Turn};
use procession_lua::LuaEnvironment;
use procession_types::word::Word;
use procession_types::{ExitReason, Fragment, Limits};
use std::ops::Range;
use std::sync::Arc;

/// Builds a value from a number, or looks at one: prints it and gives it back.
const SOURCE: &str = "\
local function text(v, depth)
  if type(v) ~= 'table' then return math.type(v) == 'float' and string.format('%a', v) or tostring(v) end
  if depth == 0 then return '{}' end
  local parts, n = {}, 0
  for k, item in next, v do
    n = n + 1
    if n > 20 then break end
    parts[n] = text(k, depth - 1) .. '=' .. text(item, depth - 1)
  end
  return #v .. '{' .. table.concat(parts, ',') .. '}'
end
local function build(random)
  local made = {}
  local function below(n) random = (random * 1103515245 + 12345) % 2147483648 return random // 7 % n end
  local function value(depth)
    local kind = below(depth > 0 and 9 or 6)
    if kind == 0 then return below(2) == 0 end
    if kind == 1 then return below(1000) - 500 end
    if kind == 2 then return (below(1000) - 500) << below(64) end
    if kind == 3 then return (below(1000) - 500) / (below(9) + 1) end
    if kind == 4 then return ('x'):rep(below(20)) end
    if kind == 5 and #made > 0 then return made[below(#made) + 1] end
    local t = {}
    made[#made + 1] = t
    for i = 1, below(5) do t[i] = value(depth - 1) end
    for _ = 1, below(12) do
      local key = value(0)
      if key == key and type(key) ~= 'table' then t[key] = value(depth - 1) end
    end
    return t
  end
  return value(4)
end
return { main = function(what, value)
  if what == 'build' then value = build(value) end
  print(text(value, 5))
  return value
end }
";
/// Turns that a process gets, and instructions of each.
const TURNS: usize = 200;
const BUDGET: u64 = 10_000;

/// See the module.
pub(super) struct Fragments {
    image: Option<Arc<dyn Image>>,
    accepted: u64,
    refused: u64,
}

impl Fragments {
    pub(super) fn new() -> Self {
        let program = session::program(FILE, SOURCE.as_bytes());
        Self { image: LuaEnvironment::new().load(&program).ok(), accepted: 0, refused: 0 }
    }

    fn case(&mut self, seed: u64) -> Option<Finding> {
        let finding = |title: String, words: &[Word]| {
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            Some(Finding::new(seed, title, &bytes))
        };
        let Some(image) = self.image.clone() else {
            return finding("the program does not load".to_owned(), &[]);
        };
        let mut random = Random::new(seed);
        let (first, built) = match caught(|| run(&image, &build(random.below(1 << 30) as i64))) {
            Ok(Some(done)) => done,
            Ok(None) => return finding("the value is not built".to_owned(), &[]),
            Err(panic) => return finding(format!("panics: {panic}"), &[]),
        };
        let sent = look_at(built.words(), built.len())?;
        match caught(|| run(&image, &sent)) {
            Ok(Some((second, _))) if first == second => {}
            Ok(_) => {
                return finding("it is not unpacked as it was packed".to_owned(), built.words());
            }
            Err(panic) => return finding(format!("panics: {panic}"), built.words()),
        }
        for _ in 0..8 {
            let words = damaged(&mut random, built.words());
            let outcome = caught(|| {
                let fragment = look_at(&words, 1)?;
                read(&fragment);
                run(&image, &fragment);
                Some(())
            });
            match outcome {
                Ok(Some(())) => self.accepted += 1,
                Ok(None) => self.refused += 1,
                Err(panic) => return finding(format!("panics: {panic}"), &words),
            }
        }
        None
    }
}

impl Target for Fragments {
    fn batch(&mut self, seeds: Range<u64>) -> Vec<Finding> {
        seeds.filter_map(|seed| self.case(seed)).collect()
    }

    fn statistics(&self) -> String {
        format!("{} damaged ones accepted, {} refused", self.accepted, self.refused)
    }
}

/// The arguments `"build", seed`.
fn build(seed: i64) -> Fragment {
    let mut builder = procession_types::FragmentBuilder::new();
    let (what, seed) = (builder.string(b"build"), builder.integer(seed));
    builder.finish(&[what, seed])
}

/// The arguments `nil, value` for the words of a fragment of one value; `None` when it is refused.
fn look_at(words: &[Word], values: usize) -> Option<Fragment> {
    let fragment = Fragment::from_foreign(words.into(), values as u32).ok()?;
    let value = *fragment.values().first()?;
    let mut words: Vec<Word> = fragment.objects().to_vec();
    words.extend([procession_types::word::NIL, value]);
    Some(Fragment::from_words(words.into(), 2))
}

/// What the process prints, and its result.
fn run(image: &Arc<dyn Image>, arguments: &Fragment) -> Option<(Vec<u8>, Fragment)> {
    let limits = Limits { memory_bytes_max: 16 << 20, ..Limits::default() };
    let mut guest: Box<dyn Guest> = image.spawn(arguments, &limits).ok()?;
    let mut host = TestHost::default();
    for _ in 0..TURNS {
        match guest.run(&mut host, BUDGET) {
            Turn::Preempted => {}
            Turn::Exited(ExitReason::Normal(result)) => return Some((host.output, result)),
            _ => return None,
        }
    }
    None
}

/// Reads it as drivers do.
fn read(fragment: &Fragment) {
    for &value in fragment.words() {
        let _ = (fragment.string(value), fragment.integer(value), fragment.field(value, b"x"));
    }
}

fn damaged(random: &mut Random, words: &[Word]) -> Vec<Word> {
    let mut copy = words.to_vec();
    for _ in 0..=random.below(2) {
        let at = random.below(copy.len());
        let Some(&word) = copy.get(at) else { return copy };
        let other = copy[random.below(copy.len())];
        match random.below(6) {
            0 => copy.truncate(at.max(1)),
            1 => copy[at] = word ^ 1 << random.below(64),
            2 => copy[at] = other,
            3 => copy[at] = word & !0xFFFF_FFFF | random.below(64) as u64,
            4 => copy[at] = random.next() | 0xFFF8 << 48,
            _ => copy[at] = word.wrapping_add(1 << (32 * random.below(2))),
        }
    }
    copy
}
