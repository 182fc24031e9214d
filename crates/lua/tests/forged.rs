//! A snapshot with a right checksum and wrong words is refused, or what is restored from it runs on to
//! some end: whatever it does, it does to itself, and nothing panics.
#![allow(missing_docs)]

mod support;

use procession_environment::{Environment, Image, Seen, Turn};
use procession_lua::{LuaEnvironment, seal_snapshot};
use procession_types::word;
use procession_types::{Fragment, Limits};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use support::TestHost;
use support::session::program;

/// Bytes before the words.
const HEADER_BYTES: usize = 64;
/// Memory of a restored process.
const MEMORY_BYTES_MAX: u64 = 1 << 20;

/// Programs, and after how many instructions each is captured.
const PROGRAMS: [(&str, u64); 5] = [
    (
        "local n = 0
         local co = coroutine.create(function(...)
           local closer <close> = setmetatable({}, { __close = function() n = n + 1 end })
           local ok = pcall(function(...) n = n + select('#', coroutine.yield(...)) error(n) end, ...)
           return ok, ...
         end)
         coroutine.resume(co, 1, 'two', {})
         for i = 1, 1e9 do n = n + 1 if i == 60 then print(coroutine.resume(co, 1, 2)) end end",
        300,
    ),
    (
        "local list = { 5, 3, 9, 1 }
         local t = setmetatable({}, { __add = function(a, b) for i = 1, 99 do end return b end, __mode = 'k' })
         t[t] = list
         table.sort(list, function(a, b) local x = t + a for i = 1, 30 do end return a < b end)
         print(string.gsub('a b c', '%a', function(c) for i = 1, 30 do end return c .. c end), list[1])
         setmetatable({}, { __gc = print }) collectgarbage()",
        260,
    ),
    (
        "local ch = channel.new(1)
         for i = 1, 3 do coroutine.spawn(function() for j = 1, 9 do ch:send(j * i) end end) end
         local timer = coroutine.wrap(function(...) while true do coroutine.yield(ch:receive()) end end)
         for i = 1, 9 do timer() end
         print(channel.select { ch:case_receive(), process.inbox():case_receive() }.value)
         process.inbox():receive()",
        1_400,
    ),
    (
        "local f = load('local a = ... return function() a = a + 1 return a end')(1)
         local fields = {} for i = 1, 12 do fields['field ' .. i] = f end
         print(string.find(string.rep('a', 4000) .. 'b', 'a-c'), f(), fields['field 3']())
         local function rest(...) local a, b = ... return select('#', ...), a, b end
         print(rest(table.unpack({ 1, 2, 3, f }))) return fields",
        1_200,
    ),
    (
        // Keys of one hash, so that their table takes another one.
        "local k, t, i = 0x9E3779B97F4A7C15, {}, 0
         local inverse = k for _ = 1, 6 do inverse = inverse * (2 - k * inverse) end
         local function key() return string.unpack('d', string.pack('j', i * inverse & (1 << 62) - 1)) end
         for n = 1, 300 do i = n % 180 t[key()] = n t[-i] = key() end
         for k, v in pairs(t) do t[k] = nil t[v] = k end
         print(#t, t[key()])",
        12_000,
    ),
];

fn image(source: &str) -> Arc<dyn Image> {
    let program = program("forged.lua", source.as_bytes());
    LuaEnvironment::new().load(&program).expect("loads")
}

fn limits() -> Limits {
    Limits { memory_bytes_max: MEMORY_BYTES_MAX, ..Limits::default() }
}

/// The words of a process that has executed so many instructions.
fn captured(image: &dyn Image, instructions: u64) -> (Vec<u8>, Vec<u64>) {
    let mut guest = image.spawn(&Fragment::default(), &limits()).expect("spawns");
    let turn = guest.run(&mut TestHost::default(), instructions);
    assert!(matches!(turn, Turn::Preempted | Turn::Waiting), "{turn:?}");
    let bytes = guest.snapshot().expect("can be captured");
    let (words, _) = bytes[HEADER_BYTES..].as_chunks::<8>();
    let words = words.iter().map(|word| u64::from_le_bytes(*word)).collect();
    (bytes, words)
}

fn sealed(whole: &[u8], words: &[u64]) -> Vec<u8> {
    let mut bytes = whole[..HEADER_BYTES].to_vec();
    bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    seal_snapshot(&mut bytes);
    bytes
}

/// Restores and runs it, with what it prints; `None` when it is refused. Panics go on.
fn runs(image: &dyn Image, snapshot: &[u8], turns: usize) -> Option<Vec<u8>> {
    let mut guest = image.restore(snapshot, &limits()).ok()?;
    let mut host = TestHost::default();
    let _ = (guest.place(), guest.inspect(2000, Seen::default()));
    for _ in 0..turns {
        match guest.run(&mut host, 2000) {
            Turn::Preempted => {}
            Turn::Waiting => break,
            Turn::Aside => guest.work(),
            Turn::Exited(_) | Turn::Replaced => return Some(host.output),
        }
    }
    let again = guest.snapshot().expect("can be captured");
    if let Err(error) = image.restore(&again, &limits()) {
        panic!("what was restored becomes what can't be: {}", error.message);
    }
    Some(host.output)
}

/// Another word in the place of one.
fn forgeries(words: &[u64], at: usize) -> [u64; 10] {
    let here = words[at];
    [
        here.wrapping_add(1),
        here.wrapping_sub(1),
        here.wrapping_add(1 << 32),
        here.wrapping_sub(1 << 40),
        here ^ 1 << 8,
        here ^ 1 << 16,
        word::NIL,
        words[(at + 3).min(words.len() - 1)],
        words[at * 7 % words.len()],
        word::int_wrapping(3),
    ]
}

#[test]
fn no_forged_word_makes_a_panic() {
    for (source, instructions) in PROGRAMS {
        let image = image(source);
        let (whole, words) = captured(&*image, instructions);
        assert!(runs(&*image, &whole, 20).is_some(), "the snapshot itself is sound");
        let (mut refused, mut accepted) = (0, 0);
        for at in 1..words.len() {
            for forged in forgeries(&words, at) {
                if forged == words[at] {
                    continue;
                }
                let mut copy = words.clone();
                copy[at] = forged;
                let bytes = sealed(&whole, &copy);
                match catch_unwind(AssertUnwindSafe(|| runs(&*image, &bytes, 3))) {
                    Ok(Some(_)) => accepted += 1,
                    Ok(None) => refused += 1,
                    Err(_) => {
                        panic!("word {at}: {:016x} became {forged:016x}\n{source}", words[at])
                    }
                }
            }
        }
        assert!(refused > 300 && accepted > 300, "{refused} refused, {accepted} not");
    }
}

#[test]
fn keys_of_one_hash_are_captured_with_their_salt() {
    let image = image(PROGRAMS[4].0);
    let (_, words) = captured(&*image, PROGRAMS[4].1);
    let is_salted = |pair: &[u64]| {
        let capacity = (pair[1] >> 32) as u32;
        word::header_kind(pair[0]) == word::Kind::Hash as u8
            && capacity < 1 << 16
            && word::header_length(pair[0]) == 1 + 2 * capacity + word::hash_index_words(capacity)
            && word::header_flags(pair[0]) & word::HASH_SALT != 0
    };
    assert_eq!(words.windows(2).filter(|pair| is_salted(pair)).count(), 1);
}

#[test]
fn a_forged_word_is_named() {
    let image = image(PROGRAMS[0].0);
    let (whole, words) = captured(&*image, PROGRAMS[0].1);
    let coroutine = |word: &u64| word >> 32 == word::TAG_OBJECT << 16 | 8;
    let task = words.iter().position(coroutine).expect("a root that is a coroutine");
    let mut copy = words;
    copy[task] = word::NIL;
    let error = image.restore(&sealed(&whole, &copy), &limits()).err().expect("is refused");
    assert_eq!(error.kind, procession_types::ErrorKind::Invalid);
    assert!(error.message.contains(&format!("word {task} ")), "{}", error.message);
}

#[test]
fn more_chunks_than_a_process_can_load_are_refused() {
    // One text that is nothing but a comment, and one whose code is larger than the text.
    for (text, count) in
        [("('-'):rep(1 << 16)", 5000), ("'return {' .. ('a.a,'):rep(1000) .. '}'", 400)]
    {
        let image = image(&format!(
            "local text, forged = {text}, {{}}
             for i = 1, 2 * {count} do forged[i] = text end
             load('return 1')
             print(forged) while true do end"
        ));
        let (whole, mut words) = captured(&*image, 100_000);
        let forged = words.iter().position(|&word| {
            word::tag(word) == word::TAG_TABLE && word::space(word) == 0 && {
                let array = words[word::index(word) as usize + word::table::ARRAY as usize];
                array >> 32 == 2 * count
            }
        });
        let forged = words[forged.expect("the list")];
        let sources = words[1..20].iter().rposition(|word| word::tag(*word) == word::TAG_TABLE);
        words[1 + sources.expect("of what it has loaded")] = forged;
        let error = image.restore(&sealed(&whole, &words), &limits()).err().expect("is refused");
        assert!(error.message.contains("over the memory limit"), "{}", error.message);
    }
}

#[test]
fn wrappers_in_a_circle_are_not_followed_forever() {
    let image = image(
        "local inner = payload.new(111111111)
         local outer = payload.new(payload.new(inner))
         local go = 987654321
         while go == 987654321 do end
         for _, value in ipairs { inner, outer, { inner, outer }, { [outer] = inner } } do
           local sent, err = process.send('x', 't', value)
           print(err:kind(), err)
         end",
    );
    let (whole, mut words) = captured(&*image, 2_000);
    let wrapper = |pair: &[u64]| {
        pair == [word::header(word::Kind::User, 5, 1), word::int_wrapping(111_111_111)]
    };
    let at = words.windows(2).position(wrapper).expect("the inner one");
    words[at + 1] = word::object(word::Kind::User, at as u32);
    for word in &mut words {
        if *word == word::int_wrapping(987_654_321) {
            *word = word::NIL;
        }
    }
    let output = runs(&*image, &sealed(&whole, &words), 100).expect("is a heap like others");
    let output = String::from_utf8_lossy(&output).into_owned();
    assert_eq!(output.matches("Invalid\tpayload: cannot be sent").count(), 4, "{output}");
    // Without a field it is none.
    words[at] = word::header(word::Kind::User, 5, 0);
    words[at + 1] = word::header(word::Kind::Array, 0, 0);
    assert!(runs(&*image, &sealed(&whole, &words), 1).is_none(), "a wrapper of nothing");
}

/// What a forger can have any function of the library called with.
const CALLS: &str = "
    local first, f, last = 987654321, math.ult, 987654322
    local odd = { 111111111, true, 0, -1, 3, 2^53, math.mininteger, 0.5, 1e308, 0/0, '', 'longer than five', {},
      { 1, 2, { 3 } }, { n = -1 }, { n = 1 << 40 }, print, function() end, coroutine.create(print),
      coroutine.wrap(print), channel.new(1), select(2, pcall(error, errors.new('invalid', 'm'))), string, coroutine.running() }
    local function try(...)
      for _, way in ipairs { pcall, coroutine.wrap(pcall), function(f, ...) pcall(function(...) return (f(...)) end, ...) end } do
        coroutine.spawn(way, f, ...)
      end
    end
    local go = 123456789
    while go == 123456789 do end
    print('tries')
    try()
    for i = 1, 25 do try(odd[i]) for j = 1, 25, 2 do try(odd[i], odd[j], odd[(i + j) % 25], odd[(i * j) % 25], odd[i], odd[j], 3, 4, odd[1]) end end
    channel.new():receive()";

#[test]
fn no_function_of_the_library_panics_whatever_it_is_given() {
    let image = image(CALLS);
    let (whole, mut words) = captured(&*image, 2_000);
    let f = words
        .windows(3)
        .position(|w| [w[0], w[2]] == [987_654_321, 987_654_322].map(word::int_wrapping));
    let f = f.expect("the function") + 1;
    for word in &mut words {
        if *word == word::int_wrapping(123_456_789) {
            *word = word::NIL;
        } else if *word == word::int_wrapping(111_111_111) {
            // What builtins keep in their frames to go on with.
            *word = word::make(word::TAG_SPECIAL, 2, 0);
        }
    }
    let (mut number, mut tried) = (0, 0);
    loop {
        words[f] = word::make(word::TAG_SPECIAL, word::SPACE_BUILTIN, number);
        let bytes = sealed(&whole, &words);
        match catch_unwind(AssertUnwindSafe(|| runs(&*image, &bytes, 400))) {
            Ok(Some(output)) => {
                number += 1;
                tried += usize::from(output.starts_with(b"tries"));
            }
            Ok(None) => break,
            Err(_) => panic!("builtin {number}"),
        }
    }
    assert!(number > 150 && tried > 150, "{tried} of {number} functions");
}
