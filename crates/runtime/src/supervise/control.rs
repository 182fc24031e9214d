//! What one can do with services, supervisors and pools from outside.

use super::application::{ROOT, no_application};
use super::desk::{Command, Wanted};
use super::hub::LifecycleEvents;
use super::register::Supervised;
use crate::node::Node;
use procession_supervision::supervisor::Verb;
use procession_types::{Error, ErrorKind, SmolStr};
use std::fmt::Write as _;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

impl Node {
    /// Every service, supervisor and pool of the application, by id.
    #[must_use]
    pub fn supervised(&self) -> Vec<Supervised> {
        self.shared.register.all()
    }

    /// One of them.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn supervised_by_id(&self, id: &str) -> Result<Supervised, Error> {
        self.shared.register.get(id).ok_or_else(|| unknown(id))
    }

    /// Starts, stops or restarts a service, supervisor or pool, and waits until that is done, for so
    /// long at most; how it is then.
    ///
    /// # Errors
    /// `NotFound`; `Timeout`, saying what it waits for: the command goes on; `Unavailable` when it does
    /// not come up, or its supervisor does not run; `Canceled` or `Conflict` when another command has
    /// undone this one; `RateLimited` when too many commands wait.
    pub fn control(&self, id: &str, verb: Verb, patience: Duration) -> Result<Supervised, Error> {
        if id == ROOT {
            let message = format!("{ROOT} is the application as a whole: stop or start that");
            return Err(Error::invalid(message));
        }
        let Some((supervisor, desk)) = self.shared.register.desk_for(id) else {
            return Err(unknown(id));
        };
        match verb {
            Verb::Start | Verb::Restart => self.check_may_start(id)?,
            Verb::Stop => {}
        }
        let Some(pid) = self.shared.built_in(&supervisor) else {
            let message = format!("{supervisor}, the supervisor of {id}, does not run");
            return Err(Error::new(ErrorKind::Unavailable, message));
        };
        let (reply, answer) = channel();
        let what = Wanted::Control { verb, child: SmolStr::new(id) };
        desk.put(Command { what, reply })?;
        self.on(pid.shard, move |worker| worker.step(|kernel, cx| kernel.rouse(cx, pid)))??;
        match answer.recv_timeout(patience) {
            Ok(done) => done?,
            Err(RecvTimeoutError::Timeout) => return Err(self.too_late(id, verb, patience)),
            Err(RecvTimeoutError::Disconnected) => {
                let message = format!("{supervisor}, the supervisor of {id}, has ended meanwhile");
                return Err(Error::new(ErrorKind::Unavailable, message));
            }
        }
        self.supervised_by_id(id)
    }

    fn too_late(&self, id: &str, verb: Verb, patience: Duration) -> Error {
        let verb = match verb {
            Verb::Start => "start",
            Verb::Stop => "stop",
            Verb::Restart => "restart",
        };
        let status = self.shared.register.get(id).map(|entry| entry.status);
        let state = status.as_ref().map_or("unknown", |status| status.state.name());
        let reason = status.and_then(|status| status.reason);
        let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
        let message =
            format!("{id} did not {verb} within {patience:?}, and goes on; it is {state}{reason}");
        Error::new(ErrorKind::Timeout, message).with_retryable(true)
    }

    /// The events of services, supervisors and pools from now on, `capacity` of which may wait to be
    /// read ([`super::EVENTS_KEPT_MAX`] at most).
    #[must_use]
    pub fn lifecycle_events(&self, capacity: usize) -> LifecycleEvents {
        self.shared.register.hub.subscribe(capacity)
    }

    /// The metrics of supervision, in the text form that scrapers read.
    pub(crate) fn supervision_metrics(&self) -> String {
        let mut text = String::new();
        let counts = self.shared.register.counts();
        if !counts.is_empty() {
            text.push_str("# TYPE procession_supervised gauge\n");
        }
        for ((kind, state), count) in counts {
            let (kind, state) = (kind.name(), state.name());
            // Writing to a string does not fail.
            let _ = writeln!(
                text,
                "procession_supervised{{kind=\"{kind}\",state=\"{state}\"}} {count}"
            );
        }
        text.push_str("# TYPE procession_drains gauge\n");
        for (state, count) in self.shared.drains.counts() {
            let _ = writeln!(text, "procession_drains{{state=\"{state}\"}} {count}");
        }
        let register = &self.shared.register;
        for (name, count) in [
            ("procession_restarts_total", &register.restarts),
            ("procession_health_checks_total", &register.checks),
            ("procession_health_failures_total", &register.unhealthy),
        ] {
            let count = count.load(Ordering::Relaxed);
            let _ = writeln!(text, "# TYPE {name} counter\n{name} {count}");
        }
        text
    }
}

fn unknown(id: &str) -> Error {
    if id == ROOT {
        return no_application();
    }
    Error::not_found(format!("there is no service, supervisor or pool {id}"))
}
