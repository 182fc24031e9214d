//! Who may do what: `/v1/policies` and `/v1/authorize`.

use crate::answer::{Answer, Failed, ok};
use crate::caller::Caller;
use crate::extract::{Body, Params, Segment};
use crate::routes::node::sorted_page;
use crate::state::State;
use axum::extract::State as Extracted;
use procession_api::{
    AuthorizeRequest, AuthorizeResponse, ConsideredPolicy, ListQuery, Page, PolicyView, Problem,
};
use procession_policy::{Check, Effect, Policy};
use procession_types::{Actor, Error, ErrorKind, Scalar, Scope};
use serde_json::Value;
use std::collections::BTreeMap;

/// The policies of the node, sorted, a page at a time.
#[utoipa::path(
    get, path = "/v1/policies", tag = "access", operation_id = "listPolicies",
    params(ListQuery),
    responses((status = 200, body = Page<PolicyView>), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn policies(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Params(query): Params<ListQuery>,
) -> Answer<Page<PolicyView>> {
    caller.may(&state, "policy.read", "*")?;
    let items = state.node.policies().iter().map(view).collect();
    ok(sorted_page(items, &query, |item: &PolicyView| &item.id)?)
}

/// One policy.
#[utoipa::path(
    get, path = "/v1/policies/{policy}", tag = "access", operation_id = "getPolicy",
    params(("policy" = String, Path, description = "Its id")),
    responses((status = 200, body = PolicyView), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn policy(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Segment(id): Segment,
) -> Answer<PolicyView> {
    caller.may(&state, "policy.read", &id)?;
    let policies = state.node.policies();
    let policy = policies.get(&id);
    ok(view(policy.ok_or_else(|| Error::not_found(format!("policy \"{id}\" not found")))?))
}

/// Whether an actor may do something, and why.
#[utoipa::path(
    post, path = "/v1/authorize", tag = "access", operation_id = "authorize",
    request_body = AuthorizeRequest,
    responses((status = 200, body = AuthorizeResponse), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn authorize(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Body(request): Body<AuthorizeRequest>,
) -> Answer<AuthorizeResponse> {
    caller.may(&state, "policy.authorize", &request.action)?;
    if request.action.is_empty() || request.resource.is_empty() {
        let detail = "action and resource are not empty";
        return Err(Problem::new(ErrorKind::Invalid, detail).into());
    }
    let meta = scalars("actor_meta", request.actor_meta)?;
    let actor = request.actor.map(|id| Actor { id, meta });
    let scope = request.scope.map(|policies| Scope { policies });
    let attributes = scalars("meta", request.meta)?;
    let policies = state.node.policies();
    let explanation = policies.explain(&Check {
        actor: actor.as_ref(),
        scope: scope.as_ref(),
        action: &request.action,
        resource: &request.resource,
        attributes: &attributes,
    });
    let decision = explanation.decision;
    let considered = explanation.considered.iter().map(|considered| ConsideredPolicy {
        policy: considered.policy.to_owned(),
        effect: considered.effect.map(|effect| word(effect).to_owned()),
        outcome: considered.outcome.to_string(),
    });
    ok(AuthorizeResponse {
        allowed: decision.allowed,
        reason: decision.reason.to_string(),
        decided_by: decision.decided_by.map(str::to_owned),
        considered: considered.collect(),
    })
}

fn view(policy: &Policy) -> PolicyView {
    PolicyView {
        id: policy.id.clone(),
        effect: word(policy.effect).to_owned(),
        actions: policy.actions.iter().map(ToString::to_string).collect(),
        resources: policy.resources.iter().map(ToString::to_string).collect(),
        conditions: policy.conditions.iter().map(ToString::to_string).collect(),
    }
}

const fn word(effect: Effect) -> &'static str {
    match effect {
        Effect::Allow => "allow",
        Effect::Deny => "deny",
    }
}

fn scalars(
    field: &str,
    values: BTreeMap<String, Value>,
) -> Result<BTreeMap<String, Scalar>, Failed> {
    let read = |(name, value)| match scalar(&value) {
        Some(value) => Ok((name, value)),
        None => {
            let detail = format!("{field}.{name} is no text, number, boolean or list of them");
            Err(Failed::from(Problem::new(ErrorKind::Invalid, detail)))
        }
    };
    values.into_iter().map(read).collect()
}

fn scalar(value: &Value) -> Option<Scalar> {
    Some(match value {
        Value::Bool(value) => Scalar::Bool(*value),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => Scalar::Int(integer),
            None => Scalar::Float(number.as_f64()?),
        },
        Value::String(text) => Scalar::Text(text.clone()),
        Value::Array(items) => {
            Scalar::List(items.iter().map(scalar).collect::<Option<Vec<Scalar>>>()?)
        }
        Value::Null | Value::Object(_) => return None,
    })
}
