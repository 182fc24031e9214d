//! From a checked application to what a node is made from.

use crate::granted::granted;
use crate::read::environment;
use procession_policy::{Policies, Unidentified};
use procession_runtime::{Access, ApplicationDefinition, HostConfig, NodeConfig, Priority};
use procession_spec::{Application, Host};
use procession_supervision::plan::Declared;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a node gets, and what it starts.
pub struct Assembled {
    /// What [`procession_runtime::Node::start`] takes.
    pub config: NodeConfig,
    /// What [`procession_runtime::Node::start_application`] takes.
    pub definition: ApplicationDefinition,
}

impl Assembled {
    /// Makes the directories that programs may write to, where they are missing.
    ///
    /// # Errors
    /// The path, and what the system says.
    pub fn make_directories(&self) -> Result<(), (PathBuf, std::io::Error)> {
        let grants = self.config.grants.iter().filter(|grant| grant.access == Access::Write);
        for grant in grants {
            std::fs::create_dir_all(&grant.directory)
                .map_err(|error| (grant.directory.clone(), error))?;
        }
        Ok(())
    }
}

/// Makes a node's configuration from an application whose files are in `directory`. `variables` are
/// those of the environment; what of them is granted is taken. Where the application does not say
/// what becomes of processes without actor and scope, `unidentified` does.
pub fn assemble(
    application: &Application,
    directory: &Path,
    variables: impl Iterator<Item = (String, Vec<u8>)>,
    unidentified: Unidentified,
) -> Assembled {
    let mut config = NodeConfig::new(Arc::new(environment(application)));
    for host in application.hosts.values() {
        put_host(&mut config.hosts, host);
    }
    config.programs = application.programs.values().map(|it| it.program.clone()).collect();
    config.policies = policies(application, unidentified);
    let set = application.variables.iter();
    let set = set.map(|(name, value)| (name.clone(), value.clone().into_bytes()));
    let grants = granted(&application.grants, directory, variables, set);
    config.grants = grants.directories;
    config.web_grants = grants.hosts;
    config.variables = grants.variables;
    Assembled { config, definition: definition(application) }
}

/// The services, supervisors and pools of an application.
#[must_use]
pub fn definition(application: &Application) -> ApplicationDefinition {
    let declared = Declared {
        services: application.services.clone(),
        supervisors: application.supervisors.clone(),
        pools: application.pools.clone(),
    };
    ApplicationDefinition { declared, groups: application.groups.clone() }
}

/// The policies of an application.
#[must_use]
pub fn policies(application: &Application, unidentified: Unidentified) -> Policies {
    let unidentified = match application.strict {
        Some(true) => Unidentified::Deny,
        Some(false) => Unidentified::Allow,
        None => unidentified,
    };
    let mut policies = Policies::new(unidentified);
    for policy in application.policies.values() {
        policies.insert(policy.clone());
    }
    policies
}

/// Adds a host, in place of one of every node's if it has that id.
fn put_host(hosts: &mut Vec<HostConfig>, host: &Host) {
    let made = HostConfig {
        processes_max: host.processes_max,
        priority: match host.priority {
            procession_spec::Priority::System => Priority::System,
            procession_spec::Priority::Normal => Priority::Normal,
        },
        weight: host.weight,
        limits: host.limits,
        hibernate_after_ns: host.hibernate_after_ns,
        resident_bytes_max: host.resident_bytes_max,
        ..HostConfig::new(&host.id)
    };
    match hosts.iter_mut().find(|other| other.id == made.id) {
        Some(other) => *other = made,
        None => hosts.push(made),
    }
}
