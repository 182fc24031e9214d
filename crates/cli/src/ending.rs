//! The end of a node in the foreground: it comes in bounded time, whatever hangs.

use crate::failure::{ExitStatus, Failure};
use procession_runtime::Closing;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How much longer a node may take to end than its processes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// When a node that was asked to end must have ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    at: Instant,
    after: Duration,
}

impl Deadline {
    /// From now on, for a node whose processes have so long.
    pub(crate) fn of(grace: Duration) -> Self {
        let after = grace.saturating_add(PATIENCE);
        let now = Instant::now();
        // A grace of centuries is no grace that anybody waits for.
        let at = now.checked_add(after).unwrap_or(now + Duration::from_secs(u32::MAX.into()));
        Self { at, after }
    }

    /// What is left of it.
    pub(crate) fn left(&self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    /// The failure of a node that has not ended by now.
    pub(crate) fn missed(&self, closing: &Closing) -> Failure {
        let seconds = self.after.as_secs();
        let message = format!(
            "the node has not ended within {seconds} s: it still waits for {}",
            closing.waits_for()
        );
        Failure::new(ExitStatus::Failure, message)
            .with_hint("it is gone now, without that; what the store had confirmed is safe. Does the disk answer?")
    }

    /// Does on a thread of its own what ends the node.
    ///
    /// # Errors
    /// Exit code 1, with what it waited for, when that has not ended in time. The thread goes on, and
    /// ends with the command.
    pub(crate) fn within<T: Send + 'static>(
        &self,
        closing: &Closing,
        deed: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let (done, end) = channel();
        std::thread::spawn(move || {
            // Whoever waits is gone only after the deadline.
            let _ = done.send(deed());
        });
        end.recv_timeout(self.left()).map_err(|error| match error {
            RecvTimeoutError::Timeout => self.missed(closing),
            RecvTimeoutError::Disconnected => {
                Failure::new(ExitStatus::Failure, "the end of the node has failed, as told above")
            }
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_end_is_named_and_left() {
        let closing = Closing::default();
        let (open, gate) = channel::<()>();
        let (stage, deadline) = (closing.clone(), Deadline { at: Instant::now(), after: PATIENCE });
        let failure = deadline.within(&closing, move || gate.recv()).unwrap_err();
        assert_eq!(failure.status.code(), 1);
        stage.wait_for("writes of the store");
        let text = deadline.missed(&closing).to_string();
        assert!(
            text.contains("not ended within 30 s: it still waits for writes of the store"),
            "{text}"
        );
        drop(open);
        assert_eq!(Deadline::of(Duration::ZERO).within(&closing, || 7).unwrap(), 7);
        let _ = Deadline::of(Duration::MAX).left();
    }
}
