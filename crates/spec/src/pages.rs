//! The tables of the application page, made from the table of kinds.
//!
//! A table stands between `<!-- keys: WHAT -->` and `<!-- end -->`. WHAT is `file`, `application`,
//! `entry` or a kind; `/KEY` goes on to the mapping of a key, `without KEY, KEY` leaves the inside
//! of mappings away.

use crate::kinds::{self, APPLICATION_KEYS, ENTRY_KEYS, FILE_KEYS};
use crate::shape::{Key, Presence, Shape};
use std::fmt::Write as _;

const BEGIN: &str = "<!-- keys: ";
const END: &str = "<!-- end -->";

/// The page with its tables as they should be.
///
/// # Errors
/// A table that is not ended, or of keys that do not exist.
pub fn with_tables(page: &str) -> Result<String, String> {
    let mut result = String::new();
    let mut rest = page;
    while let Some((before, after)) = rest.split_once(BEGIN) {
        let unended = || format!("a table without {END}: {}", after.lines().next().unwrap_or(""));
        let (what, after) = after.split_once(" -->").ok_or_else(unended)?;
        let (_, after) = after.split_once(END).ok_or_else(unended)?;
        let _ = write!(result, "{before}{BEGIN}{what} -->\n{}{END}", table(what)?);
        rest = after;
    }
    Ok(result + rest)
}

fn table(what: &str) -> Result<String, String> {
    let (path, without) = what.split_once(" without ").unwrap_or((what, ""));
    let without: Vec<&str> = without.split(", ").collect();
    let mut parts = path.split('/');
    let unknown = || format!("a table of {what}, which does not exist");
    let mut keys = match parts.next().unwrap_or_default() {
        "file" => FILE_KEYS,
        "application" => APPLICATION_KEYS,
        "entry" => ENTRY_KEYS,
        kind => kinds::kind(kind).ok_or_else(unknown)?.keys,
    };
    for part in parts {
        let key = keys.iter().find(|key| key.name == part).ok_or_else(unknown)?;
        keys = inside(&key.shape).ok_or_else(unknown)?;
    }
    let mut rows = String::from("| key | value | default | meaning |\n|---|---|---|---|\n");
    push(&mut rows, keys, "", &without);
    Ok(rows)
}

/// The keys of a mapping, or of the mappings of a list.
fn inside(shape: &Shape) -> Option<&'static [Key]> {
    match shape {
        Shape::Record(keys) | Shape::ShortRecord(keys) => Some(keys),
        Shape::List { of: Shape::Record(keys), .. } => Some(keys),
        _ => None,
    }
}

fn push(rows: &mut String, keys: &[Key], before: &str, without: &[&str]) {
    for key in keys {
        let name = format!("{before}{}", key.name);
        let default = match key.presence {
            Presence::Required => "needed".to_owned(),
            Presence::Default("{}" | "[]") => String::new(),
            Presence::Default(text) => format!("`{text}`"),
            Presence::Absent(text) => text.to_owned(),
        };
        let (value, doc) = (value(&key.shape).replace('|', "\\|"), key.doc.replace('|', "\\|"));
        let _ = writeln!(rows, "| `{name}` | {value} | {default} | {doc} |");
        let list = if matches!(key.shape, Shape::List { .. }) { "[]" } else { "" };
        if let Some(keys) = inside(&key.shape).filter(|_| !without.contains(&key.name)) {
            push(rows, keys, &format!("{name}{list}."), without);
        }
    }
}

/// What a value looks like, for people.
fn value(shape: &Shape) -> String {
    match shape {
        Shape::Word(words) => {
            let words: Vec<String> =
                words.iter().map(|(word, doc)| format!("`{word}` ({doc})")).collect();
            words.join(", ")
        }
        Shape::Duration { .. } => "duration".to_owned(),
        Shape::DurationOrNever => "duration or `never`".to_owned(),
        Shape::Size { .. } => "size".to_owned(),
        // The greatest number that there is says nothing.
        Shape::Count { min, max } if *max >= u64::from(u32::MAX) => {
            format!("whole number, {min} or more")
        }
        Shape::Bool => "`true` or `false`".to_owned(),
        Shape::Version => "`\"1.0\"`".to_owned(),
        Shape::Source => "`file://PATH`".to_owned(),
        Shape::Reference(target) => format!("id of a {}", target.noun),
        Shape::List { of: Shape::Record(_), .. } => "list of mappings".to_owned(),
        Shape::List { of, .. } => format!("list: {}", value(of)),
        Shape::Map { key, value: of } => format!("mapping: {} to {}", bare(key), bare(of)),
        Shape::Entries => "list of entries".to_owned(),
        shape => bare(shape),
    }
}

fn bare(shape: &Shape) -> String {
    match shape {
        Shape::Reference(_) | Shape::List { .. } => value(shape),
        shape => {
            let expected = shape.expected();
            let bare = expected.strip_prefix("a ").or_else(|| expected.strip_prefix("the "));
            bare.unwrap_or(&expected).replace(" or a ", " or ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_put_in_place() {
        let page = "a\n<!-- keys: process.supervisor/intensity -->\nold\n<!-- end -->\nb\n";
        let expected = "a\n<!-- keys: process.supervisor/intensity -->\n\
            | key | value | default | meaning |\n|---|---|---|---|\n\
            | `restarts` | whole number, 0 or more | `3` | most restarts |\n\
            | `within` | duration | `5s` | in this time |\n<!-- end -->\nb\n";
        assert_eq!(with_tables(page).as_deref(), Ok(expected));
        assert_eq!(with_tables(expected).as_deref(), Ok(expected));
        for page in ["<!-- keys: file -->", "<!-- keys: nothing --><!-- end -->"] {
            assert!(with_tables(page).is_err(), "{page}");
        }
    }
}
