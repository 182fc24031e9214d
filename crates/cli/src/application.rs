//! Applications on disk: reading them, and what a node is made from for one.

use crate::failure::{ExitStatus, Failure};
use crate::grant::{self, Given};
use procession_lua::module_names;
use procession_policy::{Policies, Unidentified};
use procession_runtime::{Access, Grant, HostConfig, NodeConfig, Priority};
use procession_spec::{
    self as spec, Application, DirectoryAccess, FileError, Files, INDEX_NAME, Mode, Options,
};
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// Directories and files of an application that are looked at.
const ENTRIES_MAX: usize = 100_000;
/// Deepest directory.
const DEPTH_MAX: usize = 32;

/// Reads an application; warnings are told on stderr.
///
/// # Errors
/// Exit code 9 with everything that is wrong, 4 when there is no such directory.
pub(crate) fn read(directory: &Path, is_lenient: bool) -> Result<Application, Failure> {
    let root = directory.canonicalize().map_err(|e| Failure::file("read", directory, &e))?;
    if !root.is_dir() {
        let message = format!("{} is no directory", directory.display());
        return Err(Failure::new(ExitStatus::Usage, message).with_hint(
            "an application is a directory with an _index.yaml; procession run runs a file",
        ));
    }
    let shown = directory.display().to_string();
    let shown = if shown == "." { "" } else { &shown };
    let mode = if is_lenient { Mode::Lenient } else { Mode::Strict };
    let options = Options { directory: shown, mode, modules: module_names() };
    match spec::read(&Directory(root), &options) {
        Ok((application, report)) => {
            if !report.is_empty() {
                // Nobody is left to tell when stderr is gone.
                let _ = write!(io::stderr(), "{report}");
            }
            Ok(application)
        }
        Err(report) => {
            let message = format!("{} is no valid application\n\n{report}", directory.display());
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

/// Puts everything of an application into the configuration of a node.
///
/// # Errors
/// When a directory that it may write to can't be made.
pub(crate) fn configure(
    config: &mut NodeConfig,
    application: &Application,
    directory: &Path,
) -> Result<(), Failure> {
    for host in application.hosts.values() {
        let host = host_config(host);
        match config.hosts.iter_mut().find(|known| known.id == host.id) {
            Some(known) => *known = host,
            None => config.hosts.push(host),
        }
    }
    config.programs.extend(application.programs.values().map(|it| it.program.clone()));
    let is_strict = application.strict.unwrap_or(false);
    let mut policies =
        Policies::new(if is_strict { Unidentified::Deny } else { Unidentified::Allow });
    application.policies.values().for_each(|policy| drop(policies.insert(policy.clone())));
    config.policies = policies;
    let given: Vec<Given> = application.grants.iter().map(|it| given(it, directory)).collect();
    config.grants = grant::directories(&given, &[])?;
    config.web_grants = grant::hosts(&given);
    config.variables = grant::variables(&given, &[], std::env::vars_os());
    for (name, value) in &application.variables {
        config.variables.grant(name, Some(value.clone().into_bytes()));
    }
    Ok(())
}

fn host_config(host: &spec::Host) -> HostConfig {
    HostConfig {
        processes_max: host.processes_max,
        priority: match host.priority {
            spec::Priority::System => Priority::System,
            spec::Priority::Normal => Priority::Normal,
        },
        weight: host.weight,
        limits: host.limits,
        hibernate_after_ns: host.hibernate_after_ns,
        ..HostConfig::new(&host.id)
    }
}

/// A grant of an application; a relative directory is one of its own.
fn given(grant: &spec::Grant, directory: &Path) -> Given {
    match grant {
        spec::Grant::Directory { path, access } => {
            let access = match access {
                DirectoryAccess::Read => Access::Read,
                DirectoryAccess::Write => Access::Write,
            };
            Given::Directory(Grant::new(directory.join(path), access))
        }
        spec::Grant::Variable(name) => Given::Variable(name.clone()),
        spec::Grant::AllVariables => Given::AllVariables,
        spec::Grant::Host { host, port } => Given::Host(host.clone(), *port),
        spec::Grant::AllHosts => Given::AllHosts,
    }
}

/// The directory of an application, without links in its path.
struct Directory(PathBuf);

impl Files for Directory {
    fn indexes(&self) -> Result<Vec<String>, FileError> {
        let mut found = Vec::new();
        let mut looked_at = 0;
        let mut stack = vec![(String::new(), 0)];
        while let Some((path, depth)) = stack.pop() {
            for entry in fs::read_dir(self.0.join(&path)).map_err(other)? {
                let entry = entry.map_err(other)?;
                looked_at += 1;
                if looked_at > ENTRIES_MAX {
                    return Err(FileError::Other(format!("it has more than {ENTRIES_MAX} files")));
                }
                let name = entry.file_name();
                let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else {
                    continue;
                };
                // Links are not followed: they may lead out, or round in circles.
                let kind = entry.file_type().map_err(other)?;
                if kind.is_dir() && depth < DEPTH_MAX {
                    stack.push((format!("{path}{name}/"), depth + 1));
                } else if name == INDEX_NAME {
                    found.push(format!("{path}{name}"));
                }
            }
        }
        Ok(found)
    }

    fn read(&self, path: &str, bytes_max: usize) -> Result<Vec<u8>, FileError> {
        let full = self.0.join(path).canonicalize().map_err(other)?;
        if !full.starts_with(&self.0) {
            return Err(FileError::Outside);
        }
        let mut content = Vec::new();
        let file = File::open(full).map_err(other)?;
        file.take(bytes_max as u64 + 1).read_to_end(&mut content).map_err(other)?;
        if content.len() > bytes_max { Err(FileError::TooLong { bytes_max }) } else { Ok(content) }
    }
}

fn other(error: io::Error) -> FileError {
    match error.kind() {
        io::ErrorKind::NotFound => FileError::NotFound,
        _ => FileError::Other(error.to_string()),
    }
}
