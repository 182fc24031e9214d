//! Short runs, and proof that what is broken is found.
#![allow(clippy::unwrap_used)]

use procession_sim::{Fault, run, run_with};

#[test]
fn nothing_that_must_not_be_happens() {
    for seed in 0..24 {
        let report = run(seed, 20_000).unwrap_or_else(|violation| panic!("{violation}"));
        assert!(report.spawned > 100 && report.received > 100 && report.exits > 10, "{report:?}");
        assert!(report.links_down > 0 && report.replies > 0 && report.rests > 0, "{report:?}");
        assert!(report.pauses > 10 && report.resumes > 10, "{report:?}");
        assert!(report.took > 0, "{report:?}");
        assert!(report.shards == 1 || report.moves > 10 && report.near > 10, "{report:?}");
        assert!(report.shards == 1 || report.born_elsewhere > 10, "{report:?}");
    }
}

#[test]
fn a_seed_is_a_run() {
    assert_eq!(run(7, 5_000), run(7, 5_000));
    assert_ne!(run(7, 5_000), run(8, 5_000));
}

#[test]
fn every_fault_is_found() {
    for fault in Fault::ALL {
        let found = (0..40).find_map(|seed| run_with(seed, 20_000, Some(fault)).err());
        let violation = found.unwrap_or_else(|| panic!("{fault:?} was not found"));
        assert!(!violation.operations.is_empty() && violation.operations.len() <= 20);
        assert!(violation.to_string().contains(&format!("seed {}", violation.seed)));
    }
}

#[test]
fn overtaking_is_seen_where_it_happens() {
    let seen = (0..200).find(|seed| {
        let run = run_with(*seed, 20_000, Some(Fault::Overtake));
        run.is_err_and(|violation| violation.what.contains("before"))
    });
    assert!(seen.is_some(), "nothing came before what was done earlier");
}
