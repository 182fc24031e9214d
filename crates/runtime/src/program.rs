//! The programs of a node, each loaded at most once.

use procession_environment::{Environment, Image, Program};
use procession_kernel::Definition;
use procession_types::{Error, ErrorKind, Limits, SmolStr};
use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockWriteGuard};

/// A program that is ready to be run.
#[derive(Clone)]
pub(crate) struct Loaded {
    pub(crate) image: Arc<dyn Image>,
    pub(crate) definition: Arc<Definition>,
}

struct Entry {
    /// `None` = it is built in, and loaded.
    program: Option<Program>,
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
        let entry = Entry { program: Some(program), loaded: OnceLock::new() };
        self.lock().insert(id, Arc::new(entry));
    }

    /// Adds a program that is a part of the runtime. Only other such programs can spawn it.
    ///
    /// # Errors
    /// `AlreadyExists` when there is a program with this id.
    #[cfg_attr(not(test), expect(dead_code, reason = "supervisors and pools come next"))]
    pub(crate) fn build_in(
        &self,
        id: &str,
        limits: Limits,
        image: Arc<dyn Image>,
    ) -> Result<(), Error> {
        let program = SmolStr::new(id);
        let definition = Definition { program: program.clone(), limits, built_in: true };
        let loaded = Loaded { image, definition: Arc::new(definition) };
        let entry = Entry { program: None, loaded: OnceLock::from(Ok(loaded)) };
        match self.lock().entry(program) {
            Slot::Occupied(_) => {
                let message = format!("there is a program \"{id}\" already: choose another id");
                Err(Error::new(ErrorKind::AlreadyExists, message))
            }
            Slot::Vacant(free) => {
                free.insert(Arc::new(entry));
                Ok(())
            }
        }
    }

    /// Takes a program away that is a part of the runtime; its processes go on.
    #[cfg_attr(not(test), expect(dead_code, reason = "supervisors and pools come next"))]
    pub(crate) fn take_out(&self, id: &str) {
        let mut entries = self.lock();
        if entries.get(id).is_some_and(|entry| entry.program.is_none()) {
            entries.remove(id);
        }
    }

    /// The program with this id, loaded now if it has not been.
    pub(crate) fn load(&self, id: &str) -> Result<Loaded, Error> {
        let entry = self.entries.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        let Some(entry) = entry else {
            return Err(Error::not_found(format!("program \"{id}\" not found")));
        };
        let loaded = entry.loaded.get_or_init(|| {
            let Some(program) = &entry.program else {
                return Err(Error::new(ErrorKind::Internal, "a part of the runtime is missing"));
            };
            let image = self.environment.load(program)?;
            let limits = program.limits;
            let program = SmolStr::new(&program.id);
            let definition = Definition { program, limits, built_in: false };
            Ok(Loaded { image, definition: Arc::new(definition) })
        });
        loaded.clone()
    }

    fn lock(&self) -> RwLockWriteGuard<'_, HashMap<SmolStr, Arc<Entry>>> {
        self.entries.write().unwrap_or_else(PoisonError::into_inner)
    }
}
