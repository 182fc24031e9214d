//! The interpreter loop.
//!
//! Fast paths live here; whatever allocates, calls or raises is a method elsewhere. Registers `pc`,
//! `base` and `fuel` are kept in locals and written back (`save!`) before such a method runs; after
//! one that may have changed frames the loop starts again at `'frame`.

use crate::bytecode::{Instruction, Known, Op, Prototype, number as op};
use crate::call::Called;
use crate::coroutine::{FrameKind, Link};
use crate::heap::root;
use crate::index::{Access, is_heap_table};
use crate::library::{is_builtin, number, table_word};
use crate::operate::{self, Outcome};
use crate::vm::{Raise, Stop, Vm};
use procession_types::word::{self, Kind, TAG_INT, Word, table};

/// Sum of two integer words; `None` when it does not fit into a word.
#[inline(always)]
const fn add_words(x: Word, y: Word) -> Option<Word> {
    let (sum, overflow) = ((x << 16) as i64).overflowing_add((y << 16) as i64);
    if overflow { None } else { Some(TAG_INT << 48 | sum as u64 >> 16) }
}

#[inline(always)]
const fn sub_words(x: Word, y: Word) -> Option<Word> {
    let (difference, overflow) = ((x << 16) as i64).overflowing_sub((y << 16) as i64);
    if overflow { None } else { Some(TAG_INT << 48 | difference as u64 >> 16) }
}

#[inline(always)]
const fn mul_words(x: Word, y: Word) -> Option<Word> {
    let (product, overflow) = ((x << 16) as i64).overflowing_mul(word::to_int(y));
    if overflow { None } else { Some(TAG_INT << 48 | product as u64 >> 16) }
}

#[inline(always)]
const fn both_int(x: Word, y: Word) -> bool {
    x >> 48 == TAG_INT && y >> 48 == TAG_INT
}

#[inline(always)]
const fn both_float(x: Word, y: Word) -> bool {
    word::is_float(x) && word::is_float(y)
}

/// The double in a word that is a double or a small integer.
#[inline(always)]
fn small_number(x: Word) -> Option<f64> {
    if word::is_float(x) {
        Some(word::to_f64(x))
    } else if word::is_int(x) {
        Some(word::to_int(x) as f64)
    } else {
        None
    }
}

impl<'a> Vm<'a> {
    /// The prototype of a closure that needs no more than an ordinary frame.
    #[inline(always)]
    fn plain_function(&self, callee: Word) -> Option<&'a Prototype> {
        self.any_function(callee).filter(|prototype| !prototype.is_vararg)
    }

    /// The prototype of a closure of the program or the library.
    #[inline(always)]
    fn any_function(&self, callee: Word) -> Option<&'a Prototype> {
        if callee >> 32 != word::TAG_FUNCTION << 16 {
            return None;
        }
        let place = self.heap.get(word::index(callee) as usize + 1);
        // A `wrap` function names an image that does not exist.
        let image = self.images.get((place >> 32) as u16 as usize)?;
        image.prototypes.get(place as u32 as usize)
    }

    /// The field of a table or, when it has none, of the table its metatable's `__index` is.
    #[inline(always)]
    fn method_of_table(&mut self, target: Word, key: Word) -> Option<Word> {
        let strings = self.strings();
        let at = word::index(target) as usize;
        let value = self.heap.get_str(strings, at, key);
        if value != word::NIL {
            return Some(value);
        }
        let meta = self.heap.get(at + table::META as usize);
        if !is_heap_table(meta) {
            return None;
        }
        let index = self.library.names.index;
        let class = self.heap.get_str(strings, word::index(meta) as usize, index);
        if !is_heap_table(class) {
            return None;
        }
        let value = self.heap.get_str(strings, word::index(class) as usize, key);
        (value != word::NIL).then_some(value)
    }

    /// What a `GetGlobal` finds, if the library knows and the process has not changed its globals.
    #[inline(always)]
    fn known_global<'b>(&self, of: &'b Prototype, i: Instruction, env: Word) -> Option<&'b Known> {
        let known = of.known.get((i.c() as usize).wrapping_sub(1))?;
        let is_library = env == table_word(number::GLOBALS) && self.is_untouched(number::GLOBALS);
        is_library.then_some(known)
    }

    /// Whether the process has not written to a library table.
    #[inline(always)]
    fn is_untouched(&self, table: u16) -> bool {
        self.heap.get(root::OVERLAY + table as usize) == word::NIL
    }

    /// Runs until something other than an instruction ends it.
    #[allow(clippy::too_many_lines, clippy::cognitive_complexity)] // the loop is one function
    pub(crate) fn steps(&mut self) -> Result<(), Raise> {
        let strings = self.strings();
        'frame: loop {
            let callee = self.heap.get(self.base - 3);
            if is_builtin(callee) {
                self.run_builtin_frame()?;
                continue 'frame;
            }
            let mut prototype = self.prototype(callee);
            let mut code = &prototype.code[..];
            let mut constants = &prototype.constants[..];
            let mut pc = self.pc;
            let mut base = self.base;
            let mut fuel = self.fuel;

            macro_rules! save {
                () => {
                    self.pc = pc;
                    self.fuel = fuel;
                };
            }
            macro_rules! r {
                ($x:expr) => {
                    self.heap.get(base + $x as usize)
                };
            }
            macro_rules! set {
                ($x:expr, $value:expr) => {
                    self.heap.set(base + $x as usize, $value)
                };
            }
            macro_rules! outcome {
                ($i:expr, $outcome:expr) => {{
                    save!();
                    match $outcome {
                        Outcome::Value(value) => {
                            set!($i.a(), value);
                            fuel = self.fuel;
                        }
                        Outcome::Called => continue 'frame,
                    }
                }};
            }
            macro_rules! arithmetic {
                ($i:expr, $op:expr, $x:expr, $y:expr, $words:ident, $float:tt) => {{
                    let (x, y) = ($x, $y);
                    if both_int(x, y) {
                        if let Some(value) = $words(x, y) {
                            set!($i.a(), value);
                            continue;
                        }
                    } else if both_float(x, y) {
                        let value = word::to_f64(x) $float word::to_f64(y);
                        set!($i.a(), word::from_f64(value));
                        continue;
                    } else if let (Some(x), Some(y)) = (small_number(x), small_number(y)) {
                        set!($i.a(), word::from_f64(x $float y));
                        continue;
                    }
                    save!();
                    outcome!($i, self.arithmetic($op, x, y)?);
                }};
            }
            macro_rules! divide {
                ($i:expr, $op:expr, $x:expr, $y:expr) => {{
                    let (x, y) = ($x, $y);
                    if let (Some(x), Some(y)) = (small_number(x), small_number(y)) {
                        set!($i.a(), word::from_f64(x / y));
                    } else {
                        save!();
                        outcome!($i, self.arithmetic($op, x, y)?);
                    }
                }};
            }
            macro_rules! integer_divide {
                ($i:expr, $op:expr, $x:expr, $y:expr, $function:expr) => {{
                    let (x, y) = ($x, $y);
                    if both_int(x, y) && word::to_int(y) > 0 {
                        let value = $function(word::to_int(x), word::to_int(y));
                        set!($i.a(), word::int_wrapping(value));
                    } else {
                        save!();
                        outcome!($i, self.arithmetic($op, x, y)?);
                    }
                }};
            }
            macro_rules! bits {
                ($i:expr, $op:expr, $words:tt) => {{
                    let (x, y) = (r!($i.b()), r!($i.c()));
                    if both_int(x, y) {
                        let value = word::to_int(x) $words word::to_int(y);
                        set!($i.a(), word::int_wrapping(value));
                    } else {
                        save!();
                        outcome!($i, self.arithmetic($op, x, y)?);
                    }
                }};
            }
            macro_rules! jump_if {
                ($i:expr, $holds:expr) => {
                    if $holds == ($i.c() != 0) {
                        pc = $i.d() as usize;
                    }
                };
            }
            macro_rules! compare {
                ($i:expr, $op:expr, $x:expr, $y:expr, $ints:tt) => {{
                    let (x, y) = ($x, $y);
                    if both_int(x, y) {
                        jump_if!($i, (word::to_int(x) $ints word::to_int(y)));
                    } else if both_float(x, y) {
                        jump_if!($i, (word::to_f64(x) $ints word::to_f64(y)));
                    } else {
                        save!();
                        let (op, x, y) = $op(x, y);
                        match self.less(op, x, y)? {
                            Outcome::Value(value) => {
                                fuel = self.fuel;
                                jump_if!($i, (value == word::TRUE));
                            }
                            Outcome::Called => continue 'frame,
                        }
                    }
                }};
            }
            macro_rules! access {
                ($i:expr, $access:expr, $key:expr) => {{
                    save!();
                    match $access {
                        Access::Value(value) => {
                            set!($i.a(), value);
                            fuel = self.fuel;
                        }
                        Access::Call(method, target) => {
                            let key = $key;
                            self.call_meta(method, &[target, key])?;
                            continue 'frame;
                        }
                    }
                }};
            }
            macro_rules! store {
                ($target:expr, $key:expr, $value:expr) => {{
                    let (target, key, value) = ($target, $key, $value);
                    save!();
                    match self.set_index(target, key, value)? {
                        Access::Value(_) => fuel = self.fuel,
                        Access::Call(method, target) => {
                            self.call_meta(method, &[target, key, value])?;
                            continue 'frame;
                        }
                    }
                }};
            }
            macro_rules! poll {
                () => {
                    if fuel <= 0 {
                        self.pc = pc;
                        self.fuel = fuel;
                        return Err(Raise::Stop(Stop::Preempted));
                    }
                    if self.heap.used() > self.heap.threshold {
                        // After the collection it goes on one instruction before that.
                        self.pc = pc + 1;
                        self.fuel = fuel;
                        return Err(Raise::Collect(0));
                    }
                };
            }

            // Goes on in another frame whose R0 is at `base`.
            macro_rules! enter {
                ($prototype:expr, $pc:expr) => {
                    prototype = $prototype;
                    code = &prototype.code[..];
                    constants = &prototype.constants[..];
                    pc = $pc;
                    self.base = base;
                };
            }
            macro_rules! poll_call {
                () => {
                    if fuel <= 0 {
                        self.pc = pc - 1;
                        self.fuel = fuel;
                        return Err(Raise::Stop(Stop::Preempted));
                    }
                    if self.heap.used() > self.heap.threshold {
                        save!();
                        return Err(Raise::Collect(0));
                    }
                };
            }

            loop {
                let i = code[pc];
                pc += 1;
                fuel -= 1;
                match i.0 as u8 {
                    op::Move => set!(i.a(), r!(i.b())),
                    op::LoadK => set!(i.a(), constants[i.d() as usize]),
                    op::LoadBig => {
                        let value = self.heap.integer(prototype.big[i.d() as usize]);
                        set!(i.a(), value);
                    }
                    op::LoadNil => {
                        let first = base + i.a() as usize;
                        self.heap.fill(first, first + i.b() as usize, word::NIL);
                    }
                    op::VarArg => {
                        save!();
                        self.varargs(i.a() as usize, i.c() as usize)?;
                        base = self.base;
                        fuel = self.fuel;
                    }
                    op::GetUp => set!(i.a(), self.upvalue(base, i.b())),
                    op::GetUpBox => {
                        let at = word::index(self.upvalue(base, i.b())) as usize;
                        set!(i.a(), self.heap.get(at + 1));
                    }
                    op::SetUpBox => {
                        let at = word::index(self.upvalue(base, i.a())) as usize;
                        self.heap.set(at + 1, r!(i.b()));
                    }
                    op::NewBox => {
                        let at = self.heap.allocate(2);
                        self.heap.set(at, word::header(Kind::Box, 0, 1));
                        self.heap.set(at + 1, r!(i.a()));
                        set!(i.a(), word::object(Kind::Box, at as u32));
                    }
                    op::GetBox => {
                        let at = word::index(r!(i.b())) as usize;
                        set!(i.a(), self.heap.get(at + 1));
                    }
                    op::SetBox => {
                        let at = word::index(r!(i.a())) as usize;
                        self.heap.set(at + 1, r!(i.b()));
                    }
                    op::GetGlobal => {
                        let env = self.upvalue(base, i.b());
                        if let Some(known) = self.known_global(prototype, i, env) {
                            set!(i.a(), known.value);
                            if known.field != word::NIL && self.is_untouched(known.table) {
                                // The next instruction reads this field.
                                set!(code[pc].a(), known.field);
                                pc += 1;
                                fuel -= 1;
                            }
                            continue;
                        }
                        let key = constants[i.d() as usize];
                        if let Some(value) = self.frozen_field(env, key) {
                            set!(i.a(), value);
                            continue;
                        }
                        if word::tag(env) == word::TAG_TABLE {
                            let value = self.raw_get(env, key);
                            if value != word::NIL {
                                set!(i.a(), value);
                                continue;
                            }
                        }
                        save!();
                        access!(i, self.index(env, key)?, constants[i.d() as usize]);
                    }
                    op::SetGlobal => {
                        store!(self.upvalue(base, i.b()), constants[i.d() as usize], r!(i.a()));
                    }
                    op::GetField => {
                        let target = r!(i.b());
                        let key = constants[i.d() as usize];
                        if is_heap_table(target) {
                            let at = word::index(target) as usize;
                            let value = self.heap.get_str(strings, at, key);
                            if value != word::NIL
                                || self.heap.get(at + table::META as usize) == word::NIL
                            {
                                set!(i.a(), value);
                                continue;
                            }
                        } else if let Some(value) = self.frozen_field(target, key) {
                            set!(i.a(), value);
                            continue;
                        }
                        save!();
                        access!(i, self.index(target, key)?, constants[i.d() as usize]);
                    }
                    op::SetField => {
                        let target = r!(i.a());
                        let key = constants[i.d() as usize];
                        let value = r!(i.c());
                        if is_heap_table(target) {
                            let at = word::index(target) as usize;
                            let block = self.heap.hash_part(at);
                            if block != 0
                                && let Some(entry) = self.heap.find_str(strings, block, key)
                                && self.heap.get(entry + 1) != word::NIL
                            {
                                self.heap.set(entry + 1, value);
                                continue;
                            }
                        }
                        store!(target, key, value);
                    }
                    op::GetIndex => {
                        let (target, key) = (r!(i.b()), r!(i.c()));
                        if is_heap_table(target) {
                            let at = word::index(target) as usize;
                            let value = if word::is_int(key) {
                                self.heap.get_int(strings, at, word::to_int(key))
                            } else if !word::is_float(key) {
                                self.heap.get_any(strings, at, key)
                            } else {
                                word::NIL
                            };
                            if value != word::NIL {
                                set!(i.a(), value);
                                continue;
                            }
                        }
                        save!();
                        access!(i, self.index(target, key)?, r!(i.c()));
                    }
                    op::SetIndex => {
                        let (target, key, value) = (r!(i.a()), r!(i.b()), r!(i.c()));
                        if is_heap_table(target) && word::is_int(key) {
                            let at = word::index(target) as usize;
                            let (block, used) = self.heap.array_part(at);
                            let position = (word::to_int(key) as u64).wrapping_sub(1);
                            if position < used as u64
                                && value != word::NIL
                                && (self.heap.get(at + table::META as usize) == word::NIL
                                    || self.heap.get(block + 1 + position as usize) != word::NIL)
                            {
                                self.heap.set(block + 1 + position as usize, value);
                                continue;
                            }
                        }
                        store!(target, key, value);
                    }
                    op::GetInt => {
                        let target = r!(i.b());
                        if is_heap_table(target) {
                            let at = word::index(target) as usize;
                            let value = self.heap.get_int(strings, at, i64::from(i.d()));
                            if value != word::NIL {
                                set!(i.a(), value);
                                continue;
                            }
                        }
                        save!();
                        let key = word::int_wrapping(i64::from(i.d()));
                        access!(i, self.index(target, key)?, key);
                    }
                    op::SetInt => {
                        store!(r!(i.a()), word::int_wrapping(i64::from(i.d())), r!(i.c()));
                    }
                    op::Method => {
                        let target = r!(i.b());
                        let key = constants[i.d() as usize];
                        set!(i.a() + 3, target);
                        if is_heap_table(target) {
                            if let Some(value) = self.method_of_table(target, key) {
                                set!(i.a(), value);
                                continue;
                            }
                        } else if let Some(value) = self.frozen_field(target, key) {
                            set!(i.a(), value);
                            continue;
                        }
                        save!();
                        access!(i, self.index(target, key)?, constants[i.d() as usize]);
                    }
                    op::Call => {
                        poll_call!();
                        let slot = base + i.a() as usize;
                        let count = match i.b() {
                            0 => self.top - slot - 3,
                            b => b as usize - 1,
                        };
                        if let Some(callee) = self.plain_function(self.heap.get(slot))
                            && slot + callee.registers as usize + 16 <= self.stack_end
                        {
                            let link = Link {
                                pc: pc as u32,
                                results: i.c() as u8,
                                kind: FrameKind::Call,
                                shift: 3,
                                delta: i.a() as u16,
                            };
                            let (first, second) = link.encode();
                            base = slot + 3;
                            self.heap.set(base - 2, first);
                            self.heap.set(base - 1, second);
                            let parameters = callee.parameters as usize;
                            if count < parameters {
                                self.heap.fill(base + count, base + parameters, word::NIL);
                            }
                            enter!(callee, 0);
                            continue;
                        }
                        save!();
                        match self.call_other(slot, count, i.c() as u8)? {
                            Called::Entered => continue 'frame,
                            Called::Returned(slot, count) => {
                                base = self.base;
                                fuel = self.fuel;
                                if i.c() == 2 {
                                    if count == 0 {
                                        self.heap.set(slot, word::NIL);
                                    }
                                } else if i.c() == 0 {
                                    self.top = slot + count;
                                } else {
                                    let wanted = i.c() as usize - 1;
                                    self.heap.fill(slot + count, slot + wanted, word::NIL);
                                }
                            }
                        }
                    }
                    op::TailCall => {
                        poll_call!();
                        let slot = base + i.a() as usize;
                        let count = match i.b() {
                            0 => self.top - slot - 3,
                            b => b as usize - 1,
                        };
                        save!();
                        self.tail_call(slot, count)?;
                        continue 'frame;
                    }
                    op::Return => {
                        let first = base + i.a() as usize;
                        let count = match i.b() {
                            0 => self.top - first,
                            b => b as usize - 1,
                        };
                        save!();
                        if i.c() != 0 {
                            if i.b() != 0 {
                                self.top = first + count;
                            }
                            if self.close_next(base, None)? {
                                continue 'frame;
                            }
                        }
                        self.return_values(self.base + i.a() as usize, count)?;
                        continue 'frame;
                    }
                    op::Return0 => {
                        let link = self.link(base);
                        let slot = base - link.shift as usize;
                        let caller = slot.wrapping_sub(link.delta as usize);
                        if link.kind == FrameKind::Call
                            && let Some(running) = self.any_function(self.heap.get(caller - 3))
                        {
                            match link.results {
                                0 => self.top = slot,
                                1 => {}
                                wanted => {
                                    let end = slot + wanted as usize - 1;
                                    self.heap.fill(slot, end, word::NIL);
                                }
                            }
                            base = caller;
                            enter!(running, link.pc as usize);
                            continue;
                        }
                        save!();
                        self.return_values(base, 0)?;
                        continue 'frame;
                    }
                    op::Return1 => {
                        let link = self.link(base);
                        let slot = base - link.shift as usize;
                        let caller = slot.wrapping_sub(link.delta as usize);
                        if link.kind == FrameKind::Call
                            && let Some(running) = self.any_function(self.heap.get(caller - 3))
                        {
                            self.heap.set(slot, r!(i.a()));
                            match link.results {
                                0 => self.top = slot + 1,
                                1 | 2 => {}
                                wanted => {
                                    let end = slot + wanted as usize - 1;
                                    self.heap.fill(slot + 1, end, word::NIL);
                                }
                            }
                            base = caller;
                            enter!(running, link.pc as usize);
                            continue;
                        }
                        save!();
                        self.return_values(base + i.a() as usize, 1)?;
                        continue 'frame;
                    }
                    op::Jump => pc = i.d() as usize,
                    op::Loop => {
                        pc = i.d() as usize;
                        poll!();
                    }
                    op::Test => jump_if!(i, !word::is_falsy(r!(i.a()))),
                    op::TestSet => {
                        let value = r!(i.b());
                        if word::is_falsy(value) == (i.c() == 0) {
                            set!(i.a(), value);
                            pc = i.d() as usize;
                        }
                    }
                    op::Eq => {
                        let (x, y) = (r!(i.a()), r!(i.b()));
                        if both_int(x, y) {
                            jump_if!(i, (x == y));
                        } else {
                            save!();
                            match self.equal(x, y)? {
                                Outcome::Value(value) => {
                                    fuel = self.fuel;
                                    jump_if!(i, (value == word::TRUE));
                                }
                                Outcome::Called => continue 'frame,
                            }
                        }
                    }
                    op::EqK => {
                        let (x, y) = (r!(i.a()), constants[i.b() as usize]);
                        let equal = x == y && !word::is_float(x)
                            || (word::tag(y) == word::TAG_STRING
                                || word::is_float(y)
                                || word::is_int(y))
                                && self.raw_equal(x, y);
                        jump_if!(i, equal);
                    }
                    op::Lt => compare!(i, |x, y| (Op::Lt, x, y), r!(i.a()), r!(i.b()), <),
                    op::Le => compare!(i, |x, y| (Op::Le, x, y), r!(i.a()), r!(i.b()), <=),
                    op::LtK => {
                        compare!(i, |x, y| (Op::Lt, x, y), r!(i.a()), constants[i.b() as usize], <);
                    }
                    op::LeK => {
                        compare!(i, |x, y| (Op::Le, x, y), r!(i.a()), constants[i.b() as usize], <=);
                    }
                    op::GtK => {
                        compare!(i, |x, y| (Op::Lt, y, x), r!(i.a()), constants[i.b() as usize], >);
                    }
                    op::GeK => {
                        compare!(i, |x, y| (Op::Le, y, x), r!(i.a()), constants[i.b() as usize], >=);
                    }
                    op::Add => arithmetic!(i, Op::Add, r!(i.b()), r!(i.c()), add_words, +),
                    op::Sub => arithmetic!(i, Op::Sub, r!(i.b()), r!(i.c()), sub_words, -),
                    op::Mul => arithmetic!(i, Op::Mul, r!(i.b()), r!(i.c()), mul_words, *),
                    op::AddK => {
                        let y = constants[i.d() as usize];
                        arithmetic!(i, Op::AddK, r!(i.b()), y, add_words, +);
                    }
                    op::SubK => {
                        let y = constants[i.d() as usize];
                        arithmetic!(i, Op::SubK, r!(i.b()), y, sub_words, -);
                    }
                    op::MulK => {
                        let y = constants[i.d() as usize];
                        arithmetic!(i, Op::MulK, r!(i.b()), y, mul_words, *);
                    }
                    op::Div => divide!(i, Op::Div, r!(i.b()), r!(i.c())),
                    op::DivK => divide!(i, Op::DivK, r!(i.b()), constants[i.d() as usize]),
                    op::Mod => {
                        let (x, y) = (r!(i.b()), r!(i.c()));
                        integer_divide!(i, Op::Mod, x, y, operate::floor_modulo);
                    }
                    op::ModK => {
                        let (x, y) = (r!(i.b()), constants[i.d() as usize]);
                        integer_divide!(i, Op::ModK, x, y, operate::floor_modulo);
                    }
                    op::IDiv => {
                        let (x, y) = (r!(i.b()), r!(i.c()));
                        integer_divide!(i, Op::IDiv, x, y, operate::floor_divide);
                    }
                    op::IDivK => {
                        let (x, y) = (r!(i.b()), constants[i.d() as usize]);
                        integer_divide!(i, Op::IDivK, x, y, operate::floor_divide);
                    }
                    op::Pow => outcome!(i, {
                        save!();
                        self.arithmetic(Op::Pow, r!(i.b()), r!(i.c()))?
                    }),
                    op::PowK => outcome!(i, {
                        save!();
                        self.arithmetic(Op::PowK, r!(i.b()), constants[i.d() as usize])?
                    }),
                    op::BAnd => bits!(i, Op::BAnd, &),
                    op::BOr => bits!(i, Op::BOr, |),
                    op::BXor => bits!(i, Op::BXor, ^),
                    op::Shl => outcome!(i, {
                        save!();
                        self.arithmetic(Op::Shl, r!(i.b()), r!(i.c()))?
                    }),
                    op::Shr => outcome!(i, {
                        save!();
                        self.arithmetic(Op::Shr, r!(i.b()), r!(i.c()))?
                    }),
                    op::Unm => {
                        let x = r!(i.b());
                        if word::is_float(x) {
                            set!(i.a(), word::from_f64(-word::to_f64(x)));
                        } else {
                            save!();
                            outcome!(i, self.arithmetic(Op::Unm, x, x)?);
                        }
                    }
                    op::Not => {
                        let value = word::from_bool(word::is_falsy(r!(i.b())));
                        set!(i.a(), value);
                    }
                    op::Len => {
                        let target = r!(i.b());
                        if is_heap_table(target) {
                            let at = word::index(target) as usize;
                            if self.heap.get(at + table::META as usize) == word::NIL {
                                let length = self.heap.length(strings, at);
                                set!(i.a(), word::int_wrapping(length));
                                continue;
                            }
                        }
                        save!();
                        outcome!(i, self.len(target)?);
                    }
                    op::BNot => {
                        let x = r!(i.b());
                        save!();
                        outcome!(i, self.arithmetic(Op::BNot, x, x)?);
                    }
                    op::Concat => {
                        save!();
                        self.concat(i.a() as usize, i.b() as usize, i.b() as usize)?;
                        continue 'frame;
                    }
                    op::NewTable => {
                        let words = i.d() as usize + 4 * i.b() as usize + 16;
                        if self.heap.used() + words > self.heap.threshold {
                            save!();
                            return Err(Raise::Collect(words));
                        }
                        let at = self.heap.table(i.d() as usize, i.b() as usize);
                        set!(i.a(), word::make(word::TAG_TABLE, 0, at as u32));
                    }
                    op::SetList => {
                        save!();
                        let count = match i.b() {
                            0 => self.top - base - i.a() as usize - 1,
                            b => b as usize - 1,
                        };
                        self.set_list(i.a() as usize, count, i.d() as usize)?;
                        fuel = self.fuel;
                    }
                    op::Closure => {
                        save!();
                        let closure = self.closure(base, i.d());
                        set!(i.a(), closure);
                    }
                    op::ForPrep => {
                        save!();
                        if self.for_prepare(base + i.a() as usize)? {
                            base = self.base;
                        } else {
                            pc = i.d() as usize;
                        }
                    }
                    op::ForLoop => {
                        let at = base + i.a() as usize;
                        let (index, limit, step) =
                            (self.heap.get(at), self.heap.get(at + 1), self.heap.get(at + 2));
                        if both_int(index, limit) && word::is_int(step) {
                            let step = word::to_int(step);
                            let next = word::to_int(index) + step;
                            let limit = word::to_int(limit);
                            if if step > 0 { next <= limit } else { next >= limit } {
                                let next = word::int_wrapping(next);
                                self.heap.set(at, next);
                                self.heap.set(at + 3, next);
                                pc = i.d() as usize;
                                poll!();
                            }
                        } else {
                            save!();
                            if self.for_next(at) {
                                pc = i.d() as usize;
                                poll!();
                            }
                        }
                    }
                    op::ForInPrep => {
                        save!();
                        self.mark_close(base + i.a() as usize + 3)?;
                        pc = i.d() as usize;
                    }
                    op::ForInCall => {
                        let at = base + i.a() as usize;
                        if self.heap.get(at) == self.library_next()
                            && self.next_in_place(at, i.c() as usize)
                        {
                            continue;
                        }
                        poll_call!();
                        let at = base + i.a() as usize;
                        self.heap.copy(at, at + 4, 1);
                        self.heap.copy(at + 1, at + 7, 2);
                        save!();
                        match self.call_value(at + 4, 2, i.c() as u8 + 1, FrameKind::Call)? {
                            Called::Entered => continue 'frame,
                            Called::Returned(slot, count) => {
                                base = self.base;
                                fuel = self.fuel;
                                let wanted = i.c() as usize;
                                self.heap.fill(slot + count.min(wanted), slot + wanted, word::NIL);
                            }
                        }
                    }
                    op::ForInLoop => {
                        let at = base + i.a() as usize;
                        let control = self.heap.get(at + 4);
                        if control != word::NIL {
                            self.heap.set(at + 2, control);
                            pc = i.d() as usize;
                            poll!();
                        }
                    }
                    op::MarkClose => {
                        save!();
                        self.mark_close(base + i.a() as usize)?;
                    }
                    op::Close => {
                        save!();
                        if self.close_next(base + i.a() as usize, None)? {
                            continue 'frame;
                        }
                        base = self.base;
                    }
                    _ => unreachable!("the compiler emits known operations"),
                }
            }
        }
    }
}
