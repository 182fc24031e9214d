//! What a check costs with so many policies in the caller's scope: half of them are about other actions,
//! half about the same actions on other resources, and the last one allows.
//!
//! `cargo run --release -p procession-policy --example policy_figures`
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use procession_policy::{Check, Effect, Pattern, Policies, Policy, Unidentified};
use procession_types::{Actor, Scope};
use std::hint::black_box;
use std::time::Instant;

/// Looks at policies of one measurement.
const LOOKS: usize = 10_000_000;
/// Measurements, of which the fastest counts.
const TURNS: usize = 7;

fn policies(count: usize) -> (Policies, Scope) {
    let (mut policies, mut scope) = (Policies::new(Unidentified::Allow), Scope::default());
    for number in 0..count {
        let is_last = number + 1 == count;
        let (action, resource) = match number % 2 {
            _ if is_last => ("process.send".to_owned(), "*".to_owned()),
            0 => (format!("process.other{number}"), "*".to_owned()),
            _ => ("process.*".to_owned(), format!("app:other{number}")),
        };
        let id = format!("app:policy-{number}");
        scope.policies.push(id.clone());
        policies.insert(Policy {
            id,
            effect: if number % 4 == 3 && !is_last { Effect::Deny } else { Effect::Allow },
            actions: vec![Pattern::parse(&action).unwrap()],
            resources: vec![Pattern::parse(&resource).unwrap()],
            conditions: Vec::new(),
        });
    }
    (policies, scope)
}

fn main() {
    let actor = Actor { id: "bench".into(), meta: Default::default() };
    for count in [1, 10, 100, 1000] {
        let (policies, scope) = policies(count);
        let check = Check {
            actor: Some(&actor),
            scope: Some(&scope),
            action: "process.send",
            resource: "{app:processes|6740a3f2.0.1a.0}",
            attributes: &(),
        };
        let checks = (LOOKS / count).min(2_000_000);
        let turn = || {
            let begun = Instant::now();
            for _ in 0..checks {
                assert!(black_box(&policies).decide(black_box(&check)).allowed);
            }
            begun.elapsed().as_nanos() as f64 / checks as f64
        };
        let fastest = (0..TURNS).map(|_| turn()).fold(f64::INFINITY, f64::min);
        println!("{count} policies: {fastest:.0} ns per check, {:.1} each", fastest / count as f64);
    }
}
