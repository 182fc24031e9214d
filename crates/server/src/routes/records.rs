//! `/v1/logs` and `/v1/events`: what processes print and log, and what happens to them.

use crate::answer::{Answer, Failed, ok};
use crate::caller::Caller;
use crate::enter::admit;
use crate::extract::Params;
use crate::find::find;
use crate::sse;
use crate::state::State;
use axum::extract::State as Extracted;
use axum::http::{HeaderMap, Response};
use procession_api::{
    LIMIT_DEFAULT, LIMIT_MAX, Page, Problem, RecordQuery, RecordView, StreamEvent, parse_rfc3339,
    rfc3339,
};
use procession_environment::Level;
use procession_runtime::telemetry::{EventKind, Grep, Query, Record, Stream};
use procession_types::{Error, ErrorKind, Pid, SmolStr, Timestamp, units};
use std::sync::Arc;
use tokio::sync::Notify;

/// Longest id that is asked for, as the OpenAPI file says.
const ID_LENGTH_MAX: usize = 255;

/// What processes have printed and logged, the oldest first, a page at a time.
#[utoipa::path(
    get, path = "/v1/logs", tag = "records", operation_id = "listLogs",
    params(RecordQuery),
    responses((status = 200, body = Page<RecordView>), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn logs(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Params(query): Params<RecordQuery>,
) -> Answer<Page<RecordView>> {
    caller.may(&state, "log.read", "*")?;
    page(&state, Stream::Logs, query).await
}

/// What has happened to processes, services and pools, the oldest first, a page at a time.
#[utoipa::path(
    get, path = "/v1/events", tag = "records", operation_id = "listEvents",
    params(RecordQuery),
    responses((status = 200, body = Page<RecordView>), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn events(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Params(query): Params<RecordQuery>,
) -> Answer<Page<RecordView>> {
    caller.may(&state, "event.read", "*")?;
    page(&state, Stream::Events, query).await
}

/// What processes print and log from now on, as server-sent events named `record`. Behind
/// `Last-Event-ID`, and with `cursor`, `tail` or `since`, what is there already comes first.
#[utoipa::path(
    get, path = "/v1/logs/stream", tag = "records", operation_id = "streamLogs",
    params(RecordQuery, ("Last-Event-ID" = Option<u64>, Header, description = "Id of the last event that was seen")),
    responses((status = 200, content_type = "text/event-stream", body = StreamEvent), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn logs_stream(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Params(query): Params<RecordQuery>,
    headers: HeaderMap,
) -> Result<Response<axum::body::Body>, Failed> {
    caller.may(&state, "log.read", "*")?;
    follow(state, Stream::Logs, query, &headers).await
}

/// What happens to processes, services and pools from now on, likewise.
#[utoipa::path(
    get, path = "/v1/events/stream", tag = "records", operation_id = "streamEvents",
    params(RecordQuery, ("Last-Event-ID" = Option<u64>, Header, description = "Id of the last event that was seen")),
    responses((status = 200, content_type = "text/event-stream", body = StreamEvent), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn events_stream(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Params(query): Params<RecordQuery>,
    headers: HeaderMap,
) -> Result<Response<axum::body::Body>, Failed> {
    caller.may(&state, "event.read", "*")?;
    follow(state, Stream::Events, query, &headers).await
}

async fn page(state: &State, stream: Stream, query: RecordQuery) -> Answer<Page<RecordView>> {
    let query = read(state, query).await?;
    let page = state.ask(move |node| match stream {
        Stream::Logs => node.logs(&query),
        Stream::Events => node.events(&query),
    });
    let page = page.await?;
    let next = (!page.is_complete).then(|| page.next.to_string());
    ok(Page { items: page.records.iter().map(view).collect(), next })
}

async fn follow(
    state: State,
    stream: Stream,
    query: RecordQuery,
    headers: &HeaderMap,
) -> Result<Response<axum::body::Body>, Failed> {
    let mut query = read(&state, query).await?;
    if let Some(last) = sse::last_event_id(headers) {
        query.after = Some(last);
    }
    if query.since.is_some() && query.after.is_none() && query.tail.is_none() {
        query.after = Some(0);
    }
    let (response, sink) = sse::stream(admit(&state.waits)?);
    let bell = Arc::new(Notify::new());
    let ringer = Arc::clone(&bell);
    let news = Box::new(move || ringer.notify_one());
    let mut follower = state.node.follow(stream, query, Some(news));
    tokio::spawn(async move {
        let mut stopping = state.stopping.clone();
        loop {
            // Pages may come from files.
            let polled = state.ask(move |_| {
                let page = follower.poll();
                (follower, page)
            });
            let Ok((back, page)) = polled.await else { return };
            follower = back;
            for record in &page.records {
                if !sink.send(record.sequence, "record", &view(record)).await {
                    return;
                }
            }
            if !page.is_complete {
                continue;
            }
            tokio::select! {
                _ = stopping.wait_for(|&stopping| stopping) => return,
                () = sink.closed() => return,
                () = bell.notified() => {}
            }
        }
    });
    Ok(response)
}

/// The question as the records want it.
async fn read(state: &State, query: RecordQuery) -> Result<Query, Failed> {
    let now = state.node.now();
    let time =
        |name: &str, text: Option<String>| text.map(|text| point(name, &text, now)).transpose();
    let limit = query.limit.unwrap_or(LIMIT_DEFAULT);
    if limit == 0
        || limit > LIMIT_MAX
        || query.tail.is_some_and(|tail| tail == 0 || tail > LIMIT_MAX)
    {
        return Err(invalid(format!("limit and tail are 1 to {LIMIT_MAX}")));
    }
    for (name, text) in
        [("program", &query.program), ("host", &query.host), ("service", &query.service)]
    {
        if text.as_ref().is_some_and(|text| text.chars().count() > ID_LENGTH_MAX) {
            return Err(invalid(format!("{name} has more than {ID_LENGTH_MAX} characters")));
        }
    }
    let after = query.cursor.map(|cursor| {
        cursor.parse().map_err(|_| invalid(format!("\"{cursor}\" is no cursor of this list")))
    });
    let (pid, service) = match query.process {
        None => (None, query.service),
        Some(text) => subject(state, text, query.service).await?,
    };
    Ok(Query {
        pid,
        program: query.program.map(SmolStr::new),
        host: query.host.map(SmolStr::new),
        service: service.map(SmolStr::new),
        labels: labels(query.labels.as_deref())?,
        level: query.level.as_deref().map(level).transpose()?,
        kinds: kinds(query.kinds.as_deref())?,
        since: time("since", query.since)?,
        until: time("until", query.until)?,
        grep: query
            .grep
            .map(|pattern| Grep::new(&pattern))
            .transpose()
            .map_err(|error| invalid(error.to_string()))?,
        after: after.transpose()?,
        tail: query.tail.map(|tail| tail as usize),
        count_max: limit as usize,
    })
}

/// Whose records are meant: of one process; or of a service, whichever its processes were.
async fn subject(
    state: &State,
    text: String,
    service: Option<String>,
) -> Result<(Option<Pid>, Option<String>), Failed> {
    if let Some(pid) = Query::read_pid(&text) {
        return Ok((Some(pid), service));
    }
    if service.is_none() && state.node.supervised_by_id(&text).is_ok() {
        return Ok((None, Some(text)));
    }
    Ok((Some(state.ask(move |node| find(node, &text)).await??), service))
}

fn invalid(detail: String) -> Failed {
    Failed::from(Problem::new(ErrorKind::Invalid, detail))
}

/// A point in time, or so long before now.
fn point(name: &str, text: &str, now: Timestamp) -> Result<Timestamp, Failed> {
    if let Some(at) = parse_rfc3339(text) {
        return Ok(at);
    }
    let ago = units::parse_duration(text).map_err(|_: Error| {
        invalid(format!("{name}: \"{text}\" is no time; write 2026-01-31T12:00:00.000000Z or 5m"))
    })?;
    Ok(Timestamp(now.0.saturating_sub(i64::try_from(ago).unwrap_or(i64::MAX))))
}

fn level(text: &str) -> Result<Level, Failed> {
    Ok(match text {
        "debug" => Level::Debug,
        "info" => Level::Info,
        "warn" => Level::Warn,
        "error" => Level::Error,
        other => {
            return Err(invalid(format!(
                "\"{other}\" is no level; write debug, info, warn or error"
            )));
        }
    })
}

fn kinds(text: Option<&str>) -> Result<Vec<EventKind>, Failed> {
    let names = text.into_iter().flat_map(|text| text.split(','));
    let names = names.map(str::trim).filter(|name| !name.is_empty());
    let read = |name| {
        EventKind::from_name(name).ok_or_else(|| {
            let known: Vec<&str> = EventKind::ALL.iter().map(|kind| kind.name()).collect();
            let problem =
                Problem::new(ErrorKind::Invalid, format!("there is no kind of event \"{name}\""));
            Failed::from(problem.with_hint(format!("the kinds are {}", known.join(", "))))
        })
    };
    names.map(read).collect()
}

fn labels(text: Option<&str>) -> Result<Vec<(SmolStr, SmolStr)>, Failed> {
    let pairs = text.into_iter().flat_map(|text| text.split(','));
    let pairs = pairs.map(str::trim).filter(|pair| !pair.is_empty());
    let read = |pair: &str| match pair.split_once('=') {
        Some((name, value)) => Ok((SmolStr::new(name), SmolStr::new(value))),
        None => Err(invalid(format!("\"{pair}\" is no label; write name=value"))),
    };
    pairs.map(read).collect()
}

fn view(record: &Record) -> RecordView {
    let text = |text: &SmolStr| Some(text.to_string()).filter(|text| !text.is_empty());
    RecordView {
        id: record.sequence,
        time: rfc3339(record.time),
        kind: record.kind.name().to_owned(),
        pid: record.pid_text(),
        program: text(&record.program),
        service: record.service.as_ref().map(ToString::to_string),
        labels: record.labels.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect(),
        fields: record.fields.iter().map(|(k, v)| (k.to_string(), v.clone())).collect(),
        message: record.text().into_owned(),
        cut: record.is_cut,
    }
}
