//! Whole programs: compared with PUC Lua and between the modes.

use super::differential::{Case, Comparer};
use super::{Finding, Target};
use crate::generate::{self, Dialect};
use crate::ours::Mode;
use std::ops::Range;

/// See the module.
#[derive(Debug)]
pub(super) struct Lua {
    comparer: Comparer,
}

impl Lua {
    pub(super) fn new() -> Self {
        Self { comparer: Comparer::new(&Mode::ALL) }
    }
}

impl Target for Lua {
    fn batch(&mut self, seeds: Range<u64>) -> Vec<Finding> {
        let cases: Vec<Case> = seeds
            .map(|seed| {
                // Every fourth program does what PUC Lua can't.
                let is_portable = seed % 4 != 3;
                let dialect = if is_portable { Dialect::Portable } else { Dialect::Everything };
                Case { seed, source: generate::program(seed, dialect), is_portable }
            })
            .collect();
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
