//! `cargo xtask codegen`: files that are made from the sources and committed, so that people and
//! editors find them.

use crate::{Outcome, workspace};
use procession_lua::module_names;
use std::path::PathBuf;
use std::process::Command;

/// The JSON Schema of an application's files.
const SCHEMA: &str = "docs/application.schema.json";
/// The page whose tables are made from the same table of keys.
const PAGE: &str = "docs/application.md";

/// What the server says that it can be asked; a test of the server compares it.
const OPENAPI: &str = "docs/openapi.json";

/// A file as it should be.
struct Made {
    path: PathBuf,
    content: String,
}

fn all() -> Result<Vec<Made>, String> {
    let path = |name: &str| workspace::root().join(name);
    let page = workspace::read(&path(PAGE))?;
    let page = procession_spec::pages::with_tables(&page).map_err(|e| format!("{PAGE}: {e}"))?;
    let schema = procession_spec::schema(module_names());
    Ok(vec![Made { path: path(SCHEMA), content: schema }, Made { path: path(PAGE), content: page }])
}

/// Writes what has changed.
pub(crate) fn run() -> Outcome {
    let openapi = Made { path: workspace::root().join(OPENAPI), content: openapi()? };
    for Made { path, content } in all()?.into_iter().chain([openapi]) {
        if workspace::read(&path).is_ok_and(|old| old == content) {
            continue;
        }
        std::fs::write(&path, content).map_err(|error| format!("{}: {error}", path.display()))?;
        println!("written: {}", workspace::shown(&path));
    }
    Ok(())
}

/// Printed by an example, so that the menu itself needs no server.
fn openapi() -> Result<String, String> {
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--package", "procession-server", "--example", "openapi"])
        .current_dir(workspace::root())
        .output()
        .map_err(|error| format!("failed to run cargo: {error}"))?;
    if output.status.success() {
        return String::from_utf8(output.stdout).map_err(|error| error.to_string());
    }
    Err(format!("failed to make {OPENAPI}: {}", String::from_utf8_lossy(&output.stderr)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_committed_is_what_would_be_made() {
        for Made { path, content } in all().unwrap() {
            let committed = workspace::read(&path).unwrap_or_default();
            assert!(committed == content, "run cargo xtask codegen: {}", path.display());
        }
    }
}
