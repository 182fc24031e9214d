//! The signals that ask a command to end.

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::{SignalsInfo, exfiltrator::SignalOnly};
use std::io;

/// From here on, these signals are told instead of ending the process.
pub(crate) struct Signals(SignalsInfo<SignalOnly>);

impl Signals {
    /// Starts listening.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self(SignalsInfo::new([SIGINT, SIGTERM, SIGHUP])?))
    }

    /// Waits for the next one; gives its number.
    pub(crate) fn next(&mut self) -> u8 {
        let number = self.0.forever().next();
        // `forever` ends only when its handle is closed, which nobody has.
        number.and_then(|number| u8::try_from(number).ok()).unwrap_or(0)
    }
}
