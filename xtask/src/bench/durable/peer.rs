//! A durable queue on SQLite, through python's module.

use crate::{run, tools};
use std::fs;
use std::path::Path;

/// How long it is measured.
const SECONDS: &str = "1";

/// Messages per second with so many senders; `None` when there is no python with SQLite.
pub(super) fn per_second(directory: &Path, senders: usize) -> Result<Option<f64>, String> {
    let has_sqlite = || run::captured(&["python3", "-c", "import sqlite3"]).is_ok();
    if !tools::is_there("python3") || !has_sqlite() {
        return Ok(None);
    }
    fs::create_dir_all(directory).map_err(|error| error.to_string())?;
    let file = directory.join("queue.db").display().to_string();
    let line = ["python3", "bench/sqlite/queue.py", &file, &senders.to_string(), SECONDS];
    let output = super::super::output(&line)?;
    let rate =
        output.trim().parse().map_err(|_| format!("queue.py printed no number: {output}"))?;
    Ok(Some(rate))
}
