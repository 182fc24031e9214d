//! Events: what happened in the life of a node's processes, services and pools.

use procession_types::{Pid, SmolStr};

/// Defines the kinds with the numbers that segment files hold. A number is never used again for
/// something else.
macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:literal, $name:literal;)+) => {
        /// What kind of event it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum EventKind {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl EventKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The name that people, programs and metrics see, as `process.exited`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            pub(crate) const fn code(self) -> u8 {
                match self { $(Self::$variant => $code,)+ }
            }

            pub(crate) const fn from_code(code: u8) -> Self {
                match code { $($code => Self::$variant,)+ _ => Self::Unknown }
            }
        }
    };
}

kinds! {
    /// A kind that a newer version has written.
    Unknown = 0, "unknown";
    /// A process was started.
    ProcessSpawned = 1, "process.spawned";
    /// A process ended; the field `reason` says how.
    ProcessExited = 2, "process.exited";
    /// A process goes on with another program.
    ProcessUpgraded = 3, "process.upgraded";
    /// A process was stopped where it was.
    ProcessPaused = 4, "process.paused";
    /// A paused process goes on.
    ProcessResumed = 5, "process.resumed";
    /// Somebody asked a process to end.
    ProcessCancelled = 6, "process.cancelled";
    /// A durable process failed over an input: it was written down as failed, and the process goes on
    /// before it.
    ProcessSkipped = 7, "process.skipped";
    /// A durable process stands still, because it can't be brought back or failed: somebody must decide.
    ProcessHalted = 8, "process.halted";
    /// A commit of a durable process could not be written.
    CommitFailed = 9, "store.commit_failed";
    /// A service is being started.
    ServiceStarting = 10, "service.starting";
    /// A service runs.
    ServiceRunning = 11, "service.running";
    /// A service is being stopped.
    ServiceStopping = 12, "service.stopping";
    /// A service was stopped as asked.
    ServiceStopped = 13, "service.stopped";
    /// The process of a service ended.
    ServiceExited = 14, "service.exited";
    /// A service waits before it is started again.
    ServiceBackoff = 15, "service.backoff";
    /// A service was started again.
    ServiceRestarted = 16, "service.restarted";
    /// A service was given up.
    ServiceFailed = 17, "service.failed";
    /// The durable process of a service or pool has come back.
    ServiceAdopted = 18, "service.adopted";
    /// The durable process of a service stands still: somebody must decide.
    ServiceHalted = 19, "service.halted";
    /// A supervisor has restarted too often and fails itself.
    SupervisorFailed = 20, "supervisor.failed";
    /// The durable process of a service was put to rest until it is wanted again.
    ServiceRested = 21, "service.rested";
    /// A durable process is at rest that belonged to a service or pool which is not there any more.
    ServiceOrphaned = 22, "service.orphaned";
    /// A durable process began as a fork; the fields `of` and `slot` say of whom, and when.
    ProcessForked = 23, "process.forked";
    /// A durable process went back to a snapshot of its own; the field `slot` says to which.
    ProcessRestored = 24, "process.restored";
    /// A durable process began with the state in a file; the fields `of` and `slot` say whose, and when.
    ProcessImported = 25, "process.imported";
    /// A pool has got more or fewer members.
    PoolScaled = 30, "pool.scaled";
    /// A pool could not get the members it wants.
    PoolScaleFailed = 31, "pool.scale_failed";
    /// A pool gave a message to another member.
    PoolRedelivered = 32, "pool.redelivered";
    /// A message of a pool that no member could do.
    PoolDeadLetter = 33, "pool.dead_letter";
    /// A pool takes no messages at the moment.
    PoolFull = 34, "pool.full";
    /// A health check failed.
    HealthFailed = 40, "health.failed";
    /// What was unhealthy is healthy again.
    HealthRecovered = 41, "health.recovered";
    /// A permission was denied.
    PermissionDenied = 50, "permission.denied";
    /// A limit was hit.
    LimitHit = 51, "limit.hit";
    /// Something a dead or idle process held was reclaimed.
    LeakReclaimed = 52, "leak.reclaimed";
    /// Somebody should look.
    AlertRaised = 60, "alert.raised";
    /// What the alert was about is over.
    AlertCleared = 61, "alert.cleared";
    /// A sink of records failed, and the next one is used.
    SinkFailed = 70, "sink.failed";
    /// A sink works again.
    SinkRecovered = 71, "sink.recovered";
    /// The end of a file of records was cut off by a crash.
    RecordsTorn = 72, "records.torn";
    /// A snapshot of a durable process is damaged: it came back from an older one, or from its log.
    SnapshotDamaged = 73, "store.snapshot_damaged";
    /// The node was started.
    NodeStarted = 80, "node.started";
    /// The node is being stopped.
    NodeStopping = 81, "node.stopping";
    /// An application was loaded, or its difference applied.
    ApplicationLoaded = 82, "application.loaded";
    /// A new version of an application was refused.
    ApplicationRefused = 83, "application.refused";
    /// Something takes no new work, and finishes what it has; the field `target` says what.
    DrainStarted = 84, "drain.started";
    /// What was drained has nothing in hand any more.
    DrainEnded = 85, "drain.ended";
    /// What was drained takes work again.
    DrainUndone = 86, "drain.undone";
}

impl EventKind {
    /// The kind with this name; `None` when there is none.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

/// Something that happened. Texts are cut to a bounded length when it is published.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// See [`EventKind`].
    pub kind: EventKind,
    /// Whom it happened to, if it was a process.
    pub pid: Option<Pid>,
    /// What the process runs; empty when it is about no process.
    pub program: SmolStr,
    /// Id of the service, pool or supervisor that it is about; `None` = that of the process, see
    /// [`crate::Telemetry::describe`].
    pub service: Option<SmolStr>,
    /// What happened, for people: lower case, without the kind's name.
    pub message: String,
    /// Names and values.
    pub fields: Vec<(SmolStr, String)>,
}

impl Event {
    /// An event about nobody in particular.
    #[must_use]
    pub fn new(kind: EventKind, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            kind,
            pid: None,
            program: SmolStr::default(),
            service: None,
            message,
            fields: vec![],
        }
    }

    /// The same event, about a process.
    #[must_use]
    pub fn of_process(mut self, pid: Pid, program: impl Into<SmolStr>) -> Self {
        self.pid = Some(pid);
        self.program = program.into();
        self
    }

    /// The same event, about a service, pool or supervisor.
    #[must_use]
    pub fn of_service(mut self, service: impl Into<SmolStr>) -> Self {
        self.service = Some(service.into());
        self
    }

    /// The same event with one more field.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.fields.push((SmolStr::new_static(name), value.to_string()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_of_one_kind_each() {
        for &kind in EventKind::ALL {
            assert_eq!(EventKind::from_code(kind.code()), kind);
            assert_eq!(EventKind::from_name(kind.name()), Some(kind));
        }
        assert_eq!(EventKind::from_code(255), EventKind::Unknown);
        assert_eq!(EventKind::from_name("process.teleported"), None);
    }
}
