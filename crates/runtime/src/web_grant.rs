//! Hosts that processes may talk to.

use std::collections::BTreeSet;

/// Ports that a grant without a port means.
const PORTS: [u16; 2] = [80, 443];

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebGrants {
    hosts: BTreeSet<(String, Option<u16>)>,
    all_granted: bool,
}

impl WebGrants {
    /// Grants a host by its name or address; without a port those of HTTP and HTTPS.
    pub fn grant(&mut self, host: &str, port: Option<u16>) {
        self.hosts.insert((host.to_ascii_lowercase(), port));
    }

    /// Grants every host and port.
    pub fn grant_all(&mut self) {
        self.all_granted = true;
    }

    pub(crate) fn allows(&self, host: &str, port: u16) -> bool {
        let host = host.to_ascii_lowercase();
        self.all_granted
            || self.hosts.contains(&(host.clone(), Some(port)))
            || PORTS.contains(&port) && self.hosts.contains(&(host, None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_granted_is_allowed() {
        let mut grants = WebGrants::default();
        assert!(!grants.allows("a.example", 80));
        grants.grant("A.example", None);
        grants.grant("b.example", Some(8080));
        grants.grant("[::1]", Some(1));
        for (host, port, allowed) in [
            ("a.example", 80, true),
            ("a.EXAMPLE", 443, true),
            ("a.example", 8080, false),
            ("b.example", 8080, true),
            ("b.example", 80, false),
            ("x.a.example", 80, false),
            ("example", 80, false),
            ("[::1]", 1, true),
        ] {
            assert_eq!(grants.allows(host, port), allowed, "{host}:{port}");
        }
        grants.grant_all();
        assert!(grants.allows("anything", 1));
    }
}
