//! The one timer of a built-in process, which knows when it has something to do next.

use procession_environment::{Call, CallId, Host};
use procession_types::{Error, Timestamp};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Alarm {
    set: Option<(CallId, Timestamp)>,
}

impl Alarm {
    /// Whether the time has come; then it is not set any more.
    pub(crate) fn rings(&mut self, host: &mut dyn Host) -> bool {
        let Some((call, _)) = self.set else { return false };
        if host.finish(call).is_none() && host.is_open(call) {
            return false;
        }
        self.set = None;
        true
    }

    /// Sets it to a time, or to none. One that would ring earlier stays as it is: it costs less to
    /// look in vain than to set a timer for every change.
    ///
    /// # Errors
    /// As for [`Host::start`]: too many calls.
    pub(crate) fn set(&mut self, host: &mut dyn Host, at: Option<Timestamp>) -> Result<(), Error> {
        let Some(at) = at else { return Ok(()) };
        if let Some((call, set)) = self.set {
            if set <= at {
                return Ok(());
            }
            host.abandon(call);
            self.set = None;
        }
        let wait = at.0.saturating_sub(host.now().0).max(0);
        let call = host.start(Call::Sleep { nanoseconds: wait as u64 })?;
        self.set = Some((call, at));
        Ok(())
    }
}
