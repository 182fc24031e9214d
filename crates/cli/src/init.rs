//! `procession init`: a small application to begin with.

use crate::failure::{ExitStatus, Failure};
use clap::Args;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;

/// What `init` is told.
#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    /// The directory, which may exist
    #[arg(default_value = ".")]
    pub(crate) directory: PathBuf,
}

/// What an application begins with.
const FILES: [(&str, &str); 2] = [
    ("_index.yaml", include_str!("../init/_index.yaml")),
    ("greeter.lua", include_str!("../init/greeter.lua")),
];

/// Runs the command; gives its output. Nothing that is there is changed.
pub(crate) fn run(arguments: &InitArguments) -> Result<String, Failure> {
    let directory = &arguments.directory;
    fs::create_dir_all(directory).map_err(|error| Failure::file("make", directory, &error))?;
    if let Some((name, _)) = FILES.iter().find(|(name, _)| directory.join(name).exists()) {
        let message = format!("{} is there already", directory.join(name).display());
        return Err(Failure::new(ExitStatus::Conflict, message).with_hint("nothing was changed"));
    }
    for (name, content) in FILES {
        let path = directory.join(name);
        let made = OpenOptions::new().write(true).create_new(true).open(&path);
        let written = made.and_then(|mut file| file.write_all(content.as_bytes()));
        written.map_err(|error| Failure::file("write", &path, &error))?;
    }
    let shown = directory.display();
    Ok(format!("made an application in {shown}; start it with procession up {shown}\n"))
}
