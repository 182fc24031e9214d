//! Runs a Lua source to its end, in one of several ways that must not differ in what it prints.

use super::TestHost;
use procession_environment::{Dialect, Environment, Guest, Image, Module, Program, Seen, Turn};
use procession_lua::LuaEnvironment;
use procession_types::{ExitReason, Fragment, Limits, ProgramLimits};
use std::sync::Arc;

/// How a session is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Long turns.
    Normal,
    /// The shortest turns, with `trim` after each.
    Trimmed,
    /// Short turns; after each the guest is replaced by one restored from its snapshot. Every second
    /// one collects as soon as it can, so that everything in it moves.
    Restored,
    /// Short turns; after each the guest hibernates.
    Hibernated,
}

impl Mode {
    pub(crate) const ALL: [Self; 4] =
        [Self::Normal, Self::Trimmed, Self::Restored, Self::Hibernated];

    /// Instructions of a turn after `spent` bytes of guests have been copied: turns get longer when
    /// a program is large or runs long, so that the work stays bounded.
    const fn budget(self, spent: u64) -> u64 {
        match self {
            Self::Normal => 100_000,
            Self::Trimmed => 1 + spent / 4096,
            Self::Restored => 50 + spent / 1024 * (1 + spent / MUCH),
            Self::Hibernated => 50 + spent / 128,
        }
    }
}

/// Bytes that were copied until turns get longer still: a recursion that fills the memory would be copied
/// hundreds of times.
const MUCH: u64 = 1 << 28;

/// What a session came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// What was printed.
    pub(crate) output: String,
    /// How it ended: empty when normally.
    pub(crate) end: String,
}

/// A program of one file.
pub(crate) fn program(file: &str, source: &[u8]) -> Program {
    Program {
        id: "app:main".into(),
        main: Module { name: "app:main".into(), file: file.into(), source: source.into() },
        method: None,
        modules: procession_lua::module_names().iter().map(ToString::to_string).collect(),
        imports: Vec::new(),
        dialect: Dialect::Plain,
        durability: None,
        limits: ProgramLimits::default(),
    }
}

/// Position of the collection threshold in a snapshot.
const THRESHOLD: std::ops::Range<usize> = 24..32;

/// Runs a source to its end; `turns_max` turns at most.
pub(crate) fn run(file: &str, source: &[u8], mode: Mode, turns_max: u64) -> Outcome {
    run_limited(file, source, mode, turns_max, Limits::default())
}

/// Likewise, with these limits.
pub(crate) fn run_limited(
    file: &str,
    source: &[u8],
    mode: Mode,
    turns_max: u64,
    limits: Limits,
) -> Outcome {
    let program = program(file, source);
    let image = match LuaEnvironment::new().load(&program) {
        Ok(image) => image,
        Err(error) => return Outcome { output: String::new(), end: error.to_string() },
    };
    let mut host = TestHost::default();
    let mut guest = image.spawn(&Fragment::default(), &limits).expect("spawns");
    // Chunks that a process has loaded are compiled again when it is restored.
    let loads = source.windows(5).filter(|text| text == b"load(").count() as u64;
    let (mut spent, mut turns) = (0, 0);
    let end = loop {
        match guest.run(&mut host, mode.budget(spent)) {
            Turn::Preempted => {}
            Turn::Aside => {
                guest.work();
                continue;
            }
            Turn::Exited(reason) => break end_text(&reason),
            Turn::Waiting => break "waits".to_owned(),
            Turn::Replaced => break "replaced".to_owned(),
        }
        turns += 1;
        if turns > turns_max {
            break "does not end".to_owned();
        }
        spent += guest.usage().memory_bytes * (1 + loads);
        match mode {
            Mode::Normal => {}
            Mode::Trimmed => guest.trim(),
            Mode::Hibernated => hibernate(guest.as_mut()),
            Mode::Restored => guest = restored(&image, guest.as_ref(), &limits, turns % 2 == 0),
        }
    };
    Outcome { output: String::from_utf8_lossy(&host.output).into_owned(), end }
}

/// What can be known of a guest is the same while it hibernates.
fn hibernate(guest: &mut dyn Guest) {
    let (snapshot, usage, place) = (guest.snapshot(), guest.usage(), guest.place());
    let look = guest.inspect(4000, Seen::default()).coroutines;
    let hibernates = guest.hibernate();
    assert!(hibernates || usage.memory_bytes > 100_000, "a small guest hibernates");
    assert_eq!(guest.usage(), usage, "usage");
    assert_eq!(guest.place(), place, "place");
    assert!(guest.inspect(4000, Seen::default()).coroutines == look, "what its coroutines do");
    assert!(guest.snapshot() == snapshot, "its state");
}

/// A guest made of another one's snapshot. One that `collects` does so as soon as it can.
pub(crate) fn restored(
    image: &Arc<dyn Image>,
    guest: &dyn Guest,
    limits: &Limits,
    collects: bool,
) -> Box<dyn Guest> {
    let mut snapshot = guest.snapshot().expect("can be captured");
    if collects {
        snapshot[THRESHOLD].fill(0);
    }
    image.restore(&snapshot, limits).expect("restores")
}

fn end_text(reason: &ExitReason) -> String {
    match reason.error() {
        Some(error) => {
            format!("{error}\n{}", error.traceback.as_deref().unwrap_or_default())
        }
        None => String::new(),
    }
}
