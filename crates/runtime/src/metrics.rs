//! The metrics of a node, put together from what its workers have counted, when somebody asks. Each
//! worker is stopped for a moment only: its processes are looked at a few thousand at a time.

use crate::list::HostUse;
use crate::node::Node;
use crate::tally::{Cell, EXITS, SLICE_BOUNDS, Slices, Tally};
use crate::worker::Worker;
use procession_kernel::{SlotIndex, State};
use procession_telemetry::{Histogram, Metrics, Stream};
use procession_types::{HostIds, ShardIndex};
use std::sync::atomic::Ordering;

/// Slots of a process table that a worker looks at between two turns; about 0.2 ms.
const SLOTS_PER_LOOK: SlotIndex = 4096;
/// What stands for the reason of an exit that was none of the guest's.
const FAULT: &str = "fault";

/// The processes of a cell that live.
#[derive(Debug, Clone, Default)]
struct Live {
    /// By state, as in [`STATES`].
    states: [u64; STATES.len()],
    mailbox_messages: u64,
    mailbox_most: u64,
    mailbox_bytes: u64,
    memory_bytes: u64,
    hibernating: u64,
}

const STATES: [(State, &str); 5] = [
    (State::Starting, "starting"),
    (State::Ready, "ready"),
    (State::Running, "running"),
    (State::Waiting, "waiting"),
    (State::Paused, "paused"),
];

/// What one shard says.
struct Shard {
    cells: Vec<Cell>,
    live: Vec<Live>,
    limits: Vec<(&'static str, u64)>,
    slices: Slices,
}

impl Worker {
    /// Adds up the processes at some slots; the slot to go on from.
    fn survey(&mut self, first: SlotIndex, live: &mut Vec<Live>) -> Option<SlotIndex> {
        let (kernel, guests) = (&self.kernel, &mut self.guests);
        kernel.glance(first, SLOTS_PER_LOOK, |glance| {
            let resident = guests.get_mut(glance.slot);
            let cell = resident.as_ref().map_or(0, |resident| resident.cell as usize);
            let (memory, is_hibernating) = resident.map_or((0, false), |resident| {
                (resident.guest.usage().memory_bytes, resident.guest.is_hibernating())
            });
            if live.len() <= cell {
                live.resize_with(cell + 1, Live::default);
            }
            let live = &mut live[cell];
            let state = STATES.iter().position(|(state, _)| *state == glance.state);
            live.states[state.unwrap_or(0)] += 1;
            live.mailbox_messages += u64::from(glance.mailbox_messages);
            live.mailbox_most = live.mailbox_most.max(u64::from(glance.mailbox_messages));
            live.mailbox_bytes += glance.mailbox_bytes;
            live.memory_bytes += memory;
            live.hibernating += u64::from(is_hibernating);
        })
    }
}

/// What durable processes take on a host.
fn resident_metrics(metrics: &mut Metrics, host: &HostUse) {
    let (labels, durable) = ([("host", host.config.id.as_str())], &host.durable);
    for (name, help, value) in [
        ("procession_durable_resident", "Durable processes in memory.", durable.processes),
        ("procession_durable_sleeping", "Durable processes in the store only.", durable.sleeping),
        ("procession_durable_resident_bytes", "Bytes that those in memory take.", durable.bytes),
    ] {
        metrics.gauge(name, help).add(&labels, value);
    }
    if let Some(most) = durable.bytes_max {
        let help = "Bytes that durable processes may take in memory.";
        metrics.gauge("procession_durable_resident_bytes_max", help).add(&labels, most);
    }
    for (name, help, value) in [
        (
            "procession_durable_evictions_total",
            "Durable processes that left memory to make room.",
            durable.evictions,
        ),
        ("procession_durable_wakes_total", "Durable processes brought back.", durable.wakes),
    ] {
        metrics.counter(name, help).add(&labels, value);
    }
}

impl Node {
    /// The metrics of the node, its hosts and pools, and those of its programs, in the text form
    /// that scrapers read.
    #[must_use]
    pub fn metrics(&self) -> String {
        let supervised = self.supervision_metrics() + &self.pool_metrics();
        self.own_metrics().text() + &supervised + &self.shared.services.metrics_text()
    }

    /// The metrics that the node itself counts.
    #[must_use]
    pub fn own_metrics(&self) -> Metrics {
        let mut metrics = Metrics::default();
        self.node_metrics(&mut metrics);
        self.host_metrics(&mut metrics);
        for shard in 0..self.workers.len() as ShardIndex {
            if let Some(shard) = self.look_at(shard) {
                shard.put(&mut metrics, &self.shared.hosts);
            }
        }
        self.record_metrics(&mut metrics);
        metrics
    }

    fn look_at(&self, shard: ShardIndex) -> Option<Shard> {
        let (mut live, mut next) = (Vec::new(), Some(0));
        while let Some(first) = next {
            let mut so_far = std::mem::take(&mut live);
            let look = move |worker: &mut Worker| (worker.survey(first, &mut so_far), so_far);
            (next, live) = self.on(shard, look).ok()?;
        }
        let counted = |worker: &mut Worker| {
            let Tally { cells, limits, slices, .. } = &worker.tally;
            (cells.clone(), limits.clone(), slices.clone())
        };
        let (cells, limits, slices) = self.on(shard, counted).ok()?;
        Some(Shard { cells, live, limits, slices })
    }

    fn node_metrics(&self, metrics: &mut Metrics) {
        let stats = self.stats();
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        metrics.gauge("procession_info", "What runs.").add(&version, 1_u64);
        for (name, help, value) in [
            ("procession_processes", "Processes alive.", stats.processes),
            ("procession_processes_paused", "Processes that are paused.", stats.paused),
            (
                "procession_processes_halted",
                "Durable processes that stand still until somebody decides.",
                self.shared.keeper.as_ref().map_or(0, |keeper| keeper.halted.len() as u64),
            ),
            ("procession_shards", "Worker threads.", self.workers.len() as u64),
        ] {
            metrics.gauge(name, help).add(&[], value);
        }
        let counts = stats.counts;
        for (name, help, value) in [
            ("procession_processes_started_total", "Processes started.", counts.spawned),
            ("procession_processes_ended_total", "Processes ended.", counts.ended),
            ("procession_pauses_total", "Processes paused.", counts.pauses),
            ("procession_resumes_total", "Paused processes resumed.", counts.resumes),
            ("procession_messages_sent_total", "Messages sent.", counts.sent),
            ("procession_messages_received_total", "Messages received.", counts.received),
            (
                "procession_messages_unread_total",
                "Messages that nobody took before their process ended.",
                counts.dropped_at_exit + counts.dropped_dead,
            ),
            ("procession_turns_total", "Turns given to processes.", counts.turns),
            ("procession_instructions_total", "Instructions executed.", counts.instructions),
            (
                "procession_output_failures_total",
                "Writes to the print and log streams that failed.",
                stats.output_failures,
            ),
        ] {
            metrics.counter(name, help).add(&[], value);
        }
    }

    fn host_metrics(&self, metrics: &mut Metrics) {
        for host in self.hosts() {
            let labels = [("host", host.config.id.as_str())];
            let name = "procession_host_processes";
            let count = u64::from(host.processes);
            metrics.gauge(name, "Processes alive on a host.").add(&labels, count);
            let name = "procession_host_processes_max";
            let most = u64::from(host.config.processes_max);
            metrics.gauge(name, "Processes that a host takes.").add(&labels, most);
        }
        if self.shared.keeper.is_some() {
            self.hosts().iter().for_each(|host| resident_metrics(metrics, host));
        }
    }

    fn record_metrics(&self, metrics: &mut Metrics) {
        let telemetry = &self.shared.telemetry;
        for (stream, name) in [(Stream::Logs, "logs"), (Stream::Events, "events")] {
            let counts = telemetry.counts(stream);
            let of = [("stream", name)];
            let taken = metrics.counter("procession_records_total", "Records taken.");
            taken.add(&of, counts.records);
            let name = "procession_records_dropped_total";
            metrics.counter(name, "Records dropped.").add(&of, counts.dropped);
            let held = metrics.gauge("procession_record_bytes", "Bytes of records that are kept.");
            held.add(&[of[0], ("place", "memory")], counts.memory_bytes);
            held.add(&[of[0], ("place", "files")], counts.file_bytes);
            for sink in &counts.sinks {
                let labels = [of[0], ("sink", sink.name)];
                let name = "procession_sink_failures_total";
                metrics.counter(name, "Failures of a sink.").add(&labels, sink.failures);
                let up = u64::from(!sink.is_down);
                metrics.gauge("procession_sink_up", "Whether a sink works.").add(&labels, up);
            }
        }
        if let Some(exported) = telemetry.exported() {
            let name = "procession_export_requests_total";
            let requests = metrics.counter(name, "Requests to the collector.");
            requests.add(&[("outcome", "accepted")], exported.accepted);
            requests.add(&[("outcome", "failed")], exported.failures);
            let up = u64::from(exported.error.is_none());
            let help = "Whether the collector takes what it is given.";
            metrics.gauge("procession_export_up", help).add(&[], up);
        }
        let events = metrics.counter(
            "procession_events_total",
            "Events of services, pools and the node, by kind; those of processes are exits and so on.",
        );
        for ((kind, service), count) in telemetry.published() {
            events.add(&[("kind", kind.name()), ("service", &service)], count);
        }
        let stopping = u64::from(self.shared.stopping.load(Ordering::Relaxed));
        metrics.gauge("procession_stopping", "Whether the node is stopping.").add(&[], stopping);
    }
}

impl Shard {
    fn put(&self, metrics: &mut Metrics, hosts: &HostIds) {
        for (at, cell) in self.cells.iter().enumerate() {
            let host = hosts.get(cell.host).map_or("", |host| host.as_str());
            let of = [("program", cell.program.as_str()), ("host", host)];
            if cell.spawned + cell.turns + cell.denials > 0 {
                put_counted(metrics, of, cell);
            }
            if let Some(live) = self.live.get(at).filter(|live| live.states.iter().any(|&n| n > 0))
            {
                put_live(metrics, of, live);
            }
        }
        for &(limit, count) in &self.limits {
            let name = "procession_limits_hit_total";
            metrics.counter(name, "Limits that were hit.").add(&[("limit", limit)], count);
        }
        let (bounds, counts) = (SLICE_BOUNDS.to_vec(), self.slices.counts.to_vec());
        let histogram = Histogram { bounds, counts, sum: self.slices.sum.as_secs_f64() };
        let help = "How long turns take; one in 64 is timed.";
        metrics.histogram("procession_turn_seconds", help).observe(&[], &histogram);
    }
}

/// Program and host.
type Of<'a> = [(&'static str, &'a str); 2];

fn put_counted(metrics: &mut Metrics, of: Of<'_>, cell: &Cell) {
    for (name, help, value) in [
        ("procession_program_spawned_total", "Processes started, by program.", cell.spawned),
        ("procession_program_turns_total", "Turns given, by program.", cell.turns),
        (
            "procession_program_preemptions_total",
            "Turns that used up their slice, by program.",
            cell.preemptions,
        ),
        ("procession_program_instructions_total", "Instructions, by program.", cell.instructions),
        ("procession_program_messages_sent_total", "Messages sent, by program.", cell.sent),
        (
            "procession_program_messages_received_total",
            "Messages received, by program.",
            cell.received,
        ),
        ("procession_program_denials_total", "Permissions denied, by program.", cell.denials),
    ] {
        metrics.counter(name, help).add(&of, value);
    }
    let reasons = EXITS.iter().copied().chain([FAULT]);
    for (reason, &count) in reasons.zip(&cell.exits).filter(|(_, count)| **count > 0) {
        let exits = metrics
            .counter("procession_program_exits_total", "Processes ended, by program and reason.");
        exits.add(&[of[0], of[1], ("reason", reason)], count);
    }
}

fn put_live(metrics: &mut Metrics, of: Of<'_>, live: &Live) {
    for ((_, state), &count) in STATES.iter().zip(&live.states).filter(|(_, count)| **count > 0) {
        let name = "procession_program_processes";
        let processes = metrics.gauge(name, "Processes alive, by program and state.");
        processes.add(&[of[0], of[1], ("state", state)], count);
    }
    for (name, help, value) in [
        ("procession_program_memory_bytes", "Heaps of processes, by program.", live.memory_bytes),
        (
            "procession_program_mailbox_messages",
            "Messages waiting, by program.",
            live.mailbox_messages,
        ),
        (
            "procession_program_hibernating",
            "Processes that are packed, by program.",
            live.hibernating,
        ),
        ("procession_program_mailbox_bytes", "Bytes waiting, by program.", live.mailbox_bytes),
    ] {
        metrics.gauge(name, help).add(&of, value);
    }
    let name = "procession_program_mailbox_messages_most";
    let most = metrics.gauge(name, "Messages in the fullest mailbox, by program.");
    most.raise(&of, live.mailbox_most);
}
