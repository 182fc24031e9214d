//! The application under load: services that fail when they are told to, and one that tells them.

use super::Shape;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Services of one file.
const FILE_SERVICES: u32 = 500;
/// The programs, beside the other benchmarks' in the repository.
const PROGRAMS: [&str; 2] = ["fragile.lua", "driver.lua"];

/// Writes the application into a directory, which is made, or emptied first.
pub(super) fn write(directory: &Path, shape: &Shape) -> Result<(), String> {
    let failed = |what: &Path| {
        let what = what.display().to_string();
        move |error: std::io::Error| format!("could not write {what}: {error}")
    };
    if directory.exists() {
        fs::remove_dir_all(directory).map_err(failed(directory))?;
    }
    fs::create_dir_all(directory).map_err(failed(directory))?;
    for program in PROGRAMS {
        let source = crate::workspace::root().join("bench/ours/load").join(program);
        fs::copy(&source, directory.join(program)).map_err(failed(&source))?;
    }
    let main = directory.join("_index.yaml");
    fs::write(&main, main_file(shape)).map_err(failed(&main))?;
    for first in (0..shape.services).step_by(FILE_SERVICES as usize) {
        let part = directory.join(format!("part{first}"));
        fs::create_dir_all(&part).map_err(failed(&part))?;
        let end = shape.services.min(first + FILE_SERVICES);
        let file = part.join("_index.yaml");
        fs::write(&file, services(first, end)).map_err(failed(&file))?;
    }
    Ok(())
}

fn main_file(shape: &Shape) -> String {
    let Shape { services, per_second, seconds, supervisors } = *shape;
    let mut text = format!(
        "version: \"1.0\"
namespace: load
entries:
  - {{name: fragile, kind: process.lua, source: file://fragile.lua, modules: [time]}}
  - name: drive
    kind: process.lua
    source: file://driver.lua
    modules: [time]
    limits: {{mailbox: 100000}}
  - {{name: driver, kind: process.service, process: drive, arguments: [{services}, {per_second}, {seconds}]}}
"
    );
    for supervisor in 0..supervisors {
        let children = (supervisor..services).step_by(supervisors as usize);
        let children: Vec<String> = children.map(|number| format!("s{number}")).collect();
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "  - {{name: tree{supervisor}, kind: process.supervisor, intensity: {{restarts: 1000000, within: 1s}}, children: [{}]}}",
            children.join(", ")
        );
    }
    text
}

fn services(first: u32, end: u32) -> String {
    let mut text = String::from("version: \"1.0\"\nnamespace: load\nentries:\n");
    for number in first..end {
        let _ = writeln!(
            text,
            "  - {{name: s{number}, kind: process.service, process: fragile, arguments: [{number}], \
             lifecycle: {{stop_timeout: 100ms, restart: {{initial_delay: 1ns, jitter: 0.0}}}}}}"
        );
    }
    text
}
