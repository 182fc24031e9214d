//! `string.find`, `match` and the step of `gmatch`. A match whose work exceeds the fuel is put away as
//! a string of the heap and continued in the next turn.

use super::{part, start_of};
use crate::index::is_heap_table;
use crate::library::CONTINUED;
use crate::text::pattern::{self, Capture, Matcher, Step};
use crate::text::plain as plain_text;
use crate::vm::{Args, Flow, Raise, Vm};
use procession_types::word::{self, Word};
use std::cell::Cell;

/// Number of arguments of a call that is being continued: the mark is the last one.
const CONTINUED_COUNT: usize = 9;

thread_local! {
    /// A matcher is about a kilobyte: one is kept.
    static MATCHER: Cell<Option<Box<Matcher>>> = const { Cell::new(None) };
}

pub(super) fn with_matcher<T>(run: impl FnOnce(&mut Matcher) -> T) -> T {
    let mut matcher = MATCHER.take().unwrap_or_else(|| Box::new(Matcher::new(0)));
    let result = run(&mut matcher);
    MATCHER.set(Some(matcher));
    result
}

/// Puts work away and asks to be continued. The arguments 1 to 4 stay; `state` and `value` come back
/// as the arguments 5 and 6, the numbers as 7 and 8.
pub(super) fn put_away(
    vm: &mut Vm<'_>,
    args: Args,
    state: &[u8],
    value: Word,
    numbers: [usize; 2],
) -> Result<Flow, Raise> {
    for position in args.count..CONTINUED_COUNT {
        vm.heap.set(args.at + position, word::NIL);
    }
    let state = vm.heap.string(state);
    for (position, value) in [
        (4, state),
        (5, value),
        (6, word::int_wrapping(numbers[0] as i64)),
        (7, word::int_wrapping(numbers[1] as i64)),
        (8, CONTINUED),
    ] {
        vm.heap.set(args.at + position, value);
    }
    Ok(Flow::Again(CONTINUED_COUNT))
}

/// Puts the match away that the matcher is about.
fn put_match_away(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let mut state = Vec::new();
    with_matcher(|matcher| matcher.save(&mut state));
    put_away(vm, args, &state, word::NIL, [0, 0])
}

/// Whether the call is being continued. In a process that was restored from foreign bytes what was
/// put away may be anything.
pub(super) fn is_continued(vm: &Vm<'_>, args: Args) -> bool {
    let list = vm.arg(args, 6);
    args.count == CONTINUED_COUNT
        && vm.arg(args, CONTINUED_COUNT) == CONTINUED
        && (list == word::NIL || is_heap_table(list))
        && [7, 8].iter().all(|&number| {
            let value = vm.arg(args, number);
            word::is_int(value) && word::to_int(value) >= 0
        })
}

pub(super) fn find(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let text = vm.string_arg(args, 1)?;
    let wanted = vm.string_arg(args, 2)?;
    let is_plain = !word::is_falsy(vm.arg(args, 4)) || {
        vm.fuel -= (vm.strings().length(vm.heap, wanted) / 16) as i64;
        !pattern::has_specials(&vm.bytes(wanted))
    };
    if is_plain {
        let length = vm.strings().length(vm.heap, text);
        let start = start_of(vm.integer_or(args, 3, 1)?, length);
        if start > length {
            return vm.give(args, word::NIL);
        }
        return find_plain(vm, args, text, wanted, start);
    }
    find_or_match(vm, args, Results { positions: true, captures: pattern::CAPTURES_MAX })
}

/// `@find_match(text, pattern, start, first)`: `string.find` without its short cut for patterns that
/// have nothing special in them but may still be malformed. With `first` only the first capture is
/// returned, so that the others need not be finished.
pub(super) fn find_match(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let count = if word::is_falsy(vm.arg(args, 4)) { pattern::CAPTURES_MAX } else { 1 };
    find_or_match(vm, args, Results { positions: true, captures: count })
}

pub(super) fn match_(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    find_or_match(vm, args, Results { positions: false, captures: pattern::CAPTURES_MAX })
}

/// What a match is to return.
#[derive(Clone, Copy)]
struct Results {
    /// Where it begins and ends; else the match itself when there are no captures.
    positions: bool,
    /// So many captures at most.
    captures: usize,
}

fn find_or_match(vm: &mut Vm<'_>, args: Args, wants: Results) -> Result<Flow, Raise> {
    let text = vm.string_arg(args, 1)?;
    let wanted = vm.string_arg(args, 2)?;
    let length = vm.strings().length(vm.heap, text);
    let start = start_of(vm.integer_or(args, 3, 1)?, length);
    if start > length {
        return vm.give(args, word::NIL);
    }
    let state = is_continued(vm, args).then(|| vm.bytes(vm.arg(args, 5)).to_vec());
    let mut fuel = vm.fuel;
    let (step, start) = with_matcher(|matcher| {
        let (subject, pattern) = (vm.bytes(text), vm.bytes(wanted));
        match state.as_deref().and_then(Matcher::restore) {
            Some(saved) => *matcher = saved,
            None => matcher.begin(start),
        }
        let step = match pattern.strip_prefix(b"^") {
            Some(anchored) => matcher.run(&subject, anchored, &mut fuel),
            None => matcher.search(&subject, &pattern, &mut fuel),
        };
        (step, matcher.start())
    });
    vm.fuel = fuel;
    match step {
        Err(error) => Err(vm.error(&error.to_string())),
        Ok(Step::Failed) => vm.give(args, word::NIL),
        Ok(Step::OutOfFuel) => put_match_away(vm, args),
        Ok(Step::Matched { end }) => {
            let mut results = Vec::with_capacity(8);
            if wants.positions {
                results.push(word::int_wrapping(start as i64 + 1));
                results.push(word::int_wrapping(end as i64));
            }
            captures(vm, text, (start, end), wants, &mut results)?;
            give_many(vm, args, &results)
        }
    }
}

fn find_plain(
    vm: &mut Vm<'_>,
    args: Args,
    text: Word,
    wanted: Word,
    start: usize,
) -> Result<Flow, Raise> {
    let mut search = plain_text::PlainSearch::new(start);
    if is_continued(vm, args) {
        let numbers = [7, 8].map(|number| word::to_int(vm.arg(args, number)) as usize);
        search = plain_text::PlainSearch { at: numbers[0], known: 0, wasted: numbers[1] };
    }
    let mut fuel = vm.fuel;
    let step = search.run(&vm.bytes(text), &vm.bytes(wanted), &mut fuel);
    vm.fuel = fuel;
    match step {
        plain_text::PlainStep::Found(at) => {
            let length = vm.strings().length(vm.heap, wanted);
            let (first, last) = (at as i64 + 1, (at + length) as i64);
            vm.give_all(args, &[word::int_wrapping(first), word::int_wrapping(last)])
        }
        plain_text::PlainStep::Absent => vm.give(args, word::NIL),
        plain_text::PlainStep::OutOfFuel => {
            put_away(vm, args, b"", word::NIL, [search.at, search.wasted])
        }
    }
}

/// Appends the captures of the last match, or the match itself when there are none and it is wanted.
fn captures(
    vm: &mut Vm<'_>,
    text: Word,
    span: (usize, usize),
    wants: Results,
    out: &mut Vec<Word>,
) -> Result<(), Raise> {
    let found = with_matcher(|matcher| {
        let mut list = [Capture::Position(0); pattern::CAPTURES_MAX];
        let captures = matcher.finished_captures(wants.captures)?;
        list[..captures.len()].copy_from_slice(captures);
        Ok::<_, pattern::PatternError>((list, captures.len()))
    });
    let (list, count) = match found {
        Ok(found) => found,
        Err(error) => return Err(vm.error(&error.to_string())),
    };
    if count == 0 && !wants.positions {
        let word = part(vm, text, span.0, span.1)?;
        out.push(word);
    }
    for capture in &list[..count] {
        let word = match *capture {
            Capture::Span { start, end } => part(vm, text, start, end)?,
            Capture::Position(position) => word::int_wrapping(position as i64),
            Capture::Open { .. } => word::NIL,
        };
        out.push(word);
    }
    Ok(())
}

/// Returns any number of values.
fn give_many(vm: &mut Vm<'_>, args: Args, values: &[Word]) -> Result<Flow, Raise> {
    let offset = args.slot() - vm.stack;
    vm.ensure_stack(args.slot(), values.len() + 16)?;
    let slot = vm.stack + offset;
    for (position, &value) in values.iter().enumerate() {
        vm.heap.set(slot + position, value);
    }
    Ok(Flow::Return(values.len()))
}

/// One step of `gmatch`: text, pattern, offset to go on at, end of the last match (or -1). Returns
/// the next offset, the end of the match and the captures; nothing at the end.
pub(super) fn gmatch_step(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let (text, wanted) = (vm.string_arg(args, 1)?, vm.string_arg(args, 2)?);
    let from = vm.integer_arg(args, 3)? as usize;
    let last = vm.integer_arg(args, 4)?;
    let length = vm.strings().length(vm.heap, text);
    let state = is_continued(vm, args).then(|| vm.bytes(vm.arg(args, 5)).to_vec());
    if from > length {
        return vm.give(args, word::NIL);
    }
    let mut fuel = vm.fuel;
    let (step, start) = with_matcher(|matcher| {
        let (subject, pattern) = (vm.bytes(text), vm.bytes(wanted));
        match state.as_deref().and_then(Matcher::restore) {
            Some(saved) => *matcher = saved,
            None => matcher.begin(from),
        }
        loop {
            let step = matcher.search(&subject, &pattern, &mut fuel);
            let start = matcher.start();
            match step {
                // An empty match where the last one ended does not count.
                Ok(Step::Matched { end }) if end as i64 == last => {
                    if start >= subject.len() {
                        return (Ok(Step::Failed), start);
                    }
                    matcher.again(start + 1);
                }
                step => return (step, start),
            }
        }
    });
    vm.fuel = fuel;
    match step {
        Err(error) => Err(vm.error(&error.to_string())),
        Ok(Step::Failed) => vm.give(args, word::NIL),
        Ok(Step::OutOfFuel) => put_match_away(vm, args),
        Ok(Step::Matched { end }) => {
            let end_word = word::int_wrapping(end as i64);
            let mut results = vec![end_word, end_word];
            let wants = Results { positions: false, captures: pattern::CAPTURES_MAX };
            captures(vm, text, (start, end), wants, &mut results)?;
            give_many(vm, args, &results)
        }
    }
}
