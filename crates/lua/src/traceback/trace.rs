//! Which frames of a stack a traceback shows: those at its ends. A stack may be a million frames deep,
//! so the others are only counted.

use procession_types::word::Word;

/// Frames shown at each end of a long traceback.
const FIRST: usize = 10;
const LAST: usize = 11;

/// A line of a traceback.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shown {
    /// A frame with its R0 and the instruction after the one that it executes.
    Frame { base: usize, pc: usize },
    /// A built-in function that runs in its caller's frame.
    Builtin(Word),
    /// Another function of the library.
    Named(&'static str),
}

/// See the module.
pub(super) struct Trace {
    /// Lines that come before the first one that is shown.
    level: usize,
    /// How many there were so far.
    pub(super) passed: usize,
    /// Of those from the level on the first ones, and enough of the last ones.
    pub(super) lines: Vec<Shown>,
}

impl Trace {
    pub(super) const fn from_level(level: usize) -> Self {
        Self { level, passed: 0, lines: Vec::new() }
    }

    /// Another line, of the caller of the last one.
    #[inline]
    pub(super) fn pass(&mut self, line: Shown) {
        self.passed += 1;
        if self.passed <= self.level {
            return;
        }
        if self.lines.len() > FIRST + 2 * LAST {
            self.lines.drain(FIRST..FIRST + LAST);
        }
        self.lines.push(line);
    }

    /// What is shown: the first lines, how many are left out then, and the last ones.
    pub(super) fn shown(&self) -> (&[Shown], usize, &[Shown]) {
        let count = self.passed.saturating_sub(self.level);
        if count <= FIRST + LAST + 1 {
            return (&self.lines, 0, &[]);
        }
        (&self.lines[..FIRST], count - FIRST - LAST, &self.lines[self.lines.len() - LAST..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is shown of so many lines from a level on, by their numbers.
    fn shown(count: usize, level: usize) -> (Vec<usize>, usize, Vec<usize>) {
        let mut trace = Trace::from_level(level);
        (0..count).for_each(|pc| trace.pass(Shown::Frame { base: 0, pc }));
        assert!(trace.lines.len() <= FIRST + 2 * LAST + 1);
        let numbers = |lines: &[Shown]| {
            let number = |line: &Shown| match *line {
                Shown::Frame { pc, .. } => pc,
                Shown::Builtin(_) | Shown::Named(_) => usize::MAX,
            };
            lines.iter().map(number).collect()
        };
        let (first, skipped, last) = trace.shown();
        (numbers(first), skipped, numbers(last))
    }

    #[test]
    fn the_ends_of_a_long_traceback_are_shown() {
        for level in [0, 1, 7, 100] {
            for count in 0..200 {
                let all: Vec<usize> = (level..count.max(level)).collect();
                let expected = if all.len() <= FIRST + LAST + 1 {
                    (all, 0, Vec::new())
                } else {
                    let last = all.len() - LAST;
                    (all[..FIRST].to_vec(), last - FIRST, all[last..].to_vec())
                };
                assert_eq!(shown(count, level), expected, "{count} from {level}");
            }
        }
    }
}
