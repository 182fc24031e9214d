//! The steps of one drain: processes that somebody started on their own finish first, as they may use
//! the application; then its services and pools, each when all that requires it is down; then whatever
//! is left.

use super::gates::Closing;
use super::look::{Picture, Unfinished, in_hand};
use super::order::Order;
use super::{Drain, DrainLeft, DrainState, DrainTarget, Entry, LEFT_MAX, is_below};
use crate::node::Node;
use crate::supervise::Supervised;
use procession_kernel::Directory as _;
use procession_supervision::plan::Kind;
use procession_supervision::supervisor::{StateName, Verb};
use procession_telemetry::EventKind;
use procession_types::{ErrorKind, HostIndex, SmolStr};
use std::collections::BTreeSet;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// Between two looks, at least.
const PAUSE_MIN: Duration = Duration::from_millis(20);
/// A look takes so many times less than what is between two of them.
const PAUSE_PART: u32 = 20;
/// How long processes on their own have to end when the time is over.
const GRACE: Duration = Duration::from_secs(10);
/// How long a stop is waited for in one step; it goes on after that.
const STEP: Duration = Duration::from_millis(5);

/// Where a drain is.
enum Phase {
    /// Processes that somebody started on their own.
    OnTheirOwn,
    /// Services and pools.
    Application,
    /// All that is left on the hosts.
    Rest,
}

struct Work<'a> {
    entry: &'a Entry,
    target: DrainTarget,
    /// When the time is over.
    end: Instant,
    phase: Phase,
    order: Order,
    /// Services and pools that have been told to stop.
    stopping: BTreeSet<SmolStr>,
    /// When processes on their own were asked to end.
    asked: Option<Instant>,
}

/// Drains until it is done, undone, or the node is gone.
pub(super) fn run(node: &Weak<Node>, entry: &Arc<Entry>, end: Instant) {
    let target = entry.view().target.clone();
    let mut work = Work {
        entry,
        phase: match target {
            DrainTarget::Supervised(_) => Phase::Application,
            DrainTarget::Node | DrainTarget::Host(_) => Phase::OnTheirOwn,
        },
        order: match node.upgrade() {
            Some(node) => order(&node, &target),
            None => return,
        },
        target,
        end,
        stopping: BTreeSet::new(),
        asked: None,
    };
    loop {
        let begun = Instant::now();
        let Some(node) = node.upgrade() else { return };
        let acting = entry.act();
        if entry.is_undone() || work.step(&node) {
            return;
        }
        drop((acting, node));
        entry.rest(PAUSE_MIN.max(begun.elapsed() * PAUSE_PART));
    }
}

fn order(node: &Node, target: &DrainTarget) -> Order {
    let mut all = node.supervised();
    for (id, before) in node.implied() {
        // It goes down before the one that is listed before it, whatever it says itself.
        if let Some(it) = all.iter_mut().find(|it| it.id == id) {
            it.requires.push(before);
        }
    }
    Order::new(&all, |it| match target {
        DrainTarget::Node => true,
        DrainTarget::Host(id) => node.works_on(it) == *id,
        DrainTarget::Supervised(id) => is_below(&all, it, id),
    })
}

impl Work<'_> {
    /// Takes it as far as it comes without waiting; says whether it is done.
    fn step(&mut self, node: &Node) -> bool {
        loop {
            let is_over = match self.phase {
                Phase::OnTheirOwn => self.end_processes(node, true),
                Phase::Application => self.end_application(node),
                Phase::Rest => self.end_processes(node, false),
            };
            if !is_over {
                return false;
            }
            self.asked = None;
            self.phase = match self.phase {
                Phase::OnTheirOwn => Phase::Application,
                Phase::Application if !matches!(self.target, DrainTarget::Supervised(_)) => {
                    Phase::Rest
                }
                Phase::Application | Phase::Rest => {
                    self.finish(node);
                    return true;
                }
            };
        }
    }

    fn is_late(&self) -> bool {
        Instant::now() >= self.end
    }

    fn finish(&self, node: &Node) {
        node.close(&self.target, Some(Closing::Drained));
        let mut view = self.entry.view();
        (view.state, view.left_count) = (DrainState::Drained, 0);
        view.left.clear();
        let message = match view.cut_off {
            0 => "drained".to_owned(),
            count => format!("drained; {count} did not finish in time, and were ended"),
        };
        drop(view);
        node.tell_drain(EventKind::DrainEnded, &self.target, &message);
    }

    /// Waits for processes, and asks them to end when the time is over.
    fn end_processes(&mut self, node: &Node, on_their_own: bool) -> bool {
        let only = match &self.target {
            DrainTarget::Host(id) => node.shared.host(id),
            DrainTarget::Node | DrainTarget::Supervised(_) => None,
        };
        let is_meant = |host: HostIndex| only.is_none_or(|only| only == host);
        let left = Picture::take(node).left(is_meant, on_their_own);
        if left.is_empty() {
            return true;
        }
        if self.is_late() && self.asked.is_none() {
            self.asked = Some(Instant::now());
            self.entry.view().cut_off += left.len() as u64;
            for it in &left {
                // One that has ended meanwhile has nothing to be asked.
                let _ = node.cancel(it.pid, Some(GRACE), "drained");
            }
        }
        // Whoever could not be ended in that time can't be ended at all.
        let is_over = self.asked.is_some_and(|asked| asked.elapsed() > GRACE + STEP * 100);
        let count = left.len() + self.order.left().count();
        let shown = left.iter().take(LEFT_MAX).map(|it: &Unfinished| it.left(node));
        self.show(count, shown.collect());
        is_over
    }

    /// Takes down the services and pools whose turn it is.
    fn end_application(&mut self, node: &Node) -> bool {
        let mut left = Vec::new();
        loop {
            let before = self.order.left().count();
            left.clear();
            for id in self.order.next() {
                match self.end_one(node, &id) {
                    Some(does) => left.push(DrainLeft { what: id.to_string(), does }),
                    None => self.order.take_out(&id),
                }
            }
            // The turn of others may have come.
            if self.order.left().count() == before {
                break;
            }
        }
        if before_all_are_down(&self.order) {
            let is_here = |id: &SmolStr| left.iter().any(|it| it.what == *id);
            let later: Vec<SmolStr> =
                self.order.left().filter(|id| !is_here(id)).cloned().collect();
            left.extend(later.iter().map(|id| DrainLeft {
                what: id.to_string(),
                does: "waits for its turn".to_owned(),
            }));
            let count = left.len();
            left.truncate(LEFT_MAX);
            self.show(count, left);
            return false;
        }
        self.end_supervisor(node)
    }

    /// What a service or pool still does; `None` when it is down.
    fn end_one(&mut self, node: &Node, id: &SmolStr) -> Option<String> {
        let it = node.supervised_by_id(id).ok()?;
        let is_down = it.status.state == StateName::Stopped && it.status.pid.is_none();
        if is_down && (self.stopping.contains(id) || !it.status.wanted) {
            return None;
        }
        self.close_names(node, &it);
        if !self.stopping.contains(id) {
            let in_hand = in_hand(node, &it);
            if in_hand.is_some() && !self.is_late() {
                return in_hand;
            }
            let mut view = self.entry.view();
            view.cut_off += u64::from(in_hand.is_some());
            view.stopped.push(id.clone());
            drop(view);
            self.stopping.insert(id.clone());
        }
        match node.control(id, Verb::Stop, STEP) {
            Ok(_) => None,
            Err(error) if error.kind == ErrorKind::Timeout => Some("stops".to_owned()),
            Err(error) if error.kind == ErrorKind::RateLimited => Some(error.message),
            // Its supervisor does not run, so it does not, either.
            Err(_) => None,
        }
    }

    /// Nothing new comes to it by its names from here on.
    fn close_names(&self, node: &Node, it: &Supervised) {
        let held = it.status.pid.map(|pid| node.shared.directory.names(pid));
        let names: BTreeSet<SmolStr> = held.into_iter().flatten().chain([it.id.clone()]).collect();
        let mut closed = self.entry.closed();
        let new: Vec<SmolStr> = names.difference(&closed.0).cloned().collect();
        if !new.is_empty() {
            node.shared.drains.gates.close_names(new.iter().cloned());
            closed.0.extend(new);
        }
    }

    /// A supervisor goes down after all that is below it.
    fn end_supervisor(&mut self, node: &Node) -> bool {
        let DrainTarget::Supervised(id) = &self.target else { return true };
        let Ok(it) = node.supervised_by_id(id) else { return true };
        if it.kind != Kind::Supervisor {
            return true;
        }
        match node.control(id, Verb::Stop, STEP) {
            Err(error) if matches!(error.kind, ErrorKind::Timeout | ErrorKind::RateLimited) => {
                let left = DrainLeft { what: id.to_string(), does: "stops".to_owned() };
                self.show(1, vec![left]);
                false
            }
            _ => true,
        }
    }

    fn show(&self, count: usize, left: Vec<DrainLeft>) {
        let state = if self.is_late() { DrainState::Ending } else { DrainState::Draining };
        let view: &mut Drain = &mut self.entry.view();
        (view.state, view.left_count, view.left) = (state, count as u64, left);
    }
}

fn before_all_are_down(order: &Order) -> bool {
    order.left().next().is_some()
}
