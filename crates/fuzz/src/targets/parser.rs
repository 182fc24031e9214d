//! The parser: scripts of the corpus and generated programs with random changes, given to `load`.

use super::differential::{Case, Comparer};
use super::{Finding, Target};
use crate::generate::{self, Dialect, quoted};
use crate::mutate::{mutate, piece};
use crate::random::Random;
use crate::seeds;
use std::ops::Range;

/// Chunks in one program.
const CHUNKS: usize = 12;
/// Longest chunk, in bytes.
const CHUNK_BYTES_MAX: usize = 1500;

const HEAD: &str = "\
local function l(s, n)
  local ok, f, e = pcall(load, s, n, 't', {})
  print(ok, type(f) == 'function' and 'compiled' or f, e)
end
-- The program:
";

const WORDS: &[&[u8]] = &[
    b" and ",
    b" break ",
    b" do ",
    b" else ",
    b" elseif ",
    b" end ",
    b" false ",
    b" for ",
    b" function ",
    b" goto ",
    b" if ",
    b" in ",
    b" local ",
    b" nil ",
    b" not ",
    b" or ",
    b" repeat ",
    b" return ",
    b" then ",
    b" true ",
    b" until ",
    b" while ",
    b"::x::",
    b"...",
    b"..",
    b"==",
    b"<=",
    b"//",
    b">>",
    b"<const>",
    b"<close>",
    b"[[",
    b"]]",
    b"[==[",
    b"--",
    b"--[[",
    b"\\u{7FFFFFFF}",
    b"\\u{",
    b"\\x4",
    b"\\255",
    b"\\z\n",
    b"0x1p+",
    b"0x",
    b"1e+",
    b"3..2",
    b"x:y",
    b"{",
    b"}",
    b"(",
    b")",
    b"_ENV",
    b"local x <close> = nil ",
    b"goto x ",
];

/// See the module.
#[derive(Debug)]
pub(super) struct Parser {
    comparer: Comparer,
    scripts: Vec<(String, Vec<u8>)>,
}

impl Parser {
    pub(super) fn new() -> Self {
        Self { comparer: Comparer::new(&[]), scripts: seeds::scripts() }
    }

    fn case(&self, seed: u64) -> Case {
        let mut random = Random::new(seed);
        let mut source = HEAD.to_owned();
        for _ in 0..CHUNKS {
            let mut chunk = self.chunk(&mut random);
            if !random.one_in(20) {
                mutate(&mut random, &mut chunk, WORDS);
            }
            chunk.truncate(4 * CHUNK_BYTES_MAX);
            let name = random.pick(&["=c", "@some/file.lua", "a text\\nof two lines", ""]);
            source.push_str(&format!("l({}, \"{name}\")\n", quoted(&chunk)));
        }
        Case { seed, source, is_portable: true }
    }

    fn chunk(&self, random: &mut Random) -> Vec<u8> {
        if self.scripts.is_empty() || random.one_in(3) {
            let program = generate::program(random.next(), Dialect::Everything);
            return piece(random, program.as_bytes(), CHUNK_BYTES_MAX);
        }
        let at = random.below(self.scripts.len());
        piece(random, &self.scripts[at].1, CHUNK_BYTES_MAX)
    }
}

impl Target for Parser {
    fn batch(&mut self, seeds: Range<u64>) -> Vec<Finding> {
        let cases: Vec<Case> = seeds.map(|seed| self.case(seed)).collect();
        self.comparer.check(&cases)
    }

    fn batch_size(&self) -> u64 {
        32
    }

    fn extension(&self) -> &'static str {
        "lua"
    }

    fn statistics(&self) -> String {
        self.comparer.statistics()
    }
}
