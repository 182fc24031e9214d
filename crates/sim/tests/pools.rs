//! Short runs of pools, and proof that what is broken is found.
#![allow(clippy::unwrap_used)]

use procession_sim::pool::{PoolFault, run, run_with};

#[test]
fn nothing_that_must_not_be_happens() {
    let (mut ended, mut dead, mut unhealthy) = (0, 0, 0);
    // The last one is of a member that hung after it had been paused.
    for seed in (0..60).chain([1156]) {
        let report = run(seed, 20_000).unwrap_or_else(|violation| panic!("{violation}"));
        assert!(report.done > 500 && report.crashed > 20, "{report:?}");
        assert!(report.redelivered > 5 && report.spawned > 50, "{report:?}");
        assert!(report.redefined > 5, "{report:?}");
        ended += report.ended;
        dead += report.dead;
        unhealthy += report.unhealthy;
    }
    assert!(ended > 40 && dead > 100 && unhealthy > 40, "{ended} {dead} {unhealthy}");
}

#[test]
fn a_seed_is_a_run() {
    assert_eq!(run(7, 5_000), run(7, 5_000));
    assert_ne!(run(7, 5_000), run(8, 5_000));
}

#[test]
fn every_fault_is_found() {
    for fault in PoolFault::ALL {
        let found = (0..20).find_map(|seed| run_with(seed, 20_000, Some(fault)).err());
        let violation = found.unwrap_or_else(|| panic!("{fault:?} was not found"));
        assert!(!violation.operations.is_empty());
    }
}
