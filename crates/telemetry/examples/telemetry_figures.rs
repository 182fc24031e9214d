//! What a million printed lines cost: handed to the writer, kept in memory, kept in files; and how
//! fast they are searched. `cargo run --release -p procession-telemetry --example telemetry_figures`
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use procession_telemetry::{Config, Grep, Query, Records, Source, Telemetry};
use procession_types::{Pid, Timestamp};
use std::sync::mpsc::channel;
use std::time::Instant;

const LINES: u32 = 1_000_000;
const PROCESSES: u32 = 100;

fn main() {
    let directory = std::env::temp_dir().join(format!("telemetry-figures-{}", std::process::id()));
    let files = Records { directory: Some(directory.clone()), ..Records::default() };
    for (what, records) in
        [("streams only", Records::none()), ("memory", Records::default()), ("files", files)]
    {
        measure(what, records);
    }
    let _ = std::fs::remove_dir_all(directory);
}

fn measure(what: &str, records: Records) {
    let keeps = records.keeps;
    let config = Config { records, ..Config::new(|| Timestamp(1_700_000_000_000_000_000)) };
    let (telemetry, writer) = Telemetry::open(config, Vec::new()).unwrap();
    let (room, rooms) = channel();
    let thread = std::thread::spawn(move || writer.run(|| room.send(()).unwrap()));
    let began = Instant::now();
    for number in 0..LINES {
        let slot = number / 100 % PROCESSES;
        let pid = Pid { host: 0, shard: 0, epoch: 1, slot, generation: 0 };
        let source =
            Source { pid: Some(pid), host: "app:processes", program: "app:main", service: "" };
        let line = format!("line {number}");
        let hold = if keeps {
            telemetry.print(Timestamp(number.into()), &source, line.as_bytes())
        } else {
            telemetry.print_only(line.as_bytes())
        };
        // As a process is held.
        while hold && telemetry.is_full() {
            rooms.recv().unwrap();
        }
    }
    telemetry.flush();
    let each = began.elapsed().as_nanos() / u128::from(LINES);
    println!("{what}: {each} ns a line");
    if keeps {
        let grep = Some(Grep::new("line 99999[0-9]$").unwrap());
        let began = Instant::now();
        let found = telemetry.logs(&Query { grep, ..Query::default() }).records.len();
        println!("  search: {found} found in {:?}", began.elapsed());
    }
    telemetry.close();
    thread.join().unwrap();
}
