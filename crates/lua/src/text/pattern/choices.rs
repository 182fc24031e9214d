//! Going back to the last choice of a match.
//!
//! Where it is plain to see what the rest of the pattern can begin with, places without such a byte
//! are passed over here, so `.*,` costs a comparison per byte given back and not a round of the
//! matcher.

use super::seek::affordable;
use super::single::{Sets, Single, extra_charge};
use super::{Capture, Choice, ChoiceKind, Flow, Matcher, PatternError, Text};
use crate::text::plain::find_byte;

/// Items looked at to see what the rest of a pattern can begin with.
const BEGINNING_MAX: usize = 3;

impl Matcher {
    /// Takes the last choice back and sets the offsets to try next.
    pub(super) fn backtrack(
        &mut self,
        text: Text<'_>,
        fuel: &mut i64,
    ) -> Result<Flow, PatternError> {
        while *fuel > 0 {
            let Some(&choice) = self.choices.last() else {
                return Ok(Flow::Failed);
            };
            let found = match choice.kind {
                ChoiceKind::Greedy => self.give_back(text, choice, fuel),
                ChoiceKind::Optional => {
                    *fuel -= 1;
                    self.choices.pop();
                    Some((choice.s, choice.p))
                }
                ChoiceKind::Lazy => self.take_more(text, choice, fuel)?,
                ChoiceKind::Reopen => {
                    *fuel -= 1;
                    self.choices.pop();
                    if let Some(capture) = self.captures.get_mut(choice.count)
                        && let Capture::Span { start, .. } = *capture
                    {
                        *capture = Capture::Open { start };
                    }
                    None
                }
            };
            if let Some((s, p)) = found {
                (self.s, self.p) = (s, p);
                (self.level, self.depth) = (choice.level, choice.depth);
                return Ok(Flow::Matched);
            }
        }
        Ok(Flow::OutOfFuel)
    }

    /// Gives repetitions back one by one, until the rest of the pattern has a chance. `None` when
    /// there are no more, or no more fuel; the choice then says which.
    fn give_back(
        &mut self,
        text: Text<'_>,
        choice: Choice,
        fuel: &mut i64,
    ) -> Option<(usize, usize)> {
        let beginning = Beginning::of(text.pattern, choice.p);
        let mut count = choice.count;
        let mut found = false;
        if let Beginning::Byte(byte) = beginning {
            let window = count.min(affordable(*fuel));
            let end = choice.s + count;
            let bytes = text.subject.get(end - window..end).unwrap_or_default();
            let place = bytes.iter().rposition(|&b| b == byte);
            let given = place.map_or(window, |place| window - place);
            *fuel -= given as i64;
            count -= given;
            found = place.is_some();
        }
        while !found && count > 0 && *fuel > 0 {
            *fuel -= 1;
            count -= 1;
            found = beginning.accepts(&self.sets, text.subject.get(choice.s + count));
        }
        if count == 0 {
            self.choices.pop();
        } else if let Some(top) = self.choices.last_mut() {
            top.count = count;
        }
        found.then_some((choice.s + count, choice.p))
    }

    /// Takes repetitions one by one, until the rest of the pattern has a chance.
    fn take_more(
        &mut self,
        text: Text<'_>,
        choice: Choice,
        fuel: &mut i64,
    ) -> Result<Option<(usize, usize)>, PatternError> {
        let (single, end) = self.sets.single_at(text.pattern, choice.p)?;
        let charge = 1 + extra_charge(single, choice.p, end);
        let beginning = Beginning::of(text.pattern, end + 1);
        let mut s = choice.s;
        let mut found = false;
        if let (Single::Any, Beginning::Byte(byte)) = (single, &beginning) {
            let rest = text.subject.get(s + 1..).unwrap_or_default();
            let window = &rest[..rest.len().min(affordable(*fuel))];
            let place = find_byte(window, *byte);
            let taken = place.map_or(window.len(), |place| place + 1);
            *fuel -= taken as i64;
            s += taken;
            found = place.is_some();
        }
        while !found && *fuel > 0 {
            *fuel -= charge;
            if !text.subject.get(s).is_some_and(|&byte| self.sets.accepts(single, byte)) {
                self.choices.pop();
                return Ok(None);
            }
            s += 1;
            found = beginning.accepts(&self.sets, text.subject.get(s));
        }
        if let Some(top) = self.choices.last_mut() {
            top.s = s;
        }
        Ok(found.then_some((s, end + 1)))
    }
}

/// What the rest of a pattern can begin with, where that is plain to see.
enum Beginning {
    /// Not plain to see, or it can be nothing.
    Anything,
    /// This byte only: the common case.
    Byte(u8),
    /// One of the first so many singles. None of them is a set: reading one could take the place
    /// of another in the cache.
    Few([Single; BEGINNING_MAX], usize),
}

impl Beginning {
    /// For the pattern from `p` on. Capture ends are looked through: their errors came up when
    /// this place was first reached, which is always before anything is given back or taken.
    #[inline]
    fn of(pattern: &[u8], mut p: usize) -> Self {
        let mut singles = [Single::Any; BEGINNING_MAX];
        for count in 0..BEGINNING_MAX {
            while pattern.get(p) == Some(&b')') {
                p += 1;
            }
            let (single, end) = match (pattern.get(p), pattern.get(p + 1)) {
                (None | Some(b'(' | b'$' | b'.' | b'['), _) => return Self::Anything,
                (Some(b'%'), Some(b'b' | b'f' | b'0'..=b'9') | None) => return Self::Anything,
                (Some(b'%'), Some(&letter)) => (Single::escaped(letter), p + 2),
                (Some(&byte), _) => (Single::Byte(byte), p + 1),
            };
            singles[count] = single;
            if !matches!(pattern.get(end), Some(b'*' | b'?' | b'-')) {
                return match single {
                    Single::Byte(byte) if count == 0 => Self::Byte(byte),
                    _ => Self::Few(singles, count + 1),
                };
            }
            p = end + 1;
        }
        Self::Anything
    }

    /// Whether the rest of the pattern has a chance where this byte is next.
    #[inline]
    fn accepts(&self, sets: &Sets, next: Option<&u8>) -> bool {
        match (self, next) {
            (Self::Anything, _) => true,
            (Self::Byte(byte), next) => next == Some(byte),
            (Self::Few(singles, count), Some(&byte)) => {
                singles.iter().take(*count).any(|&single| sets.accepts(single, byte))
            }
            (Self::Few(..), None) => false,
        }
    }
}
