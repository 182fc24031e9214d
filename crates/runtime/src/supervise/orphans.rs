//! Durable processes of services and pools that the application does not have: they stay at rest, and that
//! is told when the application starts.

use super::application::ApplicationDefinition;
use crate::node::Node;
use procession_telemetry::{Event, EventKind};
use procession_types::{Pid, SmolStr};

impl Node {
    /// Durable processes that belong to a service or pool which the application does not have, or whose
    /// program is not durable any more: nobody looks after them, and they stay at rest. Ordered by owner.
    pub fn orphans(&self) -> Vec<(SmolStr, Pid)> {
        let application = self.running().as_ref().map(|running| running.definition.clone());
        self.orphans_of(&application.unwrap_or_default())
    }

    pub(super) fn orphans_of(&self, application: &ApplicationDefinition) -> Vec<(SmolStr, Pid)> {
        let Some(keeper) = &self.shared.keeper else { return Vec::new() };
        let declared = &application.declared;
        let is_kept = |owner: &str| {
            let service = declared.services.get(owner).map(|it| (&it.program, &it.host));
            let kept =
                service.or_else(|| declared.pools.get(owner).map(|it| (&it.program, &it.host)));
            kept.is_some_and(|(program, host)| {
                let host = self.shared.host(host).unwrap_or_default();
                // One that does not load now may be durable.
                self.shared.programs.load(program, host).map_or(true, |it| it.durable.is_some())
            })
        };
        let all = keeper.owners.all().into_iter();
        let left = all.filter(|(owner, _)| !is_kept(owner));
        left.flat_map(|(owner, pids)| pids.into_iter().map(move |pid| (owner.clone(), pid)))
            .collect()
    }

    /// Tells of every orphan.
    pub(super) fn tell_orphans(&self, application: &ApplicationDefinition) {
        for (owner, pid) in self.orphans_of(application) {
            let text = self.shared.pid_text(pid);
            let message = format!(
                "stays at rest: it is durable and belongs to {owner}, which the application does not have as \
                 a durable service or pool; bring that back, or end the process with procession kill '{text}'"
            );
            let event = Event::new(EventKind::ServiceOrphaned, message).of_service(owner);
            self.publish(&event.of_process(pid, ""));
        }
    }
}
