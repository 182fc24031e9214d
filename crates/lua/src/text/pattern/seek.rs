//! Where a match may begin, and the attempt to match there.

use super::single::Single;
use super::{CAPTURES_MAX, Flow, Matcher, Mode, PatternError, Step, Text};

impl Matcher {
    /// Refuses offsets that do not fit the texts, so that no later step has to.
    pub(super) fn admit(&mut self, text: Text<'_>) -> Result<(), PatternError> {
        if !self.unchecked {
            return Ok(());
        }
        if !self.fits(text.subject.len(), text.pattern.len()) {
            return Err(PatternError::Corrupt);
        }
        self.unchecked = false;
        Ok(())
    }

    #[inline]
    pub(super) fn enter_at(&mut self, s: usize) {
        (self.s, self.p) = (s, 0);
        (self.level, self.depth) = (0, 0);
        (self.progress, self.nesting) = (0, 0);
    }

    /// Moves `start` to the next byte that the pattern's first item accepts.
    pub(super) fn seek(&mut self, text: Text<'_>, fuel: &mut i64) -> Result<Flow, PatternError> {
        let Some(first) = self.first_single(text.pattern)? else {
            return Ok(Flow::Matched);
        };
        let rest = text.subject.get(self.start..).unwrap_or_default();
        let window = &rest[..rest.len().min(affordable(*fuel))];
        let found = self.sets.first_accepted(first, window);
        let skipped = found.unwrap_or(window.len());
        *fuel -= skipped as i64;
        self.start += skipped;
        Ok(match found {
            Some(_) => Flow::Matched,
            None if window.len() == rest.len() => Flow::Failed,
            None => Flow::OutOfFuel,
        })
    }

    /// The single that any match must begin with, if the pattern begins with one.
    pub(super) fn first_single(&mut self, pattern: &[u8]) -> Result<Option<Single>, PatternError> {
        let mut p = 0;
        // Captures open before the first byte is compared; a few of them raise no error.
        while pattern.get(p) == Some(&b'(') && p < CAPTURES_MAX {
            p += if pattern.get(p + 1) == Some(&b')') { 2 } else { 1 };
        }
        match (pattern.get(p), pattern.get(p + 1)) {
            (None | Some(b'(' | b')' | b'$'), _) => return Ok(None),
            (Some(b'%'), Some(b'b' | b'f' | b'0'..=b'9')) => return Ok(None),
            _ => {}
        }
        let (single, end) = self.sets.single_at(pattern, p)?;
        Ok(match pattern.get(end) {
            Some(b'*' | b'?' | b'-') => None,
            _ => Some(single),
        })
    }

    pub(super) fn attempt(&mut self, text: Text<'_>, fuel: &mut i64) -> Result<Step, PatternError> {
        loop {
            if self.mode == Mode::Backward {
                match self.backtrack(text, fuel)? {
                    Flow::Matched => self.mode = Mode::Forward,
                    Flow::Failed => return Ok(Step::Failed),
                    Flow::OutOfFuel => return Ok(Step::OutOfFuel),
                }
            }
            match self.forward(text, fuel)? {
                Flow::Matched => return Ok(Step::Matched { end: self.s }),
                Flow::Failed => self.mode = Mode::Backward,
                Flow::OutOfFuel => return Ok(Step::OutOfFuel),
            }
        }
    }
}

/// Fuel as a number of bytes.
#[inline]
pub(super) fn affordable(fuel: i64) -> usize {
    usize::try_from(fuel).unwrap_or(0)
}
