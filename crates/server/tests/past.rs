//! Durable processes over the wire: what they have done, how they were, their pasts run again.
#![allow(clippy::unwrap_used)]

mod common;

use common::Served;
use procession_api::*;
use procession_client::{Client, Target};
use procession_server::Tokens;
use procession_types::ErrorKind;
use serde_json::{Value, json};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(60);

/// Sends one by one, each when the one before is written down.
fn feed(served: &Served, process: &str, values: &[Value]) {
    let client = served.client();
    for value in values {
        let slots = || client.history(process, &HistoryQuery::default()).unwrap().slots;
        let before = slots();
        let request =
            MessageRequest { to: process.into(), topic: "t".into(), payload: vec![value.clone()] };
        client.send_message(&request, None).unwrap();
        while slots() == before {
            std::thread::yield_now();
        }
    }
}

#[test]
fn a_history_comes_in_pages() {
    let served = Served::new();
    let client = served.client();
    let pid = served.spawn("app:adder", Some("sum"));
    feed(&served, &pid, &[json!(1), json!(2), json!("x"), json!(4), json!(0)]);
    let all = client.history(&pid, &HistoryQuery::default()).unwrap();
    assert_eq!((&all.pid, all.first_slot, all.slots, &all.next), (&pid, 0, 5, &None));
    let taken: Vec<_> = all.items.iter().filter(|it| it.inputs > 0).collect();
    let deeds: Vec<_> = taken.iter().map(|it| (it.slot, &*it.deed)).collect();
    let expected = [(0, "turns"), (1, "turns"), (2, "failed"), (3, "turns"), (4, "ended")];
    assert_eq!(deeds, expected);
    let (first, failed) = (taken[0], taken[2]);
    assert_eq!((&*first.came[0].kind, &*first.came[0].text), ("message", "1"));
    assert!(first.went.iter().any(|it| it.kind == "print" && it.text == "1"), "{first:?}");
    assert!(first.instructions > 0 && first.instructions < first.instructions_total);
    let error = failed.error.as_ref().unwrap();
    assert!(error.detail.contains("attempt to add"), "{error:?}");
    assert!(error.traceback.is_some() && failed.on_error.as_deref() == Some("skip"));
    // What a failed input has used is not counted for the one behind it.
    assert!(taken[3].instructions < 2 * first.instructions, "{taken:?}");

    let mut query = HistoryQuery { limit: Some(2), ..HistoryQuery::default() };
    let mut paged = Vec::new();
    loop {
        let page = client.history(&pid, &query).unwrap();
        paged.extend(page.items);
        query.cursor = page.next;
        if query.cursor.is_none() {
            break;
        }
    }
    assert_eq!(paged, all.items);
    let from = HistoryQuery { from: Some(3), ..HistoryQuery::default() };
    assert_eq!(client.history(&pid, &from).unwrap().items[..], all.items[all.items.len() - 2..]);
    // It has ended: its name is free, its whole PID and id are known.
    let id = served.node.parse_pid(&pid).map(|_| pid.rsplit_once('|').unwrap().1.replace('}', ""));
    assert_eq!(client.history(&id.unwrap(), &HistoryQuery::default()).unwrap(), all);
    let gone = client.history("sum", &HistoryQuery::default()).unwrap_err();
    assert_eq!(gone.problem().unwrap().error_kind(), ErrorKind::NotFound);
}

#[test]
fn states_and_replays() {
    let served = Served::new();
    let client = served.client();
    let pid = served.spawn("app:adder", None);
    feed(&served, &pid, &[json!(1), json!(2), json!(3)]);
    let then = client.past_state(&pid, Some(2), LONG).unwrap();
    assert_eq!((then.slot, &*then.program, then.ended), (2, "app:adder", false));
    assert_eq!(then.coroutines[0].waits_for.as_deref(), Some("inbox"));
    assert!(then.place.unwrap().starts_with("adder.lua:") && then.hash.unwrap().len() == 64);
    assert_eq!(client.past_state(&pid, None, LONG).unwrap().slot, 3);
    let replayed = client.replay(&pid, (None, None), LONG).unwrap();
    assert_eq!((replayed.slot, replayed.difference), (3, None));
    assert_eq!(client.replay(&pid, (Some(0), Some(1)), LONG).unwrap().slot, 1);

    let backwards = client.replay(&pid, (Some(2), Some(1)), LONG).unwrap_err();
    let problem = backwards.problem().unwrap();
    assert_eq!(problem.error_kind(), ErrorKind::Invalid);
    assert!(problem.detail.contains("from slot 2 to slot 1"), "{problem:?}");
    let late = client.replay(&pid, (None, None), Duration::ZERO).unwrap_err();
    assert_eq!(late.problem().unwrap().error_kind(), ErrorKind::Timeout);
}

#[test]
fn one_that_stands_still_is_shown_and_goes_on() {
    let served = Served::new();
    let client = served.client();
    let pid = served.spawn("app:halting", Some("halting"));
    feed(&served, &pid, &[json!(1), json!("x")]);
    let (listed, _) = client.processes(Some("state=halted"), 10).unwrap();
    assert_eq!(listed.iter().map(|it| &it.pid).collect::<Vec<_>>(), [&pid]);
    assert_eq!((&*listed[0].names[0], &*listed[0].program), ("halting", "app:halting"));
    let detail = client.process("halting").unwrap();
    let halted = detail.halted.unwrap();
    assert_eq!((detail.process.state.as_str(), halted.slot), ("halted", 1));
    assert_eq!(halted.input.as_ref().unwrap().text, "\"x\"");
    assert!(halted.error.traceback.is_some() && halted.hint.contains("procession skip"));
    assert_eq!(detail.coroutines[0].waits_for.as_deref(), Some("inbox"));
    let beginning = &detail.process.id[..detail.process.id.len() - 1];
    assert_eq!(client.process(beginning).unwrap().process.pid, pid);
    let message = MessageRequest { to: pid.clone(), topic: "t".into(), payload: vec![json!(2)] };
    client.send_message(&message, None).unwrap();
    assert_eq!(client.process(&pid).unwrap().process.mailbox_messages, 1);

    assert_eq!(client.skip(&pid).unwrap().record, halted.record);
    while client.history(&pid, &HistoryQuery::default()).unwrap().slots < 3 {
        std::thread::yield_now();
    }
    let again = client.skip(&pid).unwrap_err();
    assert_eq!(again.problem().unwrap().error_kind(), ErrorKind::Conflict);
    assert_eq!(client.processes(Some("state=halted"), 10).unwrap().0, []);
    assert!(client.process(&pid).unwrap().halted.is_none());
}

#[test]
fn what_has_no_past_says_so() {
    let served = Served::new();
    let client = served.client();
    let pid = served.spawn("app:forever", None);
    let skipped = client.skip(&pid).unwrap_err();
    assert_eq!(skipped.problem().unwrap().error_kind(), ErrorKind::NotFound);
    for path in ["history", "state"] {
        let answer = served.ask("GET", &format!("/v1/processes/{}/{path}", encoded(&pid)), &[], "");
        assert_eq!(answer.status, 404);
        assert!(answer.body.contains("the process is not durable"), "{answer:?}");
        assert!(answer.body.contains("set \\\"durable: true\\\" on its program"), "{answer:?}");
    }
}

fn encoded(pid: &str) -> String {
    pid.replace('{', "%7B").replace('}', "%7D").replace('|', "%7C").replace(':', "%3A")
}

#[test]
fn forks_and_snapshots() {
    let served = Served::new();
    let client = served.client();
    let pid = served.spawn("app:adder", Some("sum"));
    feed(&served, &pid, &[json!(1), json!(2), json!(3)]);
    let request = |at: Option<u64>, name: Option<&str>| ForkRequest {
        at,
        name: name.map(str::to_owned),
        timeout: None,
    };
    let forked = client.fork("sum", &request(Some(2), Some("other")), (LONG, Some("k"))).unwrap();
    assert_eq!((&forked.of, forked.slot, &*forked.program), (&pid, 2, "app:adder"));
    assert_eq!(Some(&forked.hash), client.past_state(&pid, Some(2), LONG).unwrap().hash.as_ref());
    let again = client.fork("sum", &request(Some(2), Some("other")), (LONG, Some("k"))).unwrap();
    assert_eq!(again, forked, "the same request again makes nothing");
    let past = client.history("other", &HistoryQuery::default()).unwrap();
    assert_eq!((past.first_slot, &*past.items[0].deed), (2, "forked"));
    let origin = OriginView { pid: Some(pid.clone()), slot: 2, snapshot: None };
    assert_eq!(past.items[0].origin, Some(origin));
    let kind = |result: Result<ForkView, procession_client::ClientError>| {
        result.unwrap_err().problem().unwrap().error_kind()
    };
    let fork = |process: &str, at, name| client.fork(process, &request(at, name), (LONG, None));
    assert_eq!(kind(fork("sum", Some(9), None)), ErrorKind::NotFound);
    assert_eq!(kind(fork("sum", None, Some("other"))), ErrorKind::AlreadyExists);
    assert_eq!(kind(fork("nobody", None, None)), ErrorKind::NotFound);

    let made = client.make_snapshot("sum", LONG).unwrap();
    assert_eq!((made.slot, &*made.program), (3, "app:adder"));
    assert_eq!(Some(&made.hash), client.past_state(&pid, None, LONG).unwrap().hash.as_ref());
    assert_eq!(client.make_snapshot("sum", LONG).unwrap(), made);
    assert_eq!(client.snapshots("sum").unwrap(), [made]);
    let plain = served.spawn("app:forever", None);
    for refused in [client.make_snapshot(&plain, LONG).err(), client.snapshots(&plain).err()] {
        assert_eq!(refused.unwrap().problem().unwrap().error_kind(), ErrorKind::NotFound);
    }
}

#[test]
fn processes_go_back_and_travel_in_files() {
    let served = Served::new();
    let client = served.client();
    let pid = served.spawn("app:adder", Some("sum"));
    feed(&served, &pid, &[json!(1), json!(2)]);
    let made = client.make_snapshot("sum", LONG).unwrap();
    feed(&served, &pid, &[json!(10)]);
    let restored = client.restore("sum", made.snapshot, LONG).unwrap();
    assert_eq!((restored.from_slot, restored.slot, &restored.hash), (2, 3, &made.hash));
    let query = HistoryQuery { from: Some(3), ..HistoryQuery::default() };
    let record = client.history(&pid, &query).unwrap().items.remove(0);
    let origin = OriginView { pid: None, slot: 2, snapshot: Some(made.snapshot) };
    assert_eq!((&*record.deed, record.origin), ("restored", Some(origin)));
    let missing = client.restore("sum", 999, LONG).unwrap_err();
    assert_eq!(missing.problem().unwrap().error_kind(), ErrorKind::NotFound);

    let file = client.export("sum", None, LONG).unwrap();
    let there = Served::new();
    let query = ImportQuery { host: None, name: Some("moved".to_owned()) };
    let imported = there.client().import(file.clone(), &query).unwrap();
    assert_eq!((&imported.of, imported.slot, imported.name.as_deref()), (&pid, 4, Some("moved")));
    assert_eq!(imported.hash, made.hash);
    assert_eq!(there.client().past_state("moved", None, LONG).unwrap().hash, Some(made.hash));
    let kind = |file: Vec<u8>| {
        let error = there.client().import(file, &ImportQuery::default()).unwrap_err();
        error.problem().unwrap().error_kind()
    };
    assert_eq!(kind(file[..40].to_vec()), ErrorKind::Invalid);
    assert_eq!(kind(Vec::new()), ErrorKind::Invalid);
}

#[test]
fn a_dry_run_tells_and_changes_nothing() {
    let served = Served::new();
    let client = served.client();
    let pid = served.spawn("app:adder", None);
    feed(&served, &pid, &[json!(1)]);
    let ask = |value: Value| {
        let payload = vec![value];
        DryRunRequest { topic: "t".to_owned(), payload, ..DryRunRequest::default() }
    };
    let ran = client.dry_run(&pid, &ask(json!(5)), LONG).unwrap();
    assert_eq!((ran.slot, ran.taken, &*ran.outcome, ran.changed), (1, true, "waits", Some(true)));
    assert_eq!((&*ran.went[0].kind, &*ran.went[0].text), ("print", "6"));
    let ended = client.dry_run(&pid, &ask(json!(0)), LONG).unwrap();
    assert_eq!((&*ended.outcome, ended.result), ("returned", Some(json!(1))));
    let failed = client.dry_run(&pid, &ask(json!("x")), LONG).unwrap();
    assert!(failed.error.unwrap().detail.contains("attempt to add"));
    assert_eq!(client.history(&pid, &HistoryQuery::default()).unwrap().slots, 1);
    let topic = DryRunRequest { topic: "@x".to_owned(), ..DryRunRequest::default() };
    let wrong = client.dry_run(&pid, &topic, LONG).unwrap_err();
    assert_eq!(wrong.problem().unwrap().error_kind(), ErrorKind::Invalid);
}

const RIGHTS: &str = "
- name: looks
  kind: security.policy
  policy: {effect: allow, actions: ['process.history', 'process.info'], resources: ['*']}
- name: forks
  kind: security.policy
  policy: {effect: allow, actions: ['process.fork', 'process.snapshot'], resources: ['*']}
- name: spawns
  kind: security.policy
  policy: {effect: allow, actions: ['process.spawn', 'process.host'], resources: ['*']}
";

#[test]
fn who_forks_and_makes_snapshots_needs_the_right_to() {
    let directory = std::env::temp_dir().join(format!("pcp-rights-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&directory);
    let file = directory.join("tokens.json");
    let tokens = Tokens::open(&file).unwrap();
    let made =
        [("looker", vec!["looks"]), ("maker", vec!["forks"]), ("both", vec!["forks", "spawns"])]
            .map(|(name, policies)| {
                let policies = policies.iter().map(|it| format!("app:{it}")).collect();
                tokens.create(name, policies).unwrap().text
            });
    let served = Served::with(
        |config| {
            config.listen = vec!["127.0.0.1:0".parse().unwrap()];
            config.tokens = Some(file.clone());
        },
        RIGHTS,
    );
    let address = served.server.as_ref().unwrap().addresses()[0].to_string();
    let [looker, maker, both] =
        made.map(|token| Client::new(Target::Tcp { address: address.clone(), token }).unwrap());
    let pid = served.spawn("app:adder", None);
    feed(&served, &pid, &[json!(1), json!(2)]);
    let request = |name: Option<&str>| ForkRequest {
        at: Some(1),
        name: name.map(str::to_owned),
        timeout: None,
    };
    let fork = |client: &Client, name| client.fork(&pid, &request(name), (LONG, None));
    let status = |error: procession_client::ClientError| error.problem().unwrap().status;

    assert_eq!(looker.past_state(&pid, Some(1), LONG).unwrap().slot, 1);
    assert_eq!(status(fork(&looker, None).unwrap_err()), 403);
    assert_eq!(status(looker.make_snapshot(&pid, LONG).unwrap_err()), 403);
    assert_eq!(maker.make_snapshot(&pid, LONG).unwrap().slot, 2);
    assert_eq!(status(maker.snapshots(&pid).unwrap_err()), 403);
    // A fork is a new process, and a name is one of its own.
    assert_eq!(status(fork(&maker, None).unwrap_err()), 403);
    assert_eq!(status(fork(&both, Some("taken")).unwrap_err()), 403);
    assert_eq!(fork(&both, None).unwrap().slot, 1);
    let _ = std::fs::remove_dir_all(&directory);
}
