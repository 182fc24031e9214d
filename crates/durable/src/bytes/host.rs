//! The forms of what guests ask of their host.

use super::tagged::{record, variants};
use procession_environment::{
    Call, CallId, CancelRequest, FsOperation, HttpRequest, Level, LogRecord, Options, Queue,
    Relation, SpawnRequest,
};

record!(Queue { 0 });
record!(CallId { 0 });
record!(Options { trap_links });
record!(SpawnRequest { program, host, arguments, monitored, linked, name, messages, context });
record!(CancelRequest { deadline_ns, reason });
record!(HttpRequest { method, url, headers, body, timeout_ns, body_bytes_max, redirects_max });
record!(LogRecord { level, message, fields });

variants!(Relation, "a relation" {
    0 Monitor,
    1 Unmonitor,
    2 Link,
    3 Unlink,
});

variants!(FsOperation, "a file operation" {
    0 Read { path },
    1 Write { path, data },
    2 Append { path, data },
    3 List { path },
    4 Stat { path },
    5 MakeDirectory { path },
    6 Remove { path },
});

variants!(Call, "a call" {
    0 Sleep { nanoseconds },
    1 Process(request),
    2 Function(request),
    3 Fs(operation),
    4 Http(request),
    5 Consume { queue },
    6 Info { to },
});

variants!(Level, "a level" {
    0 Debug,
    1 Info,
    2 Warn,
    3 Error,
});
