//! `/v1/names`.

use crate::answer::{Answer, Failed, ok};
use crate::caller::Caller;
use crate::extract::{Params, Segment};
use crate::state::State;
use axum::extract::State as Extracted;
use procession_api::{ListQuery, NameCursor, NameView, Page, Problem, Selector};
use procession_types::{Error, ErrorKind};

/// Registered names, sorted, a page at a time. The selector's keys are `name` and `pid`.
#[utoipa::path(
    get, path = "/v1/names", tag = "names", operation_id = "listNames",
    params(ListQuery),
    responses((status = 200, body = Page<NameView>), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn list(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Params(query): Params<ListQuery>,
) -> Answer<Page<NameView>> {
    caller.may(&state, "process.registry.list", "*")?;
    let invalid = |detail: String| Failed::from(Problem::new(ErrorKind::Invalid, detail));
    let limit = query.limit().map_err(invalid)?;
    let selector: Selector = query.selector.as_deref().unwrap_or("").parse().map_err(invalid)?;
    let cursor: Option<NameCursor> =
        query.cursor.map(|cursor| cursor.parse()).transpose().map_err(invalid)?;
    let after = cursor.map(|cursor| cursor.after).unwrap_or_default();
    let names = state.ask(move |node| {
        let names = node.names(&after, limit).into_iter();
        let view =
            |(name, pid): (_, _)| NameView { name: String::from(name), pid: node.pid_text(pid) };
        names.map(view).collect::<Vec<NameView>>()
    });
    let mut items = names.await?;
    let last = items.last().filter(|_| items.len() == limit);
    let next = last.map(|last| NameCursor { after: last.name.clone() }.to_string());
    items.retain(|item| {
        selector.matches(|key| match key {
            "name" => Some(item.name.as_str()),
            "pid" => Some(item.pid.as_str()),
            _ => None,
        })
    });
    ok(Page { items, next })
}

/// Who holds a name.
#[utoipa::path(
    get, path = "/v1/names/{name}", tag = "names", operation_id = "getName",
    params(("name" = String, Path, description = "The name")),
    responses((status = 200, body = NameView), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn get(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Segment(name): Segment,
) -> Answer<NameView> {
    caller.may(&state, "process.registry.lookup", &name)?;
    let holder = state.node.lookup(&name);
    let pid = holder.ok_or_else(|| Error::not_found(format!("name \"{name}\" not found")))?;
    ok(NameView { name, pid: state.node.pid_text(pid) })
}
