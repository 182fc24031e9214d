//! What is wrong with a pattern.

use std::fmt;

/// A pattern that can't be used; the text is PUC's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatternError {
    /// A `%` with nothing after it.
    EndsWithPercent,
    /// A set that is never closed.
    MissingBracket,
    /// `%f` without a set.
    MissingFrontierSet,
    /// `%b` without its two bytes.
    MissingBalanceArguments,
    /// A `)` that closes nothing.
    InvalidPatternCapture,
    /// `%1`…`%9` (or `%0`) that names no finished capture.
    InvalidCaptureIndex(u8),
    /// A capture was used that was never closed.
    UnfinishedCapture,
    /// More than `CAPTURES_MAX` captures.
    TooManyCaptures,
    /// More than `DEPTH_MAX` constructs in force, or a set over `SET_BYTES_MAX`.
    TooComplex,
    /// A restored state that does not fit the subject or the pattern. Not in PUC.
    Corrupt,
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EndsWithPercent => "malformed pattern (ends with '%')",
            Self::MissingBracket => "malformed pattern (missing ']')",
            Self::MissingFrontierSet => "missing '[' after '%f' in pattern",
            Self::MissingBalanceArguments => "malformed pattern (missing arguments to '%b')",
            Self::InvalidPatternCapture => "invalid pattern capture",
            Self::InvalidCaptureIndex(index) => {
                return write!(f, "invalid capture index %{index}");
            }
            Self::UnfinishedCapture => "unfinished capture",
            Self::TooManyCaptures => "too many captures",
            Self::TooComplex => "pattern too complex",
            Self::Corrupt => "corrupt pattern state",
        })
    }
}

impl std::error::Error for PatternError {}
