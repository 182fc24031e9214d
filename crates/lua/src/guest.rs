//! A guest: a Lua process as the runtime knows it.

mod birth;
mod loaded;
mod pure;

pub(crate) use pure::PureHost;

use crate::environment::Shared;
use crate::heap::{Heap, root};
use crate::hibernate::{Packed, pack, unpack};
use crate::strings::Strings;
use crate::vm::{Raise, Stop, Vm};
use loaded::Loaded;
use procession_environment::{Guest, Host, Inspection, Queue, Seen, Turn, Usage};
use procession_types::{Error, ExitReason, Failure};
use std::sync::Arc;

/// Words of the largest heap that is collected when it is trimmed, a few milliseconds of work.
const TRIM_WORDS_MAX: usize = 1 << 20;

/// Fuel that finishing a call of `load` needs at most.
const LOAD_FUEL: i64 = 16;

/// A Lua process.
pub(crate) struct LuaGuest {
    pub(crate) heap: Heap,
    shared: Arc<Shared>,
    pub(crate) loaded: Loaded,
    is_started: bool,
    /// It has been started, and its turns may end with [`Turn::Aside`].
    is_running: bool,
    aside: Option<Box<Aside>>,
    /// Instructions by which turns were overdrawn and that are not yet paid for.
    pub(crate) debt: i64,
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
    pub(crate) fn new(heap: Heap, shared: &Arc<Shared>, is_started: bool) -> Self {
        Self {
            heap,
            shared: Arc::clone(shared),
            loaded: Loaded::default(),
            is_started,
            is_running: false,
            debt: 0,
            aside: None,
            packed: None,
        }
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
        let mut host = PureHost::default();
        let images = self.loaded.images(&self.shared.images);
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
    pub(crate) fn turn(&mut self, host: &mut dyn Host, mut budget: i64) -> Stop {
        let mut fuel = budget;
        let mut loaded_image = None;
        loop {
            // The machine stays where it is made: it is large, and moving it would show.
            let (stop, new_image) = {
                let images = self.loaded.images(&self.shared.images);
                let mut vm = Vm::new(&mut self.heap, images, host, fuel, budget);
                vm.loaded_image = loaded_image.take();
                vm.leaves = self.is_running;
                let stop = vm.run_turn();
                fuel = vm.fuel;
                (stop, vm.new_image.take())
            };
            match (stop, new_image) {
                (Stop::NewImage, Some(image)) => {
                    loaded_image = Some(image.0);
                    fuel -= self.add_image(image);
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
            Stop::Exited(reason) => match *reason {
                ExitReason::Normal(_) => Ok(()),
                ExitReason::Failed(failure) => Err(match *failure {
                    Failure::Error(error) => error,
                    other => ExitReason::failed(other)
                        .error()
                        .unwrap_or_else(|| Error::invalid("program does not load")),
                }),
            },
        }
    }

    fn run(&mut self, host: &mut dyn Host, budget: u64) -> Turn {
        self.is_started = true;
        self.wake();
        if self.aside.is_some() {
            // A driver that has not done what was asked for does it now.
            self.work();
            if let Some(Aside::Ended(reason)) = self.aside.take().map(|aside| *aside) {
                return Turn::Exited(reason);
            }
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
                Stop::Exited(reason) => Turn::Exited(*reason),
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
        let mut host = PureHost::default();
        let images = self.loaded.images(&self.shared.images);
        let mut vm = Vm::new(&mut self.heap, images, &mut host, 0, 0);
        match vm.collect(extra) {
            Err(Raise::Stop(Stop::Exited(reason))) => {
                self.aside = Some(Box::new(Aside::Ended(*reason)));
            }
            Err(_) => {}
            Ok(()) => vm.start_finalizers(),
        }
        vm.save_coroutine();
        self.debt += (-vm.fuel).max(0);
        drop(vm);
        self.sweep_collected();
    }

    fn snapshot(&self) -> Option<Vec<u8>> {
        let Some(packed) = &self.packed else {
            return Some(crate::snapshot::write(&self.heap, self.debt, &self.shared.hash));
        };
        let mut twin = self.heap.twin();
        unpack(packed, &mut twin, &self.shared.pattern);
        Some(crate::snapshot::write(&twin, self.debt, &self.shared.hash))
    }

    fn usage(&self) -> Usage {
        let (instructions, held) = match &self.packed {
            Some(packed) => (packed.instructions, packed.held),
            None => (self.heap.get(root::INSTRUCTIONS), self.heap.held()),
        };
        Usage { instructions, memory_bytes: (held + self.loaded.words) as u64 * 8 }
    }

    fn place(&mut self) -> Option<Box<str>> {
        self.look(|vm| vm.whereabouts().map(String::into_boxed_str))
    }

    fn receives(&mut self, queue: Option<Queue>) -> bool {
        self.look(|vm| vm.receives(queue))
    }

    fn hears_events(&mut self) -> bool {
        self.look(|vm| vm.hears_events())
    }

    fn inspect(&mut self, budget: u64, seen: Seen) -> Inspection {
        self.heap.number_layout();
        self.look(|vm| vm.inspect(budget, seen))
    }

    fn hibernate(&mut self) -> bool {
        if self.packed.is_none() && self.aside.is_none() {
            self.packed = pack(&mut self.heap, &self.shared.pattern);
        }
        self.packed.is_some()
    }

    fn is_hibernating(&self) -> bool {
        self.packed.is_some()
    }

    fn trim(&mut self) {
        if !self.heap.is_trim() {
            self.wake();
            if self.heap.used() <= TRIM_WORDS_MAX {
                let images = self.loaded.images(&self.shared.images);
                self.heap.collect_idle(Strings { images });
            }
            self.heap.trimmed = self.heap.used();
        }
        self.heap.shrink();
    }
}
