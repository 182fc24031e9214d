//! Names, namespaces, ids and paths.

/// Longest id, in bytes: PIDs and messages carry ids.
const ID_BYTES_MAX: usize = 200;

pub(crate) const NAME_HELP: &str =
    "a name begins with a letter, a digit or _ and has only letters, digits, _, - and . in it";
pub(crate) const NAMESPACE_HELP: &str = "write for example app or app.workers";
pub(crate) const ID_HELP: &str =
    "write NAMESPACE:NAME, or the NAME alone for an entry of the same namespace";

/// Whether an entry may be called so.
pub(crate) fn is_name(text: &str) -> bool {
    let part_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    text.len() <= ID_BYTES_MAX
        && text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && text.chars().all(part_of_name)
}

/// Whether it is names with dots between them.
pub(crate) fn is_namespace(text: &str) -> bool {
    is_name(text) && text.split('.').all(|part| !part.is_empty())
}

/// Whether Lua takes it as a name.
pub(crate) fn is_lua_name(text: &str) -> bool {
    text.len() <= ID_BYTES_MAX
        && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The whole id of what a text names; `None` when it is no id.
pub(crate) fn whole(text: &str, namespace: &str) -> Option<String> {
    let (namespace, name) = text.split_once(':').unwrap_or((namespace, text));
    let id = format!("{namespace}:{name}");
    (is_namespace(namespace) && is_name(name) && id.len() <= ID_BYTES_MAX).then_some(id)
}

/// The path that leads from a directory (empty, or with a `/` at its end) to a file.
pub(crate) fn joined(directory: &str, path: &str) -> Result<String, &'static str> {
    if path.is_empty() || path.ends_with('/') {
        return Err("the file's name is missing");
    }
    if path.starts_with('/') || path.contains('\\') || path.contains('\0') {
        return Err("write a path that is relative to this file, with / between its parts");
    }
    let mut parts: Vec<&str> = directory.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop().ok_or("it leads out of the application's directory")?;
            }
            part => parts.push(part),
        }
    }
    if parts.is_empty() { Err("the file's name is missing") } else { Ok(parts.join("/")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_completed() {
        for (text, expected) in [
            ("worker", Some("app:worker")),
            ("other:worker", Some("other:worker")),
            ("a.b:c.d-e_f", Some("a.b:c.d-e_f")),
            ("", None),
            (":a", None),
            ("a:", None),
            ("a:b:c", None),
            ("a..b:c", None),
            ("a b", None),
            ("ä:b", None),
        ] {
            assert_eq!(whole(text, "app").as_deref(), expected, "{text}");
        }
        assert_eq!(whole(&"x".repeat(300), "app"), None);
    }

    #[test]
    fn paths_stay_inside() {
        for (directory, path, expected) in [
            ("", "a.lua", Ok("a.lua")),
            ("sub/", "a.lua", Ok("sub/a.lua")),
            ("sub/", "./b/../a.lua", Ok("sub/a.lua")),
            ("sub/", "../a.lua", Ok("a.lua")),
            ("", "../a.lua", Err("it leads out of the application's directory")),
            ("sub/", "../../sub/a.lua", Err("it leads out of the application's directory")),
            ("", "", Err("the file's name is missing")),
            ("", "a/..", Err("the file's name is missing")),
        ] {
            assert_eq!(joined(directory, path), expected.map(str::to_owned), "{directory} {path}");
        }
        assert!(joined("", "/etc/passwd").is_err());
        assert!(joined("", "a\\b").is_err());
    }
}
