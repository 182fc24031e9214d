//! Running a program here: in every mode, with panics caught.

use crate::support::session;
pub(crate) use crate::support::session::Mode;
use procession_types::Limits;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};

/// The name under which programs run, here and there.
pub(crate) const FILE: &str = "fuzz.lua";
/// Turns after which a program is taken for one that does not end: long ones, and others.
const LONG_TURNS_MAX: u64 = 200;
const SHORT_TURNS_MAX: u64 = 400_000;

thread_local! {
    /// What the last panic of this thread said, and where.
    static LAST_PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// How a program ended here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Run {
    /// What it printed, with the error that ended it on the last line, if one did.
    Printed(String),
    /// It ran into a limit, so what it printed says nothing.
    Limited(String),
    /// The interpreter panicked: message and place.
    Panicked(String),
}

/// Keeps panics off the terminal; they are reported with the input that caused them. With
/// `RUST_BACKTRACE` in the environment, where they come from is shown.
pub fn keep_panics() {
    std::panic::set_hook(Box::new(|info: &PanicHookInfo<'_>| {
        let text = info.payload_as_str().unwrap_or("a panic without a text");
        let place = info.location().map_or_else(String::new, |place| format!(" at {place}"));
        let trace = std::backtrace::Backtrace::capture();
        if trace.status() == std::backtrace::BacktraceStatus::Captured {
            eprintln!("{text}{place}\n{trace}");
        }
        LAST_PANIC.with(|last| *last.borrow_mut() = format!("{text}{place}"));
    }));
}

/// Runs something that must not panic.
///
/// # Errors
/// What the panic said, and where if [`keep_panics`] was called.
pub(crate) fn caught<T>(action: impl FnOnce() -> T) -> Result<T, String> {
    LAST_PANIC.with(|last| last.borrow_mut().clear());
    catch_unwind(AssertUnwindSafe(action)).map_err(|payload| {
        let kept = LAST_PANIC.with(|last| last.borrow().clone());
        if !kept.is_empty() {
            return kept;
        }
        let text = payload.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned()
    })
}

/// Runs a program in one mode.
pub(crate) fn run(source: &[u8], mode: Mode) -> Run {
    run_limited(source, mode, Limits::default())
}

/// Likewise, with these limits.
pub(crate) fn run_limited(source: &[u8], mode: Mode, limits: Limits) -> Run {
    let turns_max = if mode == Mode::Normal { LONG_TURNS_MAX } else { SHORT_TURNS_MAX };
    let outcome = match caught(|| session::run_limited(FILE, source, mode, turns_max, limits)) {
        Ok(outcome) => outcome,
        Err(panic) => return Run::Panicked(panic),
    };
    // The error comes before the traceback, and a traceback has a title.
    let error = outcome.end.split("\nstack traceback:").next().unwrap_or_default();
    let error = error.trim_end_matches('\n');
    if is_limit(error) {
        return Run::Limited(error.to_owned());
    }
    let mut text = outcome.output;
    if !error.is_empty() {
        text.push_str(&format!("ended: {error}\n"));
    }
    Run::Printed(text)
}

fn is_limit(error: &str) -> bool {
    error == "does not end" || error.contains("memory limit")
}
