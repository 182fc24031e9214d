//! The inbox of a worker: any thread puts mail in, the worker takes all of it at once and sleeps
//! here when there is nothing to do.
//!
//! Who may touch what: `mail` and `asleep` under the mutex; `waiting` is written under the mutex
//! and read by anybody, so that the worker can look without locking (a stale value only delays).

use crate::mail::Mail;
#[cfg(all(loom, test))]
use loom::sync::{Condvar, Mutex, MutexGuard, atomic::AtomicBool};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
#[cfg(not(all(loom, test)))]
use std::sync::{Condvar, Mutex, MutexGuard, atomic::AtomicBool};
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
        const SPINS: usize = if cfg!(loom) { 0 } else { 200 };
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

/// Every order in which threads can meet here: `cargo xtask loom`.
#[cfg(all(loom, test))]
mod tests {
    use super::*;
    use loom::sync::Arc;
    use loom::thread;
    use procession_kernel::CallId;
    use procession_types::{Fragment, Pid};

    /// Runs something under every schedule in which threads are interrupted so often at most: more
    /// has not been needed to show any fault of such a protocol, and takes hours.
    fn model(run: impl Fn() + Sync + Send + 'static) {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(3);
        builder.check(run);
    }

    /// Mail with a sender and a number.
    fn mail(sender: u32, number: u64) -> Mail {
        let pid = Pid { host: 0, shard: 0, epoch: 0, slot: sender, generation: 0 };
        Mail::Reply { pid, call: CallId(number), result: Ok(Fragment::nil()) }
    }

    /// Works as a worker does until so much mail has come: whoever is never woken hangs, which loom
    /// finds.
    fn work(inbox: &Inbox, count: usize) -> Vec<(u32, u64)> {
        let (mut got, mut mail) = (Vec::new(), Vec::new());
        loop {
            inbox.take(&mut mail);
            for item in mail.drain(..) {
                let Mail::Reply { pid, call, .. } = item else { panic!("only replies are sent") };
                got.push((pid.slot, call.0));
            }
            if got.len() >= count {
                return got;
            }
            if !inbox.has_mail() {
                inbox.wait(None);
            }
        }
    }

    #[test]
    fn no_mail_is_slept_over_and_each_sender_keeps_its_order() {
        model(|| {
            let inbox = Arc::new(Inbox::default());
            let theirs = Arc::clone(&inbox);
            let one = thread::spawn(move || {
                theirs.push(mail(1, 1));
                theirs.append(&mut vec![mail(1, 2), mail(1, 3)]);
            });
            let theirs = Arc::clone(&inbox);
            let two = thread::spawn(move || theirs.push(mail(2, 1)));
            let mut got = work(&inbox, 4);
            got.sort_by_key(|(sender, _)| *sender);
            assert_eq!(got, [(1, 1), (1, 2), (1, 3), (2, 1)]);
            one.join().expect("ends");
            two.join().expect("ends");
        });
    }

    #[test]
    fn a_poke_wakes_without_mail() {
        model(|| {
            let inbox = Arc::new(Inbox::default());
            let theirs = Arc::clone(&inbox);
            let poker = thread::spawn(move || theirs.poke());
            inbox.wait(None);
            let mut mail = Vec::new();
            inbox.take(&mut mail);
            assert!(mail.is_empty());
            poker.join().expect("ends");
        });
    }

    #[test]
    fn what_comes_for_a_closed_inbox_is_dropped() {
        model(|| {
            let inbox = Arc::new(Inbox::default());
            let theirs = Arc::clone(&inbox);
            let sender = thread::spawn(move || theirs.push(mail(1, 1)));
            inbox.close();
            sender.join().expect("ends");
            let mut mail = Vec::new();
            inbox.take(&mut mail);
            assert!(mail.is_empty());
        });
    }
}
