//! `string.gsub` with a string as replacement; tables and functions are served by library code in Lua.

use super::find::{is_continued, put_away, with_matcher};
use crate::text::number;
use crate::text::pattern::{Capture, Matcher, Step};
use crate::vm::{Args, Flow, Raise, Vm};
use procession_types::word::{self, Word};

pub(super) fn gsub(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let text = vm.string_arg(args, 1)?;
    let wanted = vm.string_arg(args, 2)?;
    let replacement = vm.arg(args, 3);
    let kind = vm.type_text(replacement);
    let length = vm.strings().length(vm.heap, text);
    let most = vm.integer_or(args, 4, length as i64 + 1)?;
    if kind == "table" || kind == "function" {
        let limit = vm.heap.integer(most);
        vm.heap.set(args.at + 3, limit);
        return vm.hand_over(Args { count: 4, ..args }, "general_string_gsub");
    }
    if kind != "string" && kind != "number" {
        return Err(vm.argument_error(3, "string/function/table", replacement, args));
    }
    let most = most.max(0) as usize;
    let replacement = vm.string_arg(args, 3)?;
    let mut work = Gsub {
        output: Vec::new(),
        // What can't be held is not made.
        output_max: (vm.heap.limit.saturating_sub(vm.heap.used()) * 8).max(1 << 12),
        count: 0,
        position: 0,
        last: None,
    };
    let resumed = is_continued(vm, args).then(|| {
        let saved = vm.bytes(vm.arg(args, 5)).to_vec();
        let (last, state) = saved.split_at(8.min(saved.len()));
        let last = last.try_into().map_or(-1, i64::from_le_bytes);
        work.last = usize::try_from(last).ok();
        work.count = word::to_int(vm.arg(args, 7)) as usize;
        work.position = word::to_int(vm.arg(args, 8)) as usize;
        Matcher::restore(state)
    });
    let mut fuel = vm.fuel;
    let done = with_matcher(|matcher| {
        let (subject, pattern) = (vm.bytes(text), vm.bytes(wanted));
        let texts = (&subject[..], &pattern[..], &vm.bytes(replacement)[..]);
        work.run(matcher, resumed.flatten(), texts, most, &mut fuel)
    });
    vm.fuel = fuel;
    match done {
        Err(Fault::Pattern(message)) => Err(vm.error(&message)),
        Err(Fault::TooLarge) => Err(Raise::Collect(vm.heap.limit)),
        Ok(false) => interrupt(vm, args, &work),
        Ok(true) => finish(vm, args, &work),
    }
}

/// The pieces of the output that were made in earlier turns: a table, or nil.
fn pieces(vm: &Vm<'_>, args: Args) -> Word {
    if is_continued(vm, args) { vm.arg(args, 6) } else { word::NIL }
}

/// Puts the work away until the next turn.
fn interrupt(vm: &mut Vm<'_>, args: Args, work: &Gsub) -> Result<Flow, Raise> {
    vm.reserve(work.output.len() / 8 + 256)?;
    let mut list = pieces(vm, args);
    if list == word::NIL {
        let at = vm.heap.table(4, 0);
        list = word::make(word::TAG_TABLE, 0, at as u32);
    }
    let at = word::index(list) as usize;
    let next = vm.heap.length(vm.strings(), at) + 1;
    let piece = vm.heap.string(&work.output);
    vm.heap.set_int(vm.strings(), at, next, piece);
    let mut state = work.last.map_or(-1, |last| last as i64).to_le_bytes().to_vec();
    with_matcher(|matcher| matcher.save(&mut state));
    put_away(vm, args, &state, list, [work.count, work.position])
}

/// The result. A collection that this makes due runs the last turn's part again.
fn finish(vm: &mut Vm<'_>, args: Args, work: &Gsub) -> Result<Flow, Raise> {
    let list = pieces(vm, args);
    let mut joined = Vec::new();
    if list != word::NIL {
        let at = word::index(list) as usize;
        let count = vm.heap.length(vm.strings(), at);
        for number in 1..=count {
            let piece = vm.heap.get_int(vm.strings(), at, number);
            joined.extend_from_slice(&vm.bytes(piece));
        }
    }
    joined.extend_from_slice(&work.output);
    vm.fuel -= (joined.len() / 64) as i64;
    if joined.len() > 1 << 12 {
        vm.reserve_text(joined.len())?;
    }
    let result = vm.heap.string(&joined);
    vm.give_all(args, &[result, word::int_wrapping(work.count as i64)])
}

/// Why it fails.
enum Fault {
    /// The pattern or the replacement is malformed.
    Pattern(String),
    /// The result is larger than what the process may hold.
    TooLarge,
}

/// A `gsub` with a string as replacement.
struct Gsub {
    output: Vec<u8>,
    output_max: usize,
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
    ) -> Result<bool, Fault> {
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
            *fuel -= 1;
            let step = match anchored {
                Some(pattern) => matcher.run(subject, pattern, fuel),
                None => matcher.search(subject, pattern, fuel),
            };
            match step.map_err(|error| Fault::Pattern(error.to_string()))? {
                Step::OutOfFuel => return Ok(false),
                Step::Failed => break,
                Step::Matched { end } => {
                    let start = matcher.start();
                    // What was put away and has come from elsewhere may not fit together.
                    let skipped = subject.get(self.position..start).unwrap_or_default();
                    self.output.extend_from_slice(skipped);
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
                        let before = self.output.len();
                        if is_plain {
                            self.output.extend_from_slice(replacement);
                        } else {
                            let found = (matcher.captures(), start..end);
                            self.expand(replacement, subject, found)?;
                        }
                        *fuel -= ((self.output.len() - before) / 16) as i64;
                        if self.output.len() > self.output_max {
                            return Err(Fault::TooLarge);
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

    /// Appends the replacement with its `%n` filled in.
    fn expand(
        &mut self,
        replacement: &[u8],
        subject: &[u8],
        (captures, span): (&[Capture], std::ops::Range<usize>),
    ) -> Result<(), Fault> {
        let wrong = |message: &str| Err(Fault::Pattern(message.to_owned()));
        let out = &mut self.output;
        let mut bytes = replacement.iter();
        while let Some(&byte) = bytes.next() {
            if out.len() > self.output_max {
                return Err(Fault::TooLarge);
            }
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
                        Some(Capture::Open { .. }) => return wrong("unfinished capture"),
                        None if number == 0 && captures.is_empty() => {
                            out.extend_from_slice(&subject[span.clone()]);
                        }
                        None => return wrong(&format!("invalid capture index %{}", number + 1)),
                    }
                }
                _ => return wrong("invalid use of '%' in replacement string"),
            }
        }
        Ok(())
    }
}
