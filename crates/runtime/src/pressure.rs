//! Whether a shard has had as much to do for a while as its thread can.
//!
//! A shard with time left keeps what it has: messages between its own processes are cheapest, and a
//! second thread has to be woken first. Only one that is under pressure gives work away. What counts is
//! the time for which the thread ran; on a machine that is too busy with others it is none of ours.

use procession_types::Timestamp;

/// Between two looks.
const LOOK_NS: u64 = 100_000_000;
/// The time over which looks are averaged.
const MEMORY_NS: f64 = 800_000_000.0;
/// The part of the time from which on it is under pressure.
const BUSY: f64 = 0.8;

/// See the module.
#[derive(Debug)]
pub(crate) struct Pressure {
    looked: Timestamp,
    ran_ns: u64,
    /// Part of the time for which the thread has run lately.
    busy: f64,
}

impl Pressure {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { looked: now, ran_ns: 0, busy: 0.0 }
    }

    /// Looks when it is time to; says then whether the shard is under pressure.
    #[inline]
    pub(crate) fn look(&mut self, now: Timestamp) -> Option<bool> {
        let elapsed = now.0.saturating_sub(self.looked.0).max(0) as u64;
        if elapsed < LOOK_NS { None } else { self.look_at(now, elapsed, ran_ns()?) }
    }

    fn look_at(&mut self, now: Timestamp, elapsed: u64, ran_ns: u64) -> Option<bool> {
        let ran = ran_ns.saturating_sub(self.ran_ns);
        let weight = 1.0 - (-(elapsed as f64) / MEMORY_NS).exp();
        self.busy += weight * (ran as f64 / elapsed as f64 - self.busy);
        (self.looked, self.ran_ns) = (now, ran_ns);
        Some(self.busy >= BUSY)
    }
}

/// For how long this thread has run, in nanoseconds; `None` when the system does not say.
fn ran_ns() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lasts_is_pressure() {
        let mut pressure = Pressure::new(Timestamp(0));
        let (mut now, mut ran) = (0, 0);
        let mut look = |part: f64| {
            now += LOOK_NS;
            ran += (LOOK_NS as f64 * part) as u64;
            pressure.look_at(Timestamp(now as i64), LOOK_NS, ran).unwrap()
        };
        let first = (1..).find(|_| look(1.0)).unwrap();
        assert_eq!(first, 13, "looks at a thread that always runs");
        assert!(look(0.9) && !look(0.5) && look(1.0));
        assert!((0..3).all(|_| !look(0.5)) && !look(0.9));
    }

    #[test]
    fn the_system_says_how_long_a_thread_has_run() {
        let before = ran_ns().unwrap();
        while ran_ns().unwrap() < before + 1_000_000 {}
    }
}
