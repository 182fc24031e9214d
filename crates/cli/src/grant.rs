//! `--grant fs:DIR[:rw]`, `--grant env:NAME`, `--grant http:HOST[:PORT]`, `--env NAME=VALUE`, and the directories among a
//! program's arguments.

use crate::failure::Failure;
use procession_runtime::{Access, Grant, Variables, WebGrants};
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;

/// What `--grant` gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Given {
    /// A directory.
    Directory(Grant),
    /// A variable of the environment, or all of them.
    Variable(String),
    AllVariables,
    /// A host of the network, perhaps one port of it, or all of them.
    Host(String, Option<u16>),
    AllHosts,
}

/// A variable of `--env`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    name: String,
    value: String,
}

/// Reads `fs:DIR`, `fs:DIR:ro`, `fs:DIR:rw`, `env:NAME`, `env:*`, `http:HOST[:PORT]` or
/// `http:*`; the error says what would be right.
pub(crate) fn parse(text: &str) -> Result<Given, String> {
    match text.split_once(':') {
        Some(("fs", rest)) => directory(rest).map(Given::Directory),
        Some(("env", "*")) => Ok(Given::AllVariables),
        Some(("http", "*")) => Ok(Given::AllHosts),
        Some(("http", host)) => host_and_port(host),
        Some(("env", name)) => variable_name(name).map(Given::Variable),
        Some(_) | None => Err(
            "unknown grant: write fs:DIR, fs:DIR:rw, env:NAME, env:*, http:HOST or http:HOST:PORT"
                .to_owned(),
        ),
    }
}

fn directory(rest: &str) -> Result<Grant, String> {
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

fn variable_name(name: &str) -> Result<String, String> {
    if name.is_empty() || name.contains(['=', '*', '\0']) {
        return Err(format!("\"{name}\" is no variable's name: write env:NAME or env:*"));
    }
    Ok(name.to_owned())
}

/// Reads `HOST` or `HOST:PORT`; an IPv6 address stands in brackets.
fn host_and_port(text: &str) -> Result<Given, String> {
    let wrong = || format!("\"{text}\" is no host: write http:HOST, http:HOST:PORT or http:*");
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            (host, Some(port.parse::<u16>().map_err(|_| wrong())?))
        }
        Some(_) | None => (text, None),
    };
    let is_address = host.starts_with('[') && host.ends_with(']');
    if host.is_empty() || host.contains(['/', '*', '@']) || host.contains(':') && !is_address {
        return Err(wrong());
    }
    Ok(Given::Host(host.to_owned(), port))
}

/// The hosts of a run.
pub(crate) fn hosts(given: &[Given]) -> WebGrants {
    let mut grants = WebGrants::default();
    for given in given {
        match given {
            Given::Host(host, port) => grants.grant(host, *port),
            Given::AllHosts => grants.grant_all(),
            Given::Directory(_) | Given::Variable(_) | Given::AllVariables => {}
        }
    }
    grants
}

/// Reads `NAME=VALUE`.
pub(crate) fn parse_setting(text: &str) -> Result<Setting, String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    let name = variable_name(name).map_err(|_| "the name is missing: write NAME=VALUE")?;
    Ok(Setting { name, value: value.to_owned() })
}

/// The directories of a run: those given, and for reading every argument that is a directory and
/// not granted already. A directory that is granted to write is made if it does not exist.
///
/// # Errors
/// When it can't be made.
pub(crate) fn directories(given: &[Given], arguments: &[OsString]) -> Result<Vec<Grant>, Failure> {
    let mut grants = Vec::new();
    for given in given {
        let Given::Directory(grant) = given else { continue };
        if grant.access == Access::Write {
            fs::create_dir_all(&grant.directory)
                .map_err(|error| Failure::file("make", &grant.directory, &error))?;
        }
        grants.push(grant.clone());
    }
    for argument in arguments {
        let directory = Path::new(argument);
        if directory.is_dir() && !grants.iter().any(|grant| grant.directory == directory) {
            grants.push(Grant::new(directory, Access::Read));
        }
    }
    Ok(grants)
}

/// The variables of a run: those granted with the values that `environment` has, and those set,
/// which come first.
pub(crate) fn variables(
    given: &[Given],
    settings: &[Setting],
    environment: impl Iterator<Item = (OsString, OsString)>,
) -> Variables {
    let mut variables = Variables::default();
    let all = given.contains(&Given::AllVariables);
    for given in given {
        match given {
            Given::Variable(name) => variables.grant(name, None),
            Given::AllVariables => variables.grant_all(),
            Given::Directory(_) | Given::Host(..) | Given::AllHosts => {}
        }
    }
    for (name, value) in environment {
        // Programs name variables by UTF-8 texts.
        let Some(name) = name.to_str() else { continue };
        if all || given.contains(&Given::Variable(name.to_owned())) {
            variables.grant(name, Some(value.into_vec()));
        }
    }
    for setting in settings {
        variables.grant(&setting.name, Some(setting.value.clone().into_bytes()));
    }
    variables
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
            assert_eq!(parse(text), Ok(Given::Directory(Grant::new(directory, access))), "{text}");
        }
        assert_eq!(parse("env:HOME"), Ok(Given::Variable("HOME".to_owned())));
        assert_eq!(parse("env:*"), Ok(Given::AllVariables));
        for (text, host, port) in [
            ("http:a.example", "a.example", None),
            ("http:a.example:8080", "a.example", Some(8080)),
            ("http:[::1]", "[::1]", None),
            ("http:[::1]:80", "[::1]", Some(80)),
        ] {
            assert_eq!(parse(text), Ok(Given::Host(host.to_owned(), port)), "{text}");
        }
        assert_eq!(parse("http:*"), Ok(Given::AllHosts));
        for text in
            ["http:", "http::80", "http:a:x", "http:a:99999", "http:a/b", "http:*.a", "http:::1"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
        for text in
            ["", "data", "fs:", "fs::rw", "fs:data:rx", "net:host", "env:", "env:A=B", "env:A*"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
        let setting = Setting { name: "A".to_owned(), value: "b=c".to_owned() };
        assert_eq!(parse_setting("A=b=c"), Ok(setting));
        for text in ["", "A", "=b"] {
            assert!(parse_setting(text).is_err(), "{text}");
        }
    }

    #[test]
    fn directories_among_arguments_are_granted_to_read() {
        let arguments = ["src", "no-such-directory", "--flag", "Cargo.toml"].map(OsString::from);
        let granted = directories(&[], &arguments).unwrap();
        assert_eq!(granted, [Grant::new("src", Access::Read)]);
        let given = Grant::new("src", Access::Write);
        assert_eq!(directories(&[Given::Directory(given.clone())], &arguments).unwrap(), [given]);
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
            variables(&given, &set, environment())
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
