//! What a node tells scrapers.
#![allow(clippy::unwrap_used, unreachable_pub)]

mod exposition;
mod script;

use exposition::{Samples, read};
use procession_environment::*;
use procession_runtime::*;
use procession_types::*;
use script::*;

/// What all series together say whose name starts so.
fn sum(samples: &Samples, start: &str) -> f64 {
    samples.iter().filter(|(name, _)| name.starts_with(start)).map(|(_, value)| value).sum()
}

fn metrics(node: &Node) -> Samples {
    let text = node.metrics();
    read(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn the_reader_is_strict() {
    assert_eq!(read("# TYPE a gauge\na{b=\"\\\"}\\n\"} 1\n").unwrap().len(), 1);
    for text in [
        "# TYPE a gauge\na 1",
        "a 1\n",
        "# TYPE a gauge\na 1\na 1\n",
        "# TYPE a gauge\na x\n",
        "# TYPE a counter\na 1\n",
        "# TYPE a_total counter\na_total -1\n",
        "# TYPE a gauge\na{} 1\n",
        "# TYPE a gauge\na{b=\"1\" 1\n",
        "# TYPE a gauge\na{b=\"1\",b=\"2\"} 1\n",
        "# TYPE a gauge\na{b=\"\\x\"} 1\n",
        "# TYPE a gauge\na_bucket 1\n",
        "# TYPE a gauge\na 1\n# TYPE b gauge\na{x=\"1\"} 1\n",
        "# TYPE a gauge\n# TYPE b gauge\nb 1\n# TYPE a gauge\na 1\n",
    ] {
        assert!(read(text).is_err(), "{text}");
    }
}

/// `app:main` sees five processes fail.
fn lives() -> Stage {
    Stage::new(2)
        .program("app:fails", |_, _| fail("no"))
        .program("app:waits", |_, _| Turn::Waiting)
        .program("app:busy", |_, memory| if memory.turn < 200 { Turn::Preempted } else { done() })
        .program("app:main", |host, memory| {
            if memory.turn == 1 {
                for _ in 0..5 {
                    host.spawn(monitored("app:fails")).unwrap();
                }
                return Turn::Waiting;
            }
            while host.receive_event().is_some() {
                memory.notes.push(0);
            }
            if memory.notes.len() == 5 { done() } else { Turn::Waiting }
        })
}

#[test]
fn lives_and_messages_are_counted_by_program_and_host() {
    let node = Node::start(lives().config).unwrap();
    let before = metrics(&node);
    assert_eq!(before["procession_processes"], 0.0);
    let waits = start(&node, "app:waits");
    let on_system = SpawnRequest { host: HOST_SYSTEM.into(), ..request("app:waits") };
    node.spawn(on_system, Context::default()).unwrap();
    for number in 0..3 {
        let message = Message { topic: "t".into(), from: None, payload: value(number) };
        node.send(waits.pid, message).unwrap();
    }
    end(&start(&node, "app:main"));
    end(&start(&node, "app:busy"));
    node.pause(waits.pid).unwrap();
    let found = metrics(&node);
    for (name, expected) in [
        ("procession_processes", 2.0),
        ("procession_host_processes{host=\"app:processes\"}", 1.0),
        ("procession_host_processes{host=\"system:processes\"}", 1.0),
        ("procession_program_spawned_total{program=\"app:fails\",host=\"app:processes\"}", 5.0),
        ("procession_program_spawned_total{program=\"app:waits\",host=\"app:processes\"}", 1.0),
        ("procession_program_spawned_total{program=\"app:waits\",host=\"system:processes\"}", 1.0),
        (
            "procession_program_exits_total{program=\"app:fails\",host=\"app:processes\",reason=\"error\"}",
            5.0,
        ),
        (
            "procession_program_exits_total{program=\"app:main\",host=\"app:processes\",reason=\"normal\"}",
            1.0,
        ),
        (
            "procession_program_preemptions_total{program=\"app:busy\",host=\"app:processes\"}",
            199.0,
        ),
        ("procession_program_turns_total{program=\"app:busy\",host=\"app:processes\"}", 200.0),
        (
            "procession_program_processes{program=\"app:waits\",host=\"app:processes\",state=\"paused\"}",
            1.0,
        ),
        ("procession_program_mailbox_messages{program=\"app:waits\",host=\"app:processes\"}", 3.0),
        (
            "procession_program_mailbox_messages_most{program=\"app:waits\",host=\"app:processes\"}",
            3.0,
        ),
    ] {
        assert_eq!(found.get(name), Some(&expected), "{name}");
    }
    assert!(!found.contains_key("procession_program_exits_total{program=\"app:waits\""));
    // What programs have done adds up to what the node has done.
    for what in ["turns", "instructions"] {
        let total = found[&format!("procession_{what}_total")];
        assert_eq!(sum(&found, &format!("procession_program_{what}_total")), total, "{what}");
    }
    assert_eq!(
        sum(&found, "procession_program_exits_total"),
        found["procession_processes_ended_total"]
    );
    assert!(found["procession_turn_seconds_count"] >= 3.0, "one turn in 64 is timed");
    assert_eq!(
        found["procession_turn_seconds_bucket{le=\"+Inf\"}"],
        found["procession_turn_seconds_count"]
    );
}

#[test]
fn refusals_records_and_sinks_are_counted() {
    let stage = Stage::new(1).program("app:main", |host, memory| {
        if memory.turn == 1 {
            host.print(b"one");
            let is_denied = host.check("some.action", "x").is_err();
            assert_eq!(is_denied, !host.can("some.action", "x"), "to ask is no denial");
            let me = text(host, host.pid());
            while host.send(&me, "t".into(), value(1)).is_ok() {}
        }
        done()
    });
    let limits = Limits { mailbox_messages_max: 4, ..Limits::default() };
    let node = Node::start(stage.limits("app:main", limits).config).unwrap();
    let (actor, scope) = (Actor { id: "a".to_owned(), meta: [].into() }, Scope::default());
    let context = Context { actor: Some(actor), scope: Some(scope), ..Context::default() };
    for context in [context, Context::default()] {
        assert_eq!(end(&node.spawn(request("app:main"), context).unwrap()).label(), "normal");
    }
    node.flush_output();
    let found = metrics(&node);
    // The one without rights may not send either; the one with all rights fills its mailbox.
    assert_eq!(sum(&found, "procession_program_denials_total"), 2.0);
    assert_eq!(found["procession_limits_hit_total{limit=\"mailbox\"}"], 1.0);
    assert_eq!(found["procession_records_total{stream=\"logs\"}"], 2.0);
    assert_eq!(found["procession_records_dropped_total{stream=\"logs\"}"], 0.0);
}

#[test]
fn a_large_table_is_looked_at_in_parts() {
    let stage =
        Stage::new(2).program("app:waits", |_, _| Turn::Waiting).program("app:main", |host, _| {
            for _ in 0..10_000 {
                host.spawn(request("app:waits")).unwrap();
            }
            done()
        });
    let node = Node::start(stage.config).unwrap();
    end(&start(&node, "app:main"));
    let found = metrics(&node);
    assert_eq!(sum(&found, "procession_program_processes{program=\"app:waits\""), 10_000.0);
}

#[test]
fn programs_without_end_do_not_fill_the_memory() {
    let mut stage = Stage::new(1);
    for number in 0..600 {
        stage = stage.program(&format!("app:n{number}"), |_, _| done());
    }
    let node = Node::start(stage.config).unwrap();
    for number in 0..600 {
        end(&start(&node, &format!("app:n{number}")));
    }
    let found = metrics(&node);
    let series = found.keys().filter(|name| name.starts_with("procession_program_spawned_total"));
    assert_eq!(series.count(), telemetry::SERIES_MAX + 1);
    assert_eq!(sum(&found, "procession_program_spawned_total"), 600.0);
    let other = "procession_program_spawned_total{program=\"other\",host=\"other\"}";
    assert_eq!(found[other], 100.0);
}

#[test]
fn events_of_services_are_counted() {
    let node = Node::start(Stage::new(1).config).unwrap();
    let event = telemetry::Event::new(telemetry::EventKind::ServiceRestarted, "again");
    for _ in 0..3 {
        node.publish(&event.clone().of_service("app:api"));
    }
    node.flush_output();
    let found = metrics(&node);
    let name = "procession_events_total{kind=\"service.restarted\",service=\"app:api\"}";
    assert_eq!(found[name], 3.0);
    assert_eq!(found["procession_records_total{stream=\"events\"}"], 4.0);
}
