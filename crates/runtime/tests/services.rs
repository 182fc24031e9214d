//! What one sees of the services from outside of the node.
#![allow(clippy::unwrap_used, unreachable_pub)]

mod script;

use procession_environment::*;
use procession_runtime::*;
use procession_types::*;
use script::*;

fn counter(name: &str, value: f64) -> Request {
    Request::Metric(MetricRequest::Record {
        name: name.into(),
        kind: MetricKind::Counter,
        labels: vec![("by".to_owned(), "test".to_owned())],
        measurement: Measurement::Add(value),
    })
}

#[test]
fn metrics_of_node_and_programs_are_one_text() {
    let stage = Stage::new(2).program("app:main", |host, _| {
        host.ask(counter("orders_total", 2.0)).unwrap();
        let error = host.ask(counter("procession_orders_total", 1.0)).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid);
        done()
    });
    let node = Node::start(stage.config).unwrap();
    for _ in 0..3 {
        assert_normal(&end(&start(&node, "app:main")));
    }
    let text = node.metrics();
    for line in [
        "# TYPE procession_processes_started_total counter\nprocession_processes_started_total 3\n",
        "# TYPE orders_total counter\norders_total{by=\"test\"} 6\n",
    ] {
        assert!(text.contains(line), "wanted {line}in\n{text}");
    }
    assert!(text.lines().all(|line| line.starts_with('#') || line.split(' ').count() == 2));
}

#[test]
fn what_a_dead_process_kept_is_forgotten() {
    let entry = |operation| {
        let request = StoreRequest { store: "own".into(), is_shared: false, operation };
        Request::Store(request)
    };
    let stage = Stage::new(1).program("app:main", move |host, _| {
        let key = b"k".to_vec();
        assert!(host.ask(entry(StoreOperation::Get { key: key.clone() })).is_err());
        let value = value(1);
        host.ask(entry(StoreOperation::Set { key, value, ttl_ns: None })).unwrap();
        host.ask(Request::Subscribe { pattern: "a.*".into() }).unwrap();
        let payload = FragmentBuilder::new().finish(&[word::TRUE]);
        let heard = host.ask(Request::Publish { topic: "a.b".into(), payload }).unwrap();
        assert_eq!(number(&heard), 1, "nobody but this process listens");
        done()
    });
    let node = Node::start(stage.config).unwrap();
    for _ in 0..100 {
        assert_normal(&end(&start(&node, "app:main")));
    }
}
