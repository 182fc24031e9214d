//! File operations of guests, carried out on an I/O thread.

use crate::grant::{Access, Grants, describe};
use procession_environment::FsOperation;
use procession_types::{Error, Fragment, FragmentBuilder, Limit, word};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::UNIX_EPOCH;

/// Largest file that is read, in bytes.
const READ_BYTES_MAX: u64 = 64 << 20;
/// Most entries of a directory that is listed.
const LIST_ENTRIES_MAX: usize = 100_000;

/// The path of an operation, what it needs, and the permission that names it.
pub(crate) fn subject(operation: &FsOperation) -> (&str, Access, &'static str) {
    match operation {
        FsOperation::Read { path } => (path, Access::Read, "fs.read"),
        FsOperation::List { path } => (path, Access::Read, "fs.list"),
        FsOperation::Stat { path } => (path, Access::Read, "fs.stat"),
        FsOperation::Write { path, .. } => (path, Access::Write, "fs.write"),
        FsOperation::Append { path, .. } => (path, Access::Write, "fs.append"),
        FsOperation::MakeDirectory { path } => (path, Access::Write, "fs.make_directory"),
        FsOperation::Remove { path } => (path, Access::Write, "fs.remove"),
    }
}

/// Carries an operation out.
pub(crate) fn perform(grants: &Grants, operation: &FsOperation) -> Result<Fragment, Error> {
    let (path, access, _) = subject(operation);
    if matches!(operation, FsOperation::List { path } if path.is_empty()) {
        return Ok(granted(grants));
    }
    let real = grants.resolve(path, access)?;
    let fail = |error: io::Error| describe(path, &error);
    match operation {
        FsOperation::Read { .. } => read(path, &real),
        FsOperation::Write { data, .. } => done(fs::write(&real, data).map_err(fail)),
        FsOperation::Append { data, .. } => done(append(&real, data).map_err(fail)),
        FsOperation::List { .. } => list(path, &real),
        FsOperation::Stat { .. } => stat(&real).map_err(fail),
        FsOperation::MakeDirectory { .. } => done(fs::create_dir_all(&real).map_err(fail)),
        FsOperation::Remove { .. } => done(remove(&real).map_err(fail)),
    }
}

fn done(result: Result<(), Error>) -> Result<Fragment, Error> {
    result.map(|()| FragmentBuilder::new().finish(&[word::TRUE]))
}

fn read(path: &str, real: &Path) -> Result<Fragment, Error> {
    let fail = |error: io::Error| describe(path, &error);
    let file = File::open(real).map_err(fail)?;
    let metadata = file.metadata().map_err(fail)?;
    if metadata.is_dir() {
        return Err(fail(io::ErrorKind::IsADirectory.into()));
    }
    if !metadata.is_file() {
        return Err(Error::invalid(format!("{path}: not a regular file")));
    }
    let mut bytes = Vec::with_capacity(metadata.len().min(READ_BYTES_MAX) as usize);
    // One byte more than allowed: a file that grows while it is read is found out, too.
    file.take(READ_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(fail)?;
    if bytes.len() as u64 > READ_BYTES_MAX {
        let message = format!("{path}: larger than {READ_BYTES_MAX} bytes");
        return Err(Error::limit(Limit::MessageSize, message));
    }
    let mut builder = FragmentBuilder::new();
    let value = builder.string(&bytes);
    Ok(builder.finish(&[value]))
}

fn append(real: &Path, data: &[u8]) -> io::Result<()> {
    OpenOptions::new().create(true).append(true).open(real)?.write_all(data)
}

fn list(path: &str, real: &Path) -> Result<Fragment, Error> {
    use std::os::unix::ffi::OsStringExt as _;
    let fail = |error: io::Error| describe(path, &error);
    let mut names = Vec::new();
    for entry in fs::read_dir(real).map_err(fail)? {
        if names.len() == LIST_ENTRIES_MAX {
            let message = format!("{path}: more than {LIST_ENTRIES_MAX} entries");
            return Err(Error::limit(Limit::MessageSize, message));
        }
        names.push(entry.map_err(fail)?.file_name().into_vec());
    }
    names.sort();
    let mut builder = FragmentBuilder::new();
    let words: Vec<_> = names.iter().map(|name| builder.string(name)).collect();
    let value = builder.list(&words);
    Ok(builder.finish(&[value]))
}

/// What is granted, as a list of tables.
fn granted(grants: &Grants) -> Fragment {
    let mut builder = FragmentBuilder::new();
    let mut list = Vec::new();
    for (path, access) in grants.all() {
        let path = builder.string(path.as_os_str().as_encoded_bytes());
        let write = word::from_bool(access == Access::Write);
        list.push(builder.record(&[("path", path), ("write", write)]));
    }
    let value = builder.list(&list);
    builder.finish(&[value])
}

fn stat(real: &Path) -> io::Result<Fragment> {
    let metadata = fs::metadata(real)?;
    let modified = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    let modified = modified.and_then(|passed| i64::try_from(passed.as_nanos()).ok());
    let kind: &[u8] = if metadata.is_dir() { b"directory" } else { b"file" };
    let mut builder = FragmentBuilder::new();
    let kind = builder.string(kind);
    let size = builder.integer(i64::try_from(metadata.len()).unwrap_or(i64::MAX));
    let modified = builder.integer(modified.unwrap_or_default());
    let value = builder.record(&[("type", kind), ("size", size), ("modified", modified)]);
    Ok(builder.finish(&[value]))
}

fn remove(real: &Path) -> io::Result<()> {
    if real.is_dir() { fs::remove_dir(real) } else { fs::remove_file(real) }
}
