//! From a directory to a checked application.

use crate::Directory;
use procession_environment::Environment as _;
use procession_lua::{LuaEnvironment, Payloads, module_names};
use procession_spec::{Application, Mode, Options, Payload, Report};
use procession_types::Error;
use std::fmt;
use std::path::Path;

/// A program that does not load.
#[derive(Debug, Clone, PartialEq)]
pub struct BadProgram {
    /// Its id.
    pub id: String,
    /// What its environment says, with file and line.
    pub error: Error,
}

/// Why there is no application. Shown as text it is for people.
#[derive(Debug)]
pub enum ReadError {
    /// What is wrong with its files.
    Report(Report),
    /// What is wrong with its programs.
    Programs(Vec<BadProgram>),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Report(report) => write!(f, "{report}"),
            Self::Programs(programs) => {
                for (position, BadProgram { id, error }) in programs.iter().enumerate() {
                    let gap = if position == 0 { "" } else { "\n" };
                    write!(f, "{gap}error: program {id} does not load: {}", error.message)?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for ReadError {}

/// Reads the application in a directory, and loads its programs once to see that they do. The report
/// holds the warnings.
///
/// # Errors
/// Everything that is wrong with its files, or else everything that is wrong with its programs.
pub fn read(path: &Path, mode: Mode) -> Result<(Application, Report), ReadError> {
    read_as(path, &path.display().to_string(), mode)
}

/// As [`read`], for a directory that people know by another name: what is told of its files names them
/// so.
///
/// # Errors
/// As for [`read`].
pub fn read_as(path: &Path, shown: &str, mode: Mode) -> Result<(Application, Report), ReadError> {
    let options = Options { directory: shown, mode, modules: module_names() };
    let result = match Directory::open(path) {
        Ok(directory) => procession_spec::read(&directory, &options),
        Err(error) => procession_spec::read(&Nowhere(error), &options),
    };
    let (application, report) = result.map_err(ReadError::Report)?;
    let wrong = bad_programs(&application);
    if wrong.is_empty() { Ok((application, report)) } else { Err(ReadError::Programs(wrong)) }
}

/// The environment that an application's programs run in.
#[must_use]
pub fn environment(application: &Application) -> LuaEnvironment {
    LuaEnvironment::with_payloads(match application.payload {
        Payload::Plain => Payloads::Plain,
        Payload::Wrapped => Payloads::Wrapped,
    })
}

fn bad_programs(application: &Application) -> Vec<BadProgram> {
    let environment = environment(application);
    let programs = application.programs.iter();
    let wrong = programs.filter_map(|(id, definition)| {
        let error = environment.load(&definition.program).err()?;
        Some(BadProgram { id: id.clone(), error })
    });
    wrong.collect()
}

/// A directory that can't be had: whoever reads it says why.
struct Nowhere(procession_spec::FileError);

impl procession_spec::Files for Nowhere {
    fn indexes(&self) -> Result<Vec<String>, procession_spec::FileError> {
        Err(self.0.clone())
    }

    fn read(&self, _: &str, _: usize) -> Result<Vec<u8>, procession_spec::FileError> {
        Err(self.0.clone())
    }
}
