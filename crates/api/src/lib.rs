//! What a node and those who steer it say to each other over HTTP: the types of requests and
//! answers, with their JSON and OpenAPI forms.
//!
//! Nothing here acts: no I/O, no clock, no threads. The server fills these types from a node, the
//! client reads them, and both take the meaning of a failure from [`Problem`].
#![forbid(unsafe_code)]

mod access;
mod call;
mod cursor;
mod drain;
mod dry_run;
mod fork;
mod kind;
mod message;
mod node;
mod page;
mod past;
mod problem;
mod process;
mod record;
mod reload;
mod selector;
mod service;
mod snapshot;
mod spawn;
mod time;
mod value;

pub use access::{AuthorizeRequest, AuthorizeResponse, ConsideredPolicy, PolicyView};
pub use call::{CallRequest, CallResponse};
pub use cursor::{NameCursor, ProcessCursor, RecordCursor};
pub use drain::{DrainLeftView, DrainRequest, DrainView, UndrainQuery};
pub use dry_run::{DryRunRequest, DryRunView};
pub use fork::{ForkRequest, ForkView, OriginView};
pub use kind::{exit_code, exit_code_of_limit, http_status, kind_of_status, slug};
pub use message::{MessageRequest, PeekQuery, Peeked, WaitingMessage};
pub use node::{
    DurableView, HostView, NodeStats, NodeView, ProgramView, ShutdownRequest, StreamQuery,
};
pub use page::{LIMIT_DEFAULT, LIMIT_MAX, ListQuery, NameView, Page};
pub use past::{
    DifferenceView, HistoryQuery, HistoryView, PartView, PastRecordView, PastStateView,
    ReplayRequest, ReplayView, StateQuery,
};
pub use problem::{PROBLEM_TYPE, Problem};
pub use process::{
    CancelRequest, CoroutineView, ExitView, HaltView, ProcessDetail, ProcessView, WaitQuery,
};
pub use record::{RecordQuery, RecordView, StreamEvent};
pub use reload::{ChangeView, ReloadRequest, ReloadView};
pub use selector::Selector;
pub use service::{ControlRequest, PoolView, ScaleRequest, ServiceView, UpgradeRequest};
pub use snapshot::{ExportQuery, ImportQuery, RestoreView, SnapshotRequest, SnapshotView};
pub use spawn::{SpawnRequest, SpawnResponse};
pub use time::{parse_rfc3339, rfc3339};
pub use value::{DEPTH_MAX, NODES_MAX, Shown, from_json, to_json, values_to_json};
