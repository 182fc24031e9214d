//! The items of a pattern, matched forward one after the other.
//!
//! An item that can take many bytes (`*`, `+`, `%b`, a back reference) stops within when the fuel
//! is used up, with `progress` saying how far it came.

use super::seek::affordable;
use super::single::{Single, extra_charge};
use super::{
    CAPTURES_MAX, Capture, Choice, ChoiceKind, DEPTH_MAX, Flow, Matcher, Mode, PatternError, Text,
};

use crate::text::plain::common_prefix;

/// What became of one item.
enum Item {
    /// It matched: on at these offsets of subject and pattern.
    Next(usize, usize),
    Failed,
    /// Out of fuel within the item.
    Stopped,
}

impl Matcher {
    /// Matches item after item until one fails or the pattern ends.
    pub(super) fn forward(&mut self, text: Text<'_>, fuel: &mut i64) -> Result<Flow, PatternError> {
        let (mut s, mut p) = (self.s, self.p);
        loop {
            let Some(&byte) = text.pattern.get(p) else {
                (self.s, self.p) = (s, p);
                return Ok(Flow::Matched);
            };
            if *fuel <= 0 {
                (self.s, self.p) = (s, p);
                return Ok(Flow::OutOfFuel);
            }
            if self.mode == Mode::Forward {
                *fuel -= 1;
            }
            let item = match byte {
                b'(' => self.open_capture(text, s, p)?,
                b')' => self.close_capture(s, p)?,
                b'$' if p + 1 == text.pattern.len() => match s == text.subject.len() {
                    true => Item::Next(s, p + 1),
                    false => Item::Failed,
                },
                b'%' => self.escape(text, s, p, fuel)?,
                _ => self.single(text, s, p, fuel)?,
            };
            match item {
                Item::Next(next_s, next_p) => {
                    (s, p) = (next_s, next_p);
                    self.mode = Mode::Forward;
                }
                Item::Failed => return Ok(Flow::Failed),
                Item::Stopped => {
                    (self.s, self.p) = (s, p);
                    self.mode = Mode::Inside;
                    return Ok(Flow::OutOfFuel);
                }
            }
        }
    }

    #[inline]
    fn open_capture(&mut self, text: Text<'_>, s: usize, p: usize) -> Result<Item, PatternError> {
        let level = usize::from(self.level);
        if level >= CAPTURES_MAX {
            return Err(PatternError::TooManyCaptures);
        }
        self.deepen()?;
        self.level += 1;
        if text.pattern.get(p + 1) == Some(&b')') {
            self.captures[level] = Capture::Position(s + 1);
            Ok(Item::Next(s, p + 2))
        } else {
            self.captures[level] = Capture::Open { start: s };
            Ok(Item::Next(s, p + 1))
        }
    }

    #[inline]
    fn close_capture(&mut self, s: usize, p: usize) -> Result<Item, PatternError> {
        let open = self.captures().iter().rposition(|c| matches!(c, Capture::Open { .. }));
        let Some(index) = open else {
            return Err(PatternError::InvalidPatternCapture);
        };
        self.deepen()?;
        if let Capture::Open { start } = self.captures[index] {
            // A restored state may lie about the order of the two.
            self.captures[index] = Capture::Span { start: start.min(s), end: s };
        }
        // With nothing to go back to, nobody will see this capture open again.
        if !self.choices.is_empty() {
            self.choose(ChoiceKind::Reopen, s, p, index);
        }
        Ok(Item::Next(s, p + 1))
    }

    #[inline]
    fn escape(
        &mut self,
        text: Text<'_>,
        s: usize,
        p: usize,
        fuel: &mut i64,
    ) -> Result<Item, PatternError> {
        match text.pattern.get(p + 1) {
            Some(b'b') => self.balance(text, s, p, fuel),
            Some(b'f') => self.frontier(text, s, p, fuel),
            Some(&digit @ b'0'..=b'9') => self.back_reference(text, s, (p, digit - b'0'), fuel),
            _ => self.single(text, s, p, fuel),
        }
    }

    /// `%bxy`: from an x to the y that closes it.
    fn balance(
        &mut self,
        text: Text<'_>,
        s: usize,
        p: usize,
        fuel: &mut i64,
    ) -> Result<Item, PatternError> {
        let Some(&[open, close]) = text.pattern.get(p + 2..p + 4) else {
            return Err(PatternError::MissingBalanceArguments);
        };
        if self.mode == Mode::Forward {
            if text.subject.get(s) != Some(&open) {
                return Ok(Item::Failed);
            }
            (self.progress, self.nesting) = (1, 1);
        }
        let rest = text.subject.get(s + self.progress..).unwrap_or_default();
        let window = &rest[..rest.len().min(affordable(*fuel))];
        for (index, &byte) in window.iter().enumerate() {
            if byte == close {
                self.nesting = self.nesting.saturating_sub(1);
                if self.nesting == 0 {
                    *fuel -= index as i64 + 1;
                    return Ok(Item::Next(s + self.progress + index + 1, p + 4));
                }
            } else if byte == open {
                self.nesting += 1;
            }
        }
        *fuel -= window.len() as i64;
        self.progress += window.len();
        Ok(if window.len() == rest.len() { Item::Failed } else { Item::Stopped })
    }

    /// `%f[set]`: the byte before is not in the set, the byte here is; the ends count as NUL.
    fn frontier(
        &mut self,
        text: Text<'_>,
        s: usize,
        p: usize,
        fuel: &mut i64,
    ) -> Result<Item, PatternError> {
        if text.pattern.get(p + 2) != Some(&b'[') {
            return Err(PatternError::MissingFrontierSet);
        }
        let (set, end) = self.sets.single_at(text.pattern, p + 2)?;
        *fuel -= extra_charge(set, p + 2, end);
        let before = match s.checked_sub(1) {
            Some(previous) => text.subject.get(previous).copied().unwrap_or(0),
            None => 0,
        };
        let here = text.subject.get(s).copied().unwrap_or(0);
        if !self.sets.accepts(set, before) && self.sets.accepts(set, here) {
            Ok(Item::Next(s, end))
        } else {
            Ok(Item::Failed)
        }
    }

    fn back_reference(
        &mut self,
        text: Text<'_>,
        s: usize,
        (p, number): (usize, u8),
        fuel: &mut i64,
    ) -> Result<Item, PatternError> {
        let index = usize::from(number).checked_sub(1);
        let capture = index.and_then(|index| self.captures().get(index));
        let (start, end) = match capture {
            Some(&Capture::Span { start, end }) => (start, end),
            // PUC compares with a length of -2 as an unsigned: never equal.
            Some(Capture::Position(_)) => return Ok(Item::Failed),
            Some(Capture::Open { .. }) | None => {
                return Err(PatternError::InvalidCaptureIndex(number));
            }
        };
        let captured = text.subject.get(start..end).unwrap_or_default();
        let rest = text.subject.get(s..).unwrap_or_default();
        if rest.len() < captured.len() {
            return Ok(Item::Failed);
        }
        let done = if self.mode == Mode::Inside { self.progress.min(captured.len()) } else { 0 };
        let until = captured.len().min(done.saturating_add(affordable(*fuel)));
        let equal = common_prefix(&captured[done..until], &rest[done..]);
        *fuel -= equal as i64;
        if equal < until - done {
            return Ok(Item::Failed);
        }
        self.progress = until;
        if until < captured.len() {
            return Ok(Item::Stopped);
        }
        Ok(Item::Next(s + captured.len(), p + 2))
    }

    /// A single with its optional suffix.
    #[inline]
    fn single(
        &mut self,
        text: Text<'_>,
        s: usize,
        p: usize,
        fuel: &mut i64,
    ) -> Result<Item, PatternError> {
        let (single, end) = self.sets.single_at(text.pattern, p)?;
        if self.mode == Mode::Inside {
            // Only a greedy repetition stops within.
            return self.greedy(text, s, (single, end), fuel);
        }
        *fuel -= extra_charge(single, p, end);
        let suffix = text.pattern.get(end).copied().unwrap_or(0);
        let accepted = text.subject.get(s).is_some_and(|&byte| self.sets.accepts(single, byte));
        match suffix {
            b'*' | b'?' | b'-' if !accepted => return Ok(Item::Next(s, end + 1)),
            _ if !accepted => return Ok(Item::Failed),
            b'*' | b'+' => {
                self.progress = 1;
                return self.greedy(text, s, (single, end), fuel);
            }
            b'?' => {
                self.choose(ChoiceKind::Optional, s, end + 1, 0);
                self.deepen()?;
                return Ok(Item::Next(s + 1, end + 1));
            }
            b'-' => {
                self.deepen()?;
                self.choose(ChoiceKind::Lazy, s, p, end);
                return Ok(Item::Next(s, end + 1));
            }
            _ => {}
        }
        Ok(Item::Next(s + 1, end))
    }

    /// `*` or `+` (at `end`) after `single`, which took `progress` bytes from `s` on already.
    fn greedy(
        &mut self,
        text: Text<'_>,
        s: usize,
        (single, end): (Single, usize),
        fuel: &mut i64,
    ) -> Result<Item, PatternError> {
        let rest = text.subject.get(s + self.progress..).unwrap_or_default();
        if let Single::Any = single {
            self.progress += rest.len();
        } else {
            let window = &rest[..rest.len().min(affordable(*fuel))];
            let taken = self.sets.accepted(single, window);
            *fuel -= taken as i64;
            self.progress += taken;
            if taken == window.len() && window.len() < rest.len() {
                return Ok(Item::Stopped);
            }
        }
        let stop = s + self.progress;
        let base = if text.pattern.get(end) == Some(&b'+') { s + 1 } else { s };
        self.deepen()?;
        // At the end of the pattern the longest is the match: nothing will be given back.
        if stop > base && end + 1 < text.pattern.len() {
            self.choose(ChoiceKind::Greedy, base, end + 1, stop - base);
        }
        Ok(Item::Next(stop, end + 1))
    }

    #[inline]
    fn choose(&mut self, kind: ChoiceKind, s: usize, p: usize, count: usize) {
        let (level, depth) = (self.level, self.depth);
        self.choices.push(Choice { kind, level, depth, s, p, count });
    }

    #[inline]
    fn deepen(&mut self) -> Result<(), PatternError> {
        if self.depth >= DEPTH_MAX {
            return Err(PatternError::TooComplex);
        }
        self.depth += 1;
        Ok(())
    }
}
