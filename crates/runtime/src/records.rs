//! What a node remembers of what its processes printed and logged, and of what happened to them.

use crate::node::Node;
use crate::shared::Shared;
use crate::worker::Worker;
use procession_telemetry::{Event, EventKind, Follower, Page, Query, Source, Stream, Telemetry};
use procession_types::{Error, Pid, SmolStr};

impl Shared {
    /// A process as the source of records; its program must be filled in.
    pub(crate) fn source(&self, pid: Pid) -> Source<'_> {
        let host = self.hosts.get(pid.host).map_or("", |host| host.as_str());
        Source { pid: Some(pid), host, program: "", service: "" }
    }
}

impl Node {
    /// What processes have printed and logged. It may read files: not for a thread that must not
    /// wait.
    #[must_use]
    pub fn logs(&self, query: &Query) -> Page {
        self.shared.telemetry.logs(query)
    }

    /// What has happened to processes, services and pools; likewise.
    #[must_use]
    pub fn events(&self, query: &Query) -> Page {
        self.shared.telemetry.events(query)
    }

    /// Follows what comes; see [`Telemetry::follow`].
    #[must_use]
    pub fn follow(
        &self,
        stream: Stream,
        query: Query,
        news: Option<Box<dyn Fn() + Send + Sync>>,
    ) -> Follower {
        self.shared.telemetry.follow(stream, query, news)
    }

    /// Publishes an event.
    pub fn publish(&self, event: &Event) {
        self.shared.telemetry.publish(event);
    }

    /// From now on the records of a process bear the id of its service or pool, and its labels.
    pub fn describe(&self, pid: Pid, service: &str, labels: &[(SmolStr, SmolStr)]) {
        self.shared.telemetry.describe(pid, service, labels);
    }

    /// All of it, for whoever needs it beside the node.
    #[must_use]
    pub fn telemetry(&self) -> &Telemetry {
        &self.shared.telemetry
    }

    /// What is wrong with where records and metrics go, in words.
    #[must_use]
    pub fn troubles(&self) -> Vec<String> {
        let telemetry = &self.shared.telemetry;
        let mut troubles = Vec::new();
        for (stream, name) in [(Stream::Logs, "logs"), (Stream::Events, "events")] {
            let sinks = telemetry.counts(stream).sinks;
            let down = sinks.iter().filter(|sink| sink.is_down);
            troubles.extend(down.map(|sink| {
                format!("the {} sink of {name} has failed; the next one is used", sink.name)
            }));
        }
        if let Some(error) = telemetry.exported().and_then(|exported| exported.error) {
            troubles.push(format!("metrics and records can't be exported: {error}"));
        }
        troubles
    }

    /// Does something to a process on its shard, and tells of it when it was done.
    pub(crate) fn act(
        &self,
        kind: EventKind,
        to: Pid,
        message: String,
        act: impl FnOnce(&mut Worker) -> Result<(), Error> + Send + 'static,
    ) -> Result<(), Error> {
        self.on(to.shard, move |worker| {
            let definition = worker.kernel.definition_of(to).map(std::sync::Arc::clone);
            act(worker)?;
            let program = definition.as_ref().map_or("", |definition| &definition.program);
            worker.tell(kind, (to, program), &[], &message);
            Ok(())
        })?
    }
}
