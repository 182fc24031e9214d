//! `string.gsub` with a string as replacement; tables and functions are served by library code in Lua.

use super::find::{is_continued, put_away, with_matcher};
use crate::text::number;
use crate::text::pattern::{Capture, Matcher, Step};
use crate::vm::{Args, Flow, Raise, Vm};
use procession_types::word;

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
