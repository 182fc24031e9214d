//! Every target finds nothing in its first seeds: a short run of what `cargo xtask fuzz` does for long.
#![allow(missing_docs)]

use procession_fuzz::targets::{self, Finding};

/// Tries so many inputs; says what was found.
fn run(name: &str, seeds: u64) {
    let mut target = targets::named(name).expect("a target");
    let mut findings: Vec<Finding> = Vec::new();
    let mut next = 1;
    while next <= seeds {
        let end = next + target.batch_size().min(seeds + 1 - next);
        findings.extend(target.batch(next..end));
        next = end;
    }
    let texts = findings.iter().map(|finding| {
        let input = String::from_utf8_lossy(&finding.input);
        format!("seed {}: {}\n{}input:\n{input}\n", finding.seed, finding.title, finding.report)
    });
    assert!(findings.is_empty(), "{}", texts.collect::<String>());
}

#[test]
fn lua_programs_print_the_same_everywhere() {
    run("lua", 96);
}

#[test]
fn parser_refuses_what_puc_lua_refuses() {
    run("parser", 64);
}

#[test]
fn patterns_match_as_in_puc_lua() {
    run("pattern", 64);
}

#[test]
fn formats_give_what_puc_lua_gives() {
    run("format", 64);
}

#[test]
fn damaged_snapshots_do_no_harm() {
    run("snapshot", 100);
}

#[test]
fn fragments_arrive_as_they_were_sent() {
    run("fragment", 100);
}

#[test]
fn json_is_read_and_written_alike() {
    run("json", 60);
}

#[test]
fn policies_are_read_or_refused() {
    run("policy", 2000);
}

#[test]
fn applications_are_read_or_refused() {
    run("application", 3000);
}

#[test]
fn byte_forms_are_read_or_refused() {
    run("durable", 1000);
}

#[test]
fn memory_limits_end_programs_cleanly() {
    run("memory", 100);
}

#[test]
fn seeds_say_everything() {
    use procession_fuzz::generate::{Dialect, program};
    assert_eq!(program(7, Dialect::Everything), program(7, Dialect::Everything));
    assert_ne!(program(7, Dialect::Everything), program(8, Dialect::Everything));
    assert!(targets::named("nothing").is_none());
}
