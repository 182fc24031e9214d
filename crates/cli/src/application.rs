//! Applications on disk: reading them, and telling what is wrong with them.

use crate::failure::{ExitStatus, Failure};
use procession_spec::{Application, Mode};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Reads an application; warnings are told on stderr. Also gives its directory, without links in
/// its path.
///
/// # Errors
/// Exit code 9 with everything that is wrong, 4 when there is no such directory.
pub(crate) fn read(directory: &Path, is_lenient: bool) -> Result<(Application, PathBuf), Failure> {
    let root = directory.canonicalize().map_err(|e| Failure::file("read", directory, &e))?;
    if !root.is_dir() {
        let message = format!("{} is no directory", directory.display());
        return Err(Failure::new(ExitStatus::Usage, message).with_hint(
            "an application is a directory with an _index.yaml; procession run runs a file",
        ));
    }
    let mode = if is_lenient { Mode::Lenient } else { Mode::Strict };
    match procession_application::read(directory, mode) {
        Ok((application, report)) => {
            if !report.is_empty() {
                // Nobody is left to tell when stderr is gone.
                let _ = write!(io::stderr(), "{report}");
            }
            Ok((application, root))
        }
        Err(error) => {
            let error = error.to_string();
            let message = format!("{} is no valid application\n\n{error}", directory.display());
            Err(Failure::new(ExitStatus::InvalidProgram, message.trim_end()))
        }
    }
}

/// What an application has, in a line.
pub(crate) fn summary(application: &Application) -> String {
    let parts = [
        (application.programs.len(), "program"),
        (application.hosts.len(), "host"),
        (application.services.len(), "service"),
        (application.supervisors.len(), "supervisor"),
        (application.pools.len(), "pool"),
        (application.policies.len(), "policy"),
    ];
    let parts = parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| {
        let word = match (count, word) {
            (1, word) => word.to_owned(),
            (_, "policy") => "policies".to_owned(),
            (_, word) => format!("{word}s"),
        };
        format!("{count} {word}")
    });
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() { "empty".to_owned() } else { parts.join(", ") }
}
