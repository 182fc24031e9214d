//! What supervisors tell the node's records.

use procession_supervision::plan::Kind;
use procession_supervision::supervisor::News;
use procession_telemetry::{Event, EventKind};
use procession_types::units::duration_text;
use procession_types::{Pid, SmolStr, Timestamp};

/// Whom news is about.
pub(super) struct Subject<'a> {
    pub(super) id: &'a SmolStr,
    pub(super) kind: Kind,
    pub(super) program: &'a SmolStr,
}

impl Subject<'_> {
    fn event(&self, kind: EventKind, message: impl Into<String>) -> Event {
        Event::new(kind, message).of_service(self.id.clone()).with("kind", self.kind.name())
    }

    fn about(&self, kind: EventKind, pid: Pid, message: impl Into<String>) -> Event {
        self.event(kind, message).of_process(pid, self.program.clone())
    }

    /// The record of news; `None` for what another record says as well.
    pub(super) fn record(&self, news: &News, now: Timestamp) -> Option<Event> {
        let wait = |until: Timestamp| duration_text(until.0.saturating_sub(now.0).max(0) as u64);
        Some(match news {
            News::Started { pid, restarts: 0 } => {
                self.about(EventKind::ServiceStarting, *pid, "started")
            }
            News::Started { pid, restarts } => self
                .about(EventKind::ServiceRestarted, *pid, "started again")
                .with("restarts", restarts),
            News::Adopted { pid } => {
                self.about(EventKind::ServiceAdopted, *pid, "its durable process has come back")
            }
            News::Halted { pid, reason } => self.about(EventKind::ServiceHalted, *pid, &**reason),
            News::Rested { pid } => {
                self.about(EventKind::ServiceRested, *pid, "at rest until it is wanted again")
            }
            News::Running { pid } => self.about(EventKind::ServiceRunning, *pid, "ready"),
            News::Unhealthy { pid, after_ns } => {
                let after = duration_text(*after_ns);
                let message = format!("did not answer a health check within {after}");
                self.about(EventKind::HealthFailed, *pid, message).with("after", after)
            }
            News::Refused { reason } => self
                .event(EventKind::ServiceExited, format!("could not be started: {reason}"))
                .with("reason", "refused"),
            News::Stopping { pid, deadline } => self
                .about(EventKind::ServiceStopping, *pid, "asked to end")
                .with("terminated_in", wait(*deadline)),
            News::Overdue { pid } => self.about(
                EventKind::ServiceStopping,
                *pid,
                "did not end when it was asked to, and is terminated",
            ),
            News::Exited { pid, ending } => self
                .about(EventKind::ServiceExited, *pid, ending.text())
                .with("reason", ending.label),
            News::Backoff { until, attempt } => {
                let message = format!("attempt {attempt} follows in {}", wait(*until));
                self.event(EventKind::ServiceBackoff, message).with("attempt", attempt)
            }
            News::Stopped => self.event(EventKind::ServiceStopped, "stopped"),
            News::Completed => self.event(EventKind::ServiceStopped, "done"),
            News::Failed { reason } => self.event(EventKind::ServiceFailed, &**reason),
            News::GaveUp { reason } => self.event(EventKind::SupervisorFailed, &**reason),
            // What follows says it: the end of the process, the stop of each child, the start.
            News::NotReady { .. } | News::GroupRestart { .. } | News::Waiting => return None,
        })
    }
}
