//! The inbox of a worker: any thread puts mail in, the worker takes all of it at once and sleeps
//! here when there is nothing to do.
//!
//! Who may touch what: `mail` and `asleep` under the mutex; `waiting` is written under the mutex
//! and read by anybody, so that the worker can look without locking (a stale value only delays).

use crate::mail::Mail;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[derive(Default)]
struct State {
    mail: Vec<Mail>,
    asleep: bool,
    poked: bool,
    /// The worker has ended: mail is dropped, and whoever waits for an answer notices.
    closed: bool,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Inbox {
    state: Mutex<State>,
    waiting: AtomicBool,
    bell: Condvar,
}

impl Inbox {
    /// Puts one in.
    pub(crate) fn push(&self, mail: Mail) {
        let mut state = self.lock();
        if !state.closed {
            state.mail.push(mail);
            self.ring(state);
        }
    }

    /// Puts all in, in order, and leaves the list empty.
    pub(crate) fn append(&self, mail: &mut Vec<Mail>) {
        let mut state = self.lock();
        if state.closed {
            drop(state);
            return mail.clear();
        }
        state.mail.append(mail);
        self.ring(state);
    }

    /// Drops all mail, now and from now on.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let mail = std::mem::take(&mut state.mail);
        drop(state);
        drop(mail);
    }

    /// Makes the worker look around once, without mail.
    pub(crate) fn poke(&self) {
        let mut state = self.lock();
        state.poked = true;
        self.ring(state);
    }

    /// Whether there is mail.
    #[inline]
    pub(crate) fn has_mail(&self) -> bool {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Takes all mail; `into` is empty and gives its room in exchange.
    pub(crate) fn take(&self, into: &mut Vec<Mail>) {
        let mut state = self.lock();
        state.poked = false;
        self.waiting.store(false, Ordering::Relaxed);
        std::mem::swap(&mut state.mail, into);
    }

    /// Sleeps until there is mail, somebody pokes, or the time is over.
    pub(crate) fn wait(&self, timeout: Option<Duration>) {
        // Waking a sleeping thread costs about 30 µs; a reply often comes sooner than that.
        const SPINS: usize = 200;
        for _ in 0..SPINS {
            if self.has_mail() {
                return;
            }
            std::hint::spin_loop();
        }
        let mut state = self.lock();
        if !state.mail.is_empty() || state.poked {
            return;
        }
        state.asleep = true;
        let mut state = match timeout {
            None => self.bell.wait(state).unwrap_or_else(PoisonError::into_inner),
            Some(most) => {
                self.bell.wait_timeout(state, most).unwrap_or_else(PoisonError::into_inner).0
            }
        };
        state.asleep = false;
    }

    fn ring(&self, mut state: MutexGuard<'_, State>) {
        self.waiting.store(true, Ordering::Relaxed);
        if std::mem::take(&mut state.asleep) {
            drop(state);
            self.bell.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics while it holds the lock, so the state is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
