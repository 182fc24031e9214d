//! Small memory limits: a program under one ends as it would without, or with the limit's failure.

use super::{Finding, Target};
use crate::generate::{self, Dialect};
use crate::ours::{Mode, Run, run_limited};
use crate::random::Random;
use crate::seeds;
use procession_types::Limits;
use std::ops::Range;

/// See the module.
#[derive(Debug)]
pub(super) struct Memory {
    scripts: Vec<(String, Vec<u8>)>,
    limited: u64,
}

impl Memory {
    pub(super) fn new() -> Self {
        let mut scripts = seeds::scripts();
        // Long ones take the time of many.
        scripts.retain(|(_, source)| source.len() < 20_000);
        Self { scripts, limited: 0 }
    }

    fn source(&self, seed: u64, random: &mut Random) -> Vec<u8> {
        if self.scripts.is_empty() || random.one_in(3) {
            return generate::program(seed, Dialect::Everything).into_bytes();
        }
        let at = random.below(self.scripts.len());
        self.scripts[at].1.clone()
    }

    fn case(&mut self, seed: u64) -> Option<Finding> {
        let mut random = Random::new(seed);
        let source = self.source(seed, &mut random);
        // From what is too small to start with up to what most programs get along with.
        let kib = 1 << random.below(9);
        let memory_bytes_max = kib * 1024 + random.below(1024 * kib as usize) as u64;
        let limits = Limits { memory_bytes_max, ..Limits::default() };
        let mode = random.pick(&[Mode::Normal, Mode::Normal, Mode::Trimmed]);
        match run_limited(&source, mode, limits) {
            Run::Panicked(panic) => {
                let title = format!("panics: {panic}");
                let mut finding = Finding::new(seed, title, &source);
                finding.report = format!("{memory_bytes_max} bytes, {mode:?}\n");
                Some(finding)
            }
            Run::Limited(_) => {
                self.limited += 1;
                None
            }
            Run::Printed(_) => None,
        }
    }
}

impl Target for Memory {
    fn batch(&mut self, seeds: Range<u64>) -> Vec<Finding> {
        seeds.filter_map(|seed| self.case(seed)).collect()
    }

    fn batch_size(&self) -> u64 {
        16
    }

    fn extension(&self) -> &'static str {
        "lua"
    }

    fn statistics(&self) -> String {
        format!("{} ran into the limit", self.limited)
    }
}
