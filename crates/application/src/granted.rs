//! What of the machine programs may use: from grants as they are written to what a node is given.

use procession_runtime::{Access, Grant, Variables, WebGrants};
use procession_spec::{DirectoryAccess, Grant as Written};
use std::path::Path;

/// See the module.
#[derive(Debug, Default)]
pub struct Granted {
    /// Directories with what may be done there.
    pub directories: Vec<Grant>,
    /// Hosts of the network.
    pub hosts: WebGrants,
    /// Variables.
    pub variables: Variables,
}

/// Grants for a node. Relative directories are below `directory`; `environment` are the variables
/// that there are, of which those granted are taken; those that are `set` come before them.
pub fn granted(
    grants: &[Written],
    directory: &Path,
    environment: impl Iterator<Item = (String, Vec<u8>)>,
    set: impl Iterator<Item = (String, Vec<u8>)>,
) -> Granted {
    let mut granted = Granted::default();
    for grant in grants {
        match grant {
            Written::Directory { path, access } => granted.directories.push(Grant {
                // Programs name it as it is written, wherever that is.
                name: path.into(),
                directory: directory.join(path),
                access: match access {
                    DirectoryAccess::Read => Access::Read,
                    DirectoryAccess::Write => Access::Write,
                },
            }),
            Written::Variable(name) => granted.variables.grant(name, None),
            Written::AllVariables => granted.variables.grant_all(),
            Written::Host { host, port } => granted.hosts.grant(host, *port),
            Written::AllHosts => granted.hosts.grant_all(),
        }
    }
    let is_all = grants.contains(&Written::AllVariables);
    for (name, value) in environment {
        if is_all || grants.contains(&Written::Variable(name.clone())) {
            granted.variables.grant(&name, Some(value));
        }
    }
    for (name, value) in set {
        granted.variables.grant(&name, Some(value));
    }
    granted
}
