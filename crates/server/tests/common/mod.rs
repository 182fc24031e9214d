//! A server over a node with a few programs, on a socket of its own in a directory of its own.
#![allow(dead_code, reason = "each test binary uses a part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot start its server has failed")]

use procession_client::{Client, Target};
use procession_environment::{Dialect, Durability, Module, OnError, Program};
use procession_policy::{Policies, Unidentified};
use procession_runtime::{Node, NodeConfig, Sinks};
use procession_server::{About, Limits, Server, ServerConfig};
use procession_spec::parse_policies;
use procession_store::MemoryStore;
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What processes of the tests run.
const PROGRAMS: [(&str, &str); 6] = [
    ("wait", "return function() return process.inbox():receive():payload() end"),
    ("forever", "return function() while true do process.inbox():receive() end end"),
    (
        "sum",
        "return function(...) local n = 0 for _, v in ipairs{...} do n = n + v end return {sum = n} end",
    ),
    ("fail", "return function() error('boom') end"),
    ("loop", "return function() while true do end end"),
    ("deaf", "return function() process.listen('never'):receive() end"),
];

/// What durable processes run, and what they do about errors.
const DURABLE_PROGRAMS: [(&str, &str, OnError); 2] =
    [("adder", ADDER, OnError::Skip), ("halting", ADDER, OnError::Halt)];
/// Adds up what it receives and tells the sum; at 0 it ends with it, over a text it fails.
const ADDER: &str = "return function()
  local inbox, sum = process.inbox(), 0
  while true do
    local value = inbox:receive():payload()
    if value == 0 then return sum end
    sum = sum + value
    print(sum)
  end
end";

/// See the module.
pub(crate) struct Served {
    pub(crate) node: Arc<Node>,
    pub(crate) server: Option<Server>,
    pub(crate) socket: PathBuf,
    pub(crate) directory: PathBuf,
    /// What was asked of the shutdown.
    pub(crate) shutdowns: Mutex<Receiver<Duration>>,
}

/// An answer as it came over the wire.
#[derive(Debug)]
pub(crate) struct Raw {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Raw {
    /// The body, read from its JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl Served {
    /// A server with the default limits.
    pub(crate) fn new() -> Self {
        Self::with(|_| {}, "")
    }

    /// A server whose configuration is changed, with policies of this YAML.
    pub(crate) fn with(change: impl FnOnce(&mut ServerConfig), policies: &str) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("pcn-test-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        let mut config = NodeConfig::new(Arc::new(procession_lua::LuaEnvironment::new()));
        config.shards = 2;
        config.sinks = Sinks::none();
        config.programs = PROGRAMS.map(|(name, source)| program(name, source, None)).into();
        let durable =
            DURABLE_PROGRAMS.map(|(name, source, rule)| program(name, source, Some(rule)));
        config.programs.extend(durable);
        config.store = Some(Arc::new(MemoryStore::default()));
        config.policies = Policies::new(Unidentified::Allow);
        if !policies.is_empty() {
            let policies = parse_policies("policies.yaml", policies).ok().unwrap();
            policies.into_iter().for_each(|policy| drop(config.policies.insert(policy)));
        }
        let node = Arc::new(Node::start(config).unwrap());
        let (shutdown, shutdowns) = channel();
        let shutdown = Mutex::new(shutdown);
        let socket = directory.join("node.sock");
        let mut config = ServerConfig {
            node: Arc::clone(&node),
            socket: Some(socket.clone()),
            listen: Vec::new(),
            tokens: None,
            about: About { application: Some("tests".to_owned()), config: "none".into() },
            shutdown: Box::new(move |grace| shutdown.lock().unwrap().send(grace).unwrap()),
            reload: None,
            limits: Limits::default(),
        };
        change(&mut config);
        let server = Some(Server::start(config).unwrap());
        Self { node, server, socket, directory, shutdowns: Mutex::new(shutdowns) }
    }

    /// A client over the socket.
    pub(crate) fn client(&self) -> Client {
        Client::new(Target::Socket(self.socket.clone())).unwrap()
    }

    /// Sends bytes and reads whatever comes until the server closes.
    pub(crate) fn raw(&self, request: &[u8]) -> String {
        let mut stream = UnixStream::connect(&self.socket).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        // A server that has read enough may close before it has read all.
        let _ = stream.write_all(request);
        let mut text = Vec::new();
        let _ = stream.read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Asks once.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Raw {
        let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
             Content-Length: {length}\r\n{headers}\r\n{body}"
        );
        answer(&self.raw(request.as_bytes()))
    }

    /// Starts a process; gives its PID.
    pub(crate) fn spawn(&self, program: &str, name: Option<&str>) -> String {
        let request = procession_api::SpawnRequest {
            program: program.to_owned(),
            name: name.map(str::to_owned),
            ..Default::default()
        };
        self.client().spawn(&request, None).unwrap().pid
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.server.take());
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// An answer of text.
pub(crate) fn answer(text: &str) -> Raw {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Raw { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
}

/// The repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn program(name: &str, source: &str, rule: Option<OnError>) -> Program {
    let id = format!("app:{name}");
    Program {
        main: Module {
            name: id.clone(),
            file: format!("{name}.lua"),
            source: source.as_bytes().into(),
        },
        id,
        method: None,
        modules: Vec::new(),
        imports: Vec::new(),
        dialect: Dialect::Plain,
        durability: rule.map(|on_error| Durability { on_error, ..Durability::default() }),
        limits: Default::default(),
    }
}
