//! Sessions with the built binary: what a person types, what comes back, with which exit code.

mod common;

use common::{run, run_in_programs};

/// A session: the words after `procession`, the exit code, and what has to be in the outputs.
struct Session {
    words: &'static [&'static str],
    code: i32,
    stdout: &'static str,
    stderr: &'static [&'static str],
}

const fn session(
    words: &'static [&'static str],
    code: i32,
    stdout: &'static str,
    stderr: &'static [&'static str],
) -> Session {
    Session { words, code, stdout, stderr }
}

fn check(sessions: &[Session]) {
    for Session { words, code, stdout, stderr } in sessions {
        let ended = run_in_programs(words);
        let shown = format!("{words:?}: {ended:#?}");
        assert_eq!(ended.code, Some(*code), "{shown}");
        assert!(ended.stdout.contains(stdout), "stdout without {stdout:?}: {shown}");
        for part in *stderr {
            assert!(ended.stderr.contains(part), "stderr without {part:?}: {shown}");
        }
        let failed = !stderr.is_empty();
        assert_eq!(ended.stderr.starts_with("procession: error: "), failed, "{shown}");
    }
}

#[test]
fn programs_that_end_well() {
    check(&[
        session(&["run", "hello.lua"], 0, "hello, world\n", &[]),
        session(&["run", "hello.lua", "--", "you"], 0, "hello, you\n", &[]),
        session(&["run", "plain.lua"], 0, "plain\n", &[]),
        session(&["run", "arguments.lua", "--", "a", "", "--b"], 0, "3\ta\t\t--b\n", &[]),
        session(&["run", "arguments.lua"], 0, "0\n", &[]),
        session(&["run", "hello.lua", "--hibernate-after", "0"], 0, "hello, world\n", &[]),
        session(&["run", "status.lua", "--", "0"], 0, "", &[]),
        session(&["run", "status.lua", "--", "7"], 7, "", &[]),
        session(&["run", "status.lua", "--", "255"], 255, "", &[]),
        session(&["run", "status.lua", "--", "256"], 0, "", &[]),
        session(&["run", "status.lua", "--", "-1"], 0, "", &[]),
        session(
            &["run", "../../../../examples/hello/main.lua", "--", "you"],
            0,
            "hello, you\nand it has ended\n",
            &[],
        ),
        session(&["run", "spawn_broken.lua"], 0, "syntax.lua:3:", &[]),
        session(&["version"], 0, "procession ", &[]),
        session(&["--help"], 0, "Exit codes: 0 done", &[]),
        session(&["run", "--help"], 0, "--limit", &[]),
    ]);
}

#[test]
fn wrong_usage() {
    check(&[
        session(&[], 2, "", &["no command given"]),
        session(&["rnu", "hello.lua"], 2, "", &["'rnu'", "hint: see procession --help"]),
        session(&["run"], 2, "", &["<FILE>", "hint: see procession --help"]),
        session(&["run", "hello.lua", "--limt", "memory=1MiB"], 2, "", &["--limit"]),
        session(&["run", "hello.lua", "you"], 2, "", &["hint: what is meant for the program"]),
        session(&["ps", "you"], 2, "", &["'you'", "hint: see procession --help"]),
        session(&["run", "hello.lua", "--limit", "ram=1MiB"], 2, "", &["memory=64MiB"]),
        session(&["run", "hello.lua", "--limit", "wall_clock=2"], 2, "", &["\"2\"", "1m30s"]),
        session(&["run", "hello.lua", "--grant", "net:a"], 2, "", &["write fs:DIR"]),
        session(&["run", "../programs"], 2, "", &["it is a directory"]),
    ]);
}

#[test]
fn programs_that_are_none() {
    check(&[
        session(&["run", "nothing.lua"], 4, "", &["nothing.lua", "No such file"]),
        session(&["run", "hello"], 4, "", &["hint: there is hello.lua"]),
        session(&["run", "syntax.lua"], 9, "", &["syntax.lua:3:", "'='", "\n     3 |   b = = 2,"]),
        session(&["run", "raise.lua"], 1, "", &["raise.lua:3:", "local 'settings'"]),
        session(
            &["run", "missing_module.lua"],
            1,
            "",
            &["module 'nothing_of_that_name' not found"],
        ),
    ]);
}

#[test]
fn programs_that_fail() {
    check(&[
        session(
            &["run", "fail.lua"],
            1,
            "",
            &["fail.lua:1: the tank is empty", "stack traceback:", "fail.lua:2: in "],
        ),
        session(&["run", "refuse.lua"], 1, "", &["no such customer"]),
        session(&["run", "deadlock.lua"], 1, "", &["deadlock", "deadlock.lua:1", "hint: "]),
        session(
            &["run", "unsendable.lua"],
            1,
            "",
            &[
                "payload[1][2].handlers.on_done: cannot send a function",
                "unsendable.lua:2:",
                "hint: ",
            ],
        ),
        session(&["run", "kinds.lua", "--", "NotFound"], 4, "", &["as asked"]),
        session(&["run", "kinds.lua", "--", "PermissionDenied"], 5, "", &["as asked"]),
        session(&["run", "kinds.lua", "--", "Timeout"], 8, "", &["as asked"]),
        session(&["run", "kinds.lua", "--", "Conflict"], 1, "", &["as asked"]),
        session(&["run", "outside.lua", "--", "/etc/hostname"], 5, "", &["/etc/hostname"]),
    ]);
}

#[test]
fn programs_without_bounds() {
    check(&[
        session(
            &["run", "loop.lua", "--limit", "wall_clock=200ms"],
            8,
            "",
            &["loop.lua:1: wall_clock limit exceeded (0.2 s)", "hint: give it longer"],
        ),
        session(
            &["run", "loop.lua", "--limit", "instructions=1000000"],
            10,
            "",
            &["loop.lua:1: instructions limit exceeded (1000000)", "hint: "],
        ),
        session(
            &["run", "eat.lua", "--limit", "memory=8MiB"],
            10,
            "",
            &[
                "eat.lua:3: memory limit exceeded (8 MiB)",
                "hint: give it more with --limit memory=",
            ],
        ),
        session(
            &["run", "bomb.lua", "--limit", "wall_clock=200ms"],
            8,
            "",
            &["bomb.lua:1: wall_clock limit exceeded"],
        ),
        session(
            &["run", "flood.lua", "--limit", "mailbox=100"],
            10,
            "",
            &["mailbox is full", "flood.lua:3:", "hint: receive faster"],
        ),
        session(
            &["run", "flood.lua"],
            10,
            "",
            &["mailbox is full", "flood.lua:3:", "hint: receive faster"],
        ),
    ]);
}

#[test]
fn sleeps_end_wherever_the_process_has_moved() {
    let ended = run_in_programs(&["run", "wander.lua", "--limit", "wall_clock=20s"]);
    assert_eq!((ended.code, &*ended.stdout), (Some(0), "all awake\n"), "{ended:#?}");
}

#[test]
fn recursion_ends() {
    let ended = run_in_programs(&["run", "recurse.lua", "--limit", "memory=32MiB"]);
    assert!(matches!(ended.code, Some(1 | 10)), "{ended:#?}");
    assert!(ended.stderr.starts_with("procession: error: "), "{ended:#?}");
    assert!(
        ended.stderr.contains("stack overflow") || ended.stderr.contains("memory limit exceeded"),
        "{ended:#?}"
    );
}

#[test]
fn directories_among_arguments_can_be_read() {
    let directory = common::Directory::new("grants");
    std::fs::write(directory.path().join("a.txt"), "content").unwrap();
    let path = directory.path().display().to_string();
    let readable = run_in_programs(&["run", "files.lua", "--", &path]);
    assert_eq!(readable.stdout, "a.txt\ncontent\nPermissionDenied\n", "{readable:#?}");
    assert_eq!(readable.code, Some(0));
    assert!(!directory.path().join("b.txt").exists());
    let grant = format!("fs:{path}:rw");
    let writable = run_in_programs(&["run", "files.lua", "--grant", &grant, "--", &path]);
    assert_eq!(writable.stdout, "a.txt\ncontent\nwritten\n", "{writable:#?}");
    assert_eq!(std::fs::read_to_string(directory.path().join("b.txt")).unwrap(), "written");
}

#[test]
fn variables_are_granted_by_name() {
    let words = ["run", "variables.lua", "--grant", "env:PATH", "--env", "A=1", "--env", "A=2=3"];
    let ended = run_in_programs(&words);
    assert_eq!(ended.stdout, "2=3\ttrue\tPermissionDenied\n", "{ended:#?}");
}

#[test]
fn output_that_nobody_reads_is_no_crash() {
    // `head` closes the pipe after one line.
    let script = format!(
        "{} run hello.lua -- a | head -c 1; exit ${{PIPESTATUS[0]}}",
        env!("CARGO_BIN_EXE_procession")
    );
    let ended = run("bash", &["-c", &script]);
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert!(!ended.stderr.contains("panicked"), "{ended:#?}");
}
