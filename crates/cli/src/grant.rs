//! `--grant`, `--env NAME=VALUE`, and the directories among a program's arguments: what of the machine
//! the programs of a run may use.

use crate::failure::Failure;
use procession_application::{Granted, granted};
use procession_runtime::{Access, Grant};
use procession_spec::Grant as Given;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;

/// A variable of `--env`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    name: String,
    value: String,
}

/// Reads a grant; the error says what would be right.
pub(crate) fn parse(text: &str) -> Result<Given, String> {
    Given::parse(text).map_err(|error| error.to_string())
}

/// Reads `NAME=VALUE`.
pub(crate) fn parse_setting(text: &str) -> Result<Setting, String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    if Given::parse(&format!("env:{name}")) != Ok(Given::Variable(name.to_owned())) {
        return Err(format!("\"{name}\" is no variable's name: write NAME=VALUE"));
    }
    Ok(Setting { name: name.to_owned(), value: value.to_owned() })
}

/// What a run gets: what is given, and for reading every argument that is a directory and not granted
/// already. A directory that is granted to write is made if it does not exist.
///
/// # Errors
/// When it can't be made.
pub(crate) fn of_run(
    given: &[Given],
    arguments: &[OsString],
    environment: impl Iterator<Item = (OsString, OsString)>,
    settings: &[Setting],
) -> Result<Granted, Failure> {
    // Programs name variables by UTF-8 texts.
    let environment =
        environment.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_vec())));
    let set = settings.iter().map(|it| (it.name.clone(), it.value.clone().into_bytes()));
    let mut granted = granted(given, Path::new(""), environment, set);
    for grant in granted.directories.iter().filter(|grant| grant.access == Access::Write) {
        fs::create_dir_all(&grant.directory)
            .map_err(|error| Failure::file("make", &grant.directory, &error))?;
    }
    for argument in arguments {
        let directory = Path::new(argument);
        let mut others = granted.directories.iter();
        if directory.is_dir() && !others.any(|grant| grant.directory == directory) {
            granted.directories.push(Grant::new(directory, Access::Read));
        }
    }
    Ok(granted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use procession_runtime::Variables;

    #[test]
    fn variables_are_read() {
        let setting = Setting { name: "A".to_owned(), value: "b=c".to_owned() };
        assert_eq!(parse_setting("A=b=c"), Ok(setting));
        for text in ["", "A", "=b", "*=b"] {
            assert!(parse_setting(text).is_err(), "{text}");
        }
        assert!(parse("fs:data:rx").unwrap_err().contains("write :ro or :rw"));
    }

    fn of(given: &[Given], arguments: &[OsString]) -> Vec<Grant> {
        of_run(given, arguments, std::iter::empty(), &[]).unwrap().directories
    }

    #[test]
    fn directories_among_arguments_are_granted_to_read() {
        let arguments = ["src", "no-such-directory", "--flag", "Cargo.toml"].map(OsString::from);
        assert_eq!(of(&[], &arguments), [Grant::new("src", Access::Read)]);
        let given = parse("fs:src:rw").unwrap();
        assert_eq!(of(&[given], &arguments), [Grant::new("src", Access::Write)]);
    }

    #[test]
    fn variables_are_those_granted_and_those_set() {
        let environment = || {
            let pairs = [("A", "1"), ("B", "2"), ("C", "3")];
            pairs.into_iter().map(|(name, value)| (OsString::from(name), OsString::from(value)))
        };
        let read = |given: &[&str], set: &[&str]| {
            let given: Vec<Given> = given.iter().map(|text| parse(text).unwrap()).collect();
            let set: Vec<Setting> = set.iter().map(|text| parse_setting(text).unwrap()).collect();
            of_run(&given, &[], environment(), &set).unwrap().variables
        };
        let of = |list: &[(&str, Option<&str>)], all: bool| {
            let mut wanted = Variables::default();
            for (name, value) in list {
                wanted.grant(name, value.map(|value| value.as_bytes().to_vec()));
            }
            if all {
                wanted.grant_all();
            }
            wanted
        };
        assert_eq!(read(&[], &[]), of(&[], false));
        assert_eq!(read(&["env:A", "env:X"], &[]), of(&[("A", Some("1")), ("X", None)], false));
        assert_eq!(
            read(&["env:A"], &["A=9", "N=5"]),
            of(&[("A", Some("9")), ("N", Some("5"))], false)
        );
        let all = [("A", Some("1")), ("B", Some("2")), ("C", Some("3"))];
        assert_eq!(read(&["env:*"], &[]), of(&all, true));
    }
}
