//! The machine while it takes short ways: its registers, and what they lead to.
//!
//! A `Run` must never be borrowed by a function that is not inlined, or its fields would have to be
//! in memory: every method is `#[inline(always)]`.

use super::Done;
use crate::bytecode::{Instruction, Prototype};
use crate::coroutine::Link;
use crate::image::Image;
use crate::library::{Library, number, table_word};
use crate::vm::Vm;
use procession_types::word::{self, Word};
use std::slice::Iter;
use std::sync::Arc;

/// The function that runs.
#[derive(Clone, Copy)]
pub(super) struct Function<'a> {
    pub(super) prototype: &'a Prototype,
    code: &'a [Instruction],
}

impl<'a> Function<'a> {
    #[inline(always)]
    pub(super) fn new(prototype: &'a Prototype) -> Self {
        Self { prototype, code: &prototype.code }
    }
}

/// What is the same for the whole turn.
#[derive(Clone, Copy)]
pub(super) struct Shared<'a> {
    pub(super) images: &'a [Arc<Image>],
    pub(super) library: &'static Library,
}

/// See the module.
pub(super) struct Run<'h, 'a> {
    /// The words of the heap, and how many of them are in use.
    pub(super) words: &'h mut [Word],
    used: &'h mut usize,
    pub(super) function: Function<'a>,
    pub(super) shared: Shared<'a>,
    /// The instructions from the next one on.
    rest: Iter<'a, Instruction>,
    /// Fuel beyond one for each of `rest`: the same from one instruction to the next, so that only
    /// jumps change it.
    spare: i64,
    /// See `Vm` for these three.
    pub(super) base: usize,
    pub(super) top: &'h mut usize,
    pub(super) stack_end: usize,
    /// Words that may be allocated before the next collection; below 0 when one is due.
    pub(super) room: i64,
}

/// The registers of the machine that a run keeps to itself.
pub(super) struct Registers {
    pc: usize,
    base: usize,
    fuel: i64,
}

impl Registers {
    #[inline(always)]
    pub(super) fn save(self, vm: &mut Vm<'_>) {
        vm.pc = self.pc;
        vm.base = self.base;
        vm.fuel = self.fuel;
    }
}

impl<'h, 'a> Run<'h, 'a> {
    /// Goes on with the registers of the machine, whose running function this must be.
    #[inline(always)]
    pub(super) fn new(vm: &'h mut Vm<'a>, shared: Shared<'a>, function: Function<'a>) -> Self {
        let rest = function.code[vm.pc..].iter();
        let room = vm.heap.threshold as i64 - vm.heap.used() as i64;
        let (words, used) = vm.heap.parts();
        Self {
            words,
            used,
            room,
            function,
            shared,
            spare: vm.fuel - rest.len() as i64,
            rest,
            base: vm.base,
            top: &mut vm.top,
            stack_end: vm.stack_end,
        }
    }

    /// The registers, to be saved.
    #[inline(always)]
    pub(super) fn registers(&self) -> Registers {
        Registers { pc: self.pc(), base: self.base, fuel: self.fuel() }
    }

    /// The next instruction, which counts from now on.
    #[inline(always)]
    pub(super) fn fetch(&mut self) -> Instruction {
        *self.rest.next().expect("a function ends with a return")
    }

    /// Instructions left in this turn.
    #[inline(always)]
    fn fuel(&self) -> i64 {
        self.spare + self.rest.len() as i64
    }

    /// Pays for work beside instructions.
    #[inline(always)]
    pub(super) fn charge(&mut self, fuel: i64) {
        self.spare -= fuel;
    }

    /// The index of the next instruction.
    #[inline(always)]
    pub(super) fn pc(&self) -> usize {
        self.function.code.len() - self.rest.len()
    }

    /// Goes on at an instruction of the running function.
    #[inline(always)]
    pub(super) fn go_to(&mut self, pc: u32) -> Done {
        let fuel = self.fuel();
        self.rest = self.function.code[pc as usize..].iter();
        self.spare = fuel - self.rest.len() as i64;
        Some(())
    }

    /// Register x.
    #[inline(always)]
    pub(super) fn r(&self, x: u32) -> Word {
        self.words[self.base + x as usize]
    }

    /// Sets register x.
    #[inline(always)]
    pub(super) fn set(&mut self, x: u32, value: Word) -> Done {
        self.words[self.base + x as usize] = value;
        Some(())
    }

    /// Constant d.
    #[inline(always)]
    pub(super) fn k(&self, d: u32) -> Word {
        self.function.prototype.constants[d as usize]
    }

    /// The links of the running frame.
    #[inline(always)]
    pub(super) fn link(&self) -> Link {
        Link::decode(self.words[self.base - 2], self.words[self.base - 1])
    }

    /// Upvalue `number` of the running function.
    #[inline(always)]
    pub(super) fn upvalue(&self, number: u32) -> Word {
        let callee = self.words[self.base - 3];
        if word::space(callee) == 0 {
            self.words[word::index(callee) as usize + 2 + number as usize]
        } else {
            table_word(number::PRIVATE)
        }
    }

    /// Whether a call or a jump backwards may go on.
    #[inline(always)]
    pub(super) fn poll(&self) -> Done {
        (self.fuel() > 0 && self.room >= 0).then_some(())
    }

    /// Goes on at instruction `pc` of a function whose frame's R0 is at `base`.
    #[inline(always)]
    pub(super) fn enter(&mut self, prototype: &'a Prototype, pc: u32, base: usize) -> Done {
        self.function = Function::new(prototype);
        self.base = base;
        self.go_to(pc)
    }

    /// As `Heap::allocate`, where there is room without a collection and in the array as it is.
    #[inline(always)]
    pub(super) fn allocate(&mut self, count: usize) -> Option<usize> {
        let at = *self.used;
        if count as i64 > self.room || at + count > self.words.len() {
            return None;
        }
        *self.used = at + count;
        self.room -= count as i64;
        Some(at)
    }

    /// Fills words with nil.
    #[inline(always)]
    pub(super) fn clear(&mut self, from: usize, to: usize) {
        if from < to {
            clear(&mut self.words[from..to]);
        }
    }
}

/// Apart, since the code for many words is long.
#[inline(never)]
fn clear(words: &mut [Word]) {
    words.fill(word::NIL);
}
