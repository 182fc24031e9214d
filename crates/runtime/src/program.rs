//! The programs of a node, each loaded at most once.

use procession_environment::{Environment, Image, Program};
use procession_kernel::Definition;
use procession_types::{Error, SmolStr};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// A program that is ready to be run.
#[derive(Clone)]
pub(crate) struct Loaded {
    pub(crate) image: Arc<dyn Image>,
    pub(crate) definition: Arc<Definition>,
}

struct Entry {
    program: Program,
    loaded: OnceLock<Result<Loaded, Error>>,
}

/// See the module.
pub(crate) struct Programs {
    environment: Arc<dyn Environment>,
    entries: RwLock<HashMap<SmolStr, Arc<Entry>>>,
}

impl Programs {
    pub(crate) fn new(environment: Arc<dyn Environment>) -> Self {
        Self { environment, entries: RwLock::default() }
    }

    /// Adds or replaces a program. Processes that run the old one go on with it.
    pub(crate) fn define(&self, program: Program) {
        let id = SmolStr::new(&program.id);
        let entry = Arc::new(Entry { program, loaded: OnceLock::new() });
        self.entries.write().unwrap_or_else(PoisonError::into_inner).insert(id, entry);
    }

    /// The program with this id, loaded now if it has not been.
    pub(crate) fn load(&self, id: &str) -> Result<Loaded, Error> {
        let entry = self.entries.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        let Some(entry) = entry else {
            return Err(Error::not_found(format!("program \"{id}\" not found")));
        };
        let loaded = entry.loaded.get_or_init(|| {
            let image = self.environment.load(&entry.program)?;
            let program = SmolStr::new(&entry.program.id);
            let definition = Definition { program, limits: entry.program.limits };
            Ok(Loaded { image, definition: Arc::new(definition) })
        });
        loaded.clone()
    }
}
