//! Requests of durable processes, on a node that is killed while one is under way.
//!
//! The test starts itself again as the node, with [`NODE`] set.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod web;

use procession_environment::{Dialect, Durability, Module, Program, SpawnRequest};
use procession_runtime::{HOST_NORMAL, Node, NodeConfig, Sinks};
use procession_store::{DiskConfig, DiskStore, Store};
use procession_types::{Context, FragmentBuilder, ProgramLimits, SmolStr};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use web::Server;

/// The directory of the store and the address of the server, for the node.
const NODE: &str = "PROCESSION_DURABLE_HTTP_NODE";
const TEST: &str = "a_request_under_way_at_a_kill_comes_again_with_the_same_key";
const PATIENCE: Duration = Duration::from_secs(60);

const PAYER: &str = "local http = require('http')
local function key(answer) return tostring(answer.body:match('idempotency%-key: ([^\\n]+)')) end
return { main = function(base)
  print('post ' .. key(assert(http.post(base .. '/echo', { body = 'x' }))))
  print('again ' .. key(assert(http.post(base .. '/echo', { body = 'x' }))))
  local headers = { ['idempotency-key'] = 'mine' }
  print('own ' .. key(assert(http.put(base .. '/echo', { headers = headers }))))
  print('get ' .. key(assert(http.get(base .. '/echo'))))
  print('held ' .. assert(http.post(base .. '/hold-first', { body = 'x' })).body)
  headers = { ['Idempotency-Key'] = '' }
  print('none ' .. key(assert(http.post(base .. '/echo', { headers = headers }))))
  local _, err = http.post(base .. '/hold', { headers = headers })
  print('once ' .. err:kind() .. ' ' .. tostring(err:retryable()))
end }";

/// The node: its processes print to the test.
fn serve(directory: &Path, base: &str) {
    let (store, _) = DiskStore::open(directory, DiskConfig::default()).unwrap();
    let mut config = NodeConfig::new(Arc::new(procession_lua::LuaEnvironment::new()));
    config.sinks = Sinks { log: Box::new(std::io::sink()), ..Sinks::standard() };
    config.web_grants.grant_all();
    config.store = Some(Arc::new(store) as Arc<dyn Store>);
    config.programs = vec![Program {
        id: "app:payer".to_owned(),
        main: Module {
            name: "app:payer".to_owned(),
            file: "payer.lua".to_owned(),
            source: PAYER.as_bytes().into(),
        },
        method: None,
        modules: vec!["http".to_owned()],
        imports: Vec::new(),
        dialect: Dialect::Plain,
        durability: Some(Durability::default()),
        limits: ProgramLimits::default(),
    }];
    let node = Node::start(config).unwrap();
    if node.lookup("payer").is_none() {
        let mut builder = FragmentBuilder::new();
        let base = builder.string(base.as_bytes());
        let request = SpawnRequest {
            program: SmolStr::new("app:payer"),
            host: SmolStr::new(HOST_NORMAL),
            name: Some(SmolStr::new("payer")),
            arguments: builder.finish(&[base]),
            ..SpawnRequest::default()
        };
        node.spawn(request, Context::default()).unwrap();
    }
    // Until it is killed.
    std::io::stdin().lines().for_each(drop);
}

/// The node, and what its processes print.
struct Payer {
    child: Child,
    lines: Receiver<String>,
}

impl Payer {
    fn start(directory: &Path, server: &Server) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([TEST, "--exact", "--nocapture", "--quiet"])
            .env(NODE, format!("{} {}", directory.display(), server.url()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            // Nobody may listen any more.
            output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Self { child, lines }
    }

    /// The rest of the next line that begins with a word.
    fn said(&self, word: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line =
                line.unwrap_or_else(|error| panic!("the node does not say \"{word}\": {error}"));
            if let Some((first, rest)) = line.split_once(' ')
                && first == word
            {
                return rest.to_owned();
            }
        }
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Waits until the server holds so many requests.
fn held(server: &Server, count: usize) -> Option<String> {
    let end = Instant::now() + PATIENCE;
    loop {
        let keys = server.held_keys();
        if keys.len() >= count {
            return keys[count - 1].clone();
        }
        assert!(Instant::now() < end, "request {count} does not come");
        std::thread::yield_now();
    }
}

#[test]
fn a_request_under_way_at_a_kill_comes_again_with_the_same_key() {
    if let Ok(given) = std::env::var(NODE) {
        let (directory, base) = given.split_once(' ').unwrap();
        return serve(Path::new(directory), base);
    }
    let server = Server::start();
    let directory = std::env::temp_dir().join(format!("durable-http-{}", std::process::id()));
    let node = Payer::start(&directory, &server);
    let (one, two) = (node.said("post"), node.said("again"));
    assert_eq!(one.split('/').count(), 3, "the process, its birth, the call: {one}");
    assert!(one.starts_with('{') && one != two, "{one} {two}");
    assert_eq!(node.said("own"), "mine", "what the program says goes");
    assert_eq!(node.said("get"), "nil", "what only reads has none");
    let key = held(&server, 1).unwrap();
    assert!(key != one && key != two, "{key}");
    node.kill();
    let node = Payer::start(&directory, &server);
    assert_eq!(node.said("held"), key, "the server can tell that it is the same");
    assert_eq!(node.said("none"), "nil", "an empty one says that there is to be none");
    assert_eq!(held(&server, 2), None);
    node.kill();
    let node = Payer::start(&directory, &server);
    assert_eq!(node.said("once"), "Unknown false");
    assert_eq!(server.held_keys().len(), 2, "what has no key is not sent again");
    node.kill();
    std::fs::remove_dir_all(&directory).unwrap();
}
