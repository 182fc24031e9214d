//! Short runs of supervisors, and proof that what is broken is found.
#![allow(clippy::unwrap_used)]

use procession_sim::{SupervisionFault, supervise, supervise_with};

#[test]
fn nothing_that_must_not_be_happens() {
    let (mut unhealthy, mut durable) = (0, [0; 3]);
    for seed in 0..40 {
        let report = supervise(seed, 10_000).unwrap_or_else(|violation| panic!("{violation}"));
        unhealthy += report.unhealthy;
        for (sum, more) in durable.iter_mut().zip([report.rested, report.adopted, report.halted]) {
            *sum += more;
        }
        assert!(report.spawned > 100 && report.ended > 20 && report.refused > 10, "{report:?}");
        assert!(report.answered > 100 && report.trees > 1 && report.redefined > 40, "{report:?}");
    }
    assert!(unhealthy > 300, "{unhealthy}");
    assert!(durable.iter().all(|sum| *sum > 150), "{durable:?}");
}

#[test]
fn a_seed_is_a_run() {
    assert_eq!(supervise(7, 5_000), supervise(7, 5_000));
    assert_ne!(supervise(7, 5_000), supervise(8, 5_000));
}

#[test]
fn every_fault_is_found() {
    for fault in SupervisionFault::ALL {
        let found = (0..40).find_map(|seed| supervise_with(seed, 10_000, Some(fault)).err());
        let violation = found.unwrap_or_else(|| panic!("{fault:?} was not found"));
        assert!(!violation.operations.is_empty() && violation.operations.len() <= 25);
    }
}
