//! The blocks of the tutorial: what may stand in it, so that nothing in it goes untried.

/// A command of the tutorial, and what it is said to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Command {
    /// Line of the page that it stands in.
    pub(crate) line: usize,
    /// What is typed.
    pub(crate) text: String,
    /// What it prints, line by line; a line of dots alone stands for any number of lines.
    pub(crate) expected: Vec<String>,
    /// Whether it goes on until Ctrl-C is typed.
    pub(crate) is_interrupted: bool,
}

/// A block of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Block {
    /// What is typed, with what it prints.
    Console(Vec<Command>),
    /// An excerpt of one of the example's files.
    Excerpt { line: usize, text: String },
}

/// The commands that a newcomer types before anything runs; the test does by itself what they do.
pub(crate) const PREPARATIONS: [&str; 2] =
    ["cargo build --release", "export PATH=\"$PWD/target/release:$PATH\""];
/// How an application is started from a clone of the repository.
pub(crate) const CARGO: &str = "cargo run --release -- ";

/// Reads a page.
///
/// # Errors
/// The first block that the test could not try, with its line.
pub(crate) fn read(page: &str) -> Result<Vec<Block>, String> {
    let mut blocks = Vec::new();
    let mut lines = page.lines().zip(1..);
    while let Some((text, line)) = lines.next() {
        let Some(kind) = text.trim_start().strip_prefix("```") else {
            if text.starts_with("    ") || text.starts_with('\t') || text.contains("~~~") {
                return Err(format!("line {line}: blocks stand between ``` and nothing else"));
            }
            continue;
        };
        if !text.starts_with("```") {
            return Err(format!("line {line}: a block stands at the beginning of its line"));
        }
        let mut inside = Vec::new();
        loop {
            match lines.next() {
                Some(("```", _)) => break,
                Some(inner) => inside.push(inner),
                None => return Err(format!("line {line}: the block has no end")),
            }
        }
        blocks.push(match kind {
            "console" => Block::Console(commands(&inside)?),
            "lua" | "yaml" => {
                let text: Vec<&str> = inside.iter().map(|(text, _)| *text).collect();
                Block::Excerpt { line, text: text.join("\n") }
            }
            other => {
                let what = "write ```console for commands, ```lua or ```yaml for parts of files";
                return Err(format!("line {line}: nobody can try a block \"{other}\"; {what}"));
            }
        });
    }
    Ok(blocks)
}

fn commands(inside: &[(&str, usize)]) -> Result<Vec<Command>, String> {
    let mut commands: Vec<Command> = Vec::new();
    for &(text, line) in inside {
        if let Some(typed) = text.strip_prefix("$ ") {
            check(typed).map_err(|what| format!("line {line}: {what}"))?;
            let text = typed.to_owned();
            commands.push(Command { line, text, expected: Vec::new(), is_interrupted: false });
            continue;
        }
        let Some(command) = commands.last_mut() else {
            return Err(format!("line {line}: a console begins with a command: $ procession …"));
        };
        if command.is_interrupted {
            return Err(format!("line {line}: nothing comes behind ^C"));
        }
        match text {
            "^C" => command.is_interrupted = true,
            text => command.expected.push(text.to_owned()),
        }
    }
    if commands.is_empty() { Err("a console without a command".to_owned()) } else { Ok(commands) }
}

/// Whether the test can run what is typed.
fn check(typed: &str) -> Result<(), String> {
    let is_known = PREPARATIONS.contains(&typed)
        || typed == "echo $?"
        || [CARGO, "procession ", "curl "].iter().any(|known| typed.starts_with(known));
    if !is_known {
        return Err(format!("the test runs procession and curl, and not: {typed}"));
    }
    if typed.contains(['|', ';', '&', '>', '<', '`', '\\']) {
        return Err(format!("one command in a line, and nothing for the shell: {typed}"));
    }
    Ok(())
}

#[test]
fn what_can_not_be_tried_is_refused() {
    for (page, expected) in [
        ("```\nprocession ps\n```", "nobody can try a block \"\""),
        ("```sh\nprocession ps\n```", "nobody can try a block \"sh\""),
        ("a\n\n    procession ps\n", "line 3: blocks stand between"),
        ("~~~\nprocession ps\n~~~", "blocks stand between"),
        ("- a\n  ```console\n  $ procession ps\n  ```", "at the beginning of its line"),
        ("```console\nprocession ps\n```", "a console begins with a command"),
        ("```console\n$ rm -r x\n```", "runs procession and curl"),
        ("```console\n$ procession ps | head\n```", "nothing for the shell"),
        ("```console\n$ procession ps\n", "has no end"),
        ("```console\n```", "without a command"),
        ("```console\n$ procession top\n^C\nmore\n```", "behind ^C"),
    ] {
        let error = read(page).unwrap_err();
        assert!(error.contains(expected), "{page}: {error}");
    }
}

#[test]
fn commands_are_read_with_what_they_print() {
    let page = "```console\n$ procession ps\nID\n…\n$ procession logs -f\nx\n^C\n```\n";
    let command = |line, text: &str, expected: &[&str], is_interrupted| Command {
        line,
        text: text.to_owned(),
        expected: expected.iter().map(|&line| line.to_owned()).collect(),
        is_interrupted,
    };
    let first = command(2, "procession ps", &["ID", "…"], false);
    let second = command(5, "procession logs -f", &["x"], true);
    assert_eq!(read(page).unwrap(), [Block::Console(vec![first, second])]);
}
