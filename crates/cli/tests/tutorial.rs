//! The tutorial: every command of `docs/tutorial.md`, typed one after the other in a copy of the example
//! that it is about, beside what it is said to print.
#![allow(clippy::unwrap_used)]

#[path = "tutorial/blocks.rs"]
mod blocks;
mod common;
#[path = "tutorial/matching.rs"]
mod matching;

use blocks::{Block, CARGO, Command, PREPARATIONS};
use common::{Directory, Session};
use matching::Expected;
use std::path::{Path, PathBuf};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn page() -> String {
    std::fs::read_to_string(repository().join("docs/tutorial.md")).unwrap()
}

/// Who works through the page.
struct Newcomer {
    directory: Directory,
    /// The node, in a terminal of its own.
    node: Option<Session>,
    /// Exit code of the last command.
    code: i32,
}

impl Newcomer {
    /// Somebody with a copy of the repository's example.
    fn new() -> Self {
        let directory = Directory::new("tutorial");
        let tour = repository().join("examples/tour");
        copy(&tour, &directory.path().join("examples/tour"));
        Self { directory, node: None, code: 0 }
    }

    fn start(&self, text: &str) -> Session {
        Session::start_line(self.directory.path(), &text.replace(CARGO, "procession "))
    }

    fn works_through(&mut self, command: &Command) -> Result<(), String> {
        let text = &*command.text;
        if PREPARATIONS.contains(&text) {
            return Ok(());
        }
        if text == "echo $?" {
            let expected = vec![self.code.to_string()];
            self.code = 0;
            return if command.expected == expected {
                Ok(())
            } else {
                Err(format!("the exit code is {expected:?}"))
            };
        }
        if self.code != 0 {
            return Err(format!("the command before it ended with {}; say so", self.code));
        }
        if text.replace(CARGO, "procession ").starts_with("procession up ") {
            let node = self.start(text);
            self.until(&node, &command.expected)?;
            self.node = Some(node);
            return Ok(());
        }
        if command.is_interrupted {
            let session = self.start(text);
            self.until(&session, &command.expected)?;
            // Whoever runs the tests may have them ignore what Ctrl-C sends.
            session.signal("TERM");
            session.end();
            return Ok(());
        }
        let ended = self.start(text).end();
        self.code = ended.code.ok_or("it was ended by a signal")?;
        let printed = self.as_on_the_page(&ended.stdout);
        let mut left = Expected::new(&command.expected);
        for line in printed.lines() {
            let taken = left.take(line);
            left = taken.map_err(|it| format!("it prints\n{printed}not the line\n{it}"))?;
        }
        match left.missing() {
            Some(missing) => Err(format!("it prints\n{printed}without\n{missing}")),
            None => Ok(()),
        }
    }

    /// What is printed, with the directory of the page in the place of the test's.
    fn as_on_the_page(&self, text: &str) -> String {
        text.replace(self.directory.path().to_str().unwrap(), "/run/user/0")
    }

    /// Waits until a command that goes on has printed all this.
    fn until(&self, session: &Session, expected: &[String]) -> Result<(), String> {
        let mut left = Expected::new(expected);
        let mut printed = String::new();
        while let Some(missing) = left.missing() {
            let line = session.next_line().ok_or_else(|| {
                format!("it printed\n{printed}and in a long time not the line\n{missing}")
            })?;
            let line = self.as_on_the_page(&line);
            printed.push_str(&format!("{line}\n"));
            let taken = left.take(&line);
            left = taken.map_err(|it| format!("it prints\n{printed}not the line\n{it}"))?;
        }
        Ok(())
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &target),
            false => drop(std::fs::copy(&path, &target).unwrap()),
        }
    }
}

#[test]
fn every_command_does_what_the_tutorial_says() {
    let mut newcomer = Newcomer::new();
    for block in blocks::read(&page()).unwrap() {
        let Block::Console(commands) = block else { continue };
        for command in commands {
            let done = newcomer.works_through(&command);
            let Command { line, text, .. } = &command;
            done.unwrap_or_else(|what| panic!("docs/tutorial.md:{line}: {text}\n{what}"));
        }
    }
    let node = newcomer.node.take().expect("the tutorial starts a node").end();
    assert_eq!(node.code, Some(0), "the tutorial stops its node: {node:?}");
}

#[test]
fn what_is_shown_of_files_stands_in_them() {
    let tour = repository().join("examples/tour");
    let files = std::fs::read_dir(tour).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<String> = files
        .filter(|path| path.is_file())
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    let mut count = 0;
    for block in blocks::read(&page()).unwrap() {
        let Block::Excerpt { line, text } = block else { continue };
        let stands = files.iter().any(|file| file.contains(&format!("{text}\n")));
        assert!(stands, "docs/tutorial.md:{line}: no file of examples/tour has these lines");
        count += 1;
    }
    assert!(count > 0, "the tutorial shows something of the example");
}
