//! The matcher of Lua 5.4 patterns: iterative, metered, and stoppable at any step.
//!
//! PUC's matcher recurses in C; this one keeps its choices on an explicit stack, so a match that
//! runs out of fuel is continued later, in this process or (see `Matcher::save`) in another one.
//! What a match costs and what it returns do not depend on where it was stopped. The stack holds
//! one entry per pattern construct in force, never one per byte of the subject. No input makes it
//! recurse, panic, or work without being charged, except for the scan of one bracket set, which
//! `SET_BYTES_MAX` bounds.

mod choices;
mod error;
mod items;
mod seek;
mod single;
mod state;
#[cfg(test)]
mod tests;

pub use self::error::PatternError;
use self::single::Sets;

/// Most captures in a pattern, as in PUC (`LUA_MAXCAPTURES`).
pub const CAPTURES_MAX: usize = 32;
/// Most constructs in force at once (quantifiers and capture ends passed but still open to
/// backtracking): one less than PUC's `MAXCCALLS`, whose first call is the match itself.
pub const DEPTH_MAX: u8 = 199;
/// Longest bracket set in a pattern. PUC has no such limit; here it bounds what is done between
/// two looks at the fuel.
pub const SET_BYTES_MAX: usize = 1 << 16;

/// What one call of `run` or `search` came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Step {
    /// The pattern matches from `Matcher::start` to `end` (exclusive) of the subject.
    Matched {
        /// Offset after the last byte matched.
        end: usize,
    },
    /// No match; final.
    Failed,
    /// The fuel is used up; call again with the same texts to continue.
    OutOfFuel,
}

/// What a capture of the pattern holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capture {
    /// Bytes `start..end` of the subject.
    Span {
        /// First byte.
        start: usize,
        /// After the last byte.
        end: usize,
    },
    /// The 1-based position that `()` gives.
    Position(usize),
    /// A `(` that was never closed. PUC raises "unfinished capture" only when such a capture is
    /// used, so `string.gsub("a", "(a", "x")` works; see `Matcher::finished_captures`.
    Open {
        /// First byte.
        start: usize,
    },
}

/// Whether `pattern` has a byte that means something in a pattern; without one, `string.find` is
/// a plain search.
#[must_use]
pub fn has_specials(pattern: &[u8]) -> bool {
    pattern.iter().any(|byte| b"^$*+?.([%-".contains(byte))
}

/// What the matcher does when it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Nothing tried at `start` yet.
    Seek,
    /// At an item it has not begun.
    Forward,
    /// Within an item: `progress` says how far.
    Inside,
    /// Failed here; back to the last choice.
    Backward,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ChoiceKind {
    /// `count` repetitions from `s` can still be given back; the pattern goes on at `p`.
    Greedy,
    /// Go on at `p` without the optional item.
    Optional,
    /// Try the single at `p` (its suffix at `count`) once more at `s`.
    Lazy,
    /// Not a choice: capture number `count` was closed after this point and is to be opened again.
    Reopen,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Choice {
    kind: ChoiceKind,
    level: u8,
    depth: u8,
    s: usize,
    p: usize,
    count: usize,
}

/// What became of the attempt from one item to the next stop.
enum Flow {
    Matched,
    Failed,
    OutOfFuel,
}

#[derive(Clone, Copy)]
struct Text<'a> {
    subject: &'a [u8],
    pattern: &'a [u8],
}

/// The state of one match: all of it is offsets, so it can be saved and the texts can move.
///
/// It is about a kilobyte; keep one and call `begin` rather than making one per call.
#[derive(Clone)]
pub struct Matcher {
    start: usize,
    s: usize,
    p: usize,
    /// Bytes of the subject that the item in force has taken already (`Mode::Inside`).
    progress: usize,
    /// Open brackets of a `%b` in force.
    nesting: usize,
    mode: Mode,
    level: u8,
    depth: u8,
    /// The offsets came from outside and were not yet compared with the texts.
    unchecked: bool,
    choices: Vec<Choice>,
    captures: [Capture; CAPTURES_MAX],
    sets: Sets,
}

impl Matcher {
    /// A matcher that begins at offset `start` of the subject. The caller strips a leading `^`.
    #[must_use]
    pub fn new(start: usize) -> Self {
        Self {
            start,
            s: start,
            p: 0,
            progress: 0,
            nesting: 0,
            mode: Mode::Seek,
            level: 0,
            depth: 0,
            unchecked: true,
            choices: Vec::new(),
            captures: [Capture::Open { start: 0 }; CAPTURES_MAX],
            sets: Sets::EMPTY,
        }
    }

    /// Begins anew at `start`, perhaps with other texts; keeps the memory.
    pub fn begin(&mut self, start: usize) {
        self.sets.clear();
        self.again(start);
    }

    /// Begins anew at `start` of the same subject with the same pattern: `gmatch`, `gsub`.
    pub fn again(&mut self, start: usize) {
        self.start = start;
        self.unchecked = true;
        self.mode = Mode::Seek;
        self.enter_at(start);
        self.choices.clear();
    }

    /// Where the attempt in force, or the match found, begins.
    #[must_use]
    pub fn start(&self) -> usize {
        self.start
    }

    /// The captures of a match, in the order of their `(`. Empty when the pattern has none: the
    /// caller then takes the whole match.
    #[must_use]
    pub fn captures(&self) -> &[Capture] {
        &self.captures[..usize::from(self.level)]
    }

    /// The first `most` of them, as `find`, `match` and `gmatch` use them.
    ///
    /// # Errors
    /// `UnfinishedCapture` when one was never closed.
    pub fn finished_captures(&self, most: usize) -> Result<&[Capture], PatternError> {
        let captures = self.captures();
        let captures = &captures[..captures.len().min(most)];
        match captures.iter().any(|capture| matches!(capture, Capture::Open { .. })) {
            true => Err(PatternError::UnfinishedCapture),
            false => Ok(captures),
        }
    }

    /// Matches at `start` only: for an anchored pattern, and for `gsub` and `gmatch` if they walk
    /// by themselves. Takes 1 of `fuel` per item tried, byte compared and choice taken back, and 1
    /// per 4 bytes of a set; may overdraw by the cost of one set.
    ///
    /// # Errors
    /// See `PatternError`; as in PUC, only when the match comes to the faulty place.
    pub fn run(
        &mut self,
        subject: &[u8],
        pattern: &[u8],
        fuel: &mut i64,
    ) -> Result<Step, PatternError> {
        let text = Text { subject, pattern };
        self.admit(text)?;
        if self.mode == Mode::Seek {
            self.enter_at(self.start);
            self.mode = Mode::Forward;
        }
        self.attempt(text, fuel)
    }

    /// Matches at the first offset from `start` on where the pattern fits: for `find`, `match`,
    /// `gmatch` and `gsub`. `start()` then tells where. Also takes 1 of `fuel` per byte skipped.
    ///
    /// # Errors
    /// As `run`.
    pub fn search(
        &mut self,
        subject: &[u8],
        pattern: &[u8],
        fuel: &mut i64,
    ) -> Result<Step, PatternError> {
        let text = Text { subject, pattern };
        self.admit(text)?;
        loop {
            if self.mode == Mode::Seek {
                if *fuel <= 0 {
                    return Ok(Step::OutOfFuel);
                }
                match self.seek(text, fuel)? {
                    Flow::Matched => {
                        self.enter_at(self.start);
                        self.mode = Mode::Forward;
                    }
                    Flow::Failed => return Ok(Step::Failed),
                    Flow::OutOfFuel => return Ok(Step::OutOfFuel),
                }
            }
            match self.attempt(text, fuel)? {
                Step::Failed if self.start < subject.len() => {
                    self.start += 1;
                    self.mode = Mode::Seek;
                }
                step => return Ok(step),
            }
        }
    }
}
