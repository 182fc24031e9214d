//! The environment and its images: what is loaded once for all processes of a program.

use crate::compile;
use crate::guest::{LuaGuest, PureHost};
use crate::heap::Heap;
use crate::hibernate::Pattern;
use crate::image::{Image, ImageBuilder, Payloads};
use crate::library::library;
use crate::strings::Strings;
use crate::vm::Stop;
use procession_environment::{Environment, Guest, Program};
use procession_types::word::Word;
use procession_types::{Error, Fragment, Limits};
use std::sync::{Arc, Mutex, OnceLock};

/// Instructions that the preparation of an image may take before it is given up.
const PREPARE_BUDGET: i64 = 1_000_000;

/// The Lua environment.
#[derive(Debug, Default)]
pub struct LuaEnvironment {
    payloads: Payloads,
}

impl LuaEnvironment {
    /// The environment, with plain payloads.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The environment whose programs get their messages' payloads in this form.
    #[must_use]
    pub fn with_payloads(payloads: Payloads) -> Self {
        Self { payloads }
    }
}

/// A compiled program.
struct LuaImage {
    shared: Arc<Shared>,
    /// The heap after the program's top level, if executing it touched nothing outside: every
    /// process then starts from a copy. Made when the first process is spawned.
    prepared: OnceLock<Option<Vec<Word>>>,
    /// One thread prepares, the others wait.
    preparing: Mutex<()>,
}

/// What all guests of a program have in common.
pub(crate) struct Shared {
    pub(crate) images: Vec<Arc<Image>>,
    pub(crate) method: Option<String>,
    pub(crate) hash: [u8; 8],
    pub(crate) pattern: Pattern,
}

impl Environment for LuaEnvironment {
    fn load(&self, program: &Program) -> Result<Arc<dyn procession_environment::Image>, Error> {
        let mut builder = ImageBuilder::new(1, Some(&library().strings));
        let mut modules = Vec::new();
        let mut env_is_boxed = Vec::new();
        let mut hash = fingerprint();
        for module in std::iter::once(&program.main).chain(&program.imports) {
            let chunk = format!("@{}", module.file);
            let source = compile::without_script_line(&module.source);
            let compiled = compile::compile(source, &chunk, program.dialect, &mut builder)
                .map_err(|error| Error::invalid(error.message))?;
            modules.push((module.name.clone().into_boxed_str(), compiled.main));
            env_is_boxed.push(compiled.env_is_boxed);
            hash = crate::snapshot::content_hash(hash, &module.source);
        }
        let (mut image, _) = builder.finish();
        crate::link::link(&mut image, library());
        image.modules = modules;
        image.env_is_boxed = env_is_boxed;
        image.payloads = self.payloads;
        image.allowed = program.modules.iter().map(|name| name.clone().into_boxed_str()).collect();
        let shared = Shared {
            images: vec![library().image.clone(), Arc::new(image)],
            method: program.method.clone(),
            hash: hash.to_le_bytes(),
            pattern: Pattern::new(),
        };
        Ok(Arc::new(LuaImage {
            shared: Arc::new(shared),
            prepared: OnceLock::new(),
            preparing: Mutex::new(()),
        }))
    }
}

/// What tells this library and compiler from those of other versions: snapshots refer to both by number.
fn fingerprint() -> u64 {
    static FINGERPRINT: OnceLock<u64> = OnceLock::new();
    *FINGERPRINT.get_or_init(|| {
        let library = library();
        let mut hash = 0;
        let mut add = |bytes: &[u8]| hash = crate::snapshot::content_hash(hash, bytes);
        library.builtins.iter().for_each(|builtin| add(builtin.name.as_bytes()));
        for (key, value) in library.tables.iter().flat_map(|table| &table.entries) {
            add(bytemuck::bytes_of(&[*key, *value]));
        }
        add(bytemuck::cast_slice(&library.image.strings));
        for prototype in &library.image.prototypes {
            add(bytemuck::cast_slice(&prototype.constants));
            prototype.code.iter().for_each(|instruction| add(&instruction.0.to_le_bytes()));
        }
        hash
    })
}

impl LuaImage {
    /// The heap after the top level; `None` when each process must execute it itself.
    fn prepared(&self) -> Option<&Vec<Word>> {
        if let Some(prepared) = self.prepared.get() {
            return prepared.as_ref();
        }
        let _alone = self.preparing.lock();
        self.prepared.get_or_init(|| self.prepare()).as_ref()
    }

    fn prepare(&self) -> Option<Vec<Word>> {
        let mut guest = LuaGuest::unprepared(&self.shared, &Limits::default());
        let mut host = PureHost::default();
        let stop = guest.turn(&mut host, PREPARE_BUDGET);
        let done = matches!(stop, Stop::Loaded) && !host.is_touched() && guest.loaded.is_empty();
        if !done {
            return None;
        }
        guest.heap.collect_idle(Strings { images: &self.shared.images });
        Some(guest.heap.words().to_vec())
    }
}

impl procession_environment::Image for LuaImage {
    fn spawn(&self, arguments: &Fragment, limits: &Limits) -> Result<Box<dyn Guest>, Error> {
        let mut guest = match self.prepared() {
            Some(words) => {
                LuaGuest::new(Heap::from_words(words, limits.memory_bytes_max), &self.shared, true)
            }
            None => LuaGuest::unprepared(&self.shared, limits),
        };
        guest.set_arguments(arguments);
        Ok(Box::new(guest))
    }

    fn restore(&self, snapshot: &[u8], limits: &Limits) -> Result<Box<dyn Guest>, Error> {
        let state = crate::snapshot::read(snapshot, &self.shared.hash)?;
        let heap = Heap::from_words(&state.words, limits.memory_bytes_max);
        let mut guest = LuaGuest::new(heap, &self.shared, true);
        guest.compile_loaded()?;
        guest.heap.threshold = state.threshold.min(guest.heap.threshold_max());
        (guest.heap.headroom, guest.heap.trimmed) = (state.headroom, state.trimmed);
        guest.debt = state.debt;
        crate::snapshot::check(&guest.heap, guest.images())?;
        Ok(Box::new(guest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use procession_environment::{Dialect, Module};

    fn program(source: &str) -> Program {
        Program {
            id: "app:main".to_owned(),
            main: Module {
                name: "app:main".to_owned(),
                file: "main.lua".to_owned(),
                source: source.as_bytes().into(),
            },
            method: None,
            modules: Vec::new(),
            imports: Vec::new(),
            dialect: Dialect::Plain,
            durability: None,
            limits: Default::default(),
        }
    }

    #[test]
    fn snapshots_of_other_programs_and_libraries_are_refused() {
        const SOURCE: &str = "return function() end";
        let limits = Limits::default();
        let image = |source| LuaEnvironment::new().load(&program(source)).expect("loads");
        let own = image(SOURCE);
        let guest = own.spawn(&Fragment::default(), &limits).expect("spawns");
        let mut snapshot = guest.snapshot().expect("a snapshot").to_vec();
        assert!(own.restore(&snapshot, &limits).is_ok());
        let refused = |image: &dyn procession_environment::Image, snapshot: &[u8]| {
            let error = image.restore(snapshot, &limits).err().expect("refused");
            assert!(error.message.contains("another version of the library"), "{error:?}");
        };
        refused(&*image("return function() return 1 end"), &snapshot);
        // As a library would have it whose functions, tables, strings and code are none.
        let of_sources = crate::snapshot::content_hash(0, SOURCE.as_bytes());
        snapshot[16..24].copy_from_slice(&of_sources.to_le_bytes());
        refused(&*own, &snapshot);
    }
}
