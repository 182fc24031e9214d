//! Which crate may depend on which: only on crates of a lower layer.

use super::Findings;
use crate::workspace::Package;

/// Every package with its layer, as on the architecture page.
const LAYERS: &[(&str, u8)] = &[
    ("procession-types", 0),
    ("procession-environment", 1),
    ("procession-policy", 1),
    ("procession-kernel", 1),
    ("procession-supervision", 1),
    ("procession-lua", 2),
    ("procession-spec", 2),
    ("procession-durable", 2),
    ("procession-sim", 2),
    ("procession-telemetry", 2),
    ("procession-store", 2),
    ("procession-fuzz", 3),
    ("procession-runtime", 3),
    ("procession-api", 1),
    ("procession-client", 2),
    ("procession-application", 4),
    ("procession-server", 5),
    ("procession-cli", 6),
    ("xtask", 7),
];

/// The crates without clock, randomness, threads and I/O.
const PURE: &[&str] = &[
    "procession-types",
    "procession-environment",
    "procession-policy",
    "procession-kernel",
    "procession-spec",
    "procession-supervision",
    "procession-durable",
    "procession-api",
];

/// What no pure crate may depend on, whatever its sources say.
const IMPURE_DEPENDENCIES: [&str; 7] =
    ["tokio", "rand", "getrandom", "mio", "async-std", "chrono", "fastrand"];

pub(super) fn is_pure(package: &str) -> bool {
    PURE.contains(&package)
}

fn layer(package: &str) -> Option<u8> {
    LAYERS.iter().find(|(name, _)| *name == package).map(|(_, layer)| *layer)
}

pub(super) fn check(packages: &[Package], findings: &mut Findings) {
    for package in packages {
        let manifest = package.directory.join("Cargo.toml");
        let Some(own) = layer(&package.name) else {
            let what =
                format!("{} has no layer; give it one in xtask/src/tidy/layers.rs", package.name);
            findings.error(&manifest, 1, &what);
            continue;
        };
        for dependency in &package.dependencies {
            if layer(dependency).is_some_and(|layer| layer >= own) {
                let what = format!(
                    "{} may not depend on {dependency}, which is not below it",
                    package.name
                );
                findings.error(&manifest, 1, &what);
            }
            if is_pure(&package.name) && IMPURE_DEPENDENCIES.contains(&dependency.as_str()) {
                let what = format!("{} is pure and may not depend on {dependency}", package.name);
                findings.error(&manifest, 1, &what);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, dependencies: &[&str]) -> Package {
        let dependencies = dependencies.iter().map(|&name| name.to_owned()).collect();
        Package { name: name.to_owned(), directory: "here".into(), dependencies }
    }

    #[test]
    fn only_lower_layers_and_no_clocks() {
        for (name, dependencies, errors) in [
            ("procession-kernel", &["procession-types", "thiserror"][..], 0),
            ("procession-kernel", &["procession-environment"], 1),
            ("procession-kernel", &["procession-runtime", "tokio"], 2),
            ("procession-runtime", &["procession-lua", "tokio"], 0),
            ("procession-types", &["procession-types"], 1),
            ("procession-new", &[], 1),
        ] {
            let mut findings = Findings::default();
            check(&[package(name, dependencies)], &mut findings);
            assert_eq!(findings.errors.len(), errors, "{name}: {:?}", findings.errors);
        }
    }
}
