//! Who may do what.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A question: may this actor, in this scope, do that?
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthorizeRequest {
    /// Id of the actor; missing = a caller without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 255)]
    pub actor: Option<String>,
    /// What policies can ask about as `actor.meta.*`: texts, numbers, booleans and lists of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub actor_meta: BTreeMap<String, serde_json::Value>,
    /// Ids of the policies that apply; missing = a caller without a scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Vec<String>>,
    /// What is to be done, as in `process.send`.
    #[schema(min_length = 1, max_length = 255)]
    pub action: String,
    /// To what: a PID, program, host or name.
    #[schema(min_length = 1, max_length = 1024)]
    pub resource: String,
    /// What policies can ask about as `meta.*`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub meta: BTreeMap<String, serde_json::Value>,
}

/// The answer, with its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuthorizeResponse {
    /// Whether it may.
    pub allowed: bool,
    /// Why, in a sentence.
    pub reason: String,
    /// The policy that decided, when one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// What each policy of the scope contributed.
    pub considered: Vec<ConsideredPolicy>,
}

/// What one policy contributed to a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConsideredPolicy {
    /// Its id.
    pub policy: String,
    /// `allow` or `deny`; missing when there is no such policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<String>,
    /// Whether it applies, or what kept it from that.
    pub outcome: String,
}

/// A policy of the node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicyView {
    /// Its id.
    pub id: String,
    /// `allow` or `deny`.
    pub effect: String,
    /// Patterns of actions.
    pub actions: Vec<String>,
    /// Patterns of resources.
    pub resources: Vec<String>,
    /// What has to hold beside, as text.
    pub conditions: Vec<String>,
}
