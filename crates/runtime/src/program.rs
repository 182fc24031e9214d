//! The programs of a node, each loaded at most once, with the limits that it has on each host.

use crate::fold::FoldHash;
use procession_durable::bytes::encoded;
use procession_durable::head::{Head, ProgramHash};
use procession_environment::{Durability, Environment, Image, Program};
use procession_kernel::{Definition, HostConfig};
use procession_types::{Error, ErrorKind, HostIndex, Limits, SmolStr};
use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// A program that is ready to be run.
#[derive(Clone)]
pub(crate) struct Loaded {
    pub(crate) image: Arc<dyn Image>,
    /// On the host for which it was loaded.
    pub(crate) definition: Arc<Definition>,
    /// When its processes outlive the node.
    pub(crate) durable: Option<Arc<DurableProgram>>,
}

/// A version of a program whose processes outlive the node.
pub(crate) struct DurableProgram {
    pub(crate) program: Program,
    pub(crate) hash: ProgramHash,
    pub(crate) durability: Durability,
}

impl DurableProgram {
    fn of(program: &Program) -> Option<Arc<Self>> {
        let durability = program.durability?;
        let hash = *blake3::hash(&encoded(program)).as_bytes();
        Some(Arc::new(Self { program: program.clone(), hash, durability }))
    }
}

enum Entry {
    /// It was defined.
    Defined {
        program: Box<Program>,
        image: OnceLock<Result<Arc<dyn Image>, Error>>,
        durable: Option<Arc<DurableProgram>>,
        /// By host.
        definitions: Box<[OnceLock<Arc<Definition>>]>,
    },
    /// A part of the runtime, the same on every host.
    BuiltIn(Loaded),
}

/// See the module.
pub(crate) struct Programs {
    table: RwLock<Table>,
    /// Changes with each change of the table, before it and under its lock.
    version: AtomicU64,
}

struct Table {
    environment: Arc<dyn Environment>,
    hosts: Arc<[HostConfig]>,
    entries: HashMap<SmolStr, Arc<Entry>, FoldHash>,
}

impl Programs {
    pub(crate) fn new(environment: Arc<dyn Environment>, hosts: Arc<[HostConfig]>) -> Self {
        let table = RwLock::new(Table { environment, hosts, entries: HashMap::default() });
        Self { table, version: AtomicU64::new(1) }
    }

    /// Another number than before when anything may have changed. What was looked up after it was read
    /// holds as long as it is the same.
    #[inline]
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Adds or replaces a program. Processes that run the old one go on with it.
    pub(crate) fn define(&self, program: Program) {
        let id = SmolStr::new(&program.id);
        let mut table = self.lock();
        let definitions = table.hosts.iter().map(|_| OnceLock::new()).collect();
        let durable = DurableProgram::of(&program);
        let (program, image) = (Box::new(program), OnceLock::new());
        let entry = Entry::Defined { program, image, durable, definitions };
        table.entries.insert(id, Arc::new(entry));
    }

    /// The process hosts.
    pub(crate) fn hosts(&self) -> Arc<[HostConfig]> {
        Arc::clone(&self.read().hosts)
    }

    /// Other limits on the same process hosts, new hosts behind them, and another environment for what is
    /// loaded from now on; programs that are loaded stay so.
    pub(crate) fn set_hosts(&self, hosts: Arc<[HostConfig]>, environment: Arc<dyn Environment>) {
        let mut table = self.lock();
        for entry in table.entries.values_mut() {
            if let Entry::Defined { program, image, durable, .. } = &**entry {
                let (program, image, durable) = (program.clone(), image.clone(), durable.clone());
                let definitions = hosts.iter().map(|_| OnceLock::new()).collect();
                *entry = Arc::new(Entry::Defined { program, image, durable, definitions });
            }
        }
        (table.hosts, table.environment) = (hosts, environment);
    }

    /// The ids of all programs but those of the runtime itself, sorted.
    pub(crate) fn ids(&self) -> Vec<SmolStr> {
        let table = self.read();
        let defined =
            table.entries.iter().filter(|(_, entry)| matches!(***entry, Entry::Defined { .. }));
        let mut ids: Vec<SmolStr> = defined.map(|(id, _)| id.clone()).collect();
        ids.sort_unstable();
        ids
    }

    /// Adds a program that is a part of the runtime. Only other such programs can spawn it.
    ///
    /// # Errors
    /// `AlreadyExists` when there is a program with this id.
    pub(crate) fn build_in(
        &self,
        id: &str,
        limits: Limits,
        image: Arc<dyn Image>,
    ) -> Result<(), Error> {
        let program = SmolStr::new(id);
        let definition = Definition { program: program.clone(), limits, built_in: true };
        let loaded = Loaded { image, definition: Arc::new(definition), durable: None };
        let entry = Entry::BuiltIn(loaded);
        match self.lock().entries.entry(program) {
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

    /// Other limits for processes of a program that is a part of the runtime, from now on.
    pub(crate) fn set_limits(&self, id: &str, limits: Limits) {
        let entries = &mut self.lock().entries;
        let Some(entry) = entries.get_mut(id) else { return };
        if let Entry::BuiltIn(Loaded { image, definition, .. }) = &**entry {
            let definition = Arc::new(Definition { limits, ..Definition::clone(definition) });
            let loaded = Loaded { image: Arc::clone(image), definition, durable: None };
            *entry = Arc::new(Entry::BuiltIn(loaded));
        }
    }

    /// Takes a program away that is a part of the runtime; its processes go on.
    pub(crate) fn take_out(&self, id: &str) {
        let entries = &mut self.lock().entries;
        if entries.get(id).is_some_and(|entry| matches!(**entry, Entry::BuiltIn(_))) {
            entries.remove(id);
        }
    }

    /// Whether there is a program with this id that is not a part of the runtime.
    pub(crate) fn is_for_users(&self, id: &str) -> bool {
        let table = self.read();
        table.entries.get(id).is_some_and(|entry| matches!(**entry, Entry::Defined { .. }))
    }

    /// Takes a program away that was defined.
    pub(crate) fn undefine(&self, id: &str) {
        let entries = &mut self.lock().entries;
        if entries.get(id).is_some_and(|entry| matches!(**entry, Entry::Defined { .. })) {
            entries.remove(id);
        }
    }

    /// The program with this id for a host, loaded now if it has not been.
    pub(crate) fn load(&self, id: &str, host: HostIndex) -> Result<Loaded, Error> {
        let (entry, hosts, environment) = {
            let table = self.read();
            let found = table.entries.get(id).cloned();
            (found, Arc::clone(&table.hosts), Arc::clone(&table.environment))
        };
        let entry = entry.ok_or_else(|| Error::not_found(format!("program \"{id}\" not found")))?;
        let (program, image, durable, definitions) = match &*entry {
            Entry::BuiltIn(loaded) => return Ok(loaded.clone()),
            Entry::Defined { program, image, durable, definitions } => {
                (program, image, durable, definitions)
            }
        };
        let place = usize::from(host);
        let (Some(host), Some(definition)) = (hosts.get(place), definitions.get(place)) else {
            return Err(Error::not_found("process host not found"));
        };
        let image = image.get_or_init(|| environment.load(program)).clone()?;
        let definition = definition.get_or_init(|| {
            let limits = program.limits.on_host(&host.limits);
            let program = SmolStr::new(&program.id);
            Arc::new(Definition { program, limits, built_in: false })
        });
        Ok(Loaded { image, definition: Arc::clone(definition), durable: durable.clone() })
    }

    /// What a durable process runs, whatever the program of that id is today.
    pub(crate) fn durable_definition(&self, head: &Head) -> Arc<Definition> {
        let (program, limits) = (head.program.clone(), head.birth.limits);
        Arc::new(Definition { program, limits, built_in: false })
    }

    fn read(&self) -> RwLockReadGuard<'_, Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> RwLockWriteGuard<'_, Table> {
        let table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        self.version.fetch_add(1, Ordering::Release);
        table
    }
}
