//! How an application's files are reached. Paths are relative to the application's directory, with
//! `/` between their parts, without `.` and `..`.

/// The name of the files that declare entries.
pub const INDEX_NAME: &str = "_index.yaml";

/// The files of a directory, on disk or in memory.
pub trait Files {
    /// The paths of all files called [`INDEX_NAME`] in the directory and below it. Hidden
    /// directories need not be looked at.
    ///
    /// # Errors
    /// When a directory can't be listed, or there are too many.
    fn indexes(&self) -> Result<Vec<String>, FileError>;

    /// The content of a file of at most `bytes_max` bytes. A link that leads out of the directory
    /// must not be followed.
    ///
    /// # Errors
    /// When it can't be read.
    fn read(&self, path: &str, bytes_max: usize) -> Result<Vec<u8>, FileError>;
}

/// Why a file can't be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// There is none.
    #[error("there is no such file")]
    NotFound,
    /// It is longer than allowed.
    #[error("it is longer than {bytes_max} bytes")]
    TooLong {
        /// The limit.
        bytes_max: usize,
    },
    /// It leads out of the application's directory.
    #[error("it leads out of the application's directory")]
    Outside,
    /// Anything else, as the system says it.
    #[error("{0}")]
    Other(String),
}

/// Files in memory, by path.
impl Files for std::collections::BTreeMap<String, Vec<u8>> {
    fn indexes(&self) -> Result<Vec<String>, FileError> {
        let is_index = |path: &&String| {
            path.rsplit_once('/').map_or(path.as_str(), |(_, name)| name) == INDEX_NAME
        };
        Ok(self.keys().filter(is_index).cloned().collect())
    }

    fn read(&self, path: &str, bytes_max: usize) -> Result<Vec<u8>, FileError> {
        match self.get(path) {
            None => Err(FileError::NotFound),
            Some(bytes) if bytes.len() > bytes_max => Err(FileError::TooLong { bytes_max }),
            Some(bytes) => Ok(bytes.clone()),
        }
    }
}
