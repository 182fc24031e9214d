//! One method for each thing that a node can be asked.

use crate::client::{Ask, Client, PATIENCE};
use crate::error::ClientError;
use crate::events::ServerEvent;
use hyper::Method;
use procession_api::{
    AuthorizeRequest, AuthorizeResponse, CallRequest, CallResponse, CancelRequest, ControlRequest,
    DrainRequest, DrainView, DryRunRequest, DryRunView, ExitView, ExportQuery, ForkRequest,
    ForkView, HaltView, HistoryQuery, HistoryView, HostView, ImportQuery, ListQuery,
    MessageRequest, NameView, NodeStats, NodeView, Page, PastStateView, PeekQuery, Peeked,
    PolicyView, PoolView, ProcessDetail, ProcessView, ProgramView, RecordQuery, RecordView,
    ReloadRequest, ReloadView, ReplayRequest, ReplayView, RestoreView, ScaleRequest, ServiceView,
    ShutdownRequest, SnapshotRequest, SnapshotView, SpawnRequest, SpawnResponse, StateQuery,
    StreamQuery, UpgradeRequest, WaitQuery,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

/// How long the answer to a command is waited for that waits for something itself.
/// How long a reload may take: each part of an application may have to come to rest, or to end.
const RELOAD_PATIENCE: Duration = Duration::from_secs(3600);
const CONTROL_PATIENCE: Duration = Duration::from_secs(120);
/// No parameters, or an empty body.
const NOTHING: BTreeMap<String, String> = BTreeMap::new();

#[expect(clippy::missing_errors_doc, reason = "each fails as ClientError says")]
impl Client {
    /// A page of a list, as `processes`, `names`, `programs`, `hosts` or `policies`.
    fn page<T: DeserializeOwned>(
        &self,
        kind: &str,
        query: &ListQuery,
    ) -> Result<Page<T>, ClientError> {
        self.json(Ask::get(&["v1", kind], query))
    }

    /// All items of a list from its first page on, `count_max` at most, and whether there are more.
    fn all<T: DeserializeOwned>(
        &self,
        kind: &str,
        selector: Option<&str>,
        count_max: usize,
    ) -> Result<(Vec<T>, bool), ClientError> {
        let mut query = ListQuery { selector: selector.map(str::to_owned), ..ListQuery::default() };
        let mut items = Vec::new();
        loop {
            let left = count_max - items.len();
            query.limit = Some(left.clamp(1, procession_api::LIMIT_MAX as usize) as u32);
            let page: Page<T> = self.page(kind, &query)?;
            items.extend(page.items);
            match page.next {
                None => return Ok((items, false)),
                Some(_) if items.len() >= count_max => return Ok((items, true)),
                next => query.cursor = next,
            }
        }
    }

    /// The processes that a selector means, `count_max` at most, and whether there are more.
    pub fn processes(
        &self,
        selector: Option<&str>,
        count_max: usize,
    ) -> Result<(Vec<ProcessView>, bool), ClientError> {
        self.all("processes", selector, count_max)
    }

    /// A page of processes.
    pub fn process_page(&self, query: &ListQuery) -> Result<Page<ProcessView>, ClientError> {
        self.page("processes", query)
    }

    /// Everything about a process.
    pub fn process(&self, process: &str) -> Result<ProcessDetail, ClientError> {
        self.json(Ask::get(&["v1", "processes", process], &NOTHING))
    }

    /// Starts a process. With a key, sending the same request again starts nothing.
    pub fn spawn(
        &self,
        request: &SpawnRequest,
        key: Option<&str>,
    ) -> Result<SpawnResponse, ClientError> {
        let mut ask = Ask::post(&["v1", "processes"], request)?;
        ask.key = key.map(str::to_owned);
        self.json(ask)
    }

    /// Ends a process at once.
    pub fn terminate(&self, process: &str) -> Result<(), ClientError> {
        let mut ask = Ask::get(&["v1", "processes", process], &NOTHING);
        ask.method = Method::DELETE;
        self.text(ask).map(drop)
    }

    /// Asks a process to end.
    pub fn cancel(&self, process: &str, request: &CancelRequest) -> Result<(), ClientError> {
        self.text(Ask::post(&["v1", "processes", process, "cancel"], request)?).map(drop)
    }

    /// Pauses a process.
    pub fn pause(&self, process: &str) -> Result<(), ClientError> {
        self.text(Ask::post(&["v1", "processes", process, "pause"], &NOTHING)?).map(drop)
    }

    /// Lets a paused process go on.
    pub fn resume(&self, process: &str) -> Result<(), ClientError> {
        self.text(Ask::post(&["v1", "processes", process, "resume"], &NOTHING)?).map(drop)
    }

    /// Lets a durable process go on that stands still over an input, without that input.
    pub fn skip(&self, process: &str) -> Result<HaltView, ClientError> {
        self.json(Ask::post(&["v1", "processes", process, "skip"], &NOTHING)?)
    }

    /// Waits for the end of a process.
    pub fn wait(&self, process: &str, most: Duration) -> Result<ExitView, ClientError> {
        let query = WaitQuery { timeout: Some(milliseconds(most)) };
        let ask = Ask::get(&["v1", "processes", process, "wait"], &query);
        self.json(ask.with_patience(most.saturating_add(PATIENCE)))
    }

    /// The oldest messages that wait for a process.
    pub fn peek(&self, process: &str, query: &PeekQuery) -> Result<Peeked, ClientError> {
        self.json(Ask::get(&["v1", "processes", process, "messages"], query))
    }

    /// A page of what a durable process has done.
    pub fn history(&self, process: &str, query: &HistoryQuery) -> Result<HistoryView, ClientError> {
        self.json(Ask::get(&["v1", "processes", process, "history"], query))
    }

    /// A durable process as it was.
    pub fn past_state(
        &self,
        process: &str,
        at: Option<u64>,
        most: Duration,
    ) -> Result<PastStateView, ClientError> {
        let query = StateQuery { at, timeout: Some(milliseconds(most)) };
        let ask = Ask::get(&["v1", "processes", process, "state"], &query);
        self.json(ask.with_patience(most.saturating_add(PATIENCE)))
    }

    /// Runs a part of a durable process's past again, and compares.
    pub fn replay(
        &self,
        process: &str,
        (from, to): (Option<u64>, Option<u64>),
        most: Duration,
    ) -> Result<ReplayView, ClientError> {
        let request = ReplayRequest { from, to, timeout: Some(milliseconds(most)) };
        let ask = Ask::post(&["v1", "processes", process, "replay"], &request)?;
        self.json(ask.with_patience(most.saturating_add(PATIENCE)))
    }

    /// Makes a process with the past of another one. With a key, the same request again makes nothing.
    pub fn fork(
        &self,
        process: &str,
        request: &ForkRequest,
        (most, key): (Duration, Option<&str>),
    ) -> Result<ForkView, ClientError> {
        let request = ForkRequest { timeout: Some(milliseconds(most)), ..request.clone() };
        let mut ask = Ask::post(&["v1", "processes", process, "fork"], &request)?;
        ask.key = key.map(str::to_owned);
        self.json(ask.with_patience(most.saturating_add(PATIENCE)))
    }

    /// The snapshots of a durable process, the newest first.
    pub fn snapshots(&self, process: &str) -> Result<Vec<SnapshotView>, ClientError> {
        let ask = Ask::get(&["v1", "processes", process, "snapshots"], &NOTHING);
        self.json::<Page<SnapshotView>>(ask).map(|page| page.items)
    }

    /// Makes a snapshot of a durable process.
    pub fn make_snapshot(
        &self,
        process: &str,
        most: Duration,
    ) -> Result<SnapshotView, ClientError> {
        let request = SnapshotRequest { timeout: Some(milliseconds(most)) };
        let ask = Ask::post(&["v1", "processes", process, "snapshots"], &request)?;
        self.json(ask.with_patience(most.saturating_add(PATIENCE)))
    }

    /// Lets a durable process go on from a snapshot of its own.
    pub fn restore(
        &self,
        process: &str,
        snapshot: u64,
        most: Duration,
    ) -> Result<RestoreView, ClientError> {
        let request = SnapshotRequest { timeout: Some(milliseconds(most)) };
        let number = snapshot.to_string();
        let path = ["v1", "processes", process, "snapshots", &number, "restore"];
        self.json(Ask::post(&path, &request)?.with_patience(most.saturating_add(PATIENCE)))
    }

    /// A durable process in a file.
    pub fn export(
        &self,
        process: &str,
        at: Option<u64>,
        most: Duration,
    ) -> Result<Vec<u8>, ClientError> {
        let query = ExportQuery { at, timeout: Some(milliseconds(most)) };
        let ask = Ask::get(&["v1", "processes", process, "export"], &query);
        self.text(ask.with_patience(most.saturating_add(PATIENCE))).map(|file| file.to_vec())
    }

    /// Makes a process of what a file holds.
    pub fn import(&self, file: Vec<u8>, query: &ImportQuery) -> Result<ForkView, ClientError> {
        let mut ask = Ask::get(&["v1", "imports"], query);
        (ask.method, ask.body) = (Method::POST, Some(file));
        self.json(ask)
    }

    /// Gives a message to a copy of a durable process.
    pub fn dry_run(
        &self,
        process: &str,
        request: &DryRunRequest,
        most: Duration,
    ) -> Result<DryRunView, ClientError> {
        let request = DryRunRequest { timeout: Some(milliseconds(most)), ..request.clone() };
        let ask = Ask::post(&["v1", "processes", process, "dry-run"], &request)?;
        self.json(ask.with_patience(most.saturating_add(PATIENCE)))
    }

    /// Sends a message. With a key, sending the same request again sends nothing.
    pub fn send_message(
        &self,
        request: &MessageRequest,
        key: Option<&str>,
    ) -> Result<(), ClientError> {
        let mut ask = Ask::post(&["v1", "messages"], request)?;
        ask.key = key.map(str::to_owned);
        self.text(ask).map(drop)
    }

    /// Runs a program for its result; it ends when this is interrupted.
    pub fn call(&self, request: &CallRequest, most: Duration) -> Result<CallResponse, ClientError> {
        let request = CallRequest { timeout: Some(milliseconds(most)), ..request.clone() };
        let ask = Ask::post(&["v1", "calls"], &request)?;
        self.json(ask.with_patience(most.saturating_add(PATIENCE)))
    }

    /// Lets another program go on in the place of a process's.
    pub fn upgrade(&self, process: &str, request: &UpgradeRequest) -> Result<(), ClientError> {
        let ask = Ask::post(&["v1", "processes", process, "upgrade"], request)?;
        self.text(ask.with_patience(CONTROL_PATIENCE)).map(drop)
    }

    /// The services, supervisors and pools that a selector means, `count_max` at most, and whether
    /// there are more.
    pub fn services(
        &self,
        selector: Option<&str>,
        count_max: usize,
    ) -> Result<(Vec<ServiceView>, bool), ClientError> {
        self.all("services", selector, count_max)
    }

    /// One service, supervisor or pool.
    pub fn service(&self, service: &str) -> Result<ServiceView, ClientError> {
        self.json(Ask::get(&["v1", "services", service], &NOTHING))
    }

    /// Does `start`, `stop` or `restart` to a service, and waits until that is done.
    pub fn control(
        &self,
        service: &str,
        verb: &str,
        most: Duration,
    ) -> Result<ServiceView, ClientError> {
        let request = ControlRequest { timeout: Some(milliseconds(most)) };
        let ask = Ask::post(&["v1", "services", service, verb], &request)?;
        self.json(ask.with_patience(most.saturating_add(PATIENCE)))
    }

    /// Drains something; how far it is tells [`Client::drain_of`].
    pub fn drain(&self, request: &DrainRequest) -> Result<DrainView, ClientError> {
        self.json(Ask::post(&["v1", "drains"], request)?)
    }

    /// How far a drain is.
    pub fn drain_of(&self, target: &str) -> Result<DrainView, ClientError> {
        self.json(Ask::get(&["v1", "drains", target], &NOTHING))
    }

    /// What is drained, `count_max` at most, and whether there is more.
    pub fn drains(&self, count_max: usize) -> Result<(Vec<DrainView>, bool), ClientError> {
        self.all("drains", None, count_max)
    }

    /// Undoes a drain, and waits until what it has taken down is up again.
    pub fn undo_drain(&self, target: &str) -> Result<DrainView, ClientError> {
        let mut ask = Ask::get(&["v1", "drains", target], &NOTHING);
        ask.method = Method::DELETE;
        self.json(ask.with_patience(CONTROL_PATIENCE))
    }

    /// Lets the node read its application again, and waits until that is done.
    pub fn reload(&self, request: &ReloadRequest) -> Result<ReloadView, ClientError> {
        let ask = Ask::post(&["v1", "reload"], request)?;
        self.json(ask.with_patience(RELOAD_PATIENCE))
    }

    /// The pools that run, `count_max` at most, and whether there are more.
    pub fn pools(&self, count_max: usize) -> Result<(Vec<PoolView>, bool), ClientError> {
        self.all("pools", None, count_max)
    }

    /// One pool that runs.
    pub fn pool(&self, pool: &str) -> Result<PoolView, ClientError> {
        self.json(Ask::get(&["v1", "pools", pool], &NOTHING))
    }

    /// Sets the size of a pool, or its bounds.
    pub fn scale(&self, pool: &str, request: &ScaleRequest) -> Result<PoolView, ClientError> {
        self.json(Ask::post(&["v1", "pools", pool, "scale"], request)?)
    }

    /// A page of `logs` or `events`.
    pub fn records(
        &self,
        stream: &str,
        query: &RecordQuery,
    ) -> Result<Page<RecordView>, ClientError> {
        self.json(Ask::get(&["v1", stream], query))
    }

    /// Follows `logs` or `events` until `each` breaks off or the node stops.
    pub fn follow_records(
        &self,
        stream: &str,
        query: &RecordQuery,
        mut each: impl FnMut(RecordView) -> ControlFlow<()>,
    ) -> Result<(), ClientError> {
        let ask = Ask::get(&["v1", stream, "stream"], query);
        self.events(ask, |ServerEvent { data, .. }| match serde_json::from_str(&data) {
            Ok(record) => each(record),
            Err(_) => ControlFlow::Continue(()),
        })
    }

    /// Registered names, `count_max` at most, and whether there are more.
    pub fn names(&self, count_max: usize) -> Result<(Vec<NameView>, bool), ClientError> {
        self.all("names", None, count_max)
    }

    /// The programs that processes can run, `count_max` at most, and whether there are more.
    pub fn programs(&self, count_max: usize) -> Result<(Vec<ProgramView>, bool), ClientError> {
        self.all("programs", None, count_max)
    }

    /// The process hosts, `count_max` at most, and whether there are more.
    pub fn hosts(&self, count_max: usize) -> Result<(Vec<HostView>, bool), ClientError> {
        self.all("hosts", None, count_max)
    }

    /// The policies, `count_max` at most, and whether there are more.
    pub fn policies(&self, count_max: usize) -> Result<(Vec<PolicyView>, bool), ClientError> {
        self.all("policies", None, count_max)
    }

    /// One policy.
    pub fn policy(&self, id: &str) -> Result<PolicyView, ClientError> {
        self.json(Ask::get(&["v1", "policies", id], &NOTHING))
    }

    /// Whether an actor may do something.
    pub fn authorize(&self, request: &AuthorizeRequest) -> Result<AuthorizeResponse, ClientError> {
        self.json(Ask::post(&["v1", "authorize"], request)?)
    }

    /// What the node is.
    pub fn node(&self) -> Result<NodeView, ClientError> {
        self.json(Ask::get(&["v1", "node"], &NOTHING))
    }

    /// What the node has done.
    pub fn stats(&self) -> Result<NodeStats, ClientError> {
        self.json(Ask::get(&["v1", "stats"], &NOTHING))
    }

    /// What the node has done, again and again, until `each` breaks off.
    pub fn follow_stats(
        &self,
        interval: Duration,
        mut each: impl FnMut(NodeStats) -> ControlFlow<()>,
    ) -> Result<(), ClientError> {
        let query = StreamQuery { interval: Some(format!("{}ms", interval.as_millis())) };
        let ask = Ask::get(&["v1", "stats", "stream"], &query);
        self.events(ask, |ServerEvent { data, .. }| match serde_json::from_str(&data) {
            Ok(stats) => each(stats),
            Err(_) => ControlFlow::Continue(()),
        })
    }

    /// The node's configuration.
    pub fn config(&self) -> Result<Value, ClientError> {
        self.json(Ask::get(&["v1", "config"], &NOTHING))
    }

    /// The metrics, in the text form of Prometheus.
    pub fn metrics(&self) -> Result<String, ClientError> {
        let text = self.text(Ask::get(&["metrics"], &NOTHING))?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// Whether every shard of the node answers.
    pub fn ready(&self) -> Result<(), ClientError> {
        self.text(Ask::get(&["readyz"], &NOTHING)).map(drop)
    }

    /// Asks the node to stop.
    pub fn shutdown(&self, grace: Duration) -> Result<(), ClientError> {
        let request = ShutdownRequest { grace: Some(format!("{}ms", grace.as_millis())) };
        self.text(Ask::post(&["v1", "shutdown"], &request)?).map(drop)
    }
}

/// A time as requests write it.
fn milliseconds(time: Duration) -> String {
    format!("{}ms", time.as_millis())
}
