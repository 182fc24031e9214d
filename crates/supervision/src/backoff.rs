//! How long to wait before a failed process is started again.

use procession_types::definition::Restart;

/// Nanoseconds before attempt number `attempt` (from 1): the initial delay, multiplied by the factor
/// for every further attempt, up to the longest; then a random part more or less. `random` is any
/// number, the same number gives the same delay.
#[must_use]
pub fn delay_ns(restart: &Restart, attempt: u32, random: u64) -> u64 {
    // A factor below 1, or none at all, would not grow.
    let factor = if restart.backoff_factor >= 1.0 { restart.backoff_factor } else { 1.0 };
    let exponent = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
    let grown = restart.initial_delay_ns as f64 * factor.powi(exponent);
    // 0 times infinity is no number; `min` then gives the other one, so that case comes first.
    let delay =
        if restart.initial_delay_ns == 0 { 0.0 } else { grown.min(restart.max_delay_ns as f64) };
    let jitter = if restart.jitter.is_finite() { restart.jitter.clamp(0.0, 1.0) } else { 0.0 };
    let part = random as f64 / u64::MAX as f64;
    // The conversion saturates.
    (delay * (1.0 + jitter * (2.0 * part - 1.0))) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn restart() -> Restart {
        Restart { jitter: 0.0, ..Restart::default() }
    }

    #[test]
    fn delays_grow_up_to_the_longest() {
        let seconds: Vec<u64> =
            (1..=9).map(|attempt| delay_ns(&restart(), attempt, 7) / SECOND).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 64, 90, 90]);
        assert_eq!(delay_ns(&restart(), u32::MAX, 7), 90 * SECOND);
    }

    #[test]
    fn jitter_is_a_part_of_the_delay() {
        let restart = Restart { jitter: 0.5, ..restart() };
        for (random, expected) in [(0, 1.0), (u64::MAX / 2, 2.0), (u64::MAX, 3.0)] {
            let seconds = delay_ns(&restart, 2, random) as f64 / SECOND as f64;
            assert!((seconds - expected).abs() < 1e-6, "{random}: {seconds}");
        }
    }

    #[test]
    fn senseless_numbers_make_sense() {
        for (initial, factor, jitter, expected) in [
            (0, f64::INFINITY, 0.1, 0),
            (SECOND, f64::INFINITY, 0.0, 90 * SECOND),
            (SECOND, f64::NAN, f64::NAN, SECOND),
            (SECOND, 0.1, -3.0, SECOND),
        ] {
            let restart = Restart {
                initial_delay_ns: initial,
                backoff_factor: factor,
                jitter,
                ..Restart::default()
            };
            assert_eq!(delay_ns(&restart, 5, u64::MAX), expected, "{restart:?}");
        }
    }
}
