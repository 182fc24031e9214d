//! The signals that ask a command to end.

use crate::failure::{ExitStatus, Failure};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::{SignalsInfo, exfiltrator::SignalOnly};
use std::io;

/// From here on, these signals are told instead of ending the process.
struct Signals(SignalsInfo<SignalOnly>);

impl Signals {
    /// Starts listening.
    fn new() -> io::Result<Self> {
        Ok(Self(SignalsInfo::new([SIGINT, SIGTERM, SIGHUP])?))
    }

    /// Waits for the next one; gives its number.
    fn next(&mut self) -> u8 {
        let number = self.0.forever().next();
        // `forever` ends only when its handle is closed, which nobody has.
        number.and_then(|number| u8::try_from(number).ok()).unwrap_or(0)
    }
}

/// Calls back at the first signal, with its number; the second one ends everything at once.
///
/// # Errors
/// When the system does not let it listen.
pub(crate) fn listen(first: impl FnOnce(u8) + Send + 'static) -> Result<(), Failure> {
    let mut signals = Signals::new().map_err(|error| {
        Failure::new(ExitStatus::Failure, format!("failed to listen for signals: {error}"))
    })?;
    std::thread::spawn(move || {
        first(signals.next());
        let second = signals.next();
        std::process::exit(i32::from(ExitStatus::Signal(second).code()));
    });
    Ok(())
}
