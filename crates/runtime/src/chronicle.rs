//! What a worker tells the telemetry about the lives of its processes. It is collected in a buffer
//! and handed over before anything that a process did becomes visible to another shard.

use crate::worker::Worker;
use procession_kernel::{Definition, SlotIndex};
use procession_telemetry::{EventKind, Source};
use procession_types::{Error, ErrorKind, ExitReason, Failure, Pid, Timestamp};

/// Events about refusals (denials, limits) that a worker tells in a second; the rest is counted.
const REFUSALS_MAX: u32 = 100;
/// Longest text of an error in an event.
const ERROR_BYTES_MAX: usize = 2000;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Chronicle {
    entries: Vec<u8>,
    pub(crate) count: u64,
    /// Refusals told since then, and those left out.
    second: Timestamp,
    told: u32,
    untold: u64,
}

impl Chronicle {
    /// Whether one more refusal may be told now; if so, how many were left out before it.
    fn admit(&mut self, now: Timestamp) -> Option<u64> {
        if now > self.second.after(1_000_000_000) {
            (self.second, self.told) = (now, 0);
        }
        if self.told >= REFUSALS_MAX {
            self.untold += 1;
            return None;
        }
        self.told += 1;
        Some(std::mem::take(&mut self.untold))
    }
}

/// How a process of the past was.
pub(crate) struct Life<'a> {
    pub(crate) pid: Pid,
    pub(crate) definition: &'a Definition,
    pub(crate) started: Timestamp,
    pub(crate) instructions: u64,
}

impl Worker {
    /// What the process at a slot runs.
    pub(crate) fn program(&self, slot: SlotIndex) -> &str {
        self.kernel.definition(slot).map_or("", |definition| &definition.program)
    }

    /// Tells of an event in the life of a process.
    pub(crate) fn tell(
        &mut self,
        kind: EventKind,
        (pid, program): (Pid, &str),
        fields: &[(&str, &str)],
        message: &str,
    ) {
        let telemetry = &self.shared.telemetry;
        if telemetry.keeps() {
            let source = Source { program, ..self.shared.source(pid) };
            let what = (kind, self.now);
            telemetry.note(&mut self.chronicle.entries, what, &source, fields, message);
            self.chronicle.count += 1;
        }
    }

    /// Hands over what was told.
    pub(crate) fn publish_told(&mut self) {
        let count = std::mem::take(&mut self.chronicle.count);
        if count > 0 {
            self.shared.telemetry.publish_all(&mut self.chronicle.entries, count);
        }
    }

    /// Tells of a process that has been made.
    pub(crate) fn tell_spawned(&mut self, pid: Pid, program: &str, parent: Option<Pid>) {
        if self.shared.telemetry.keeps() {
            let parent = parent.map(|parent| self.shared.pid_text(parent));
            let field = parent.as_ref().map(|parent| ("parent", parent.as_str()));
            self.tell(EventKind::ProcessSpawned, (pid, program), field.as_slice(), "");
        }
    }

    /// Tells of the end of a process.
    pub(crate) fn tell_exited(&mut self, life: &Life<'_>, reason: &ExitReason) {
        if let ExitReason::Failed(failure) = reason
            && let Failure::Limit { limit, .. } = **failure
        {
            self.tally.limit(limit);
        }
        if !self.shared.telemetry.keeps() {
            return;
        }
        let unstarted = self.unstarted.take_if(|(pid, _)| *pid == life.pid);
        let error = unstarted.map(|(_, error)| error).or_else(|| reason.error());
        let message = error.as_ref().map_or("", |error| cut(&error.message));
        let lived_ns = self.now.0.saturating_sub(life.started.0);
        let lived = format!("{:.3}", lived_ns as f64 / 1e6);
        let instructions = life.instructions.to_string();
        let fields = [
            ("reason", reason.label()),
            ("lived_ms", &lived),
            ("instructions", &instructions),
            ("error", error.as_ref().map_or("", |error| error.kind.name())),
        ];
        let fields = if error.is_some() { &fields[..] } else { &fields[..3] };
        let who = (life.pid, life.definition.program.as_str());
        if let Some(limit) = reason.limit() {
            self.tell(EventKind::LimitHit, who, &[("limit", limit)], message);
        }
        self.tell(EventKind::ProcessExited, who, fields, message);
    }

    /// Tells of something that a process was refused: by a policy, or by a limit.
    #[cold]
    pub(crate) fn tell_refused(&mut self, pid: Pid, program: &str, error: &Error) {
        let (kind, field) = match error.limit {
            Some(limit) => (EventKind::LimitHit, ("limit", limit.name())),
            None if error.kind == ErrorKind::PermissionDenied => {
                (EventKind::PermissionDenied, ("error", error.kind.name()))
            }
            None => return,
        };
        if !self.shared.telemetry.keeps() {
            return;
        }
        let Some(untold) = self.chronicle.admit(self.now) else { return };
        let count = untold.to_string();
        let fields = [field, ("untold", count.as_str())];
        let fields = if untold > 0 { &fields[..] } else { &fields[..1] };
        self.tell(kind, (pid, program), fields, cut(&error.message));
    }
}

/// The name of the limit that ended a process.
trait Limited {
    fn limit(&self) -> Option<&'static str>;
}

impl Limited for ExitReason {
    fn limit(&self) -> Option<&'static str> {
        let Self::Failed(failure) = self else { return None };
        let Failure::Limit { limit, .. } = **failure else { return None };
        Some(limit.name())
    }
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(ERROR_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
