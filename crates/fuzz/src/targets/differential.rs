//! What the targets share that compare programs with PUC Lua.

use super::Finding;
use crate::differ::{self, Difference, Kind};
use crate::ours::Mode;
use crate::{minimise, peer};

/// Compares programs with themselves in other modes and with PUC Lua.
#[derive(Debug)]
pub(super) struct Comparer {
    /// The modes that are compared with long turns.
    pub(super) modes: &'static [Mode],
    /// Whether PUC Lua is there.
    has_peer: bool,
    compared: u64,
    inconclusive: u64,
}

/// A program that is to be compared.
pub(super) struct Case {
    pub(super) seed: u64,
    pub(super) source: String,
    /// Whether PUC Lua can run it.
    pub(super) is_portable: bool,
}

impl Comparer {
    pub(super) fn new(modes: &'static [Mode]) -> Self {
        Self { modes, has_peer: peer::is_there(), compared: 0, inconclusive: 0 }
    }

    pub(super) fn check(&mut self, cases: &[Case]) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut printed = Vec::new();
        for case in cases {
            match differ::check_modes(case.source.as_bytes(), self.modes) {
                Ok(Some(text)) => printed.push((case, text)),
                Ok(None) => self.inconclusive += 1,
                Err(difference) => findings.push(finding(case, difference)),
            }
        }
        if self.has_peer {
            printed.retain(|(case, _)| case.is_portable);
            let sources: Vec<&[u8]> =
                printed.iter().map(|(case, _)| case.source.as_bytes()).collect();
            let runs = if sources.is_empty() { Vec::new() } else { peer::run_all(&sources) };
            for ((case, text), run) in printed.iter().zip(runs) {
                self.compared += u64::from(run != peer::Run::Nothing);
                self.inconclusive += u64::from(run == peer::Run::Nothing);
                let difference = differ::check_peer(text, &run);
                findings.extend(difference.map(|difference| finding(case, difference)));
            }
        }
        findings
    }

    pub(super) fn statistics(&self) -> String {
        let peer = if self.has_peer { "" } else { "; lua5.4 is not installed" };
        format!("{} compared with PUC Lua, {} inconclusive{peer}", self.compared, self.inconclusive)
    }
}

/// Makes the program smaller and says what is wrong.
fn finding(case: &Case, difference: Difference) -> Finding {
    let kind = difference.kind;
    let refused = differ::is_refused(&difference.expected);
    let shows = |text: &str| {
        differ::differs(text.as_bytes(), kind)
            .is_some_and(|found| refused || !differ::is_refused(&found.expected))
    };
    let small = minimise::minimise(&case.source, shows);
    let difference = differ::differs(small.as_bytes(), kind).unwrap_or(difference);
    Finding {
        seed: case.seed,
        title: title(&difference),
        report: report(&difference),
        input: small.into_bytes(),
        original: case.source.clone().into_bytes(),
    }
}

fn title(difference: &Difference) -> String {
    let (expected, found) = first_difference(difference);
    match difference.kind {
        Kind::Panic(_) => format!("panics: {}", difference.found),
        Kind::Mode(mode) => format!("{mode:?} prints {found:?} instead of {expected:?}"),
        Kind::Peer => format!("prints {found:?}, PUC Lua {expected:?}"),
    }
}

fn first_difference(difference: &Difference) -> (&str, &str) {
    let (mut expected, mut found) = (difference.expected.lines(), difference.found.lines());
    loop {
        match (expected.next(), found.next()) {
            (Some(a), Some(b)) if a == b => {}
            (None, None) => return ("", ""),
            (a, b) => return (a.unwrap_or("nothing"), b.unwrap_or("nothing")),
        }
    }
}

fn report(difference: &Difference) -> String {
    match difference.kind {
        Kind::Panic(mode) => format!("mode {mode:?}: {}\n", difference.found),
        Kind::Mode(mode) => format!(
            "--- long turns ---\n{}--- {mode:?} ---\n{}",
            difference.expected, difference.found
        ),
        Kind::Peer => {
            format!("--- PUC Lua ---\n{}--- ours ---\n{}", difference.expected, difference.found)
        }
    }
}
