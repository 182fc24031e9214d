//! The OTLP exporter against a small collector.
#![cfg(feature = "otlp")]
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use procession_environment::Level;
use procession_telemetry::*;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// A request: its path, its headers in lower case, its body.
struct Request {
    path: String,
    headers: String,
    body: Value,
}

/// Starts a collector that gives these answers, and 200 after them.
fn collector(answers: &'static [u16]) -> (String, Receiver<Request>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (sender, requests) = channel();
    std::thread::spawn(move || {
        let mut answers = answers.iter();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut first, mut headers) = (String::new(), String::new());
            reader.read_line(&mut first).unwrap();
            while !headers.ends_with("\r\n\r\n") && reader.read_line(&mut headers).unwrap() > 2 {}
            let headers = headers.to_lowercase();
            let length = headers.lines().find_map(|line| line.strip_prefix("content-length: "));
            let mut body = vec![0; length.unwrap().parse().unwrap()];
            reader.read_exact(&mut body).unwrap();
            let answer = answers.next().unwrap_or(&200);
            let head = format!(
                "HTTP/1.1 {answer} X\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}"
            );
            stream.write_all(head.as_bytes()).unwrap();
            let path = first.split(' ').nth(1).unwrap().to_owned();
            let body = serde_json::from_slice(&body).unwrap();
            if sender.send(Request { path, headers, body }).is_err() {
                return;
            }
        }
    });
    (endpoint, requests)
}

fn next(requests: &Receiver<Request>) -> Request {
    requests.recv_timeout(Duration::from_secs(60)).unwrap()
}

/// Waits until a line of the node has these words.
fn said(rig: &Rig, words: &str) {
    let end = Instant::now() + Duration::from_secs(60);
    while !texts(&rig.logs(&Query::default())).iter().any(|line| line.contains(words)) {
        assert!(Instant::now() < end, "nothing was said of: {words}");
        std::thread::yield_now();
    }
}

fn metrics() -> Metrics {
    let mut metrics = Metrics::default();
    metrics.counter("n_total", "Many.").add(&[("program", "app:main")], 7_u64);
    metrics.gauge("size", "How much.").add(&[], 0.5);
    let histogram = Histogram { bounds: vec![1.0], counts: vec![2, 3], sum: 9.0 };
    metrics.histogram("took", "How long.").observe(&[], &histogram);
    metrics
}

fn otlp(endpoint: &str) -> Otlp {
    let mut otlp = Otlp::new(endpoint);
    otlp.interval = Duration::from_secs(3600);
    otlp.headers = vec![("Authorization".to_owned(), "Bearer hunter22".to_owned())];
    otlp.attributes = vec![("region".to_owned(), "north".to_owned())];
    otlp
}

fn lines(request: &Request) -> Vec<Value> {
    let records = &request.body["resourceLogs"][0]["scopeLogs"][0]["logRecords"];
    records.as_array().unwrap().clone()
}

#[test]
fn metrics_logs_and_events() {
    let (endpoint, requests) = collector(&[]);
    let rig = Rig::start(0, |_| ());
    let exporter = Exporter::start(rig.telemetry.clone(), otlp(&endpoint), metrics).unwrap();
    rig.print(1, "hello");
    rig.log(1, Level::Error, "broken", &[("size", "3"), ("procession.pid", "forged")]);
    rig.telemetry.publish(&Event::new(EventKind::PoolScaled, "up").of_service("app:pool"));
    rig.telemetry.flush();
    exporter.export_now();

    let request = next(&requests);
    assert_eq!(request.path, "/v1/metrics");
    assert!(request.headers.contains("authorization: bearer hunter22"), "{}", request.headers);
    assert!(request.headers.contains("content-type: application/json"));
    let of = &request.body["resourceMetrics"][0];
    let attributes = of["resource"]["attributes"].to_string();
    assert!(attributes.contains("service.name") && attributes.contains("north"), "{attributes}");
    let families = &of["scopeMetrics"][0]["metrics"];
    let sum = &families[0]["sum"];
    assert_eq!((&families[0]["name"], &sum["isMonotonic"]), (&"n_total".into(), &true.into()));
    assert_eq!(sum["dataPoints"][0]["asDouble"], 7.0);
    assert_eq!(sum["dataPoints"][0]["attributes"][0]["value"]["stringValue"], "app:main");
    assert_eq!(sum["dataPoints"][0]["timeUnixNano"], START_NS.to_string());
    assert_eq!(families[1]["gauge"]["dataPoints"][0]["asDouble"], 0.5);
    let point = &families[2]["histogram"]["dataPoints"][0];
    assert_eq!((&point["count"], &point["bucketCounts"][1]), (&"5".into(), &"3".into()));
    assert_eq!(point["explicitBounds"][0], 1.0);

    let request = next(&requests);
    assert_eq!(request.path, "/v1/logs");
    let logs = lines(&request);
    assert_eq!(logs[0]["body"]["stringValue"], "hello");
    assert_eq!(
        (&logs[1]["severityNumber"], &logs[1]["severityText"]),
        (&17.into(), &"ERROR".into())
    );
    let attributes = logs[1]["attributes"].to_string();
    assert!(attributes.contains("{app:processes|4d.0.1.0}") && !attributes.contains("forged"));
    let events = lines(&next(&requests));
    assert_eq!(events[0]["eventName"], "pool.scaled");
    assert!(events[0]["attributes"].to_string().contains("app:pool"));
    drop(exporter);
    // Nothing is exported twice.
    assert_eq!(next(&requests).path, "/v1/metrics");
    assert!(requests.try_recv().is_err());
}

#[test]
fn what_was_refused_is_exported_later() {
    let (endpoint, requests) = collector(&[503, 503, 503, 200, 503]);
    let rig = Rig::start(0, |_| ());
    let exporter = Exporter::start(rig.telemetry.clone(), otlp(&endpoint), metrics).unwrap();
    rig.print(1, "one");
    rig.telemetry.publish(&Event::new(EventKind::PoolScaled, "up"));
    rig.telemetry.flush();
    exporter.export_now();
    let paths = |count| (0..count).map(|_| next(&requests).path).collect::<Vec<_>>();
    assert_eq!(paths(3), ["/v1/metrics", "/v1/logs", "/v1/logs"]);
    // What is said of the export is a record too, which goes along with the next.
    said(&rig, "can't be exported");
    exporter.export_now();
    let requests_again: Vec<Request> = (0..3).map(|_| next(&requests)).collect();
    assert_eq!(lines(&requests_again[1])[0]["body"]["stringValue"], "one");
    assert_eq!(lines(&requests_again[2])[0]["eventName"], "pool.scaled");
    exporter.export_now();
    // The line was refused once more, the event was not.
    assert_eq!(paths(1), ["/v1/metrics"]);
    assert_eq!(lines(&next(&requests))[0]["body"]["stringValue"], "one");
    said(&rig, "exported again");
    drop(exporter);
    // What has happened to the export itself is said once, and goes the same way.
    assert_eq!(paths(1), ["/v1/metrics"]);
    let (log, event) = (lines(&next(&requests)), lines(&next(&requests)));
    let word = log[0]["body"]["stringValue"].as_str().unwrap();
    assert!(word.starts_with("metrics and records are exported again after"), "{word}");
    assert_eq!(event[0]["eventName"], "sink.recovered");
    let failed = rig.telemetry.events(&Query::default());
    let failed = failed.records.iter().filter(|it| it.kind == Kind::Event(EventKind::SinkFailed));
    assert_eq!(failed.count(), 1);
    let exported = rig.telemetry.exported().unwrap();
    assert_eq!((exported.failures, exported.error), (4, None));
    assert!(requests.try_recv().is_err());
}

#[test]
fn a_collector_that_is_away() {
    let endpoint = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let rig = Rig::start(0, |_| ());
    let mut exporter = Exporter::start(rig.telemetry.clone(), otlp(&endpoint), metrics).unwrap();
    exporter.export_now();
    let exported = || rig.telemetry.exported().unwrap();
    while exported().error.is_none() {
        std::thread::yield_now();
    }
    assert!(exported().failures > 0 && exported().since.is_some());
    assert!(exported().error.unwrap().starts_with(&format!("{endpoint}/v1/metrics: ")));
    assert!(!format!("{exporter:?} {:?}", otlp(&endpoint)).contains("hunter22"));
    exporter = Exporter::start(rig.telemetry.clone(), otlp(&endpoint), metrics).unwrap();
    drop(exporter);
    for wrong in ["https://localhost:4318", "localhost:4318", "http://"] {
        let error = Exporter::start(rig.telemetry.clone(), Otlp::new(wrong), metrics).unwrap_err();
        assert!(error.to_string().contains("write http://HOST:PORT"), "{error}");
    }
}
