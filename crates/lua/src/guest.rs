//! The environment, its images and its guests.

mod pure;

use crate::compile;
use crate::coroutine::{coroutine, field, wait};
use crate::heap::{Heap, root};
use crate::hibernate::{Packed, Pattern, pack, unpack};
use crate::image::Payloads;
use crate::image::{Image, ImageBuilder};
use crate::library::{library, number, table_word};
use crate::strings::Strings;
use crate::vm::{Raise, Stop, Vm};
use procession_environment::{Environment, Guest, Host, Inspection, Program, Queue, Turn, Usage};
use procession_types::word::{self, Word};
use procession_types::{Error, ExitReason, Failure, Fragment, Limits};
use std::sync::{Arc, Mutex, OnceLock};

/// Instructions that the preparation of an image may take before it is given up.
const PREPARE_BUDGET: i64 = 1_000_000;

/// Heaps above this size, in words (2 MiB), are collected on another thread: that takes milliseconds.
const ASIDE_WORDS: usize = 1 << 18;

/// Words of the largest heap that is collected when it is trimmed, a few milliseconds of work.
const TRIM_WORDS_MAX: usize = 1 << 20;

/// Fuel that finishing a call of `load` needs at most.
const LOAD_FUEL: i64 = 16;

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

struct Shared {
    images: Vec<Arc<Image>>,
    method: Option<String>,
    hash: [u8; 8],
    pattern: Pattern,
}

impl Environment for LuaEnvironment {
    fn load(&self, program: &Program) -> Result<Arc<dyn procession_environment::Image>, Error> {
        let mut builder = ImageBuilder::new(1, Some(&library().strings));
        let mut modules = Vec::new();
        let mut env_is_boxed = Vec::new();
        let mut hash = 0;
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
        let mut host = pure::PureHost::default();
        let stop = guest.turn(&mut host, PREPARE_BUDGET);
        let done = matches!(stop, Stop::Loaded) && !host.is_touched() && guest.loaded.is_empty();
        if !done {
            return None;
        }
        guest.heap.collect(Strings { images: &self.shared.images });
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
        guest.heap.threshold = state.threshold.min(guest.heap.limit);
        guest.compile_loaded()?;
        crate::snapshot::check(&guest.heap, guest.images())?;
        Ok(Box::new(guest))
    }
}

/// A Lua process.
struct LuaGuest {
    heap: Heap,
    shared: Arc<Shared>,
    /// All images, once it has loaded chunks itself; empty before.
    loaded: Vec<Arc<Image>>,
    /// Words that those chunks take.
    loaded_words: usize,
    is_started: bool,
    /// It has been started, and its turns may end with [`Turn::Aside`].
    is_running: bool,
    aside: Option<Box<Aside>>,
    /// Instructions by which turns were overdrawn and that are not yet paid for.
    debt: i64,
    /// The heap's words, while it hibernates.
    packed: Option<Packed>,
}

/// Work that another thread may do.
enum Aside {
    /// To collect garbage, so that there is room for so many words.
    Collect(usize),
    /// It has been done, and the process does not survive it.
    Ended(ExitReason),
}

impl LuaGuest {
    fn new(heap: Heap, shared: &Arc<Shared>, is_started: bool) -> Self {
        let shared = Arc::clone(shared);
        let loaded = Vec::new();
        let (debt, loaded_words) = (0, 0);
        Self {
            heap,
            shared,
            loaded,
            loaded_words,
            is_started,
            is_running: false,
            debt,
            aside: None,
            packed: None,
        }
    }

    /// A guest that has not executed its top level.
    fn unprepared(shared: &Arc<Shared>, limits: &Limits) -> Self {
        let mut heap = Heap::new(limits.memory_bytes_max);
        let globals = table_word(number::GLOBALS);
        let chunk = crate::load::module_closure(&mut heap, &shared.images[1], 1, 0, globals);
        let boot = library().functions["boot"];
        let main = crate::coroutines::create(&mut heap, boot);
        let method = match &shared.method {
            Some(method) => heap.string(method.as_bytes()),
            None => word::NIL,
        };
        let stack = word::index(heap.get(main + field::STACK)) as usize;
        heap.set(stack + 4, chunk);
        heap.set(stack + 5, method);
        heap.set(main + field::TOP, word::int_wrapping(2));
        heap.set(main + field::WAIT, wait::NOTHING);
        heap.set(main + field::LEAF, coroutine(main));
        let head = heap.get(main);
        heap.set(main, head | u64::from(crate::coroutine::status::TASK) << 8);
        for place in [root::CURRENT, root::TASK, root::TASKS] {
            heap.set(place, coroutine(main));
        }
        Self::new(heap, shared, false)
    }

    /// All images, by their numbers.
    fn images(&self) -> &[Arc<Image>] {
        if self.loaded.is_empty() { &self.shared.images } else { &self.loaded }
    }

    /// Adds the image of a chunk that it loaded; what it takes is no longer there for the heap.
    fn add_image(&mut self, image: Arc<Image>) {
        if self.loaded.is_empty() {
            self.loaded.clone_from(&self.shared.images);
        }
        let words = image.words();
        self.loaded_words += words;
        self.heap.limit = self.heap.limit.saturating_sub(words);
        self.heap.threshold = self.heap.threshold.min(self.heap.limit);
        self.loaded.push(image);
    }

    fn set_arguments(&mut self, arguments: &Fragment) {
        if arguments.is_empty() {
            return;
        }
        let values = crate::message::unpack(&mut self.heap, arguments);
        let at = self.heap.table(values.len(), 1);
        let strings = crate::strings::Strings { images: &self.shared.images };
        for (position, &value) in values.iter().enumerate() {
            self.heap.set_int(strings, at, position as i64 + 1, value);
        }
        let count = word::int_wrapping(values.len() as i64);
        self.heap.set_hashed(strings, at, library().names.n, count);
        self.heap.set(root::ARGUMENTS, word::make(word::TAG_TABLE, 0, at as u32));
    }

    /// Compiles the chunks that a restored process had loaded.
    fn compile_loaded(&mut self) -> Result<(), Error> {
        let damaged = || Error::invalid("snapshot is damaged: its list of loaded chunks");
        let list = crate::load::sources(&self.heap).ok_or_else(damaged)?;
        if list.len() % 2 != 0 {
            return Err(damaged());
        }
        for pair in list.chunks_exact(2) {
            let [source, name] = [pair[0], pair[1]].map(|text| {
                let images = self.images();
                crate::snapshot::is_sound_string(&self.heap, images, text)
                    .then(|| crate::strings::Strings { images }.bytes(&self.heap, text).to_vec())
            });
            let (Some(source), Some(name)) = (source, name) else { return Err(damaged()) };
            let count = self.images().len();
            if count >= crate::load::IMAGES_MAX || source.len() > crate::load::CHUNK_BYTES_MAX {
                return Err(damaged());
            }
            let number = count as u16;
            let image =
                crate::load::compile_chunk(&source, &name, number).map_err(|_| damaged())?;
            self.add_image(Arc::new(image));
        }
        Ok(())
    }

    /// Ends its hibernation, if it hibernates.
    #[inline]
    fn wake(&mut self) {
        if let Some(packed) = self.packed.take() {
            unpack(&packed, &mut self.heap, &self.shared.pattern);
        }
    }

    /// What a machine over the heap, or over a copy while it hibernates, says.
    fn look<T>(&mut self, look: impl FnOnce(&Vm<'_>) -> T) -> T {
        let mut host = pure::PureHost::default();
        let images = if self.loaded.is_empty() { &self.shared.images } else { &self.loaded };
        let mut twin = self.heap.twin();
        let heap = match &self.packed {
            None => &mut self.heap,
            Some(packed) => {
                unpack(packed, &mut twin, &self.shared.pattern);
                &mut twin
            }
        };
        look(&Vm::new(heap, images, &mut host, 0, 0))
    }

    /// Runs until the turn ends.
    fn turn(&mut self, host: &mut dyn Host, mut budget: i64) -> Stop {
        let mut fuel = budget;
        let mut loaded_image = None;
        loop {
            let images = if self.loaded.is_empty() { &self.shared.images } else { &self.loaded };
            let mut vm = Vm::new(&mut self.heap, images, host, fuel, budget);
            vm.loaded_image = loaded_image.take();
            vm.leaves = self.is_running;
            let stop = vm.run_turn();
            fuel = vm.fuel;
            let new_image = vm.new_image.take();
            drop(vm);
            match (stop, new_image) {
                (Stop::NewImage, Some(image)) => {
                    loaded_image = Some(self.images().len() as u16);
                    self.add_image(image);
                    // The call of `load` that is executed again must not be preempted.
                    let grant = (LOAD_FUEL - fuel).max(0);
                    fuel += grant;
                    budget += grant;
                }
                (stop, _) => {
                    let executed = self.heap.get(root::INSTRUCTIONS);
                    self.heap.set(root::INSTRUCTIONS, executed + (budget - fuel) as u64);
                    self.debt = (-fuel).max(0);
                    return stop;
                }
            }
        }
    }
}

impl Vm<'_> {
    /// Runs from where the heap says until something ends the turn.
    pub(crate) fn run_turn(&mut self) -> Stop {
        self.wake_all();
        let mut next = self.begin_turn();
        loop {
            let raise = match next {
                Ok(()) => self.steps().err(),
                Err(raise) => Some(raise),
            };
            next = match raise {
                None => Ok(()),
                Some(Raise::Error(value)) => self.raise(value),
                Some(Raise::Collect(extra)) => {
                    // The instruction is executed again.
                    if self.is_lua_frame() && self.pc > 0 {
                        self.pc -= 1;
                    }
                    if self.leaves && self.heap.used() > ASIDE_WORDS {
                        Err(Raise::Stop(Stop::Aside(extra)))
                    } else {
                        self.collect(extra).map(|()| self.start_finalizers())
                    }
                }
                Some(Raise::Stop(stop)) => {
                    if matches!(stop, Stop::NewImage | Stop::Loaded)
                        && self.is_lua_frame()
                        && self.pc > 0
                    {
                        self.pc -= 1;
                    }
                    self.save_coroutine();
                    return stop;
                }
            };
        }
    }

    fn begin_turn(&mut self) -> Result<(), Raise> {
        let task = word::index(self.heap.get(root::TASK)) as usize;
        let waits = self.heap.get(task + field::WAIT) != wait::NOTHING;
        let starts = crate::coroutine::Pending::decode(self.heap.get(task + field::PENDING)).kind
            == crate::coroutine::PendingKind::Start;
        if waits {
            self.schedule()?;
        } else if starts {
            self.run_task(task)?;
        }
        self.start_finalizers();
        Ok(())
    }

    /// Instructions executed in this turn so far.
    pub(crate) fn executed(&self) -> i64 {
        self.budget - self.fuel
    }
}

impl Guest for LuaGuest {
    fn start(&mut self, host: &mut dyn Host, budget: u64) -> Result<(), Error> {
        if self.is_started {
            return Ok(());
        }
        self.is_started = true;
        self.wake();
        match self.turn(host, i64::try_from(budget).unwrap_or(i64::MAX)) {
            Stop::Loaded
            | Stop::Waiting
            | Stop::Preempted
            | Stop::Replaced
            | Stop::NewImage
            | Stop::Aside(_) => Ok(()),
            Stop::Exited(ExitReason::Normal(_)) => Ok(()),
            Stop::Exited(ExitReason::Failed(failure)) => Err(match *failure {
                Failure::Error(error) => error,
                other => ExitReason::failed(other)
                    .error()
                    .unwrap_or_else(|| Error::invalid("program does not load")),
            }),
        }
    }

    fn run(&mut self, host: &mut dyn Host, budget: u64) -> Turn {
        self.is_started = true;
        self.wake();
        // A driver that has not done what was asked for does it now.
        self.work();
        if let Some(Aside::Ended(reason)) = self.aside.take().map(|aside| *aside) {
            return Turn::Exited(reason);
        }
        self.is_running = true;
        let mut left = i64::try_from(budget).unwrap_or(i64::MAX);
        // Work that could not be interrupted is paid for by turns in which nothing runs.
        let paid = self.debt.min(left);
        self.debt -= paid;
        left -= paid;
        if left == 0 && paid > 0 {
            return Turn::Preempted;
        }
        loop {
            let before = self.heap.get(root::INSTRUCTIONS);
            return match self.turn(host, left) {
                Stop::Waiting => Turn::Waiting,
                Stop::Preempted => Turn::Preempted,
                Stop::Exited(reason) => Turn::Exited(reason),
                Stop::Replaced => Turn::Replaced,
                Stop::Aside(extra) => {
                    self.aside = Some(Box::new(Aside::Collect(extra)));
                    Turn::Aside
                }
                Stop::Loaded | Stop::NewImage => {
                    left -= (self.heap.get(root::INSTRUCTIONS) - before) as i64;
                    continue;
                }
            };
        }
    }

    fn work(&mut self) {
        let Some(Aside::Collect(extra)) = self.aside.as_deref() else { return };
        let extra = *extra;
        self.aside = None;
        self.wake();
        let mut host = pure::PureHost::default();
        let images = if self.loaded.is_empty() { &self.shared.images } else { &self.loaded };
        let mut vm = Vm::new(&mut self.heap, images, &mut host, 0, 0);
        match vm.collect(extra) {
            Err(Raise::Stop(Stop::Exited(reason))) => {
                self.aside = Some(Box::new(Aside::Ended(reason)));
            }
            Err(_) => {}
            Ok(()) => vm.start_finalizers(),
        }
        vm.save_coroutine();
        self.debt += (-vm.fuel).max(0);
    }

    fn snapshot(&self) -> Option<Vec<u8>> {
        let Some(packed) = &self.packed else {
            return Some(crate::snapshot::write(&self.heap, &self.shared.hash));
        };
        let mut twin = self.heap.twin();
        unpack(packed, &mut twin, &self.shared.pattern);
        Some(crate::snapshot::write(&twin, &self.shared.hash))
    }

    fn usage(&self) -> Usage {
        let (instructions, held) = match &self.packed {
            Some(packed) => (packed.instructions, packed.held),
            None => (self.heap.get(root::INSTRUCTIONS), self.heap.held()),
        };
        Usage { instructions, memory_bytes: (held + self.loaded_words) as u64 * 8 }
    }

    fn place(&mut self) -> Option<Box<str>> {
        self.look(|vm| vm.whereabouts().map(String::into_boxed_str))
    }

    fn receives(&mut self, queue: Option<Queue>) -> bool {
        self.look(|vm| vm.receives(queue))
    }

    fn inspect(&mut self, budget: u64) -> Inspection {
        self.look(|vm| vm.inspect(budget))
    }

    fn hibernate(&mut self) -> bool {
        if self.packed.is_none() && self.aside.is_none() {
            self.packed = pack(&mut self.heap, &self.shared.pattern);
        }
        self.packed.is_some()
    }

    fn trim(&mut self) {
        if self.packed.is_some() || self.heap.is_trim() {
            return;
        }
        if self.heap.used() <= TRIM_WORDS_MAX {
            let images = if self.loaded.is_empty() { &self.shared.images } else { &self.loaded };
            self.heap.collect(Strings { images });
        }
        self.heap.shrink();
    }
}
