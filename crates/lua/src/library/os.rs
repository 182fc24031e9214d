//! What is left of the os library: the clock, as the host gives it, and the calendar. The time zone
//! of every process is UTC.

use crate::calendar::{self, Calendar};
use crate::library::{Builtin, plain};
use crate::vm::{Args, Flow, Raise, Vm};
use procession_types::word;

/// Conversions of `os.date` after `%`, `%E` and `%O`.
const PLAIN: &[u8] = b"aAbBcCdDeFgGhHIjmMnprRStTuUVwWxXyYzZ%";
const AFTER_E: &[u8] = b"cCxXyY";
const AFTER_O: &[u8] = b"deHImMSuUVwWy";

const NOT_REPRESENTABLE: &str = "date result cannot be represented in this installation";

pub(crate) const FUNCTIONS: &[Builtin] = &[
    plain("os.clock", clock),
    plain("os.date", date),
    plain("os.difftime", difftime),
    plain("@os_calendar", calendar_of),
    plain("@os_now", now),
    plain("@os_seconds", seconds),
];

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

fn present(vm: &mut Vm<'_>) -> i64 {
    vm.host.now().0.div_euclid(1_000_000_000)
}

/// `@os_now()`: seconds since 1970.
fn now(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let now = present(vm);
    vm.give(args, word::int_wrapping(now))
}

fn difftime(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let (later, earlier) = (vm.integer_arg(args, 1)?, vm.integer_arg(args, 2)?);
    let difference = i128::from(later) - i128::from(earlier);
    vm.give(args, word::from_f64(difference as f64))
}

/// `@os_seconds(year, month, day, hour, minute, second)`: seconds since 1970 of a date in any terms,
/// or nil.
fn seconds(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let mut parts = [0; 6];
    for (position, part) in parts.iter_mut().enumerate() {
        *part = vm.integer_arg(args, position + 1)?;
    }
    let word = match calendar::seconds_of(parts) {
        Some(seconds) => vm.heap.integer(seconds),
        None => word::NIL,
    };
    vm.give(args, word)
}

/// `@os_calendar(seconds)`: year, month, day, hour, minute, second, day of the year and of the week,
/// the last two from 1; nothing when PUC can't tell the year.
fn calendar_of(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let seconds = vm.integer_arg(args, 1)?;
    let Some(c) = Calendar::at(seconds) else { return Ok(Flow::Return(0)) };
    let (of_year, of_week) = (c.day_of_year + 1, c.weekday + 1);
    let parts = [c.year, c.month, c.day, c.hour, c.minute, c.second, of_year, of_week];
    vm.give_all(args, &parts.map(word::int_wrapping))
}

/// `os.date([format [, time]])`.
fn date(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let format = match vm.arg(args, 1) {
        word::NIL => b"%c".to_vec(),
        _ => vm.text_arg(args, 1)?.to_vec(),
    };
    let seconds = match vm.arg(args, 2) {
        word::NIL => present(vm),
        _ => vm.integer_arg(args, 2)?,
    };
    vm.fuel -= format.len() as i64;
    let Some(calendar) = Calendar::at(seconds) else {
        return Err(vm.error(NOT_REPRESENTABLE));
    };
    let (zone, format) = match format.strip_prefix(b"!") {
        Some(rest) => ("GMT", rest),
        None => ("UTC", &format[..]),
    };
    if format.split(|&byte| byte == 0).next() == Some(b"*t") {
        let seconds = vm.heap.integer(seconds);
        vm.heap.set(args.at, seconds);
        return vm.hand_over(Args { count: 1, ..args }, "general_os_date");
    }
    if format.len() > 1 << 16 {
        vm.reserve(4 * format.len())?;
    }
    let mut out = Vec::with_capacity(2 * format.len() + 16);
    let mut rest = format;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let (conversion, length) = match *after {
            [b'E', letter, ..] if AFTER_E.contains(&letter) => (letter, 2),
            [b'O', letter, ..] if AFTER_O.contains(&letter) => (letter, 2),
            [letter, ..] if PLAIN.contains(&letter) => (letter, 1),
            _ => {
                let shown = after.split(|&byte| byte == 0).next().unwrap_or_default();
                let shown = String::from_utf8_lossy(shown);
                let message = format!("invalid conversion specifier '%{shown}'");
                return Err(vm.bad_argument(1, &message, args));
            }
        };
        rest = &after[length..];
        let mut text = String::new();
        calendar.push(conversion, zone, &mut text);
        out.extend_from_slice(text.as_bytes());
    }
    vm.fuel -= (out.len() / 16) as i64;
    vm.give_text(args, &out)
}
