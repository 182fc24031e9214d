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

/// What the module's documentation says of every table.
fn check_invariants(heap: &Heap, at: usize) {
    let (block, used) = heap.array_part(at);
    let capacity = heap.array_capacity(block);
    let items = &heap.words()[block + 1..block + 1 + capacity];
    assert!(used == 0 || items[used - 1] != word::NIL, "the last used slot is not nil");
    assert!(items[used..].iter().all(|&item| item == word::NIL), "nothing lies behind it");
    let hash = heap.hash_part(at);
    let (entries, room) = if hash == 0 { (0, 0) } else { heap.hash_size(hash) };
    assert!(entries <= room);
    for number in 0..entries {
        let key = heap.get(hash + word::HASH_ENTRIES as usize + 2 * number);
        let position = word::to_int(key) as u64;
        assert!(key != word::NIL);
        assert!(!word::is_int(key) || position.wrapping_sub(1) >= capacity as u64, "it is an item");
    }
}

fn check(heap: &mut Heap, at: usize, model: &Model) {
    check_invariants(heap, at);
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

/// How far from its own place the entry lies that is farthest off.
fn steps_most(heap: &mut Heap, block: usize) -> usize {
    let (used, capacity) = heap.hash_size(block);
    let index = block + word::HASH_ENTRIES as usize + 2 * capacity;
    let slots = 2 * word::hash_index_words(capacity as u32) as usize;
    let salt = keyed::salt_of(heap.get(block));
    let mut most = 0;
    for slot in 0..slots {
        let number = (heap.get(index + slot / 2) >> (32 * (slot & 1))) as u32 as usize;
        if number != 0 {
            assert!(number <= used);
            let key = heap.get(block + word::HASH_ENTRIES as usize + 2 * (number - 1));
            let own = heap.key_hash(STRINGS, salt, key) as usize & (slots - 1);
            most = most.max(slot.wrapping_sub(own) & (slots - 1));
        }
    }
    most
}

fn salt(heap: &Heap, at: usize) -> u32 {
    keyed::salt_of(heap.get(heap.hash_part(at)))
}

/// Sets every key that a function makes to its number, and looks for each of them.
fn flooded(
    heap: &mut Heap,
    count: i64,
    mut key: impl FnMut(&mut Heap, usize, i64) -> Word,
) -> usize {
    let at = heap.table(0, 0);
    let mut keys = Vec::new();
    for number in 0..count {
        let key = key(heap, at, number);
        heap.set_hashed(STRINGS, at, key, word::int_wrapping(number));
        keys.push(key);
    }
    let block = heap.hash_part(at);
    let most = steps_most(heap, block);
    assert!(most <= keyed::STEPS_MAX, "{most} steps");
    for (key, number) in keys.into_iter().zip(0..) {
        assert_eq!(heap.get_any(STRINGS, at, key), word::int_wrapping(number));
    }
    at
}

/// A float whose usual hash is 0: multiples of what undoes the multiplication.
fn float_of_hash_0(number: i64) -> Word {
    const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;
    let inverse = (0..6).fold(MULTIPLIER, |inverse: u64, _| {
        inverse.wrapping_mul(2_u64.wrapping_sub(MULTIPLIER.wrapping_mul(inverse)))
    });
    let float = inverse.wrapping_mul(number as u64 + 1) & !(1 << 63);
    if word::is_float(float) { float } else { word::int_wrapping(number) }
}

#[test]
fn chosen_numbers_are_found_in_few_steps() {
    let mut heap = heap();
    assert_eq!(mix(float_of_hash_0(1)) & 0x7FFF_FFFF, 0);
    let at = flooded(&mut heap, 40_000, |_, _, number| float_of_hash_0(number));
    assert_ne!(salt(&heap, at), 0);
    // Without choice: floats with few digits, and large integers, which have many zeros in their words.
    flooded(&mut heap, 5_000, |_, _, number| word::from_f64(number as f64 + 0.5));
    flooded(&mut heap, 5_000, |_, _, number| word::int_wrapping(number << 33));
    flooded(&mut heap, 5_000, |heap, _, number| heap.integer(number << 49 | 1 << 62));
}

#[test]
fn chosen_strings_are_found_in_few_steps() {
    let mut heap = heap();
    let mut tried = 0;
    let at = flooded(&mut heap, 600, |heap, _, _| {
        loop {
            tried += 1;
            let text = format!("a chosen string {tried}");
            if word::hash_bytes(text.as_bytes()) & 0xFFF == 0 {
                return heap.string(text.as_bytes());
            }
        }
    });
    assert_ne!(salt(&heap, at), 0);
    // An equal string is found, wherever it lies.
    let text = heap.get(heap.hash_part(at) + word::HASH_ENTRIES as usize);
    let bytes = STRINGS.bytes(&heap, text).to_vec();
    let again = heap.string(&bytes);
    assert_ne!(again, text);
    assert_eq!(heap.get_str(STRINGS, at, again), word::int_wrapping(0));
}

/// Who knows the salt can choose keys for it, and gets another one; the work is paid for.
#[test]
fn keys_chosen_for_a_salt_are_paid_for() {
    let mut heap = heap();
    let mut random = Random(7);
    let mut salts = Vec::new();
    flooded(&mut heap, 4_000, |heap, at, number| {
        if number < 200 {
            return float_of_hash_0(number);
        }
        let salt = salt(heap, at);
        if salts.last() != Some(&salt) {
            salts.push(salt);
        }
        let block = heap.hash_part(at);
        let slots = 2 * word::hash_index_words(heap.hash_size(block).1 as u32);
        loop {
            let key = word::from_f64(random.below(1 << 50) as f64 + 0.5);
            if heap.key_hash(STRINGS, salt, key) & (slots - 1) < 32 {
                return key;
            }
        }
    });
    assert!(salts.len() > 20, "{} salts", salts.len());
    let worked = salts.len() as i64 * 1000 / 4;
    assert!(heap.toil > worked, "{} for {} salts", heap.toil, salts.len());
}

#[test]
fn salts_do_not_outlive_small_tables_and_collections_do_not_forget_them() {
    let mut heap = heap();
    let at = flooded(&mut heap, 300, |_, _, number| float_of_hash_0(number));
    heap.set(crate::heap::root::SCRATCH, word::make(word::TAG_TABLE, 0, at as u32));
    let before = (content(&heap, at), salt(&heap, at));
    heap.collect(STRINGS, crate::collect::Extent::WHOLE);
    let at = word::index(heap.get(crate::heap::root::SCRATCH)) as usize;
    assert_eq!((content(&heap, at), salt(&heap, at)), before);
    check(&mut heap, at, &before.0);
}

/// A table whose fields come and go, and are about as many as it has room for.
#[test]
fn a_field_in_the_place_of_another_does_not_move_all_others_each_time() {
    let mut heap = heap();
    let at = heap.table(0, 0);
    let (mut moves, mut block) = (0, 0);
    for number in 0..20_000 {
        if number >= 1023 {
            let oldest = word::int_wrapping(-1 - (number - 1023));
            heap.set_any(STRINGS, at, oldest, word::NIL);
        }
        heap.set_any(STRINGS, at, word::int_wrapping(-1 - number), word::TRUE);
        moves += i64::from(std::mem::replace(&mut block, heap.hash_part(at)) != heap.hash_part(at));
    }
    assert!(moves < 200, "{moves} moves");
}

#[test]
fn an_item_that_comes_and_goes_above_others_is_paid_for() {
    let mut heap = heap();
    let at = heap.table(1 << 16, 0);
    heap.set_int(STRINGS, at, 1, word::TRUE);
    for _ in 0..10 {
        heap.set_int(STRINGS, at, 1 << 16, word::TRUE);
        heap.set_int(STRINGS, at, 1 << 16, word::NIL);
        assert_eq!(heap.length(STRINGS, at), 1);
    }
    assert!(heap.toil >= 10 * (1 << 16) / 16 - 10, "{}", heap.toil);
}

#[test]
fn the_border_of_items_in_the_hash_part() {
    for count in [0, 1, 2, 3, 7, 100, 1000] {
        let mut heap = heap();
        let at = heap.table(0, 2048);
        for key in (1..=count).rev() {
            heap.set_hashed(STRINGS, at, word::int_wrapping(key), word::TRUE);
        }
        assert_eq!(heap.length(STRINGS, at), count);
    }
    // Up to the last integer.
    let mut heap = heap();
    let at = heap.table(0, 100);
    for shift in 0..63 {
        let key = heap.integer(1 << shift);
        heap.set_hashed(STRINGS, at, key, word::TRUE);
    }
    let last = heap.integer(i64::MAX);
    let border = heap.length(STRINGS, at);
    assert!(border >= 1 << 62 && heap.get_int(STRINGS, at, border + 1) == word::NIL);
    heap.set_hashed(STRINGS, at, last, word::TRUE);
    assert_eq!(heap.length(STRINGS, at), i64::MAX);
}
