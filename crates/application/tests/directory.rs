//! Files on disk: what is found, and what is refused.
#![allow(clippy::unwrap_used)]

mod common;

use common::Scratch;
use procession_application::{Directory, ReadError, read};
use procession_spec::{FileError, Files as _, Mode};

#[test]
fn index_files_are_found_wherever_they_are_but_in_hidden_directories() {
    let scratch = Scratch::new("found");
    for path in ["_index.yaml", "a/_index.yaml", "a/b/_index.yaml", ".git/_index.yaml", "c/x.lua"] {
        scratch.write(path, "");
    }
    let directory = Directory::open(scratch.path()).unwrap();
    let mut found = directory.indexes().unwrap();
    found.sort();
    assert_eq!(found, ["_index.yaml", "a/_index.yaml", "a/b/_index.yaml"]);
}

#[test]
fn what_leads_out_is_refused_and_what_is_too_long() {
    let scratch = Scratch::new("refused");
    scratch.write("outside.lua", "secret");
    scratch.write("app/long.lua", "12345");
    std::os::unix::fs::symlink("../outside.lua", scratch.path().join("app/link.lua")).unwrap();
    let directory = Directory::open(&scratch.path().join("app")).unwrap();
    for (path, expected) in [
        ("link.lua", FileError::Outside),
        ("../outside.lua", FileError::Outside),
        ("none.lua", FileError::NotFound),
        ("long.lua", FileError::TooLong { bytes_max: 4 }),
        (".", FileError::Other("it is no file".to_owned())),
    ] {
        assert_eq!(directory.read(path, 4), Err(expected), "{path}");
    }
    assert_eq!(directory.read("long.lua", 5), Ok(b"12345".to_vec()));
}

#[test]
fn a_directory_that_is_not_there_is_said_so() {
    let scratch = Scratch::new("missing");
    let error = read(&scratch.path().join("none"), Mode::Strict).unwrap_err().to_string();
    assert!(error.contains("none") && error.contains("there is no such file"), "{error}");
}

#[test]
fn programs_that_do_not_load_are_all_named() {
    let scratch = Scratch::new("programs");
    let entry = |name: &str| {
        format!("  - {{name: {name}, kind: process.lua, source: file://{name}.lua}}\n")
    };
    let entries: String = ["one", "two", "three"].map(entry).concat();
    scratch.write("_index.yaml", &format!("version: \"1.0\"\nnamespace: app\nentries:\n{entries}"));
    scratch.write("one.lua", "return }");
    scratch.write("two.lua", "return function() end");
    scratch.write("three.lua", "\n\nlocal x = ");
    let Err(ReadError::Programs(wrong)) = read(scratch.path(), Mode::Strict) else {
        panic!("it was read");
    };
    let wrong: Vec<String> =
        wrong.iter().map(|it| format!("{}: {}", it.id, it.error.message)).collect();
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert!(wrong[0].starts_with("app:one: ") && wrong[0].contains("one.lua:1:"), "{wrong:?}");
    assert!(wrong[1].starts_with("app:three: ") && wrong[1].contains("three.lua:3:"), "{wrong:?}");
}
