//! The forms of output: tables for people, JSON and YAML for programs, names for scripts.

use clap::ValueEnum;
use serde::Serialize;
use serde_json::Value;
use std::io::IsTerminal as _;

/// What `-o` can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// Columns for people
    #[default]
    Table,
    /// More columns
    Wide,
    /// One JSON text
    Json,
    /// One JSON text a line for each item
    Jsonl,
    /// One YAML text
    Yaml,
    /// One name or id a line
    Name,
}

/// A column of a table.
pub(crate) struct Column<T> {
    pub(crate) title: &'static str,
    /// It is shown with `-o wide` only.
    pub(crate) is_wide: bool,
    pub(crate) text: fn(&T) -> String,
}

/// A column that every table shows.
pub(crate) const fn column<T>(title: &'static str, text: fn(&T) -> String) -> Column<T> {
    Column { title, is_wide: false, text }
}

/// A column of wide tables.
pub(crate) const fn wide<T>(title: &'static str, text: fn(&T) -> String) -> Column<T> {
    Column { title, is_wide: true, text }
}

/// A list in a form.
pub(crate) fn list<T: Serialize>(
    format: Format,
    items: &[T],
    columns: &[Column<T>],
    name: fn(&T) -> String,
) -> String {
    match format {
        Format::Table | Format::Wide => table(format == Format::Wide, items, columns),
        Format::Json => json(&items),
        Format::Jsonl => items.iter().map(|item| line(item)).collect(),
        Format::Yaml => yaml(&value(&items)),
        Format::Name => items.iter().map(|item| name(item) + "\n").collect(),
    }
}

/// One thing in a form; `text` is what people get to see.
pub(crate) fn one<T: Serialize>(
    format: Format,
    item: &T,
    text: impl FnOnce(&T) -> String,
    name: impl FnOnce(&T) -> String,
) -> String {
    match format {
        Format::Table | Format::Wide => text(item),
        Format::Json => json(item),
        Format::Jsonl => line(item),
        Format::Yaml => yaml(&value(item)),
        Format::Name => name(item) + "\n",
    }
}

fn table<T>(is_wide: bool, items: &[T], columns: &[Column<T>]) -> String {
    let columns: Vec<&Column<T>> =
        columns.iter().filter(|column| is_wide || !column.is_wide).collect();
    let titles: Vec<String> = columns.iter().map(|column| column.title.to_owned()).collect();
    let cells = |item| columns.iter().map(|column| printable(&(column.text)(item))).collect();
    let rows: Vec<Vec<String>> = items.iter().map(cells).collect();
    let widths: Vec<usize> = (0..columns.len())
        .map(|at| {
            rows.iter().chain([&titles]).map(|row| row[at].chars().count()).max().unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for (number, row) in std::iter::once(&titles).chain(&rows).enumerate() {
        let mut shown = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let cell = if cell.is_empty() { "-" } else { cell };
            shown.push_str(&format!("{cell:width$}  "));
        }
        let shown = shown.trim_end();
        text.push_str(&if number == 0 { bold(shown) } else { shown.to_owned() });
        text.push('\n');
    }
    text
}

/// Text of others without what would move the cursor.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect()
}

/// Text of others of several lines, likewise.
pub(crate) fn printable_lines(text: &str) -> String {
    let keep = |c: char| if c.is_control() && c != '\n' && c != '\t' { '\u{FFFD}' } else { c };
    text.chars().map(keep).collect()
}

/// Bold at a terminal, unless `NO_COLOR` is set.
pub(crate) fn bold(text: &str) -> String {
    if has_style() { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
}

fn has_style() -> bool {
    let is_off = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !is_off && std::io::stdout().is_terminal()
}

fn value(item: &impl Serialize) -> Value {
    // What the API says is JSON already.
    serde_json::to_value(item).unwrap_or(Value::Null)
}

fn json(item: &impl Serialize) -> String {
    serde_json::to_string_pretty(item).unwrap_or_default() + "\n"
}

fn line(item: &impl Serialize) -> String {
    serde_json::to_string(item).unwrap_or_default() + "\n"
}

/// A value as YAML.
pub(crate) fn yaml(value: &Value) -> String {
    let mut text = String::new();
    node(value, 0, &mut text);
    text
}

fn node(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                out.push_str(&" ".repeat(indent));
                out.push_str("- ");
                child(item, indent + 2, true, out);
            }
        }
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                out.push_str(&" ".repeat(indent));
                out.push_str(&scalar(&Value::String(name.clone())));
                out.push(':');
                child(value, indent + 2, false, out);
            }
        }
        scalar_value => {
            out.push_str(&scalar(scalar_value));
            out.push('\n');
        }
    }
}

/// What stands behind `- ` or `name:`.
fn child(value: &Value, indent: usize, is_item: bool, out: &mut String) {
    let is_block = match value {
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    };
    if !is_block {
        out.push_str(if is_item { "" } else { " " });
        out.push_str(&scalar(value));
        out.push('\n');
    } else if is_item {
        let mut block = String::new();
        node(value, indent, &mut block);
        // The first line stands behind the dash.
        out.push_str(block.trim_start());
    } else {
        out.push('\n');
        node(value, indent, out);
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) if is_plain(text) => text.clone(),
        // A text of JSON is one of YAML.
        other => other.to_string(),
    }
}

/// Whether a text means itself in YAML without quotes.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 10] =
        ["true", "false", "null", "yes", "no", "on", "off", "nan", "inf", "y"];
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'))
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
        && text != "n"
        && text != "N"
}

/// A number of bytes for people.
pub(crate) fn bytes(count: u64) -> String {
    match count {
        0..1024 => format!("{count} B"),
        1024..1_048_576 => format!("{:.1} KiB", count as f64 / 1024.0),
        1_048_576..1_073_741_824 => format!("{:.1} MiB", count as f64 / 1_048_576.0),
        _ => format!("{:.1} GiB", count as f64 / 1_073_741_824.0),
    }
}

/// A number of pieces for people.
pub(crate) fn count(count: u64) -> String {
    match count {
        0..10_000 => count.to_string(),
        10_000..10_000_000 => format!("{:.1}k", count as f64 / 1e3),
        10_000_000..10_000_000_000 => format!("{:.1}M", count as f64 / 1e6),
        _ => format!("{:.1}G", count as f64 / 1e9),
    }
}

/// How long ago a point in time was, for people.
pub(crate) fn age(since: &str) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = now.map_or(0, |now| now.as_secs());
    // What has never been has no age.
    let since = procession_api::parse_rfc3339(since).filter(|since| since.0 > 0);
    let Some(since) = since else { return String::new() };
    let seconds = now.saturating_sub(u64::try_from(since.0 / 1_000_000_000).unwrap_or(0));
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7200 => format!("{}m", seconds / 60),
        7200..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn yaml_says_the_same() {
        let value = json!({
            "name": "worker-1", "count": 3, "on": "yes", "text": "a: b\n", "none": null,
            "list": [1, [2, 3], {"a": "x", "b": []}], "empty": {},
        });
        let expected = "\
name: worker-1
count: 3
\"on\": \"yes\"
text: \"a: b\\n\"
none: null
list:
  - 1
  - - 2
    - 3
  - a: x
    b: []
empty: {}
";
        assert_eq!(yaml(&value), expected);
        assert_eq!(yaml(&json!([])), "[]\n");
    }

    #[test]
    fn tables_are_aligned_and_harmless() {
        let columns = [
            column("NAME", |it: &&str| (*it).to_owned()),
            wide("LENGTH", |it: &&str| it.len().to_string()),
        ];
        let items = ["a", "long\x1b[2J", ""];
        let name = |it: &&str| (*it).to_owned();
        let text = list(Format::Table, &items, &columns, name);
        assert_eq!(text, "NAME\na\nlong\u{FFFD}[2J\n-\n");
        let text = list(Format::Wide, &items[..1], &columns, name);
        assert_eq!(text, "NAME  LENGTH\na     1\n");
        assert_eq!(list(Format::Jsonl, &items[..1], &columns, name), "\"a\"\n");
        assert_eq!(list(Format::Name, &items[..1], &columns, name), "a\n");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(
            (bytes(5), bytes(2048), bytes(5 << 20)),
            ("5 B".into(), "2.0 KiB".into(), "5.0 MiB".into())
        );
        assert_eq!(
            (count(9999), count(12_345), count(12_345_678)),
            ("9999".into(), "12.3k".into(), "12.3M".into())
        );
        assert_eq!(age("nonsense"), "");
        assert_eq!(age("1970-01-01T00:00:00.000000Z"), "");
    }
}
