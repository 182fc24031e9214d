//! The node's clock: the wall clock at the start, and monotonic time since. It never goes back.

use procession_types::{EPOCH_OF_STORE, Timestamp};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// See the module.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    started: Instant,
    wall_ns: i64,
    /// Time is what this says, in a simulation.
    #[cfg(test)]
    hand: Option<&'static std::sync::atomic::AtomicI64>,
}

impl Clock {
    pub(crate) fn start() -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let wall_ns = i64::try_from(wall.as_nanos()).unwrap_or(i64::MAX);
        Self {
            started: Instant::now(),
            wall_ns,
            #[cfg(test)]
            hand: None,
        }
    }

    /// A clock that somebody turns.
    #[cfg(test)]
    #[cfg(not(loom))]
    pub(crate) fn by_hand(hand: &'static std::sync::atomic::AtomicI64) -> Self {
        let wall_ns = hand.load(std::sync::atomic::Ordering::Relaxed);
        Self { started: Instant::now(), wall_ns, hand: Some(hand) }
    }

    #[inline]
    pub(crate) fn now(&self) -> Timestamp {
        #[cfg(test)]
        if let Some(hand) = self.hand {
            return Timestamp(hand.load(std::sync::atomic::Ordering::Relaxed));
        }
        let passed = self.started.elapsed();
        // 292 years of uptime fit.
        Timestamp(self.wall_ns + passed.as_nanos() as i64)
    }

    /// Time from now until `at`; zero when that is over.
    pub(crate) fn until(&self, at: Timestamp) -> Duration {
        let rest = at.0.saturating_sub(self.now().0);
        Duration::from_nanos(u64::try_from(rest).unwrap_or_default())
    }

    /// Seconds since 1970 at the start, modulo 2^31: the bit above is for stores.
    pub(crate) fn epoch(&self) -> u32 {
        (self.wall_ns / 1_000_000_000) as u32 & !EPOCH_OF_STORE
    }
}
