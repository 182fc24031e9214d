//! Lists that come in pages.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Items of a page when nobody says how many.
pub const LIMIT_DEFAULT: u32 = 100;
/// Items of a page at most.
pub const LIMIT_MAX: u32 = 1000;

/// Longest cursor and selector, in characters.
const CURSOR_CHARS_MAX: usize = 1024;
const SELECTOR_CHARS_MAX: usize = 4096;

/// What a list is asked for. Unknown parameters are refused, so that a misspelt filter never shows
/// everything.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// Items of the page, 1 to 1000; 100 when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// Where the page before ended: its `next`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(max_length = 1024)]
    pub cursor: Option<String>,
    /// Which items: `key=value`, `key!=value` or `key`, joined by commas; all have to hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(max_length = 4096)]
    pub selector: Option<String>,
}

impl ListQuery {
    /// Items of the page, after a look at the lengths of the texts.
    ///
    /// # Errors
    /// When it is 0 or over the most, or a text is too long, as text.
    pub fn limit(&self) -> Result<usize, String> {
        let texts = [
            ("cursor", &self.cursor, CURSOR_CHARS_MAX),
            ("selector", &self.selector, SELECTOR_CHARS_MAX),
        ];
        for (name, text, most) in texts {
            if text.as_ref().is_some_and(|text| text.chars().count() > most) {
                return Err(format!("{name} has more than {most} characters"));
            }
        }
        match self.limit.unwrap_or(LIMIT_DEFAULT) {
            limit @ 1..=LIMIT_MAX => Ok(limit as usize),
            other => Err(format!("limit is 1 to {LIMIT_MAX}, not {other}")),
        }
    }
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The items. There may be none although more pages follow.
    pub items: Vec<T>,
    /// The `cursor` of the next page; missing on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A registered name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NameView {
    /// The name.
    pub name: String,
    /// The PID of its holder.
    pub pid: String,
}
