//! Runs every Lua program of `tests/api` as a process on a node of two shards.
//!
//! A file is a list of sections: `--- program ID [method=NAME] [modules=a,b] [dialect=typed]` and
//! its source (`app.test:main` is the one that is run; modules default to all), `--- policy` and
//! YAML, `--- config strict=true actor=ID policies=a,b` and limits of the main process, `--- expect
//! exit=error kind=KIND message=PART` when it shall not end normally. `API=name` runs one file.
//! Every program may require `check`, which is `api/lib/check.lua`. Each file runs in every
//! [`Mode`].
#![allow(clippy::unwrap_used)]

use procession_environment::{Dialect, Module, Program, SpawnRequest};
use procession_lua::{LuaEnvironment, Payloads};
use procession_policy::{Policies, Unidentified};
use procession_runtime::{Access, Grant, HOST_NORMAL, Node, NodeConfig, Sinks};
use procession_spec::parse_policies;
use procession_types::{
    Actor, Context, ExitReason, ProgramLimits, Scope, SmolStr,
    units::{parse_duration, parse_size},
};
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use web::Server;

#[path = "../../durable/tests/support/replaying.rs"]
mod replaying;
mod restoring;
mod web;

/// What happens to processes whenever they wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Plain,
    /// They are packed.
    Hibernating,
    /// They go on as copies that were restored from their snapshots.
    Restored,
    /// They are recorded, and run again from their journals when they have ended.
    Replayed,
}

impl Mode {
    const ALL: [Self; 4] = [Self::Plain, Self::Hibernating, Self::Restored, Self::Replayed];

    /// Whether the programs of the file run in this mode.
    fn takes(self, name: &str) -> bool {
        // A process that is recorded is upgraded from outside only, and these ask for it.
        self != Self::Replayed || !(name.contains("upgrade") || name == "return_convention")
    }
}

const MAIN: &str = "app.test:main";
const PATIENCE: Duration = Duration::from_secs(120);

struct Section {
    kind: String,
    words: Vec<String>,
    options: BTreeMap<String, String>,
    text: String,
}

fn sections(source: &str) -> Vec<Section> {
    let mut list: Vec<Section> = Vec::new();
    for line in source.lines() {
        let head = line.strip_prefix("--- ").map(str::trim).unwrap_or_default();
        let kind = head.split_whitespace().next().unwrap_or_default();
        if ["program", "policy", "config", "expect"].contains(&kind) {
            let (options, words) =
                head.split_whitespace().skip(1).partition::<Vec<&str>, _>(|w| w.contains('='));
            let pairs = options.iter().filter_map(|option| option.split_once('='));
            list.push(Section {
                kind: kind.to_owned(),
                words: words.into_iter().map(str::to_owned).collect(),
                options: pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
                text: String::new(),
            });
        } else if let Some(section) = list.last_mut() {
            section.text.push_str(line);
            section.text.push('\n');
        }
    }
    list
}

fn names(text: &str) -> Vec<String> {
    text.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn program(section: &Section, file: &Path) -> Program {
    let id = section.words[0].clone();
    let all = || procession_lua::module_names().iter().map(ToString::to_string).collect();
    let source = section.text.clone();
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    let mut limits = ProgramLimits::default();
    let others = ["method", "modules", "dialect"];
    for (option, value) in section.options.iter().filter(|it| !others.contains(&it.0.as_str())) {
        assert!(limit(&mut limits, option, value), "unknown option {option} of {id}");
    }
    Program {
        main: Module { name: id.clone(), file: name, source: source.into_bytes().into() },
        id,
        method: section.options.get("method").cloned(),
        modules: section.options.get("modules").map_or_else(all, |list| names(list)),
        imports: vec![Module {
            name: "check".to_owned(),
            file: "check.lua".to_owned(),
            source: Arc::from(&include_bytes!("api/lib/check.lua")[..]),
        }],
        dialect: match section.options.get("dialect").map(String::as_str) {
            Some("typed") => Dialect::Typed,
            _ => Dialect::Plain,
        },
        limits,
        durability: None,
    }
}

fn limit(limits: &mut ProgramLimits, name: &str, value: &str) -> bool {
    match name {
        "memory" => limits.memory_bytes_max = Some(parse_size(value).unwrap()),
        "instructions" => limits.instructions_max = Some(value.parse().unwrap()),
        "wall_clock" => limits.wall_clock_ns_max = Some(parse_duration(value).unwrap()),
        "mailbox_messages" => limits.mailbox_messages_max = Some(value.parse().unwrap()),
        "mailbox_bytes" => limits.mailbox_bytes_max = Some(parse_size(value).unwrap()),
        _ => return false,
    }
    true
}

struct Case {
    programs: Vec<Program>,
    payloads: Payloads,
    policies: Policies,
    context: Context,
    expect: Option<BTreeMap<String, String>>,
}

fn case(file: &Path) -> Case {
    let source = std::fs::read_to_string(file).unwrap();
    let list = sections(&source);
    let mut programs: Vec<Program> =
        list.iter().filter(|s| s.kind == "program").map(|s| program(s, file)).collect();
    let (mut context, mut strict) = (Context::default(), Unidentified::Allow);
    let mut payloads = Payloads::Plain;
    for section in list.iter().filter(|section| section.kind == "config") {
        for (name, value) in &section.options {
            match name.as_str() {
                "payload" if value == "wrapped" => payloads = Payloads::Wrapped,
                "strict" if value == "true" => strict = Unidentified::Deny,
                "strict" => strict = Unidentified::Allow,
                "actor" => {
                    let meta = BTreeMap::new();
                    context.actor = Some(Actor { id: value.clone(), meta });
                }
                "policies" => context.scope = Some(Scope { policies: names(value) }),
                name => {
                    let main = programs.iter_mut().find(|program| program.id == MAIN).unwrap();
                    assert!(limit(&mut main.limits, name, value), "unknown config {name}");
                }
            }
        }
    }
    let mut policies = Policies::new(strict);
    for section in list.iter().filter(|section| section.kind == "policy") {
        for policy in parse_policies("policies.yaml", &section.text).unwrap() {
            policies.insert(policy);
        }
    }
    let expect = list.iter().find(|section| section.kind == "expect");
    Case {
        programs,
        payloads,
        policies,
        context,
        expect: expect.map(|section| section.options.clone()),
    }
}

/// Runs a file; the complaint if something is not as expected.
fn run(file: &Path, scratch: &Path, mode: Mode) -> Result<(), String> {
    let case = case(file);
    let lua = LuaEnvironment::with_payloads(case.payloads);
    let findings = Arc::new(replaying::Findings::default());
    let mut config = NodeConfig::new(match mode {
        Mode::Plain | Mode::Hibernating => Arc::new(lua),
        Mode::Restored => Arc::new(restoring::Restoring(lua)),
        Mode::Replayed => Arc::new(replaying::Replaying { inner: lua, findings: findings.clone() }),
    });
    config.shards = 2;
    config.programs = case.programs;
    config.policies = case.policies;
    config.sinks = Sinks::none();
    let hibernate_after_ns = (mode == Mode::Hibernating).then_some(0);
    config.hosts.iter_mut().for_each(|host| host.hibernate_after_ns = hibernate_after_ns);
    config.grants =
        vec![Grant { name: PathBuf::new(), directory: scratch.to_owned(), access: Access::Write }];
    config.variables.grant("GREETING", Some(b"hello".to_vec()));
    config.variables.grant("EMPTY", None);
    let server = Server::start();
    // A port that nobody listens at: the system has just given and taken it.
    let nobody = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let nobody = nobody.map_err(|error| error.to_string())?;
    for (name, address) in [("WEB", server.address), ("NOBODY", nobody)] {
        config.variables.grant(name, Some(format!("http://{address}").into_bytes()));
        config.web_grants.grant(&address.ip().to_string(), Some(address.port()));
    }
    let node = Node::start(config).map_err(|error| error.to_string())?;
    let request = SpawnRequest {
        program: SmolStr::new(MAIN),
        host: SmolStr::new(HOST_NORMAL),
        ..SpawnRequest::default()
    };
    let started = node
        .spawn(request, case.context)
        .map_err(|e| format!("does not start: {e}{}", trace(&e)))?;
    let ending = started.ending.ok_or("main has no end")?;
    let reason = ending.wait_for(PATIENCE).map_err(|_| stuck(&node))?;
    judge(&reason, case.expect.as_ref())?;
    // Every process has ended, and was looked at, when its node is gone.
    drop(node);
    findings.verdict()?;
    let compared = findings.compared.load(Ordering::Relaxed);
    if mode == Mode::Replayed && compared == 0 {
        Err("nothing was compared".into())
    } else {
        Ok(())
    }
}

fn stuck(node: &Node) -> String {
    let list: Vec<String> = node
        .processes(20)
        .iter()
        .map(|p| {
            format!(
                "\n    {} {:?} mailbox {} events {}",
                p.program, p.state, p.mailbox_messages, p.events
            )
        })
        .collect();
    format!("still runs after {PATIENCE:?}{}", list.concat())
}

fn trace(error: &procession_types::Error) -> String {
    error.traceback.as_ref().map_or(String::new(), |text| format!("\n{text}"))
}

fn judge(reason: &ExitReason, expect: Option<&BTreeMap<String, String>>) -> Result<(), String> {
    let error = reason.error();
    let wants_error = expect.is_some_and(|expect| expect.get("exit").is_some_and(|e| e == "error"));
    match (error, wants_error) {
        (None, false) => Ok(()),
        (None, true) => Err("ended normally, an error was expected".to_owned()),
        (Some(error), false) => Err(format!("{}: {error}{}", error.kind, trace(&error))),
        (Some(error), true) => {
            let expect = expect.unwrap();
            let kind = expect.get("kind").is_none_or(|kind| kind == error.kind.name());
            let text = expect.get("message").is_none_or(|part| error.message.contains(part));
            if kind && text { Ok(()) } else { Err(format!("ended with {}: {error}", error.kind)) }
        }
    }
}

#[test]
fn programs_see_what_the_documents_say() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api");
    let only = std::env::var("API").unwrap_or_default();
    let mut files: Vec<PathBuf> = std::fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "lua"))
        .filter(|path| path.to_string_lossy().contains(&only))
        .collect();
    files.sort();
    let (next, complaints) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let name = file.file_stem().unwrap().to_string_lossy().into_owned();
                    let scratch = std::env::temp_dir()
                        .join(format!("procession-api-{}-{name}", std::process::id()));
                    for mode in Mode::ALL.into_iter().filter(|mode| mode.takes(&name)) {
                        let _ = std::fs::remove_dir_all(&scratch);
                        std::fs::create_dir_all(&scratch).unwrap();
                        let outcome = run(file, &scratch, mode);
                        if let Err(complaint) = outcome {
                            let complaint = format!("{name} ({mode:?}): {complaint}");
                            complaints.lock().unwrap().push(complaint);
                        }
                    }
                    let _ = std::fs::remove_dir_all(&scratch);
                }
            });
        }
    });
    let mut complaints = complaints.into_inner().unwrap();
    complaints.sort();
    let count = complaints.len();
    assert!(count == 0, "{count} of {} files failed:\n{}", files.len(), complaints.join("\n"));
}
