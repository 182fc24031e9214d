//! A match as bytes: a preempted match is stored in its process's heap.
//!
//! Little-endian, offsets as u64. Bytes that no `save` wrote are refused by `restore` where their
//! form shows it; offsets beyond the texts show when the texts are there, as
//! `PatternError::Corrupt`. Whatever passes both can give a wrong match but not a panic, and no
//! offset outside of the subject.

use super::single::Sets;
use super::{CAPTURES_MAX, Capture, Choice, ChoiceKind, DEPTH_MAX, Matcher, Mode};

/// Changes when the layout does.
const VERSION: u8 = 1;
/// Entries on the stack of choices: one per construct in force, and one for a `?` not counted yet.
const CHOICES_MAX: usize = DEPTH_MAX as usize + 1;

impl Matcher {
    /// Appends the state of the match.
    pub fn save(&self, out: &mut Vec<u8>) {
        // A stack of choices never has more than CHOICES_MAX entries, so a byte holds its length.
        let choices = u8::try_from(self.choices.len()).unwrap_or(u8::MAX);
        out.extend([VERSION, mode_byte(self.mode), self.level, self.depth, choices]);
        // Between items these two are leftovers.
        let (progress, nesting) = match self.mode {
            Mode::Inside => (self.progress, self.nesting),
            Mode::Seek | Mode::Forward | Mode::Backward => (0, 0),
        };
        let s = if self.mode == Mode::Seek { self.start } else { self.s };
        for offset in [self.start, s, self.p, progress, nesting] {
            put(out, offset);
        }
        for capture in self.captures() {
            let (kind, start, end) = match *capture {
                Capture::Span { start, end } => (0, start, end),
                Capture::Position(position) => (1, position, 0),
                Capture::Open { start } => (2, start, 0),
            };
            out.push(kind);
            put(out, start);
            put(out, end);
        }
        for choice in &self.choices {
            out.extend([kind_byte(choice.kind), choice.level, choice.depth]);
            put(out, choice.s);
            put(out, choice.p);
            put(out, choice.count);
        }
    }

    /// The match that `save` wrote; `None` for bytes it can't have written.
    #[must_use]
    pub fn restore(bytes: &[u8]) -> Option<Self> {
        let mut input = Input(bytes);
        if input.byte()? != VERSION {
            return None;
        }
        let mut matcher = Self::new(0);
        matcher.mode = match input.byte()? {
            0 => Mode::Seek,
            1 => Mode::Forward,
            2 => Mode::Inside,
            3 => Mode::Backward,
            _ => return None,
        };
        matcher.level = input.byte_up_to(CAPTURES_MAX)?;
        matcher.depth = input.byte_up_to(usize::from(DEPTH_MAX))?;
        let choices = input.byte_up_to(CHOICES_MAX)?;
        matcher.start = input.offset()?;
        matcher.s = input.offset()?;
        matcher.p = input.offset()?;
        matcher.progress = input.offset()?;
        matcher.nesting = input.offset()?;
        for index in 0..usize::from(matcher.level) {
            *matcher.captures.get_mut(index)? = input.capture()?;
        }
        matcher.choices.reserve_exact(usize::from(choices));
        for _ in 0..choices {
            let choice = input.choice(matcher.level)?;
            matcher.choices.push(choice);
        }
        matcher.sets = Sets::EMPTY;
        input.0.is_empty().then_some(matcher)
    }

    /// Whether all offsets lie within texts of these lengths.
    pub(super) fn fits(&self, subject: usize, pattern: usize) -> bool {
        let reaches = |s: usize, more: usize| s.checked_add(more).is_some_and(|end| end <= subject);
        let captured = |capture: &Capture| match *capture {
            Capture::Span { start, end } => start <= end && end <= subject,
            Capture::Position(position) => (1..=subject + 1).contains(&position),
            Capture::Open { start } => start <= subject,
        };
        let chosen = |choice: &Choice| {
            let count = match choice.kind {
                ChoiceKind::Greedy => choice.count,
                ChoiceKind::Optional | ChoiceKind::Lazy | ChoiceKind::Reopen => 0,
            };
            self.start <= choice.s && reaches(choice.s, count) && choice.p <= pattern
        };
        self.start <= self.s
            && reaches(self.s, self.progress)
            && reaches(self.nesting, 0)
            && self.p <= pattern
            && self.captures().iter().all(captured)
            && self.choices.iter().all(chosen)
    }
}

fn mode_byte(mode: Mode) -> u8 {
    match mode {
        Mode::Seek => 0,
        Mode::Forward => 1,
        Mode::Inside => 2,
        Mode::Backward => 3,
    }
}

fn kind_byte(kind: ChoiceKind) -> u8 {
    match kind {
        ChoiceKind::Greedy => 0,
        ChoiceKind::Optional => 1,
        ChoiceKind::Lazy => 2,
        ChoiceKind::Reopen => 3,
    }
}

fn put(out: &mut Vec<u8>, offset: usize) {
    out.extend((offset as u64).to_le_bytes());
}

/// What is left of the saved bytes.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(byte)
    }

    fn byte_up_to(&mut self, most: usize) -> Option<u8> {
        self.byte().filter(|&byte| usize::from(byte) <= most)
    }

    fn offset(&mut self) -> Option<usize> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        usize::try_from(u64::from_le_bytes(*bytes)).ok()
    }

    fn capture(&mut self) -> Option<Capture> {
        let kind = self.byte()?;
        let (start, end) = (self.offset()?, self.offset()?);
        match kind {
            0 => Some(Capture::Span { start, end }),
            1 => Some(Capture::Position(start)),
            2 => Some(Capture::Open { start }),
            _ => None,
        }
    }

    fn choice(&mut self, level_most: u8) -> Option<Choice> {
        let kind = match self.byte()? {
            0 => ChoiceKind::Greedy,
            1 => ChoiceKind::Optional,
            2 => ChoiceKind::Lazy,
            3 => ChoiceKind::Reopen,
            _ => return None,
        };
        let level = self.byte_up_to(usize::from(level_most))?;
        let depth = self.byte_up_to(usize::from(DEPTH_MAX))?;
        Some(Choice {
            kind,
            level,
            depth,
            s: self.offset()?,
            p: self.offset()?,
            count: self.offset()?,
        })
    }
}
