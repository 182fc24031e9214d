//! Tables against a model of them.

use super::*;
use procession_types::Limits;
use std::collections::BTreeMap;

const STRINGS: Strings<'static> = Strings { images: &[] };

/// A pseudo-random sequence (splitmix64), the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ mixed >> 31) % limit
    }

    /// An integer that may be an item, or a short string.
    fn key(&mut self, integers: u64) -> Word {
        match self.below(5) {
            0 => word::short(format!("s{}", self.below(6)).as_bytes()).expect("is short"),
            _ => word::int_wrapping(self.below(integers) as i64 + 1),
        }
    }
}

fn heap() -> Heap {
    Heap::new(Limits::default().memory_bytes_max)
}

type Model = BTreeMap<Word, Word>;

/// A table, and what it holds.
fn filled(heap: &mut Heap, random: &mut Random) -> (usize, Model) {
    let at = heap.table(random.below(6) as usize, random.below(6) as usize);
    let mut model = Model::new();
    let integers = 1 + random.below(40);
    for number in 0..random.below(40) {
        let (key, value) = (random.key(integers), word::int_wrapping(number as i64));
        heap.set_any(STRINGS, at, key, value);
        model.insert(key, value);
        if random.below(4) == 0 {
            let key = random.key(integers);
            heap.set_any(STRINGS, at, key, word::NIL);
            model.remove(&key);
        }
    }
    (at, model)
}

/// The content of a table, each entry with its value.
fn content(heap: &Heap, at: usize) -> Model {
    let (mut cursor, mut found) = (0, Model::new());
    while let Some((next, key, value)) = heap.next_entry(at, cursor) {
        assert_eq!(found.insert(key, value), None, "{key:#x} comes once");
        cursor = next;
    }
    found
}

fn check(heap: &mut Heap, at: usize, model: &Model) {
    assert_eq!(&content(heap, at), model);
    for (&key, &value) in model {
        assert_eq!(heap.get_any(STRINGS, at, key), value, "{key:#x}");
    }
    let length = heap.length(STRINGS, at);
    let mut is_there = |key| heap.get_int(STRINGS, at, key) != word::NIL;
    assert!((length == 0 || is_there(length)) && !is_there(length + 1), "{length} is a border");
}

/// By the cursor and by looking for the key again, as `next` does.
#[test]
fn a_traversal_that_assigns_comes_to_each_entry_once() {
    for seed in 0..20_000 {
        let (mut heap, mut random) = (heap(), Random(seed));
        let (at, mut model) = filled(&mut heap, &mut random);
        check(&mut heap, at, &model);
        let (mut key, mut met) = (word::NIL, Vec::new());
        loop {
            let cursor = heap.cursor(STRINGS, at, key).expect("the key is there");
            let Some((_, next, value)) = heap.next_entry(at, cursor) else { break };
            assert_eq!(model.get(&next), Some(&value), "seed {seed}");
            assert!(!met.contains(&next), "seed {seed}: {next:#x} comes twice");
            met.push(next);
            key = next;
            // The one that was met, or any other.
            let other = model.keys().nth(random.below(model.len() as u64) as usize);
            let changed = if random.below(2) == 0 { next } else { *other.expect("one") };
            if random.below(3) == 0 {
                heap.set_any(STRINGS, at, changed, word::NIL);
                model.remove(&changed);
            } else {
                let value = word::int_wrapping(met.len() as i64);
                heap.set_any(STRINGS, at, changed, value);
                model.insert(changed, value);
            }
        }
        assert!(model.keys().all(|key| met.contains(key)), "seed {seed}: all were met");
        check(&mut heap, at, &model);
    }
}

#[test]
fn keys_far_apart_take_no_array() {
    for less in [0, 1] {
        let mut heap = heap();
        let at = heap.table(0, 0);
        for power in 0..46 {
            heap.set_int(STRINGS, at, (1 << power) - less, word::TRUE);
        }
        assert!(heap.used() < 4096, "{} words", heap.used());
    }
    // Nor does one in a thousand of a long array.
    let mut heap = heap();
    let at = heap.table(1 << 16, 0);
    for key in 1..=1 << 16 {
        heap.set_int(STRINGS, at, key, if key % 1000 == 1 { word::TRUE } else { word::FALSE });
    }
    for key in 1..=1 << 16 {
        if key % 1000 != 1 {
            heap.set_int(STRINGS, at, key, word::NIL);
        }
    }
    let before = heap.used();
    for power in 17..46 {
        heap.set_int(STRINGS, at, 1 << power, word::TRUE);
    }
    assert!(heap.used() - before < 4096, "{} words", heap.used() - before);
}

#[test]
fn fields_that_come_and_go_do_not_move_the_others_each_time() {
    let mut heap = heap();
    let at = heap.table(0, 0);
    let key = |number: u32| word::short(format!("k{number:x}").as_bytes()).expect("is short");
    for number in 0..1023 {
        heap.set_any(STRINGS, at, key(number), word::TRUE);
    }
    let before = heap.used();
    for number in 1023..5000 {
        heap.set_any(STRINGS, at, key(number), word::TRUE);
        heap.set_any(STRINGS, at, key(number), word::NIL);
    }
    assert!(heap.used() - before < 100_000, "{} words", heap.used() - before);
}
