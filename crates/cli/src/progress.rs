//! What is told on stderr while something takes longer than a moment.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// What takes no longer is not worth a word.
const MOMENT: Duration = Duration::from_millis(600);

/// Tells what is being waited for, if that takes longer than a moment, until it is dropped.
pub(crate) struct Progress {
    done: Option<Sender<()>>,
    teller: Option<std::thread::JoinHandle<()>>,
}

impl Progress {
    /// Begins to wait. Nothing is told when stderr is no terminal.
    pub(crate) fn begin(what: impl Into<String>) -> Self {
        if !stderr().is_terminal() {
            return Self { done: None, teller: None };
        }
        let (what, (done, dropped)) = (what.into(), channel::<()>());
        let teller = std::thread::spawn(move || {
            if dropped.recv_timeout(MOMENT) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let _ = write!(stderr(), "{what} …");
            let _ = stderr().flush();
            let _ = dropped.recv();
            let _ = write!(stderr(), "\r\x1b[K");
        });
        Self { done: Some(done), teller: Some(teller) }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.done.take());
        if let Some(teller) = self.teller.take() {
            // It writes nothing more once this has returned.
            let _ = teller.join();
        }
    }
}
