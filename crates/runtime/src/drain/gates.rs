//! What takes no new work: names, process hosts, the node. Everybody looks before a message goes to a
//! name and before a process is started; while nothing is closed, a look is one load.

use procession_types::{Error, ErrorKind, HostIndex, SmolStr};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

/// How far something is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closing {
    /// What runs there may still start what it needs to come to its end.
    Draining,
    /// Nothing is started there any more.
    Drained,
    /// It is a host that the node has no more.
    Removed,
}

/// Who wants to start a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Starter {
    /// Somebody outside of all processes.
    Outside,
    /// A process on this host.
    Process(HostIndex),
    /// A part of the runtime, as a pool.
    BuiltIn,
}

#[derive(Default)]
struct Closed {
    node: Option<Closing>,
    hosts: BTreeMap<HostIndex, Closing>,
    names: BTreeSet<SmolStr>,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Gates {
    is_any_closed: AtomicBool,
    closed: RwLock<Closed>,
}

impl Gates {
    /// A message to a name, or a process that is asked for by it.
    ///
    /// # Errors
    /// `Unavailable` when nothing new goes there.
    #[inline]
    pub(crate) fn check_name(&self, name: &str) -> Result<(), Error> {
        match self.is_any_closed() && self.read().names.contains(name) {
            true => Err(refusal(&format!("\"{name}\""), "takes no new work")),
            false => Ok(()),
        }
    }

    /// The start of a process on a host, whose id is only made for the error.
    ///
    /// # Errors
    /// `Unavailable` when nothing new is started there.
    #[inline]
    pub(crate) fn check_start(
        &self,
        host: HostIndex,
        starter: Starter,
        id: impl FnOnce() -> SmolStr,
    ) -> Result<(), Error> {
        if !self.is_any_closed() {
            return Ok(());
        }
        self.check_closed(host, starter, id)
    }

    #[cold]
    fn check_closed(
        &self,
        host: HostIndex,
        starter: Starter,
        id: impl FnOnce() -> SmolStr,
    ) -> Result<(), Error> {
        let closed = self.read();
        let is_refused = |closing: Option<Closing>, is_inside: bool| match closing {
            None => false,
            Some(Closing::Draining) => !is_inside,
            Some(Closing::Drained | Closing::Removed) => true,
        };
        if is_refused(closed.node, starter != Starter::Outside) {
            return Err(refusal("the node", "starts nothing new"));
        }
        let is_inside = starter == Starter::BuiltIn || starter == Starter::Process(host);
        if is_refused(closed.hosts.get(&host).copied(), is_inside) {
            let host = format!("process host \"{}\"", id());
            return Err(refusal(&host, "starts nothing new"));
        }
        Ok(())
    }

    /// Whether anything at all is closed.
    pub(crate) fn is_any_closed(&self) -> bool {
        self.is_any_closed.load(Ordering::Relaxed)
    }

    /// Whether the node as a whole takes new work.
    pub(crate) fn node(&self) -> Option<Closing> {
        self.read().node
    }

    /// How far a host is closed.
    pub(crate) fn host(&self, host: HostIndex) -> Option<Closing> {
        self.read().hosts.get(&host).copied()
    }

    /// Whether the node has no such host any more.
    #[inline]
    pub(crate) fn is_removed(&self, host: HostIndex) -> bool {
        self.is_any_closed() && self.host(host) == Some(Closing::Removed)
    }

    pub(crate) fn set_node(&self, closing: Option<Closing>) {
        self.change(|closed| closed.node = closing);
    }

    pub(crate) fn set_host(&self, host: HostIndex, closing: Option<Closing>) {
        self.change(|closed| match closing {
            Some(closing) => drop(closed.hosts.insert(host, closing)),
            None => drop(closed.hosts.remove(&host)),
        });
    }

    pub(crate) fn close_names(&self, names: impl IntoIterator<Item = SmolStr>) {
        self.change(|closed| closed.names.extend(names));
    }

    pub(crate) fn open_names<'a>(&self, names: impl IntoIterator<Item = &'a SmolStr>) {
        self.change(|closed| {
            for name in names {
                closed.names.remove(name);
            }
        });
    }

    fn change(&self, change: impl FnOnce(&mut Closed)) {
        let mut closed = self.closed.write().unwrap_or_else(PoisonError::into_inner);
        change(&mut closed);
        let is_any = closed.node.is_some() || !closed.hosts.is_empty() || !closed.names.is_empty();
        self.is_any_closed.store(is_any, Ordering::Relaxed);
    }

    fn read(&self) -> RwLockReadGuard<'_, Closed> {
        self.closed.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refusal(what: &str, does: &str) -> Error {
    let message = format!("{what} is drained and {does}");
    Error::new(ErrorKind::Unavailable, message).with_retryable(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(gates: &Gates, host: HostIndex, starter: Starter) -> bool {
        gates.check_start(host, starter, || SmolStr::new("app:h")).is_ok()
    }

    #[test]
    fn what_drains_lets_its_own_finish_and_what_is_drained_nobody() {
        let gates = Gates::default();
        let all = [Starter::Outside, Starter::Process(1), Starter::Process(2), Starter::BuiltIn];
        let allowed = |gates: &Gates| all.map(|starter| starts(gates, 1, starter));
        assert_eq!(allowed(&gates), [true; 4]);
        gates.set_host(1, Some(Closing::Draining));
        assert_eq!(allowed(&gates), [false, true, false, true]);
        assert!(starts(&gates, 2, Starter::Outside), "another host is open");
        gates.set_host(1, Some(Closing::Drained));
        assert_eq!(allowed(&gates), [false; 4]);
        gates.set_host(1, None);
        gates.set_node(Some(Closing::Draining));
        assert_eq!(allowed(&gates), [false, true, true, true]);
        gates.set_node(Some(Closing::Drained));
        assert_eq!(allowed(&gates), [false; 4]);
        gates.set_node(None);
        assert_eq!(allowed(&gates), [true; 4]);
    }

    #[test]
    fn names_are_closed_one_by_one() {
        let gates = Gates::default();
        gates.close_names(["a:x".into(), "x".into()]);
        let error = gates.check_name("a:x").unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unavailable);
        assert_eq!(error.message, "\"a:x\" is drained and takes no new work");
        assert!(gates.check_name("a:y").is_ok());
        gates.open_names([&SmolStr::new("a:x")]);
        assert!(gates.check_name("a:x").is_ok() && gates.check_name("x").is_err());
    }
}
