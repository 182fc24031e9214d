//! Runs the examples of `docs/lua`: every ```lua block as a process, whose output must be what the
//! ```output block after it says. A block ```lua ID is another program of the page, which the
//! examples of that page may spawn. `DOC=name` runs one page.
#![allow(clippy::unwrap_used)]

use procession_environment::{Dialect, Module, Program, SpawnRequest};
use procession_runtime::{Access, Grant, HOST_NORMAL, Node, NodeConfig, Sinks};
use procession_types::{Context, ExitReason, ProgramLimits, SmolStr};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use web::Server;

mod web;

const MAIN: &str = "app:main";
const PATIENCE: Duration = Duration::from_secs(30);
/// Pages that are no module's.
const OTHER_PAGES: [&str; 3] = ["README", "differences", "typed"];
/// What is there without `require`.
const GLOBALS: [&str; 2] = ["process", "channel"];

/// An example: where it is, its source, and what it prints.
struct Example {
    line: usize,
    source: String,
    output: Option<String>,
}

#[derive(Default)]
struct Page {
    examples: Vec<Example>,
    programs: Vec<(String, String)>,
}

fn pages() -> BTreeMap<String, String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/lua");
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let pages = entries.filter(|path| path.extension().is_some_and(|ending| ending == "md"));
    pages
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect()
}

/// The blocks of a page.
fn read(text: &str) -> Page {
    let mut page = Page::default();
    let mut block: Option<(usize, &str, String)> = None;
    for (index, line) in text.lines().enumerate() {
        match (&mut block, line.strip_prefix("```")) {
            (None, Some(info)) => block = Some((index + 1, info, String::new())),
            (Some((_, _, body)), None) => {
                body.push_str(line);
                body.push('\n');
            }
            (Some(_), Some(_)) => {
                let (line, info, body) = block.take().unwrap();
                match info.split_once(' ').unwrap_or((info, "")) {
                    ("lua", "") => {
                        page.examples.push(Example { line, source: body, output: None });
                    }
                    ("lua", id) => page.programs.push((id.to_owned(), body)),
                    ("output", _) => {
                        let example = page.examples.last_mut().expect("an example before output");
                        assert!(example.output.replace(body).is_none(), "two outputs at {line}");
                    }
                    _ => {}
                }
            }
            (None, None) => {}
        }
    }
    assert!(block.is_none(), "a block that does not end");
    page
}

fn program(id: &str, page: &str, source: &str) -> Program {
    Program {
        id: id.to_owned(),
        main: Module {
            name: id.to_owned(),
            file: format!("{page}.md"),
            source: source.as_bytes().into(),
        },
        method: None,
        modules: procession_lua::module_names().iter().map(ToString::to_string).collect(),
        imports: Vec::new(),
        dialect: Dialect::Plain,
        durability: None,
        limits: ProgramLimits::default(),
    }
}

/// What processes print.
#[derive(Clone, Default)]
struct Printed(Arc<Mutex<Vec<u8>>>);

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A directory that is removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir();
        let path = path.join(format!("procession-docs-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs an example on a node of its own; what it printed, or how it failed.
fn run(name: &str, page: &Page, example: &Example) -> Result<String, String> {
    let scratch = Scratch::new(&format!("{name}-{}", example.line));
    let printed = Printed::default();
    let mut config = NodeConfig::new(Arc::new(procession_lua::LuaEnvironment::new()));
    config.shards = 2;
    config.programs = page.programs.iter().map(|(id, text)| program(id, name, text)).collect();
    config.programs.push(program(MAIN, name, &example.source));
    config.sinks = Sinks { print: Box::new(printed.clone()), log: Box::new(io::sink()) };
    config.grants =
        vec![Grant { name: "data".into(), directory: scratch.0.clone(), access: Access::Write }];
    config.variables.grant("GREETING", Some(b"hello".to_vec()));
    let server = Server::start();
    config.variables.grant("WEB", Some(server.url().into_bytes()));
    config.web_grants.grant(&server.address.ip().to_string(), Some(server.address.port()));
    let node = Node::start(config).map_err(|error| error.to_string())?;
    let request = SpawnRequest {
        program: SmolStr::new(MAIN),
        host: SmolStr::new(HOST_NORMAL),
        ..SpawnRequest::default()
    };
    let started = node.spawn(request, Context::default()).map_err(|e| format!("no start: {e}"))?;
    let reason = started.ending.unwrap().wait_for(PATIENCE).map_err(|_| "does not end")?;
    node.flush_output();
    match &*reason {
        ExitReason::Normal(_) => {
            Ok(String::from_utf8_lossy(&printed.0.lock().unwrap()).into_owned())
        }
        ExitReason::Failed(failure) => Err(format!("failed: {failure:?}")),
    }
}

#[test]
fn examples_print_what_the_pages_say() {
    let only = std::env::var("DOC").unwrap_or_default();
    let mut complaints = Vec::new();
    for (name, text) in pages().iter().filter(|(name, _)| name.contains(&only)) {
        let page = read(text);
        if page.examples.is_empty() && !OTHER_PAGES.contains(&name.as_str()) {
            complaints.push(format!("{name}.md has no example"));
        }
        for example in &page.examples {
            let place = format!("{name}.md:{}", example.line);
            match (run(name, &page, example), &example.output) {
                (_, None) => complaints.push(format!("{place}: no ```output after the example")),
                (Err(complaint), _) => complaints.push(format!("{place}: {complaint}")),
                (Ok(printed), Some(output)) if printed != *output => {
                    complaints.push(format!("{place}: wanted\n{output}printed\n{printed}"));
                }
                (Ok(_), Some(_)) => {}
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn every_module_has_a_page_that_the_index_names() {
    let pages = pages();
    let index = pages.get("README").expect("docs/lua/README.md");
    for module in procession_lua::module_names().iter().chain(&GLOBALS) {
        assert!(pages.contains_key(*module), "module {module} has no page in docs/lua");
    }
    for name in pages.keys().filter(|name| *name != "README") {
        assert!(index.contains(&format!("]({name}.md)")), "README.md does not name {name}.md");
    }
}

#[test]
fn blocks_are_read() {
    let page = read(
        "a\n```lua\nprint(1)\n```\nb\n```output\n1\n```\n```lua app:x\nreturn 2\n```\n```sh\nls\n```\n",
    );
    assert_eq!(page.examples.len(), 1);
    let example = &page.examples[0];
    assert_eq!((example.line, &*example.source), (2, "print(1)\n"));
    assert_eq!(example.output.as_deref(), Some("1\n"));
    assert_eq!(page.programs, [("app:x".to_owned(), "return 2\n".to_owned())]);
}
