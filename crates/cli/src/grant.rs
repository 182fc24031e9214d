//! `--grant fs:DIR[:rw]`, and the directories among a program's arguments.

use crate::failure::Failure;
use procession_runtime::{Access, Grant};
use std::ffi::OsString;
use std::fs;
use std::path::Path;

/// Reads `fs:DIR`, `fs:DIR:ro` or `fs:DIR:rw`; the error says what would be right.
pub(crate) fn parse(text: &str) -> Result<Grant, String> {
    let rest = text
        .strip_prefix("fs:")
        .ok_or("only directories can be granted: write fs:DIR or fs:DIR:rw")?;
    let (directory, access) = match rest.rsplit_once(':') {
        Some((directory, "rw")) => (directory, Access::Write),
        Some((directory, "ro")) => (directory, Access::Read),
        Some((_, other)) if !other.contains('/') => {
            return Err(format!("\"{other}\" is no access: write :ro or :rw"));
        }
        Some(_) | None => (rest, Access::Read),
    };
    if directory.is_empty() {
        return Err("the directory is missing: write fs:DIR or fs:DIR:rw".to_owned());
    }
    Ok(Grant::new(directory, access))
}

/// The grants of a run: those given, and for reading every argument that is a directory and not
/// granted already. A directory that is granted to write is made if it does not exist.
///
/// # Errors
/// When it can't be made.
pub(crate) fn all(given: &[Grant], arguments: &[OsString]) -> Result<Vec<Grant>, Failure> {
    for grant in given.iter().filter(|grant| grant.access == Access::Write) {
        fs::create_dir_all(&grant.directory)
            .map_err(|error| Failure::file("make", &grant.directory, &error))?;
    }
    let mut grants = given.to_vec();
    for argument in arguments {
        let directory = Path::new(argument);
        if directory.is_dir() && !grants.iter().any(|grant| grant.directory == directory) {
            grants.push(Grant::new(directory, Access::Read));
        }
    }
    Ok(grants)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_read() {
        for (text, directory, access) in [
            ("fs:data", "data", Access::Read),
            ("fs:data:ro", "data", Access::Read),
            ("fs:/a/b:rw", "/a/b", Access::Write),
            ("fs:a:b/c", "a:b/c", Access::Read),
            ("fs:a:b/c:rw", "a:b/c", Access::Write),
        ] {
            assert_eq!(parse(text), Ok(Grant::new(directory, access)), "{text}");
        }
        for text in ["", "data", "fs:", "fs::rw", "fs:data:rx", "net:host"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn directories_among_arguments_are_granted_to_read() {
        let arguments = ["src", "no-such-directory", "--flag", "Cargo.toml"].map(OsString::from);
        let granted = all(&[], &arguments).unwrap();
        assert_eq!(granted, [Grant::new("src", Access::Read)]);
        let given = [Grant::new("src", Access::Write)];
        assert_eq!(all(&given, &arguments).unwrap(), given);
    }
}
