//! How a drain sees who still has something in hand.

use super::DrainLeft;
use crate::node::Node;
use crate::supervise::Supervised;
use procession_kernel::SlotIndex;
use procession_supervision::plan::Kind;
use procession_types::{HostIndex, Pid, ShardIndex, SmolStr};
use std::collections::HashMap;

/// Processes that are looked at in one visit of a shard.
const VISIT_MAX: usize = 1000;

/// A process as a drain sees it.
struct Seen {
    parent: Option<Pid>,
    host: HostIndex,
    program: SmolStr,
    is_built_in: bool,
}

/// All processes of a node, in one picture that is not quite of one moment.
pub(crate) struct Picture(HashMap<Pid, Seen>);

/// A process that has not come to its end.
pub(crate) struct Unfinished {
    pub(super) pid: Pid,
    program: SmolStr,
}

impl Unfinished {
    pub(crate) fn left(&self, node: &Node) -> DrainLeft {
        DrainLeft { what: node.pid_text(self.pid), does: format!("runs {}", self.program) }
    }
}

impl Picture {
    pub(crate) fn take(node: &Node) -> Self {
        let mut all = HashMap::new();
        for shard in 0..node.shards() {
            let mut from: Option<SlotIndex> = Some(0);
            while let Some(slot) = from {
                let Ok((seen, next)) = visit(node, shard, slot) else { break };
                all.extend(seen);
                from = next;
            }
        }
        Self(all)
    }

    /// The processes on the hosts that `is_meant`, but for parts of the runtime, and durable ones,
    /// which lose nothing. With `on_their_own`, without those of the application: services, members
    /// of pools, and all that these have started.
    pub(crate) fn left(
        &self,
        is_meant: impl Fn(HostIndex) -> bool,
        on_their_own: bool,
    ) -> Vec<Unfinished> {
        let left = self.0.iter().filter(|(pid, it)| {
            let is_spared =
                it.is_built_in || pid.is_durable() || (on_their_own && self.is_of_application(it));
            is_meant(it.host) && !is_spared
        });
        let left = left.map(|(&pid, it)| Unfinished { pid, program: it.program.clone() });
        let mut left: Vec<Unfinished> = left.collect();
        left.sort_unstable_by_key(|it| it.pid);
        left
    }

    /// Whether a part of the runtime is above a process.
    fn is_of_application(&self, it: &Seen) -> bool {
        let mut above = it.parent.and_then(|parent| self.0.get(&parent));
        // A parent is older than its child, but the picture is not of one moment.
        for _ in 0..self.0.len() {
            match above {
                Some(it) if it.is_built_in => return true,
                Some(it) => above = it.parent.and_then(|parent| self.0.get(&parent)),
                None => return false,
            }
        }
        false
    }
}

type Visited = (Vec<(Pid, Seen)>, Option<SlotIndex>);

fn visit(
    node: &Node,
    shard: ShardIndex,
    from: SlotIndex,
) -> Result<Visited, procession_types::Error> {
    node.on(shard, move |worker| {
        let pids = worker.kernel.processes(from, VISIT_MAX);
        let next = pids.last().filter(|_| pids.len() == VISIT_MAX).map(|&(slot, _)| slot + 1);
        let seen = pids.into_iter().filter_map(|(slot, pid)| {
            let info = worker.step(|kernel, cx| kernel.info(cx, pid))?;
            let definition = worker.kernel.definition(slot);
            let is_built_in = definition.is_some_and(|it| it.built_in);
            let (parent, host, program) = (info.parent, info.host, info.program);
            Some((pid, Seen { parent, host, program, is_built_in }))
        });
        (seen.collect(), next)
    })
}

/// What a service or pool still has in hand, in words; `None` when that is nothing.
pub(super) fn in_hand(node: &Node, it: &Supervised) -> Option<String> {
    match it.kind {
        Kind::Pool => pool_in_hand(node, it),
        Kind::Service | Kind::Supervisor => service_in_hand(node, it.status.pid?),
    }
}

fn pool_in_hand(node: &Node, it: &Supervised) -> Option<String> {
    it.status.pid?;
    let status = match node.pool_status(&it.id) {
        Ok(status) => status,
        Err(error) if error.kind == procession_types::ErrorKind::NotFound => return None,
        Err(error) => return Some(error.message),
    };
    let (waiting, busy) = (status.waiting, status.members.busy);
    let is_idle = waiting == 0 && busy == 0;
    (!is_idle).then(|| format!("finishes: {waiting} messages wait, {busy} members are busy"))
}

fn service_in_hand(node: &Node, pid: Pid) -> Option<String> {
    let looked = node.look(pid, |worker, slot, pid| {
        let waiting = worker.kernel.waiting(slot);
        let has_hands_free = worker.is_at_rest(slot, pid) && !worker.kernel.has_event(slot);
        Some((waiting, has_hands_free))
    });
    match looked {
        Ok((0, true)) => None,
        Ok((0, false)) => Some("finishes what it has in hand".to_owned()),
        Ok((waiting, _)) => Some(format!("finishes: {waiting} messages wait")),
        // It has ended meanwhile.
        Err(error) if error.kind == procession_types::ErrorKind::NotFound => None,
        Err(error) => Some(error.message),
    }
}
