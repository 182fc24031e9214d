//! Variables that processes may read: those of the environment that were granted, and those that
//! were given by the configuration. They change as a whole, when the configuration does.

use super::text;
use procession_types::{Error, ErrorKind, Fragment, FragmentBuilder};
use std::collections::BTreeMap;

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Variables {
    values: BTreeMap<String, Option<Vec<u8>>>,
    /// Names that are not listed are granted, too; they are not set.
    all_granted: bool,
}

impl Variables {
    /// Grants a variable with its value; `None` when it is not set.
    pub fn grant(&mut self, name: &str, value: Option<Vec<u8>>) {
        self.values.insert(name.to_owned(), value);
    }

    /// Grants whatever is set; what is set has to be granted by name beside this.
    pub fn grant_all(&mut self) {
        self.all_granted = true;
    }

    /// What must appear in no log of the node's own.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let values = self.values.values().flatten();
        values.map(|value| String::from_utf8_lossy(value).into_owned()).collect()
    }

    pub(crate) fn get(&self, name: &str) -> Result<Fragment, Error> {
        match self.values.get(name) {
            Some(Some(value)) => Ok(text(value)),
            None if !self.all_granted => {
                let message = format!(
                    "variable {name} is not granted: see --grant env:{name} and --env {name}=VALUE"
                );
                Err(Error::new(ErrorKind::PermissionDenied, message))
            }
            Some(None) | None => Err(Error::not_found(format!("variable {name} is not set"))),
        }
    }

    /// Those that are set and `allowed`, as a list of names and values in turn.
    pub(crate) fn table(&self, mut allowed: impl FnMut(&str) -> bool) -> Fragment {
        let mut builder = FragmentBuilder::new();
        let mut list = Vec::new();
        for (name, value) in &self.values {
            if let Some(value) = value
                && allowed(name)
            {
                list.push(builder.string(name.as_bytes()));
                list.push(builder.string(value));
            }
        }
        let list = builder.list(&list);
        builder.finish(&[list])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_granted_is_not_told() {
        let mut variables = Variables::default();
        variables.grant("HOME", Some(b"/root".to_vec()));
        variables.grant("EMPTY", None);
        assert_eq!(variables.get("HOME"), Ok(text(b"/root")));
        assert_eq!(variables.get("EMPTY").map_err(|e| e.kind), Err(ErrorKind::NotFound));
        assert_eq!(variables.get("PATH").map_err(|e| e.kind), Err(ErrorKind::PermissionDenied));
        variables.grant_all();
        assert_eq!(variables.get("PATH").map_err(|e| e.kind), Err(ErrorKind::NotFound));
    }
}
