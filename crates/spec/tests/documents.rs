//! Every example is an application, by the reader and by the JSON Schema.
#![allow(missing_docs, clippy::unwrap_used)]

mod schema;

use procession_environment::Environment;
use procession_lua::{LuaEnvironment, module_names};
use procession_spec::{Application, FileError, Files, Mode, Options, read, schema as schema_text};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The blocks of a page in a language.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let begin = format!("```{language}\n");
    page.split(&begin).skip(1).map(|rest| rest.split("```").next().unwrap_or_default()).collect()
}

fn application(files: &dyn Files, directory: &str) -> Application {
    let options = Options { directory, mode: Mode::Strict, modules: module_names() };
    match read(files, &options) {
        Ok((application, warnings)) => {
            assert!(warnings.is_empty(), "{warnings}");
            application
        }
        Err(report) => panic!("{report}"),
    }
}

/// Compiles every program, as a node would.
fn compile(application: &Application) {
    let environment = LuaEnvironment::new();
    for (id, definition) in &application.programs {
        if let Err(error) = environment.load(&definition.program) {
            panic!("{id}: {error:?}");
        }
    }
}

#[test]
fn the_examples_of_the_page_are_applications() {
    let page = std::fs::read_to_string(root().join("docs/application.md")).unwrap();
    let source = blocks(&page, "lua")[0].as_bytes().to_vec();
    let schema: serde_json::Value = serde_json::from_str(&schema_text(module_names())).unwrap();
    let examples = blocks(&page, "yaml");
    assert!(examples.len() >= 10, "{}", examples.len());
    for text in examples {
        let files: BTreeMap<String, Vec<u8>> = [
            ("_index.yaml".to_owned(), text.as_bytes().to_vec()),
            ("worker.lua".to_owned(), source.clone()),
        ]
        .into();
        compile(&application(&files, ""));
        schema::check(&schema, text).unwrap_or_else(|wrong| panic!("{wrong}\n{text}"));
    }
}

/// A directory on disk.
struct Directory(PathBuf);

impl Directory {
    fn indexes_below(&self, path: &str, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(self.0.join(path)).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{path}{}", entry.file_name().to_string_lossy());
            if entry.file_type().unwrap().is_dir() {
                self.indexes_below(&format!("{name}/"), found);
            } else if name.rsplit('/').next() == Some("_index.yaml") {
                found.push(name);
            }
        }
    }
}

impl Files for Directory {
    fn indexes(&self) -> Result<Vec<String>, FileError> {
        let mut found = Vec::new();
        self.indexes_below("", &mut found);
        Ok(found)
    }

    fn read(&self, path: &str, _: usize) -> Result<Vec<u8>, FileError> {
        std::fs::read(self.0.join(path)).map_err(|error| FileError::Other(error.to_string()))
    }
}

#[test]
fn the_tour_is_an_application() {
    let directory = Directory(root().join("examples/tour"));
    let application = application(&directory, "examples/tour");
    compile(&application);
    assert!(!application.services.is_empty() && !application.pools.is_empty());
    let schema: serde_json::Value = serde_json::from_str(&schema_text(module_names())).unwrap();
    for path in directory.indexes().unwrap() {
        let text = String::from_utf8(directory.read(&path, 0).unwrap()).unwrap();
        schema::check(&schema, &text).unwrap_or_else(|wrong| panic!("{path}: {wrong}"));
    }
}

/// What the reader refuses for the shape of one file, the schema refuses, too.
#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    let schema: serde_json::Value = serde_json::from_str(&schema_text(module_names())).unwrap();
    let head = "version: '1.0'\nnamespace: app\n";
    let program = "- {name: w, kind: process.lua, source: file://worker.lua";
    for (text, is_right) in [
        (format!("{head}entries: [{}}}]", &program[2..]), true),
        (format!("{head}entires: []"), false),
        ("namespace: app".to_owned(), false),
        (format!("{head}entries:\n{program}, modles: []}}"), false),
        (format!("{head}entries:\n{program}, modules: [tim]}}"), false),
        (format!("{head}entries:\n{program}, limits: {{memory: much}}}}"), false),
        (format!("{head}entries:\n{program}, limits: {{memory: 4096, wall_clock: 1h30m}}}}"), true),
        (format!("{head}entries:\n{program}, limits: {{wall_clock: 0}}}}"), false),
        (format!("{head}entries:\n{program}, method: 5}}"), false),
        (format!("{head}entries:\n{program}, dialect: tiped}}"), false),
        (format!("{head}entries:\n{program}, imports: {{a b: w}}}}"), false),
        (format!("{head}entries:\n- {{name: w, kind: process.nothing}}"), false),
        (format!("{head}entries:\n- {{name: 'a:b', kind: process.host}}"), false),
        (format!("{head}entries:\n- {{name: h, kind: process.host, host: {{weight: 0}}}}"), false),
        (
            format!(
                "{head}entries:\n- {{name: h, kind: process.host, host: {{hibernate_after: never}}}}"
            ),
            true,
        ),
        (
            format!(
                "{head}entries:\n- {{name: h, kind: process.host, host: {{hibernate_after: 0}}}}"
            ),
            true,
        ),
        (
            format!(
                "{head}entries:\n- {{name: h, kind: process.host, host: {{hibernate_after: 1}}}}"
            ),
            false,
        ),
        (format!("{head}process_management: {{pool: {{min_size: -1}}}}"), false),
        (format!("{head}grants: [fs:data, net:x]"), false),
        (format!("{head}variables: {{A: 5, B: x, C: true}}"), true),
        (format!("{head}variables: {{A: [5]}}"), false),
        (format!("{head}variables: {{A=B: x}}"), false),
    ] {
        let files: BTreeMap<String, Vec<u8>> = [
            ("_index.yaml".to_owned(), text.clone().into_bytes()),
            ("worker.lua".to_owned(), Vec::new()),
        ]
        .into();
        let options = Options { modules: module_names(), ..Options::default() };
        assert_eq!(read(&files, &options).is_ok(), is_right, "reader: {text}");
        assert_eq!(schema::check(&schema, &text).is_ok(), is_right, "schema: {text}");
    }
}
