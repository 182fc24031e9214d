//! Runs Lua files with a host that prints and knows nothing else: `run FILE [ARGS…]`.
#![allow(clippy::print_stdout, clippy::print_stderr, missing_docs)]

use procession_environment::{Dialect, Environment, Module, Program, Turn};
use procession_lua::LuaEnvironment;
use procession_types::{Fragment, Limits, ProgramLimits};

#[path = "../tests/support/mod.rs"]
mod support;

fn main() {
    let path = std::env::args().nth(1).expect("a file");
    let source = std::fs::read(&path).expect("a readable file");
    let file = std::path::Path::new(&path).file_name().expect("a name");
    let name = file.to_string_lossy().into_owned();
    let program = Program {
        id: "app:main".into(),
        main: Module { name: "app:main".into(), file: name, source: source.into() },
        method: None,
        modules: procession_lua::module_names().iter().map(ToString::to_string).collect(),
        imports: Vec::new(),
        dialect: Dialect::Plain,
        durability: None,
        limits: ProgramLimits::default(),
    };
    let image = LuaEnvironment::new().load(&program).unwrap_or_else(|error| {
        eprintln!("{error}");
        std::process::exit(9);
    });
    let mut host = support::TestHost::printing();
    let mut guest = image.spawn(&Fragment::default(), &Limits::default()).expect("spawns");
    loop {
        match guest.run(&mut host, 1_000_000) {
            Turn::Preempted => {}
            Turn::Aside => guest.work(),
            Turn::Exited(reason) => {
                if let Some(error) = reason.error() {
                    eprintln!("{error}\n{}", error.traceback.as_deref().unwrap_or_default());
                    std::process::exit(1);
                }
                return;
            }
            other => {
                eprintln!("{other:?}");
                std::process::exit(1);
            }
        }
    }
}
