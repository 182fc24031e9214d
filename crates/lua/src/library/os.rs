//! What is left of the os library: the clock, as the host gives it.

use crate::library::{Builtin, plain};
use crate::vm::{Args, Flow, Raise, Vm};
use procession_types::word;

pub(crate) const FUNCTIONS: &[Builtin] = &[plain("os.clock", clock), plain("os.time", time)];

/// Seconds of the node's clock since the process first asked for it.
fn clock(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let now = vm.host.now().0;
    let key = vm.heap.string(b"clock_start");
    let state = vm.state_table(key);
    let first = vm.raw_get(state, word::int_wrapping(1));
    let start = match vm.number(first) {
        Some(crate::text::number::Number::Int(start)) => start,
        _ => {
            let start = vm.heap.integer(now);
            vm.raw_set(state, word::int_wrapping(1), start);
            now
        }
    };
    vm.give(args, word::from_f64((now - start) as f64 / 1e9))
}

/// Seconds since 1970.
fn time(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    if vm.arg(args, 1) != word::NIL {
        return Err(vm.bad_argument(1, "only the present time is available", args));
    }
    let now = vm.host.now().0.div_euclid(1_000_000_000);
    vm.give(args, word::int_wrapping(now))
}
