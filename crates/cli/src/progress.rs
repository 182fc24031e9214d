//! What a command that takes longer than a moment tells meanwhile.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// What takes no longer is not worth a word.
const MOMENT: Duration = Duration::from_millis(600);

/// Tells what is being waited for, if that takes longer than a moment, until it is dropped.
pub(crate) struct Progress {
    words: Option<Sender<String>>,
    teller: Option<std::thread::JoinHandle<()>>,
}

impl Progress {
    /// Begins to wait. Nothing is told when stderr is no terminal.
    pub(crate) fn begin(what: impl Into<String>) -> Self {
        if !stderr().is_terminal() {
            return Self { words: None, teller: None };
        }
        let (mut what, (words, new)) = (what.into(), channel::<String>());
        let teller = std::thread::spawn(move || {
            let begin = Instant::now() + MOMENT;
            // What is said before that is not told, but for the last of it.
            loop {
                match new.recv_timeout(begin.saturating_duration_since(Instant::now())) {
                    Ok(newer) => what = newer,
                    Err(RecvTimeoutError::Timeout) => break,
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
            loop {
                let _ = write!(stderr(), "\r\x1b[K{what} …");
                let _ = stderr().flush();
                match new.recv() {
                    Ok(newer) => what = newer,
                    Err(_) => break,
                }
            }
            let _ = write!(stderr(), "\r\x1b[K");
        });
        Self { words: Some(words), teller: Some(teller) }
    }

    /// What is being waited for is another thing now.
    pub(crate) fn say(&self, what: String) {
        if let Some(words) = &self.words {
            // The teller lives until this is dropped.
            let _ = words.send(what);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.words.take());
        if let Some(teller) = self.teller.take() {
            // It writes nothing more once this has returned.
            let _ = teller.join();
        }
    }
}
