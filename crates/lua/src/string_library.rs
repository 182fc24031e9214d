//! The string library, as far as it is written in Rust.
//!
//! Functions whose work depends on their input poll the fuel: a match that takes long is put away as
//! a string of the heap and continued in the next turn.

use crate::base::plain;
use crate::library::Builtin;
use crate::strings::is_string;
use crate::text::cformat::{self, Spec};
use crate::text::number::{self, Number};
use crate::text::pattern::{self, Capture, Matcher, Step};
use crate::text::{plain as plain_text, quote};
use crate::vm::{Args, Flow, Raise, Vm};
use procession_types::word::{self, Word};
use std::cell::Cell;

/// Marks the arguments of a call that is being continued; no program can make this word.
pub(crate) const CONTINUED: Word = word::make(word::TAG_SPECIAL, 2, 0);
/// Number of arguments of a call that is being continued: the mark is the last one.
pub(crate) const CONTINUED_COUNT: usize = 9;

pub(crate) const FUNCTIONS: &[Builtin] = &[
    plain("string.byte", byte),
    plain("string.char", char),
    plain("string.find", find),
    plain("string.match", match_),
    plain("@gmatch_step", gmatch_step),
    plain("string.gsub", gsub),
    plain("string.format", format),
    plain("string.len", len),
    plain("string.lower", lower),
    plain("string.upper", upper),
    plain("string.rep", rep),
    plain("string.reverse", reverse),
    plain("string.sub", sub),
];

thread_local! {
    /// A matcher is about a kilobyte: one is kept.
    static MATCHER: Cell<Option<Box<Matcher>>> = const { Cell::new(None) };
}

fn with_matcher<T>(run: impl FnOnce(&mut Matcher) -> T) -> T {
    let mut matcher = MATCHER.take().unwrap_or_else(|| Box::new(Matcher::new(0)));
    let result = run(&mut matcher);
    MATCHER.set(Some(matcher));
    result
}

/// A start position from a Lua argument, 0-based, possibly beyond the end.
fn start_of(position: i64, length: usize) -> usize {
    match position {
        0 => 0,
        1.. => position as usize - 1,
        _ if position.unsigned_abs() > length as u64 => 0,
        _ => length - position.unsigned_abs() as usize,
    }
}

fn len(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let text = vm.string_arg(args, 1)?;
    let length = vm.strings().length(vm.heap, text);
    vm.give(args, word::int_wrapping(length as i64))
}

fn sub(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let text = vm.string_arg(args, 1)?;
    let length = vm.strings().length(vm.heap, text);
    let from = start_of(vm.integer_arg(args, 2)?, length);
    let end = match vm.integer_or(args, 3, -1)? {
        end if end < 0 => (length as i64 + end + 1).max(0) as usize,
        end => (end as usize).min(length),
    };
    if from >= end {
        return vm.give(args, vm.library.names.empty);
    }
    if from == 0 && end == length {
        return vm.give(args, text);
    }
    slice(vm, args, text, from, end)
}

/// A part of a string as result.
fn slice(vm: &mut Vm<'_>, args: Args, text: Word, from: usize, end: usize) -> Result<Flow, Raise> {
    let word = part(vm, text, from, end)?;
    vm.give(args, word)
}

/// A part of a string as a new one.
fn part(vm: &mut Vm<'_>, text: Word, from: usize, end: usize) -> Result<Word, Raise> {
    let length = end - from;
    if length <= 64 {
        let mut small = [0_u8; 64];
        small[..length].copy_from_slice(&vm.bytes(text)[from..end]);
        return Ok(vm.heap.string(&small[..length]));
    }
    vm.reserve(length / 8 + 4)?;
    vm.fuel -= (length / 64) as i64;
    let bytes = vm.bytes(text)[from..end].to_vec();
    Ok(vm.heap.string(&bytes))
}

fn mapped(vm: &mut Vm<'_>, args: Args, map: fn(&mut [u8])) -> Result<Flow, Raise> {
    let text = vm.string_arg(args, 1)?;
    let length = vm.strings().length(vm.heap, text);
    vm.reserve(length / 8 + 4)?;
    vm.fuel -= (length / 32) as i64;
    let mut bytes = vm.bytes(text).to_vec();
    map(&mut bytes);
    vm.give_text(args, &bytes)
}

fn lower(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    mapped(vm, args, <[u8]>::make_ascii_lowercase)
}

fn upper(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    mapped(vm, args, <[u8]>::make_ascii_uppercase)
}

fn reverse(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    mapped(vm, args, <[u8]>::reverse)
}

fn rep(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let text = vm.string_arg(args, 1)?;
    let count = vm.integer_arg(args, 2)?;
    let separator = if vm.arg(args, 3) == word::NIL {
        vm.library.names.empty
    } else {
        vm.string_arg(args, 3)?
    };
    if count <= 0 {
        return vm.give(args, vm.library.names.empty);
    }
    let length = vm.strings().length(vm.heap, text);
    let between = vm.strings().length(vm.heap, separator);
    let total = (length as u128) * count as u128 + (between as u128) * (count as u128 - 1);
    if total > u128::from(u32::MAX) {
        return Err(vm.error("resulting string too large"));
    }
    let total = total as usize;
    vm.reserve(total / 8 + 4)?;
    vm.fuel -= (total / 64) as i64;
    let mut bytes = Vec::with_capacity(total);
    if between == 0 {
        let unit = vm.bytes(text).to_vec();
        bytes = unit.repeat(count as usize);
    } else {
        let (unit, separator) = (vm.bytes(text), vm.bytes(separator));
        for number in 0..count {
            if number > 0 {
                bytes.extend_from_slice(&separator);
            }
            bytes.extend_from_slice(&unit);
        }
    }
    vm.give_text(args, &bytes)
}

fn byte(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let text = vm.string_arg(args, 1)?;
    let first = vm.integer_or(args, 2, 1)?;
    let last = vm.integer_or(args, 3, first)?;
    let length = vm.strings().length(vm.heap, text);
    let from = if first == 0 { 0 } else { start_of(first, length) };
    let end = match last {
        last if last < 0 => (length as i64 + last + 1).max(0) as usize,
        last => (last as usize).min(length),
    };
    if from >= end {
        return Ok(Flow::Return(0));
    }
    if end - from == 1 {
        let byte = vm.bytes(text)[from];
        return vm.give(args, word::int_wrapping(i64::from(byte)));
    }
    let count = end - from;
    let offset = args.slot() - vm.stack;
    if count >= 1 << 24 {
        return Err(vm.error("string slice too long"));
    }
    vm.ensure_stack(args.slot(), count + 16)?;
    vm.fuel -= (count / 8) as i64;
    let bytes = vm.bytes(text)[from..end].to_vec();
    let slot = vm.stack + offset;
    for (position, byte) in bytes.into_iter().enumerate() {
        vm.heap.set(slot + position, word::int_wrapping(i64::from(byte)));
    }
    Ok(Flow::Return(count))
}

fn char(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let mut bytes = Vec::with_capacity(args.count);
    for number in 1..=args.count {
        let code = vm.integer_arg(args, number)?;
        match u8::try_from(code) {
            Ok(byte) => bytes.push(byte),
            Err(_) => return Err(vm.bad_argument(number, "value out of range", args)),
        }
    }
    vm.give_text(args, &bytes)
}

/// Puts a match away and asks to be continued. The arguments 1 to 4 stay; `output`, `count` and
/// `position` are the caller's.
fn put_away(
    vm: &mut Vm<'_>,
    args: Args,
    matcher: Option<&Matcher>,
    output: &[u8],
    numbers: [usize; 2],
) -> Result<Flow, Raise> {
    let mut state = Vec::new();
    if let Some(matcher) = matcher {
        matcher.save(&mut state);
    }
    for position in args.count..CONTINUED_COUNT {
        vm.heap.set(args.at + position, word::NIL);
    }
    let state = vm.heap.string(&state);
    let output = vm.heap.string(output);
    for (position, value) in [
        (4, state),
        (5, output),
        (6, word::int_wrapping(numbers[0] as i64)),
        (7, word::int_wrapping(numbers[1] as i64)),
        (8, CONTINUED),
    ] {
        vm.heap.set(args.at + position, value);
    }
    Ok(Flow::Again(CONTINUED_COUNT))
}

/// Whether the call is being continued.
fn is_continued(vm: &Vm<'_>, args: Args) -> bool {
    args.count == CONTINUED_COUNT && vm.arg(args, CONTINUED_COUNT) == CONTINUED
}

fn find(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    find_or_match(vm, args, true)
}

fn match_(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    find_or_match(vm, args, false)
}

fn find_or_match(vm: &mut Vm<'_>, args: Args, is_find: bool) -> Result<Flow, Raise> {
    let text = vm.string_arg(args, 1)?;
    let wanted = vm.string_arg(args, 2)?;
    let length = vm.strings().length(vm.heap, text);
    let start = start_of(vm.integer_or(args, 3, 1)?, length);
    if start > length {
        return vm.give(args, word::NIL);
    }
    let is_plain = is_find
        && (!word::is_falsy(vm.arg(args, 4)) || !pattern::has_specials(&vm.bytes(wanted)));
    if is_plain {
        return find_plain(vm, args, text, wanted, start);
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
        Ok(Step::OutOfFuel) => {
            let matcher = with_matcher(|matcher| matcher.clone());
            put_away(vm, args, Some(&matcher), b"", [0, 0])
        }
        Ok(Step::Matched { end }) => {
            let mut results = Vec::with_capacity(8);
            if is_find {
                results.push(word::int_wrapping(start as i64 + 1));
                results.push(word::int_wrapping(end as i64));
            }
            captures(vm, text, (start, end), !is_find, &mut results)?;
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
            put_away(vm, args, None, b"", [search.at, search.wasted])
        }
    }
}

/// Appends the captures of the last match; with `whole`, the match itself when there are none.
fn captures(
    vm: &mut Vm<'_>,
    text: Word,
    span: (usize, usize),
    whole: bool,
    out: &mut Vec<Word>,
) -> Result<(), Raise> {
    let found = with_matcher(|matcher| {
        let mut list = [Capture::Position(0); pattern::CAPTURES_MAX];
        matcher.finished_captures().map(|captures| {
            list[..captures.len()].copy_from_slice(captures);
            (list, captures.len())
        })
    });
    let (list, count) = match found {
        Ok(found) => found,
        Err(error) => return Err(vm.error(&error.to_string())),
    };
    if count == 0 && whole {
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
fn gmatch_step(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
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
        Ok(Step::OutOfFuel) => {
            let matcher = with_matcher(|matcher| matcher.clone());
            put_away(vm, args, Some(&matcher), b"", [0, 0])
        }
        Ok(Step::Matched { end }) => {
            let end_word = word::int_wrapping(end as i64);
            let mut results = vec![end_word, end_word];
            captures(vm, text, (start, end), true, &mut results)?;
            give_many(vm, args, &results)
        }
    }
}

fn gsub(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let text = vm.string_arg(args, 1)?;
    let wanted = vm.string_arg(args, 2)?;
    let replacement = vm.arg(args, 3);
    let kind = vm.type_text(replacement);
    if kind == "table" || kind == "function" {
        let general = vm.library_function("gsub_general");
        vm.heap.set(args.slot(), general);
        return Ok(Flow::TailCall(args.count));
    }
    if kind != "string" && kind != "number" {
        return Err(vm.argument_error(3, "string/function/table", replacement, args));
    }
    let replacement = vm.string_arg(args, 3)?;
    let length = vm.strings().length(vm.heap, text);
    let most = vm.integer_or(args, 4, length as i64 + 1)?.max(0) as usize;
    let mut work = Gsub { output: Vec::with_capacity(length), count: 0, position: 0, last: None };
    let mut state = None;
    if is_continued(vm, args) {
        state = Some(vm.bytes(vm.arg(args, 5)).to_vec());
        let saved = vm.bytes(vm.arg(args, 6)).to_vec();
        let (mark, output) = saved.split_at(8);
        let mark = mark.try_into().map_or(0, i64::from_le_bytes);
        work.last = usize::try_from(mark).ok();
        work.output.extend_from_slice(output);
        work.count = word::to_int(vm.arg(args, 7)) as usize;
        work.position = word::to_int(vm.arg(args, 8)) as usize;
    } else {
        vm.reserve(length / 8 + 4)?;
    }
    let mut fuel = vm.fuel;
    let done = with_matcher(|matcher| {
        let (subject, pattern) = (vm.bytes(text), vm.bytes(wanted));
        let replacement = vm.bytes(replacement);
        let resumed = state.as_deref().and_then(Matcher::restore);
        work.run(matcher, resumed, (&subject, &pattern, &replacement), most, &mut fuel)
    });
    vm.fuel = fuel;
    match done {
        Err(message) => Err(vm.error(&message)),
        Ok(false) => {
            let matcher = with_matcher(|matcher| matcher.clone());
            let mark = work.last.map_or(-1, |last| last as i64);
            let mut output = mark.to_le_bytes().to_vec();
            output.extend_from_slice(&work.output);
            put_away(vm, args, Some(&matcher), &output, [work.count, work.position])
        }
        Ok(true) => {
            // A collection that this makes due runs the whole call again, which is correct and rare.
            if work.output.len() > 1 << 16 {
                vm.reserve(work.output.len() / 8 + 4)?;
            }
            let result = vm.heap.string(&work.output);
            vm.give_all(args, &[result, word::int_wrapping(work.count as i64)])
        }
    }
}

/// A `gsub` with a string as replacement.
struct Gsub {
    output: Vec<u8>,
    count: usize,
    position: usize,
    /// End of the last match.
    last: Option<usize>,
}

impl Gsub {
    /// Goes on; false when the fuel is used up.
    fn run(
        &mut self,
        matcher: &mut Matcher,
        mut resumed: Option<Matcher>,
        (subject, pattern, replacement): (&[u8], &[u8], &[u8]),
        most: usize,
        fuel: &mut i64,
    ) -> Result<bool, String> {
        let anchored = pattern.strip_prefix(b"^");
        let is_plain = !replacement.contains(&b'%');
        if resumed.is_none() {
            matcher.begin(self.position);
        }
        while self.count < most && self.position <= subject.len() {
            match resumed.take() {
                Some(saved) => *matcher = saved,
                None => matcher.again(self.position),
            }
            let step = match anchored {
                Some(pattern) => matcher.run(subject, pattern, fuel),
                None => matcher.search(subject, pattern, fuel),
            };
            match step.map_err(|error| error.to_string())? {
                Step::OutOfFuel => return Ok(false),
                Step::Failed => break,
                Step::Matched { end } => {
                    let start = matcher.start();
                    self.output.extend_from_slice(&subject[self.position..start]);
                    self.position = start;
                    if self.last == Some(end) {
                        // An empty match right after a match: the character stays.
                        match subject.get(start) {
                            Some(&byte) => self.output.push(byte),
                            None => break,
                        }
                        self.position += 1;
                    } else {
                        self.count += 1;
                        *fuel -= (replacement.len() / 16) as i64;
                        if is_plain {
                            self.output.extend_from_slice(replacement);
                        } else {
                            let found = (matcher.captures(), start..end);
                            expand(replacement, subject, found, &mut self.output)?;
                        }
                        self.position = end;
                        self.last = Some(end);
                    }
                }
            }
            if anchored.is_some() {
                break;
            }
        }
        self.output.extend_from_slice(&subject[self.position.min(subject.len())..]);
        Ok(true)
    }
}

/// Appends the replacement with its `%n` filled in.
fn expand(
    replacement: &[u8],
    subject: &[u8],
    (captures, span): (&[Capture], std::ops::Range<usize>),
    out: &mut Vec<u8>,
) -> Result<(), String> {
    let mut bytes = replacement.iter();
    while let Some(&byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b'%') => out.push(b'%'),
            Some(b'0') => out.extend_from_slice(&subject[span.clone()]),
            Some(&digit @ b'1'..=b'9') => {
                let number = usize::from(digit - b'1');
                match captures.get(number) {
                    Some(&Capture::Span { start, end }) => {
                        out.extend_from_slice(&subject[start..end]);
                    }
                    Some(&Capture::Position(position)) => {
                        number::format_int(position as i64, out);
                    }
                    Some(Capture::Open { .. }) => return Err("unfinished capture".to_owned()),
                    None if number == 0 && captures.is_empty() => {
                        out.extend_from_slice(&subject[span.clone()]);
                    }
                    None => return Err(format!("invalid capture index %{}", number + 1)),
                }
            }
            _ => return Err("invalid use of '%' in replacement string".to_owned()),
        }
    }
    Ok(())
}

fn format(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let format = vm.string_arg(args, 1)?;
    let format = vm.bytes(format).to_vec();
    let mut out = Vec::with_capacity(format.len() + 16 * args.count);
    let mut number = 1;
    let mut at = 0;
    while at < format.len() {
        let byte = format[at];
        at += 1;
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        if format.get(at) == Some(&b'%') {
            out.push(b'%');
            at += 1;
            continue;
        }
        number += 1;
        // PUC looks at the argument before the rest of the specification.
        if number > args.count {
            return Err(vm.bad_argument(number, "no value", args));
        }
        let spec = match Spec::parse(&format[at..]) {
            Ok((spec, used)) => {
                at += used;
                spec
            }
            Err(error) => return Err(vm.error_bytes(&error.message())),
        };
        if !format_one(vm, args, number, &spec, &mut out)? {
            let general = vm.library_function("format_general");
            vm.heap.set(args.slot(), general);
            return Ok(Flow::TailCall(args.count));
        }
    }
    if out.len() > 1 << 16 {
        vm.reserve(out.len() / 8 + 4)?;
    }
    vm.fuel -= (out.len() / 16) as i64;
    vm.give_text(args, &out)
}

/// Formats one argument; false when a metamethod must be asked for its text.
fn format_one(
    vm: &mut Vm<'_>,
    args: Args,
    number: usize,
    spec: &Spec,
    out: &mut Vec<u8>,
) -> Result<bool, Raise> {
    match spec.conversion {
        b'c' => {
            let code = vm.integer_arg(args, number)?;
            cformat::format_char(spec, code as u8, out);
        }
        b'd' | b'i' | b'u' | b'o' | b'x' | b'X' => {
            let value = vm.integer_arg(args, number)?;
            cformat::format_int(spec, value, out);
        }
        b'a' | b'A' | b'e' | b'E' | b'f' | b'F' | b'g' | b'G' => {
            let value = crate::operate::as_float(vm.number_arg(args, number)?);
            cformat::format_float(spec, value, out);
        }
        b'p' => {
            let value = vm.arg(args, number);
            let text = vm.raw_text(value);
            let id = text.rsplit_once("0x").map_or("(null)".to_owned(), |(_, id)| format!("0x{id}"));
            cformat::format_string(spec, id.as_bytes(), out);
        }
        b'q' => quoted(vm, args, number, out)?,
        _ => {
            let value = vm.arg(args, number);
            if is_string(value) {
                let bytes = vm.bytes(value);
                if spec.has_no_modifiers() {
                    out.extend_from_slice(&bytes);
                } else if bytes.contains(&0) {
                    return Err(vm.bad_argument(number, "string contains zeros", args));
                } else {
                    cformat::format_string(spec, &bytes, out);
                }
                return Ok(true);
            }
            if let Some(message) = vm.error_message(value) {
                cformat::format_string(spec, &vm.bytes(message), out);
                return Ok(true);
            }
            if vm.metamethod(value, vm.library.names.tostring) != word::NIL {
                return Ok(false);
            }
            let text = vm.raw_text(value);
            cformat::format_string(spec, text.as_bytes(), out);
        }
    }
    Ok(true)
}

fn quoted(vm: &mut Vm<'_>, args: Args, number: usize, out: &mut Vec<u8>) -> Result<(), Raise> {
    let value = vm.arg(args, number);
    if is_string(value) {
        quote::quote_string(&vm.bytes(value), out);
        return Ok(());
    }
    match vm.number(value) {
        Some(Number::Int(value)) => quote::quote_int(value, out),
        Some(Number::Float(value)) => quote::quote_float(value, out),
        None => match value {
            word::NIL | word::TRUE | word::FALSE => {
                let text = vm.raw_text(value);
                out.extend_from_slice(text.as_bytes());
            }
            _ => return Err(vm.bad_argument(number, "value has no literal form", args)),
        },
    }
    Ok(())
}
