//! From a file on the command line to programs: the file is `app:main`, its Lua neighbours are
//! `app:NAME`, and each of them can be required by its NAME.

use crate::failure::{ExitStatus, Failure};
use procession_environment::{Dialect, Module, Program};
use procession_lua::module_names;
use procession_types::ProgramLimits;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Id of the program that is run.
pub(crate) const MAIN: &str = "app:main";
/// Longest source, in bytes.
const SOURCE_BYTES_MAX: u64 = 16 << 20;
/// Longest name of a file, in bytes, on the systems that are supported.
const FILE_NAME_BYTES_MAX: usize = 255;
/// Most neighbours that are looked at.
const NEIGHBOURS_MAX: usize = 1000;

/// The program of a file and those of its neighbours, with the same limits.
///
/// # Errors
/// When the file can't be read, is too large, or has too many neighbours.
pub(crate) fn load(file: &Path, limits: ProgramLimits) -> Result<Vec<Program>, Failure> {
    let main = read(file).map_err(|failure| with_nearest(failure, file))?;
    let neighbours = neighbours(file)?;
    let program = |id: String, source: &Arc<[u8]>, file: String| Program {
        imports: imports(source, &neighbours),
        main: Module { name: id.clone(), file, source: Arc::clone(source) },
        id,
        method: None,
        // What is run by hand may require every module of the runtime.
        modules: module_names().iter().map(|&name| name.to_owned()).collect(),
        dialect: Dialect::Plain,
        durability: None,
        limits,
    };
    let mut programs = vec![program(MAIN.to_owned(), &main, file.display().to_string())];
    for module in &neighbours {
        let id = format!("app:{}", module.name);
        if id != MAIN {
            programs.push(program(id, &module.source, module.file.clone()));
        }
    }
    Ok(programs)
}

/// The neighbours that a source requires, and those that these require. Only what is named in a
/// string can be meant, so a neighbour that does not parse disturbs nobody who does not name it.
fn imports(source: &Arc<[u8]>, neighbours: &[Module]) -> Vec<Module> {
    let mut imports: Vec<Module> = Vec::new();
    let mut looked_at = 0;
    let mut next = Some(Arc::clone(source));
    let mut known = HashSet::new();
    while let Some(text) = next {
        let named = quoted(&text);
        for module in neighbours {
            if named.contains(module.name.as_bytes()) && known.insert(&module.name) {
                imports.push(module.clone());
            }
        }
        next = imports.get(looked_at).map(|module| Arc::clone(&module.source));
        looked_at += 1;
    }
    imports
}

/// What stands between quotes or brackets in a source and is no longer than a file's name.
fn quoted(source: &[u8]) -> HashSet<&[u8]> {
    let mut found = HashSet::new();
    for (at, open) in source.iter().enumerate() {
        let close = match open {
            b'"' | b'\'' => *open,
            b'[' => b']',
            _ => continue,
        };
        let rest = &source[at + 1..source.len().min(at + 2 + FILE_NAME_BYTES_MAX)];
        if let Some(end) = rest.iter().position(|&byte| byte == close) {
            found.insert(&rest[..end]);
        }
    }
    found
}

/// The other `*.lua` files of the file's directory, as modules named after them.
fn neighbours(file: &Path) -> Result<Vec<Module>, Failure> {
    let directory = match file.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let listed = fs::read_dir(directory).map_err(|e| Failure::file("list", directory, &e))?;
    let mut paths: Vec<PathBuf> = listed
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "lua"))
        .filter(|path| path.file_name() != file.file_name() && path.is_file())
        .collect();
    if paths.len() > NEIGHBOURS_MAX {
        let message = format!(
            "{} has {} Lua files, more than {NEIGHBOURS_MAX}",
            directory.display(),
            paths.len()
        );
        let hint = "every Lua file beside the program is one of its programs; give it a directory \
                    of its own";
        return Err(Failure::new(ExitStatus::Limit, message).with_hint(hint));
    }
    paths.sort();
    let mut modules = Vec::with_capacity(paths.len());
    for path in paths {
        let Some(name) = path.file_stem().and_then(|name| name.to_str()) else { continue };
        let (name, file) = (name.to_owned(), shown(directory, &path));
        modules.push(Module { name, file, source: read(&path)? });
    }
    Ok(modules)
}

/// A hint when only the ending of the file's name is missing, or a directory was meant.
fn with_nearest(failure: Failure, file: &Path) -> Failure {
    let candidates = [file.with_extension("lua"), file.join("main.lua")];
    match candidates.iter().find(|path| path.is_file()) {
        Some(path) if path != file => failure.with_hint(format!("there is {}", path.display())),
        Some(_) | None => failure,
    }
}

/// How messages name a neighbour: without the `./` that nobody wrote.
fn shown(directory: &Path, path: &Path) -> String {
    let stripped = path.strip_prefix("./").ok().filter(|_| directory == Path::new("."));
    stripped.unwrap_or(path).display().to_string()
}

fn read(path: &Path) -> Result<Arc<[u8]>, Failure> {
    let fail = |error| Failure::file("read", path, &error);
    let metadata = fs::metadata(path).map_err(fail)?;
    if metadata.is_dir() {
        let message = format!("failed to read {}: it is a directory", path.display());
        return Err(Failure::new(ExitStatus::Usage, message).with_hint("a program is a file"));
    }
    if metadata.len() > SOURCE_BYTES_MAX {
        let message = format!(
            "{} has {} bytes, more than a program's {SOURCE_BYTES_MAX}",
            path.display(),
            metadata.len()
        );
        return Err(Failure::new(ExitStatus::Limit, message));
    }
    Ok(fs::read(path).map_err(fail)?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(name: &str, source: &str) -> Module {
        let source = source.as_bytes().into();
        Module { name: name.to_owned(), file: format!("{name}.lua"), source }
    }

    #[test]
    fn only_what_is_named_is_imported() {
        let neighbours = [
            module("a", "local b = require 'b'"),
            module("b", "return require([[a]])"),
            module("broken", "= ="),
        ];
        for (source, expected) in [
            ("require(\"a\")", &["a", "b"][..]),
            ("require(\"b\")", &["b", "a"]),
            ("process.spawn(\"app:broken\") -- a b", &[]),
            ("", &[]),
        ] {
            let found = imports(&source.as_bytes().into(), &neighbours);
            let names: Vec<&str> = found.iter().map(|module| module.name.as_str()).collect();
            assert_eq!(names, expected, "{source}");
        }
    }
}
