//! What is checked of the kernels: a little after every step, everything when nothing is under way.

use crate::guest::limits;
use crate::world::{SMALL_HOST_MAX, World};
use procession_kernel::{Counts, Directory, Info, State};
use procession_types::Pid;
use std::collections::{BTreeMap, BTreeSet};

impl World {
    /// True at any moment.
    pub(crate) fn check_always(&self) -> Result<(), String> {
        for (name, holder) in self.directory.all_names() {
            if !self.model.is_alive(holder) || !self.directory.is_alive(holder) {
                return Err(format!("{name} is held by {holder}, which is dead"));
            }
        }
        if self.directory.host_count(1) > SMALL_HOST_MAX {
            return Err("too many processes on a host".to_owned());
        }
        let counts = self.counts();
        if counts.sent < counts.received + counts.dropped_at_exit + counts.dropped_dead {
            return Err(format!("messages came from nowhere: {counts:?}"));
        }
        if counts.spawned - counts.ended != self.model.alive().count() as u64 {
            return Err(format!("processes came from nowhere: {counts:?}"));
        }
        Ok(())
    }

    /// Carries everything, lets everybody read its events, and checks everything.
    pub(crate) fn settle(&mut self) -> Result<(), String> {
        self.note("everything is carried".to_owned());
        self.carry_all()?;
        for shard in 0..self.kernels.len() {
            self.on(shard, |kernel, cx| kernel.tick(cx))?;
        }
        self.carry_all()?;
        let places = self.places();
        for (shard, slot, pid) in &places {
            while self.kernels[*shard].has_event(*slot) {
                self.read_event(*shard, *slot, *pid)?;
            }
        }
        self.check_places(&places.iter().map(|(.., pid)| *pid).collect::<Vec<_>>())?;
        let infos = self.infos(&places)?;
        self.check_processes(&infos)?;
        self.check_pauses(&places, &infos)?;
        let waiting: u64 = infos.values().map(|info| u64::from(info.mailbox_messages)).sum();
        let counts = self.counts();
        let accounted = counts.received + counts.dropped_at_exit + counts.dropped_dead + waiting;
        if counts.sent != accounted {
            return Err(format!("{} messages sent, {accounted} accounted for", counts.sent));
        }
        self.model.nothing_missing()
    }

    fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        self.kernels.iter().for_each(|kernel| counts.add(&kernel.counts()));
        counts
    }

    fn infos(&mut self, places: &[(usize, u32, Pid)]) -> Result<BTreeMap<Pid, Info>, String> {
        let mut infos = BTreeMap::new();
        for (shard, _, pid) in places {
            let info = self.on(*shard, |kernel, cx| kernel.info(cx, *pid))?;
            infos.insert(*pid, info.ok_or_else(|| format!("{pid} is not where it is"))?);
        }
        Ok(infos)
    }

    /// Everybody who lives is in exactly one place, and nobody else is anywhere.
    fn check_places(&self, places: &[Pid]) -> Result<(), String> {
        let set: BTreeSet<Pid> = places.iter().copied().collect();
        if set.len() != places.len() {
            return Err("a process is in two places".to_owned());
        }
        match self.model.alive().find(|pid| !set.contains(pid)) {
            Some(pid) => Err(format!("{pid} lives and is nowhere")),
            None if self.model.alive().count() != set.len() => {
                Err("a dead process is still there".to_owned())
            }
            None => Ok(()),
        }
    }

    fn check_processes(&self, infos: &BTreeMap<Pid, Info>) -> Result<(), String> {
        let limits = limits();
        for (pid, info) in infos {
            // Those under way when the limit was looked at come on top.
            if info.mailbox_messages > 2 * limits.mailbox_messages_max {
                return Err(format!("{pid} has {} messages", info.mailbox_messages));
            }
            if info.topics > limits.topics_max as usize || info.calls > limits.calls_max as usize {
                return Err(format!("{pid} is over a limit: {info:?}"));
            }
            if info.names.len() > limits.names_max as usize {
                return Err(format!("{pid} has too many names"));
            }
            if info.deadline.is_some_and(|at| at <= self.now) {
                return Err(format!("{pid} lives after its deadline"));
            }
            let is_at_rest = info.state == State::Waiting && !self.model.has_untaken(*pid);
            if info.asked.is_some() && is_at_rest {
                return Err(format!("{pid} is at rest, and its parent was not told"));
            }
            self.check_relation_room(*pid, info)?;
            check_relations(*pid, info, infos)?;
        }
        for (parent, child) in self.model.rests_awaited() {
            if infos.get(&child).is_some_and(|info| info.asked.is_none()) {
                return Err(format!("{parent} never got REST of {child}"));
            }
        }
        Ok(())
    }
}

impl World {
    /// Nobody is over the limit, and the directory knows what is left of it.
    fn check_relation_room(&self, pid: Pid, info: &Info) -> Result<(), String> {
        let count = info.links_count + info.monitoring_count + info.watchers_count;
        let most = limits().links_max as usize;
        let (said, announced) =
            (self.directory.relation_room(pid), self.directory.relations_under_way(pid));
        if count > most {
            return Err(format!("{pid} has {count} relations"));
        }
        if announced > 0 || said as usize != most - count {
            return Err(format!("{pid} has {count} relations, and room for {said} - {announced}"));
        }
        Ok(())
    }
}

fn check_relations(pid: Pid, info: &Info, infos: &BTreeMap<Pid, Info>) -> Result<(), String> {
    for peer in &info.links {
        if !infos.get(peer).is_some_and(|other| other.links.contains(&pid)) {
            return Err(format!("{pid} is linked to {peer}, and not the other way round"));
        }
    }
    for target in &info.monitoring {
        if !infos.get(target).is_some_and(|other| other.watchers.contains(&pid)) {
            return Err(format!("{pid} monitors {target}, which does not know"));
        }
    }
    for watcher in &info.watchers {
        if !infos.get(watcher).is_some_and(|other| other.monitoring.contains(&pid)) {
            return Err(format!("{pid} is monitored by {watcher}, which does not know"));
        }
    }
    match info.caller {
        Some(caller) if !infos.contains_key(&caller) => {
            Err(format!("{pid} is called by {caller}, which is dead"))
        }
        Some(_) | None => Ok(()),
    }
}
