//! What the process of a supervisor is made from: its definition, and how each child is spawned.

use super::application::ApplicationDefinition;
use super::register::Supervised;
use crate::HOST_SYSTEM;
use procession_environment::SpawnRequest;
use procession_supervision::plan::{Kind, Planned};
use procession_supervision::supervisor::{ChildStatus, Definition, StateName};
use procession_types::definition::{Lifecycle, ServiceSecurity};
use procession_types::{
    Actor, ContextChange, Fragment, FragmentBuilder, Limits, Scope, SmolStr, Timestamp,
};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Calls, monitors and unread events that a supervisor may have: some for each child, of which another
/// definition may bring more.
const RELATIONS_MAX: u32 = 8_000_000;

/// How a child is started and shown.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Made {
    pub(super) kind: Kind,
    /// How it is spawned.
    pub(super) request: SpawnRequest,
    pub(super) labels: Vec<(SmolStr, SmolStr)>,
}

/// See the module.
#[derive(Debug, PartialEq)]
pub(crate) struct Blueprint {
    pub(super) definition: Definition,
    /// The children, by position.
    pub(super) children: Vec<Made>,
    pub(super) is_root: bool,
}

/// The blueprint that the next process of a supervisor is made from.
pub(super) struct Sketch(Mutex<Arc<Blueprint>>);

impl Sketch {
    pub(super) fn new(blueprint: Arc<Blueprint>) -> Self {
        Self(Mutex::new(blueprint))
    }

    pub(super) fn get(&self) -> Arc<Blueprint> {
        Arc::clone(&self.lock())
    }

    pub(super) fn set(&self, blueprint: Arc<Blueprint>) {
        *self.lock() = blueprint;
    }

    fn lock(&self) -> MutexGuard<'_, Arc<Blueprint>> {
        // It is replaced as a whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Blueprint {
    pub(super) fn new(planned: Planned, application: &ApplicationDefinition) -> Self {
        let Planned { definition, kinds, parent } = planned;
        let children = definition.children.iter().zip(kinds).map(|(child, kind)| Made {
            kind,
            request: request(&child.id, application),
            labels: application.labels(&child.id),
        });
        Self { children: children.collect(), definition, is_root: parent.is_none() }
    }

    /// What its process may use.
    pub(super) fn limits() -> Limits {
        Limits { calls_max: RELATIONS_MAX, links_max: RELATIONS_MAX, ..Limits::default() }
    }
}

fn request(id: &SmolStr, application: &ApplicationDefinition) -> SpawnRequest {
    let Some(service) = application.declared.services.get(id.as_str()) else {
        return SpawnRequest {
            program: id.clone(),
            host: SmolStr::new_static(HOST_SYSTEM),
            monitored: true,
            name: Some(id.clone()),
            ..SpawnRequest::default()
        };
    };
    let change = ContextChange {
        values: service.context.clone(),
        ..application.security(&service.lifecycle.security)
    };
    SpawnRequest {
        program: SmolStr::new(&service.program),
        host: SmolStr::new(&service.host),
        arguments: joined(&service.arguments),
        monitored: true,
        name: Some(id.clone()),
        context: (change != ContextChange::default()).then(|| Box::new(change)),
        ..SpawnRequest::default()
    }
}

/// The values of all fragments, in one: a definition's arguments as a spawn wants them.
#[must_use]
pub fn joined(fragments: &[Fragment]) -> Fragment {
    let mut builder = FragmentBuilder::new();
    let values: Vec<_> = fragments.iter().flat_map(|it| builder.include(it)).collect();
    builder.finish(&values)
}

impl ApplicationDefinition {
    /// The principal that a definition asks for.
    pub(super) fn security(&self, security: &ServiceSecurity) -> ContextChange {
        let ServiceSecurity { actor, meta, policies, groups } = security;
        let actor = actor.clone().map(|id| Actor { id, meta: meta.clone() });
        let mut scope = policies.clone();
        for group in groups {
            scope.extend(self.groups.get(group).into_iter().flatten().cloned());
        }
        let is_named = !policies.is_empty() || !groups.is_empty();
        let scope = is_named.then_some(Scope { policies: scope });
        ContextChange { values: BTreeMap::new(), actor, scope }
    }

    fn labels(&self, id: &SmolStr) -> Vec<(SmolStr, SmolStr)> {
        let entry = self.entry(id, Kind::Service, None);
        entry.labels.iter().map(|(name, value)| (name.into(), value.into())).collect()
    }

    /// How a child is shown before it has ever been wanted.
    pub(super) fn entry(
        &self,
        id: &SmolStr,
        kind: Kind,
        supervisor: Option<&SmolStr>,
    ) -> Supervised {
        let declared = &self.declared;
        let (mut program, mut host) = (id.clone(), SmolStr::new_static(HOST_SYSTEM));
        let mut lifecycle: Option<&Lifecycle> = None;
        let mut labels = BTreeMap::new();
        if let Some(service) = declared.services.get(id.as_str()) {
            (program, host) = (SmolStr::new(&service.program), SmolStr::new(&service.host));
            (lifecycle, labels) = (Some(&service.lifecycle), service.labels.clone());
        } else if let Some(pool) = declared.pools.get(id.as_str()) {
            (lifecycle, labels) = (Some(&pool.lifecycle), pool.labels.clone());
        } else if let Some(tree) = declared.supervisors.get(id.as_str()) {
            (lifecycle, labels) = (Some(&tree.lifecycle), tree.labels.clone());
        }
        Supervised {
            id: id.clone(),
            kind,
            supervisor: supervisor.cloned(),
            program,
            host,
            requires: lifecycle.map(|it| it.requires.clone()).unwrap_or_default(),
            labels,
            status: unstarted(),
        }
    }
}

/// How a child is that has not begun.
pub(super) fn unstarted() -> ChildStatus {
    ChildStatus {
        state: StateName::Stopped,
        since: Timestamp(0),
        wanted: false,
        pid: None,
        restarts: 0,
        attempts: 0,
        until: None,
        checked: None,
        unhealthy: 0,
        last: None,
        reason: Some("its supervisor has not started it".to_owned()),
    }
}
