//! What the workspace consists of: its root, its packages, its source files.

use crate::run;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// A package of the workspace.
pub(crate) struct Package {
    /// Name in Cargo.toml.
    pub(crate) name: String,
    /// Its directory.
    pub(crate) directory: PathBuf,
    /// Names of what it depends on, without what only its tests need.
    pub(crate) dependencies: Vec<String>,
}

/// The repository's root: the directory above this crate.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository")
}

/// The directory that cargo builds into.
pub(crate) fn target() -> Result<PathBuf, String> {
    let metadata = metadata()?;
    metadata["target_directory"]
        .as_str()
        .map(PathBuf::from)
        .ok_or_else(|| "cargo metadata names no target directory".to_owned())
}

fn metadata() -> Result<Value, String> {
    let line = ["cargo", "metadata", "--format-version", "1", "--no-deps", "--offline"];
    serde_json::from_str(&run::captured(&line)?)
        .map_err(|error| format!("cargo metadata is no JSON: {error}"))
}

/// The packages, as cargo sees them.
pub(crate) fn packages() -> Result<Vec<Package>, String> {
    let metadata = metadata()?;
    let packages = metadata["packages"].as_array().ok_or("cargo metadata names no packages")?;
    packages.iter().map(package).collect::<Option<_>>().ok_or_else(|| {
        "cargo metadata describes a package in a way this version does not know".to_owned()
    })
}

fn package(value: &Value) -> Option<Package> {
    let dependencies = value["dependencies"].as_array()?.iter();
    Some(Package {
        name: value["name"].as_str()?.to_owned(),
        directory: Path::new(value["manifest_path"].as_str()?).parent()?.to_owned(),
        dependencies: dependencies
            .filter(|dependency| dependency["kind"].as_str() != Some("dev"))
            .map(|dependency| Some(dependency["name"].as_str()?.to_owned()))
            .collect::<Option<_>>()?,
    })
}

/// All files below a directory whose name ends so, sorted; build output and hidden directories are
/// left out.
pub(crate) fn files(directory: &Path, ending: &str) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        let entries = fs::read_dir(&directory)
            .map_err(|error| format!("could not list {}: {error}", directory.display()))?;
        for entry in entries {
            let entry = entry.map_err(|error| error.to_string())?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type().map_err(|error| error.to_string())?;
            if kind.is_dir() && name != "target" && !name.starts_with('.') {
                open.push(entry.path());
            } else if kind.is_file() && name.ends_with(ending) {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// A file's text.
pub(crate) fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("could not read {}: {error}", path.display()))
}

/// A path as people write it: from the root.
pub(crate) fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}
